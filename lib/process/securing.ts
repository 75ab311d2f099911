// TLS comes to one process: over a socket that has connected, or on a connection that is open in clear. It owns the
// handshake and what goes with it: what is still to be sent in clear, what was read too early, and who waits for the end.
// Which process may have TLS, and what it does once TLS stands, is in network-process.ts.
import type { SocketId } from '../native.js'
import type { ErrorAddress } from '../socket/errors.js'
import { wait } from '../socket/hub.js'
import { Handshake, type TlsSettings } from '../tls/index.js'
import type { Output } from './output.js'

/** The process that gets TLS. @internal */
export interface SecuringOwner {
  /** It is connecting until TLS stands: what is sent waits, and nothing is received. @param cancel - if it ends before */
  setConnecting(id: SocketId, cancel: () => void): void
  /** TLS stands. */
  onSecured(id: SocketId): void
  /** It does not, and the socket is of no use any more. */
  onNotSecured(error: Error): void
  /** What errors call the peer. */
  remoteName(): ErrorAddress
  /** The process has ended. */
  notRunning(): Error
}

/** What a connection that was open has left. @internal */
export interface ClearText {
  /** What was accepted for sending, and goes before. */
  unsent: Output | undefined
  /** What nobody has got: it may be the peer's part of the handshake. */
  unread: readonly (string | Uint8Array)[]
}

/** How one process gets TLS, once. @internal */
export class Securing {
  readonly #owner: SecuringOwner
  readonly #id: SocketId
  readonly #settings: TlsSettings
  readonly #clear: ClearText | undefined
  #isOver = false
  #failure: Error | undefined

  constructor(owner: SecuringOwner, id: SocketId, settings: TlsSettings, clear?: ClearText) {
    this.#owner = owner
    this.#id = id
    this.#settings = settings
    this.#clear = clear
  }

  /** At the end of an asynchronous connect. Blocks if the parameters say so. */
  connect(): void {
    this.#begin(error => this.#owner.onNotSecured(error))
    if (this.#settings.completeNegotiation) this.#waitForEnd()
  }

  /** At the end of a blocking connect, whose failure nobody is told of. @throws what failed */
  connectNow(): void {
    this.#begin(() => {})
    this.#waitForEnd()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** On a connection that is open. @param ended - is told after the process, also if that has ended before */
  upgrade(ended?: (error: Error | undefined) => void): void {
    this.#begin(error => this.#owner.onNotSecured(error), ended)
  }

  /** The same, blocking. @throws what failed */
  upgradeNow(): void {
    this.upgrade()
    this.#waitForEnd()
    if (this.#failure !== undefined) throw this.#failure
  }

  // May be over when this returns.
  #begin(failed: (error: Error) => void, ended?: (error: Error | undefined) => void): void {
    const unsent = this.#clear?.unsent
    const over = (error: Error | undefined) => {
      this.#isOver = true
      this.#failure = error
      if (error !== undefined) unsent?.abandon(error)
    }
    const handshake = new Handshake(this.#id, {
      settings: this.#settings,
      about: this.#owner.remoteName(),
      before: unsent && (() => this.#flush(unsent)),
      read: this.#clear?.unread,
      ended: error => {
        over(error)
        if (error === undefined) this.#owner.onSecured(this.#id)
        else failed(error)
        ended?.(error)
      },
    })
    this.#owner.setConnecting(this.#id, () => {
      // A failure is what ends the process, most often.
      if (this.#isOver) return
      handshake.cancel()
      over(this.#owner.notRunning())
      ended?.(this.#failure)
    })
    handshake.start()
  }

  #flush(unsent: Output): number {
    const error = unsent.flush(this.#id)
    if (error === 0) unsent.settle()
    return error
  }

  // Delivers what comes meanwhile: the other end may be a process of this thread.
  #waitForEnd(): void {
    while (!this.#isOver) wait(Infinity)
  }
}
