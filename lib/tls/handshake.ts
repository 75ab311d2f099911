// The TLS handshake on a connected socket, which ends with a session or an error. While it lasts, it is the socket's
// receiver.
import { native, type SocketId } from '../native.js'
import { wouldBlock, type ErrorAddress } from '../socket/errors.js'
import { after } from '../socket/callbacks.js'
import { attach, Interest, Mode, setReceiver, type Receiver } from '../socket/hub.js'
import type { TlsSettings } from './context.js'
import { channelError, isVerification, timedOut, verificationError } from './errors.js'

/** Options of a {@link Handshake}. */
export interface HandshakeOptions {
  settings: TlsSettings
  /** What errors call the peer. */
  about: ErrorAddress
  /** Called once, with the error if it failed. The caller gets the socket back, and has to close it after an error. */
  ended: (error: Error | undefined) => void
  /** Sends clear text that precedes the handshake; returns 0 when it is sent, or -errno. */
  before?: (() => number) | undefined
  /** Input from the peer that was read already. */
  read?: readonly (string | Uint8Array)[] | undefined
}

let begun = 0

/** Whether this thread has begun any handshake: until then nothing can have TLS. */
export function handshakesBegan(): boolean {
  return begun > 0
}

/** The handshake of one socket. */
export class Handshake implements Receiver {
  readonly #id: SocketId
  readonly #options: HandshakeOptions
  #before: (() => number) | undefined
  readonly #read: Uint8Array[]
  #stopTimer: (() => void) | undefined
  #over = false

  constructor(id: SocketId, options: HandshakeOptions) {
    this.#id = id
    this.#options = options
    this.#before = options.before
    this.#read = (options.read ?? []).map(bytesOf)
  }

  /** Begins the handshake, which may be over when this returns. */
  start(): void {
    begun++
    const { settings, about } = this.#options
    this.#stopTimer = after(settings.timeout, () => this.#end(timedOut(about)))
    attach(this.#id, this, Mode.watched, Interest.none)
    this.#go()
  }

  /** Gives up the handshake without calling `ended`. */
  cancel(): void {
    this.#over = true
    this.#stopTimer?.()
    setReceiver(this.#id, undefined)
  }

  onReady(): void {
    this.#go()
  }

  /** Input that the hub read before the socket's mode was changed: it is part of the handshake. */
  onData(data: string | Uint8Array): void {
    this.#read.push(bytesOf(data))
    this.#go()
  }

  #go(): void {
    if (this.#over) return
    if (this.#before !== undefined) {
      const error = this.#before()
      if (wouldBlock(error)) return this.#await(Interest.writable)
      if (error < 0) return this.#fail(error)
      this.#before = undefined
    }
    const { settings } = this.#options
    if (native.tlsStage(this.#id) === 0) {
      const { context, serverName, hostname, trusted, named } = settings
      const error = native.tlsStart(this.#id, context, serverName, hostname, trusted, named)
      if (error < 0) return this.#fail(error)
    }
    for (const bytes of this.#read.splice(0)) native.tlsFeed(this.#id, bytes)
    const result = native.tlsHandshake(this.#id)
    if (result > 0) this.#await(result)
    else if (result < 0) this.#fail(result)
    else this.#end(undefined)
  }

  #await(interest: number): void {
    const error = native.setInterest(this.#id, interest)
    if (error !== undefined) this.#fail(error)
  }

  #fail(failure: number): void {
    const { settings, about } = this.#options
    const verdict = isVerification(failure) ? native.tlsVerdict(this.#id) : undefined
    this.#end(
      verdict === undefined
        ? channelError(failure, 'handshake', about)
        : verificationError(verdict, settings.trusted, settings.hostname, about),
    )
  }

  #end(error: Error | undefined): void {
    if (this.#over) return
    this.cancel()
    native.setInterest(this.#id, Interest.none)
    this.#options.ended(error)
  }
}

// A copy, because lent bytes are valid only during the callback.
const bytesOf = (data: string | Uint8Array) =>
  typeof data === 'string' ? native.encodeUtf8(data) : Uint8Array.prototype.slice.call(data)
