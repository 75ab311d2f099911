// What libraries written for net.Socket use of the stream they are given: node:http's agents and servers, WebSocket and
// database clients. Names, defaults and units are net.Socket's.
import { isIP, type AddressInfo } from 'node:net'
import { Duplex, type DuplexOptions } from 'node:stream'
import { native } from '../native.js'
import { encodeAddress, errorAddress } from '../socket/address.js'
import { ints } from '../socket/bytes.js'
import { constants } from '../socket/constants.js'
import { rangeError, typeError, type ErrorAddress } from '../socket/errors.js'
import type { NetworkProcess } from './network-process.js'

// macOS's name for TCP_KEEPIDLE is TCP_KEEPALIVE.
const { IPPROTO_TCP, SOL_SOCKET, SO_KEEPALIVE, TCP_NODELAY } = constants
const keepIdle = constants.TCP_KEEPIDLE ?? constants.TCP_KEEPALIVE

// The longest delay of Node's timers, in milliseconds.
const longestDelay = 0x7fffffff

/** What {@link NetworkProcess.duplex} returns: a `stream.Duplex`, with the part of `net.Socket` that libraries use. */
export class NetworkDuplex extends Duplex {
  /** The milliseconds that `setTimeout` was given; undefined: it was not called. */
  timeout: number | undefined
  /** Whether a `nowait` connect is under way; `lookup`, `connect` and `ready` are emitted when it is over. */
  connecting: boolean

  readonly #process: NetworkProcess
  #timer: NodeJS.Timeout | undefined
  #bytesWritten = 0

  /** {@link NetworkProcess.duplex} makes streams. @hidden */
  constructor(process: NetworkProcess, options: DuplexOptions) {
    super(options)
    this.#process = process
    this.connecting = process.isConnecting
    // Not inside the promise's reaction: what a listener throws has to be an uncaught exception.
    const connected = () => globalThis.process.nextTick(() => this.#onConnected())
    if (this.connecting) process.opened.then(connected, () => {})
  }

  #onConnected(): void {
    if (this.destroyed) return
    // Libraries that give both the look-up and the connect a time-out wait for this first.
    const { remoteAddress } = this
    this.emit('lookup', null, remoteAddress, isIP(remoteAddress ?? ''), this.#process.contact('host', true))
    this.connecting = false
    this.emit('connect')
    this.emit('ready')
  }

  /**
   * Emits `timeout` whenever nothing was received or sent for that long; the stream stays open.
   *
   * @param milliseconds - 0 ends it
   * @param callback - a listener for the next `timeout`
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; RangeError `ERR_OUT_OF_RANGE`
   */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (typeof milliseconds !== 'number') throw typeError('milliseconds', 'a number', milliseconds)
    if (!(milliseconds >= 0 && milliseconds <= longestDelay))
      throw rangeError('milliseconds', `a number from 0 to ${longestDelay}`, milliseconds)
    if (callback !== undefined && typeof callback !== 'function')
      throw typeError('callback', 'a function', callback)
    this.timeout = milliseconds
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (milliseconds === 0) {
      if (callback !== undefined) this.off('timeout', callback)
      return this
    }
    if (!this.destroyed) this.#timer = setTimeout(() => this.#onIdle(), milliseconds).unref()
    if (callback !== undefined) this.once('timeout', callback)
    return this
  }

  /** Something was received or sent. @internal */
  touch(): void {
    this.#timer?.refresh()
  }

  override destroy(error?: Error): this {
    clearTimeout(this.#timer)
    this.connecting = false
    return super.destroy(error)
  }

  /** Ends the stream and destroys it when all that was written is sent, whatever the peer does. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  #onIdle(): void {
    // While the peer takes some of a long write the stream is not idle.
    const { bytesWritten } = this.#process
    const isBusy = bytesWritten !== this.#bytesWritten && this.writableLength > 0
    this.#bytesWritten = bytesWritten
    if (isBusy) this.touch()
    else this.emit('timeout')
  }

  /** Sets TCP_NODELAY: small pieces are sent at once. No effect on other transports than TCP. */
  setNoDelay(noDelay = true): this {
    return this.#setOption(IPPROTO_TCP, TCP_NODELAY, Number(noDelay))
  }

  /**
   * Sets SO_KEEPALIVE: the kernel probes an idle connection. No effect on other transports than TCP.
   *
   * @param initialDelay - after how many idle milliseconds (TCP_KEEPIDLE, in whole seconds); below 1000: unchanged
   */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.#setOption(SOL_SOCKET, SO_KEEPALIVE, Number(enable))
    const seconds = Math.trunc(initialDelay / 1000)
    return enable && seconds > 0 ? this.#setOption(IPPROTO_TCP, keepIdle, seconds) : this
  }

  // If the kernel refuses, as for a local socket, that is ignored, as in net.Socket.
  #setOption(level: number | undefined, name: number | undefined, value: number): this {
    if (level === undefined || name === undefined) return this
    const set = () => void native.setsockopt(this.#process.socketId, level, name, ints(value))
    if (this.#process.isConnecting) this.#process.opened.then(set, () => {})
    else set()
    return this
  }

  /** Lets the process keep Node's event loop alive: {@link NetworkProcess.ref}. */
  ref(): this {
    this.#process.ref()
    return this
  }

  /** Lets Node's event loop end while the process lives: {@link NetworkProcess.unref}. */
  unref(): this {
    this.#process.unref()
    return this
  }

  /** `'opening'`, `'open'`, `'readOnly'`, `'writeOnly'` or `'closed'`. */
  get readyState(): string {
    if (this.connecting) return 'opening'
    if (this.readable) return this.writable ? 'open' : 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  /** Bytes received. */
  get bytesRead(): number {
    return this.#process.bytesRead
  }

  /** Bytes that the kernel has taken. */
  get bytesWritten(): number {
    return this.#process.bytesWritten
  }

  /** The peer's IP address; undefined for other families, and for a process that has ended. */
  get remoteAddress(): string | undefined {
    return this.#end('remote').address
  }

  /** The peer's port, likewise. */
  get remotePort(): number | undefined {
    return this.#end('remote').port
  }

  /** `'IPv4'` or `'IPv6'`, likewise. */
  get remoteFamily(): string | undefined {
    return this.#end('remote').family
  }

  /** The process's own IP address, likewise. */
  get localAddress(): string | undefined {
    return this.#end('local').address
  }

  /** The process's own port, likewise. */
  get localPort(): number | undefined {
    return this.#end('local').port
  }

  /** `'IPv4'` or `'IPv6'`, likewise. */
  get localFamily(): string | undefined {
    return this.#end('local').family
  }

  /** All three of its own; an empty object for other families, and for a process that has ended. */
  address(): Partial<AddressInfo> {
    return this.#end('local') as Partial<AddressInfo>
  }

  #end(which: 'local' | 'remote'): ErrorAddress & { family?: string } {
    const address = this.#process.contact(which, true)
    if (!Array.isArray(address)) return {}
    return { ...errorAddress(encodeAddress(address)), family: address.length === 5 ? 'IPv4' : 'IPv6' }
  }
}
