// The TLS handshakes of a server's connections, which become processes only when they are over. The handshake of an
// existing process is in securing.ts.
import { native, type SocketId } from '../native.js'
import type { Address } from '../socket/address.js'
import { Handshake, type TlsSettings } from '../tls/index.js'

// How many handshakes may be under way at once. One more takes the place of the oldest, so that peers that begin a
// handshake and do not go on cannot keep others out.
const mostHandshakes = 256

/** A server whose connections are to be secured. @internal */
export interface HandshakesOwner {
  /** A handshake has failed or has given way to another, and the connection is closed. @param why - for the log */
  onRefused(peer: Address, why: string): void
}

/** The handshakes of one server that are under way. @internal */
export class Handshakes {
  readonly #settings: TlsSettings
  readonly #owner: HandshakesOwner
  readonly #pending = new Map<SocketId, { handshake: Handshake; peer: Address }>()

  constructor(settings: TlsSettings, owner: HandshakesOwner) {
    this.#settings = settings
    this.#owner = owner
  }

  /** Takes over an accepted socket until its handshake is over; `secured` is called if it succeeds. */
  add(id: SocketId, peer: Address, secured: () => void): void {
    const handshake = new Handshake(id, {
      settings: this.#settings,
      about: {},
      ended: error => {
        this.#pending.delete(id)
        if (error === undefined) return secured()
        native.close(id)
        this.#owner.onRefused(peer, error.message)
      },
    })
    this.#pending.set(id, { handshake, peer })
    handshake.start()
    // Last, because the log function is called, which may delete the server.
    if (this.#pending.size > mostHandshakes) this.#dropOldest()
  }

  #dropOldest(): void {
    for (const [id, { handshake, peer }] of this.#pending) {
      this.#pending.delete(id)
      handshake.cancel()
      native.close(id)
      const why = `TLS handshake: it gave way to others, of which ${mostHandshakes} are under way`
      return this.#owner.onRefused(peer, why)
    }
  }

  /** Closes the connections, because their server has ended. */
  close(): void {
    for (const [id, { handshake }] of this.#pending) {
      handshake.cancel()
      native.close(id)
    }
    this.#pending.clear()
  }
}
