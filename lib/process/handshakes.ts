// The handshakes of a server's connections, which nobody hears of before they are over. The handshake of a process that is
// there already is in securing.ts.
import { native, type SocketId } from '../native.js'
import type { Address } from '../socket/address.js'
import { Handshake, type TlsSettings } from '../tls/index.js'

// So many handshakes may be under way at once. Who comes next takes the place of the oldest: those who begin and do not
// go on cannot keep others out.
const mostHandshakes = 256

/** A server whose connections are to be secured. @internal */
export interface HandshakesOwner {
  /** A connection is not secured, and closed. @param why - for the log */
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

  /** Takes over an accepted socket, until it is `secured`. */
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
    if (this.#pending.size >= mostHandshakes) this.#dropOldest()
    this.#pending.set(id, { handshake, peer })
    handshake.start()
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

  /** The server has gone: nobody is to have these connections. */
  close(): void {
    for (const [id, { handshake }] of this.#pending) {
      handshake.cancel()
      native.close(id)
    }
    this.#pending.clear()
  }
}
