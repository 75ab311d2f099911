// How one process gets TLS: on a socket that has just connected, or on a connection that is open in clear. It owns the
// handshake and what goes with it: what is still to be sent in clear, what was read too early, and who waits for the
// end. Which process may have TLS, and what it does once TLS is established, is in network-process.ts.
import type { SocketId } from '../native.js'
import type { ErrorAddress } from '../socket/errors.js'
import { wait } from '../socket/hub.js'
import { Handshake, type TlsSettings } from '../tls/index.js'
import type { Output } from './output.js'

/** The process that gets TLS. @internal */
export interface SecuringOwner {
  /**
   * The process is connecting until TLS is established: what is sent waits, and nothing is received.
   *
   * @param cancel - is called if the process ends before
   */
  setConnecting(id: SocketId, cancel: () => void): void
  /** TLS is established. */
  onSecured(id: SocketId): void
  /** The handshake has failed, and the socket is of no use any more. */
  onNotSecured(error: Error): void
  /** The peer's address, for errors. */
  remoteName(): ErrorAddress
  /** The error for a process that has ended. */
  notRunning(): Error
}

/** What is left of the clear text on a connection that was open. @internal */
export interface ClearText {
  /** What was accepted for sending, and is sent before the handshake. */
  unsent: Output | undefined
  /** What was read and not delivered: it may be the beginning of the peer's handshake. */
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

  /** At the end of a blocking connect: only the caller learns of a failure. @throws what failed */
  connectNow(): void {
    this.#begin(() => {})
    this.#waitForEnd()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** On a connection that is open. @param ended - is called after the process was told, also if that ends before */
  upgrade(ended?: (error: Error | undefined) => void): void {
    this.#begin(error => this.#owner.onNotSecured(error), ended)
  }

  /** The same, blocking. @throws what failed */
  upgradeNow(): void {
    this.upgrade()
    this.#waitForEnd()
    if (this.#failure !== undefined) throw this.#failure
  }

  // The handshake may be over when this returns.
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
      // Most often it is the failed handshake that ends the process.
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

  // Delivers events meanwhile: the other end may be a process of this thread.
  #waitForEnd(): void {
    while (!this.#isOver) wait(Infinity)
  }
}
