// The process object: a socket with a name, a status, a filter that gets what is received and a sentinel that is told
// of changes. It owns the order of things: what is delivered when, what a change of state does, and who is told. How a
// socket is opened and connected is in opening.ts and connect.ts.
import { AsyncResource } from 'node:async_hooks'
import { inspect } from 'node:util'
import { withLineEnds, type CodingSystem } from '../coding/index.js'
import { native, type AddressId, type Counts, type SocketId } from '../native.js'
import {
  decodeAddress,
  encodeAddress,
  errorAddress,
  familyOf,
  type Address,
  type AddressInput,
} from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { closeCounted, countsOf } from '../socket/counts.js'
import {
  check,
  codedError,
  systemError,
  typeError,
  valueError,
  wouldBlock,
  type ErrorAddress,
} from '../socket/errors.js'
import { afterDelivery, againWithWaiting, leavePlace, takePlace, withWaiting } from '../socket/afterwards.js'
import { after, guarded } from '../socket/callbacks.js'
import {
  addressOf,
  Delivery,
  hasUndelivered,
  isEntered,
  holdAddresses,
  Interest,
  Kind,
  Mode,
  setReceiver,
  wait,
  watchSoon,
} from '../socket/hub.js'
import { getSocketOption, setSocketOption, type OptionValue } from '../socket/options.js'
import { channelError, statusOf, type TlsParameters, type TlsSettings, type TlsStatus } from '../tls/index.js'
import { Acceptor, type Admission } from './acceptor.js'
import { isBuffer, onKill, TextBuffer, type ProcessBuffer } from './buffer.js'
import { duplexOf, type DuplexOptions } from './duplex.js'
import type { NetworkDuplex } from './network-duplex.js'
import { codingPair, type Coding } from './coding.js'
import type { ProcessContact } from './contact.js'
import { channels } from './diagnostics.js'
import { defaultFilter, defaultSentinel } from './defaults.js'
import { describePeer, event, logMessage, noPeer, type Status } from './events.js'
import { closeWhenSent } from './farewell.js'
import { formatNetworkAddress, printable } from './format-address.js'
import { iterate, type NetworkConnection } from './iteration.js'
import { isNil, keywordName } from '../lisp.js'
import { checkFunction, type Contact, type ContactValues, type Filter, type Sentinel } from './keywords.js'
import { Held, type HeldItem } from './held.js'
import { Lifetime } from './lifetime.js'
import { hasOption, lingerSeconds, setOption, unsupported } from './options.js'
import {
  nothingBeside,
  ReceivedInfo,
  wantsInfo,
  type Data,
  type MessageInfo,
  type OutgoingMessage,
} from './message.js'
import type { Making, Traits } from './making.js'
import type { Reader } from './reader.js'
import { isRegistered, processList, register, uniqueName, unregister } from './registry.js'
import { Securing } from './securing.js'
import { Sender } from './sender.js'
import { contactTls, upgradeTls } from './tls-keywords.js'

/** What {@link NetworkProcess.stats} returns: numbers since the process was made. */
export interface ProcessStats {
  /** Bytes received, before decoding. */
  bytesRead: number
  /** Bytes that the kernel has taken. */
  bytesWritten: number
  /** Messages received; for a stream, reads that brought something. */
  messagesRead: number
  /** Messages that the kernel has taken; for a stream, writes. */
  messagesWritten: number
  /** How often its filter, loop or stream was given output. */
  outputs: number
  /** Connections that a server has accepted. */
  accepted: number
  /** Sends that the kernel did not take at once. */
  queued: number
  /** Bytes that wait to be sent now. */
  writableLength: number
  /** Messages that were read and not delivered, because the process is stopped. */
  undelivered: number
}

// The exit status of a process whose peer has gone, as in Emacs.
const brokenStatus = 256

type PlainFilter = (process: NetworkProcess, data: string | Uint8Array, info?: MessageInfo) => void

let accepted = 0
let outputs = 0

/** How often the processes of this thread were given output, all together. @internal */
export function outputCount(): number {
  return outputs
}

/**
 * A network process: a connection, a server, or a datagram socket. {@link makeNetworkProcess} makes one.
 *
 * @example
 * ```ts
 * const server = makeNetworkProcess({
 *   name: 'echo', server: true, service: true,
 *   filter: (connection, text) => connection.send(text),
 * })
 * ```
 */
export class NetworkProcess {
  /** Its name, which no other process of this thread has. Corresponds to `process-name`. */
  readonly name: string
  /** Whether exiting asks about it, see {@link confirmExit}. Corresponds to `process-query-on-exit-flag`. */
  queryOnExit: boolean
  /** Whether its buffer takes over the coding system. Corresponds to `process-inherit-coding-system-flag`. */
  inheritCodingSystem = false
  /** Where in its buffer the next output goes; undefined: at the end. Corresponds to `process-mark`. */
  mark: number | undefined

  readonly #place = takePlace()
  readonly #contact: ProcessContact
  readonly #traits: Traits
  #coding: Coding
  #sender: Sender | undefined // From the first send on.
  #tls: TlsSettings | undefined
  readonly #server: NetworkProcess | undefined // The one that has accepted it.
  #resource: AsyncResource | undefined
  #id: SocketId = -1
  #state: 'connect' | 'run' | 'listen' | 'exit' | 'failed'
  #stopped: boolean
  #exitStatus: number | string = 0
  #filter: Filter | true
  #informs: boolean // Whether the filter gets what travels beside messages. (Reading a function's length is slow.)
  #sentinel: Sentinel
  #buffer: ProcessBuffer | string | undefined

  #cancelConnect: (() => void) | undefined
  #addressed = false
  #ending = false // sendEof was called.
  #ended = false // The peer has sent its end of file.
  #held: Held | undefined // Only while it holds something.
  #info: ReceivedInfo | undefined // What came beside the message that follows.
  #reader: Reader | undefined // Gets the output instead of the filter.
  #readerFull = false
  #isNew = false // Its first callbacks have not run. They close many, so it is not in the epoll set yet.
  #lifetime: Lifetime | undefined
  #wasOpen = false
  #over = false // It has ended, and its sentinel was told.
  #failure: unknown // What failed, if anything.
  #ignoreSignal: (() => void) | undefined
  #plist: Record<string, unknown> | undefined
  #pending: string[] | undefined // Events that the sentinel is about to hear of.
  #unreferenced = false
  #acceptor: Acceptor | undefined // Of a server.
  #outputs = 0
  #outputWaiters: ((received: boolean) => void)[] | undefined
  #counts: Counts | undefined // Once the socket is closed.

  /** {@link makeNetworkProcess} makes processes. @hidden */
  constructor(making: Making) {
    this.name = uniqueName(making.name)
    if (making.plist !== undefined) this.#plist = { ...making.plist }
    this.queryOnExit = making.queryOnExit
    this.#contact = making.contact
    this.#traits = making.traits
    this.#coding = making.coding
    this.#tls = making.tls
    this.#server = making.server
    // A connection's is made when it is needed: even then it is a child of its server's.
    if (making.server === undefined) this.#resource = new AsyncResource('NETWORKPROCESS')
    this.#state = 'connect'
    this.#stopped = making.stopped
    this.#filter = making.filter ?? defaultFilter
    this.#informs = making.traits.ancillary && wantsInfo(this.#filter)
    this.#sentinel = making.sentinel ?? defaultSentinel
    this.#buffer = making.buffer
    if (typeof making.buffer === 'object') this.mark = making.buffer.length
    register(this)
  }

  // ---- state ------------------------------------------------------------------------------------------------

  /** Always `'network'`. Corresponds to `process-type`. */
  get type(): 'network' {
    return 'network'
  }

  /** The state of the process. Corresponds to `process-status`. */
  get status(): Status {
    switch (this.#state) {
      case 'exit':
        return 'closed'
      case 'run':
        return this.#stopped ? 'stop' : 'open'
      default:
        return this.#stopped ? 'stop' : this.#state
    }
  }

  /**
   * 0 while it lives, and after it was deleted; 256 after its peer has gone; after an asynchronous connect has failed,
   * the errno or a text that says what failed. Corresponds to `process-exit-status`.
   */
  get exitStatus(): number | string {
    return this.#exitStatus
  }

  /** Whether it is stopped. Corresponds to `process-command`. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** The descriptor of its socket, which the process still owns; -1 if there is none. */
  get fd(): number {
    return this.#id < 0 ? -1 : native.fd(this.#id)
  }

  /** The socket's place in the addon's table. @internal */
  get socketId(): SocketId {
    return this.#id
  }

  /** Whether an asynchronous connect is under way. @internal */
  get isConnecting(): boolean {
    return this.#state === 'connect'
  }

  /** Whether it is open, or would be if it were not stopped. @internal */
  get isOpen(): boolean {
    return this.#state === 'run'
  }

  /** @internal */
  get isListening(): boolean {
    return this.#state === 'listen'
  }

  /** Stops receiving and accepting; sending goes on. The sentinel is not called. Corresponds to `stop-process`. */
  stop(): this {
    this.#stopped = true
    this.#updateInterest()
    return this
  }

  /** Undoes {@link NetworkProcess.stop}. Corresponds to `continue-process`. */
  continue(): this {
    this.#stopped = false
    this.#resume()
    return this
  }

  /**
   * Ends the process: its status is `closed` and its sentinel hears `deleted\n` before this returns. What `send` has
   * accepted is still sent, unless the process was still connecting. Corresponds to `delete-process`.
   */
  delete(): void {
    const gone = this.#state === 'exit' && !isRegistered(this)
    this.#exitStatus = 0
    if (gone) {
      againWithWaiting(() => this.#report(event.deleted), this.#place)
      return
    }
    this.#pending = [event.deleted]
    this.#close(this.#state === 'run')
    this.#state = 'exit'
    withWaiting(() => this.#reportPending(), this.#place)
  }

  /**
   * Ends the process as {@link NetworkProcess.delete} does, but returns its descriptor, which the caller has to close:
   * for the keyword `adopt`, here or in a worker, or for another program. Nothing is lost: it throws while anything was
   * read and not delivered, or accepted for sending and not sent. In the server's log function, and in the sentinel
   * that is told of the new connection, that is never so.
   *
   * @throws `ERR_PROCESS_NOT_RUNNING`; `ERR_PROCESS_BUSY`
   * @example
   * ```ts
   * import { Worker } from 'node:worker_threads'
   * const worker = new Worker('./worker.mjs')
   * const server = makeNetworkProcess({
   *   name: 'gate', server: true, service: 7000,
   *   log: (_, connection) => connection && worker.postMessage(connection.detach()),
   * })
   * ```
   */
  detach(): number {
    if (this.#id < 0 || this.#state === 'connect') throw this.notRunning()
    const held = this.#held !== undefined || this.#reader?.hasUnread === true
    const undelivered = held || this.#coding.pending || hasUndelivered(this.#id)
    if (undelivered || this.#sender?.empty === false || this.#ended || this.#ending) throw this.#busy()
    const counts = countsOf(this.#id)
    const fd = native.detach(this.#id)
    if (fd < 0) throw this.#busy()
    setReceiver(this.#id, undefined)
    this.#id = -1
    this.delete()
    this.#counts = counts
    return fd
  }

  #busy(): Error {
    return codedError(
      new Error(`Process ${this.name} has output that is not delivered or not sent, or has ended`),
      'ERR_PROCESS_BUSY',
    )
  }

  /** {@link NetworkProcess.delete}, for `using`. */
  [Symbol.dispose](): void {
    this.delete()
  }

  /** Waits until the kernel has taken all that is queued, or the process has ended, and then deletes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender?.sent().catch(() => {})
    this.delete()
  }

  /**
   * Resolves to the process when it is open, or listens; rejects with what failed, which is a system error
   * (`ECONNREFUSED`), an error of look-up (`ENOTFOUND`), the reason of its `signal`, or `ERR_PROCESS_NOT_RUNNING` if it
   * was deleted before. It never becomes an unhandled rejection.
   *
   * @example
   * ```ts
   * const client = await makeNetworkProcess({ name: 'client', service: 7000, nowait: true }).opened
   * ```
   */
  get opened(): Promise<this> {
    return this.#life().opened as Promise<this>
  }

  /** Resolves when the process has ended, in whatever way, and its sentinel was told. Never rejects. */
  get closed(): Promise<void> {
    return this.#life().closed
  }

  #life(): Lifetime {
    if (this.#lifetime === undefined) {
      this.#lifetime = new Lifetime()
      if (this.#wasOpen) this.#lifetime.open(this)
      if (this.#over) this.#lifetime.end(this.#failure ?? this.notRunning())
    }
    return this.#lifetime
  }

  #nowOpen(): void {
    this.#wasOpen = true
    this.#lifetime?.open(this)
  }

  #nowOver(): void {
    this.#over = true
    this.#settleOutput(false)
    const reader = this.#reader
    this.#reader = undefined
    if (reader !== undefined) this.#within(() => reader.onOver(this.#failure))
    this.#lifetime?.end(this.#failure ?? this.notRunning())
    if (channels.close.hasSubscribers) channels.close.publish({ process: this, error: this.#failure })
  }

  /** Deletes the process when the signal is aborted. @internal */
  obey(signal: AbortSignal): void {
    const abort = () => {
      this.#failure ??= signal.reason
      this.delete()
    }
    if (this.#state === 'failed') return
    signal.addEventListener('abort', abort)
    this.#ignoreSignal = () => signal.removeEventListener('abort', abort)
  }

  /** Makes it keep Node's event loop alive, as it does from the start. */
  ref(): this {
    this.#unreferenced = false
    if (this.#id >= 0) native.setCounted(this.#id, true)
    return this
  }

  /** Lets Node's event loop end while the process lives. */
  unref(): this {
    this.#unreferenced = true
    if (this.#id >= 0) native.setCounted(this.#id, false)
    return this
  }

  /** Whether it keeps Node's event loop alive. */
  hasRef(): boolean {
    return this.#id >= 0 && !this.#unreferenced
  }

  // Closes the socket; with `sendQueued`, what is queued is sent first.
  #close(sendQueued: boolean): void {
    this.#ignoreSignal?.()
    this.#cancelConnect?.()
    this.#cancelConnect = undefined
    this.#acceptor?.close()
    // Connections that a loop has not consumed are delivered: they live on without their server.
    if (this.#state === 'listen') this.#held?.run()
    this.#held?.drop()
    this.#info?.drop()
    this.#held = this.#info = undefined
    const output = this.#sender?.close()
    output?.settle(this.notRunning())
    const id = this.#id
    this.#id = -1
    if (id >= 0 && sendQueued) {
      const linger = lingerSeconds(this.#contact.get('linger'))
      this.#counts = closeWhenSent(id, output, linger, this.#sender?.isPolled === true)
      return
    }
    output?.abandon()
    if (id >= 0) this.#counts = closeCounted(id)
  }

  // Tells the sentinel of a change that the caller has not made, after all output that came with it. A closed process
  // leaves the list first.
  #reportLater(what: string): void {
    this.#pending ??= []
    this.#pending.push(what)
    afterDelivery(() => this.#reportPending(), this.#place)
  }

  #reportPending(): void {
    for (let next = this.#pending?.shift(); next !== undefined; next = this.#pending?.shift())
      this.#report(next)
  }

  // The async resource in which its callbacks run.
  #scope(): AsyncResource {
    return this.#resource ?? this.#makeResource()
  }

  #makeResource(): AsyncResource {
    const make = () => new AsyncResource('NETWORKPROCESS')
    this.#resource = this.#server === undefined ? make() : this.#server.#scope().runInAsyncScope(make)
    return this.#resource
  }

  // Runs `work` in the async context of the code that made the process. A connection needs no resource of its own for
  // that, and most never have one: its server's will do.
  #within(work: () => void): void {
    const scope = this.#resource ?? (this.#server ?? this).#scope()
    scope.runInAsyncScope(work)
  }

  #report(what: string): void {
    if (this.#state === 'exit' && isRegistered(this)) this.#leave()
    const over = this.#state === 'exit' || this.#state === 'failed'
    // The default sentinel calls nothing that depends on the async context.
    if (this.#sentinel === defaultSentinel) this.#tell(what)
    else this.#within(() => this.#tell(what))
    if (over && !this.#over) this.#nowOver()
  }

  #tell(what: string): void {
    const sentinel = this.#sentinel
    guarded(() => sentinel(this, what))
  }

  /** @internal */
  notRunning(): Error {
    const cause = this.#failure ?? this.#sender?.failure
    const options = cause === undefined ? {} : { cause }
    return codedError(new Error(`Process ${this.name} not running`, options), 'ERR_PROCESS_NOT_RUNNING')
  }

  // ---- becoming connected: connect.ts, opening.ts and the hub call these ---------------------------------------

  /** Notes the socket of a connect that is under way; -1: there is none yet. @internal */
  setConnecting(id: SocketId, cancel: () => void): void {
    this.#id = id
    this.#cancelConnect = cancel
    if (id >= 0) native.setCounted(id, !this.#unreferenced)
  }

  /** Notes the actual addresses of a client. @param remote - the sockaddr to which it connects @internal */
  noteAddresses(id: SocketId, remote: Uint8Array): void {
    this.#contact.set('remote', decodeAddress(remote))
    const local = native.getsockname(id)
    if (typeof local !== 'number') this.#contact.set('local', decodeAddress(local))
  }

  /** The process has a listening socket. @internal */
  listenOn(id: SocketId, admission: Admission): void {
    this.#acceptor = new Acceptor(this, admission)
    this.#state = 'listen'
    check(this.#start(id, Mode.listening), 'epoll_ctl')
    this.#nowOpen()
    this.#publishConnect()
  }

  /**
   * The process has a socket that can receive and send. @param addressed - whether it is not connected @internal
   */
  openOn(id: SocketId, addressed: boolean, peer: AddressId = -1): void {
    check(this.#open(id, addressed, peer), 'epoll_ctl')
    this.#publishConnect()
  }

  #open(id: SocketId, addressed: boolean, peer: AddressId): number | undefined {
    this.#addressed = addressed
    if (addressed) this.#sending().to = peer
    this.#state = 'run'
    this.#cancelConnect = undefined
    const error = this.#start(id, Mode.receiving)
    if (error !== undefined) return error
    this.#sender?.open(id, addressed)
    this.#nowOpen()
    return undefined
  }

  #publishConnect(): void {
    if (channels.connect.hasSubscribers) channels.connect.publish({ process: this })
  }

  /**
   * The same, at the end of an asynchronous connect. The sentinel is told before any output is delivered, but may
   * itself wait for output.
   *
   * @internal
   */
  openLater(id: SocketId): void {
    const error = this.#open(id, false, -1)
    if (error !== undefined) return this.fail(-error, systemError(error, 'epoll_ctl'))
    this.#sendWaiting()
    if (this.#id === id) this.#report(event.open)
    if (this.#id === id) this.#publishConnect()
  }

  // Sends what was queued, or the end of file that was asked for, while there was no socket.
  #sendWaiting(): void {
    if (this.#sender !== undefined) this.#sender.flush()
    else if (this.#ending) this.#shutdown()
  }

  /** A blocking connect has succeeded: opens the process, after TLS if it has any. @throws what failed @internal */
  connected(id: SocketId): void {
    if (this.#tls === undefined) this.openOn(id, false)
    else new Securing(this, id, this.#tls).connectNow()
  }

  /** The same for an asynchronous connect. @internal */
  connectedLater(id: SocketId): void {
    if (this.#tls === undefined) this.openLater(id)
    else new Securing(this, id, this.#tls).connect()
  }

  /**
   * An asynchronous connect has failed.
   *
   * @param code - what the sentinel is told
   * @param silently - the sentinel is not called, see emacs.ts
   * @internal
   */
  fail(code: number | string, failure: unknown, silently = false): void {
    this.#failure = failure
    this.#close(false)
    this.#state = 'failed'
    this.#exitStatus = code
    if (silently) this.#nowOver()
    else this.#reportLater(event.failed(code))
  }

  /** The process could not be made: it ends without a call of its sentinel. @internal */
  abandon(): void {
    this.#close(false)
    this.#state = 'exit'
    this.#leave()
    this.#nowOver()
  }

  #leave(): void {
    unregister(this)
    leavePlace(this.#place)
  }

  // ---- TLS --------------------------------------------------------------------------------------------------

  /**
   * Starts TLS on an open connection: as TLS client on a client, as TLS server on a connection that a server has
   * accepted, unless the parameters say otherwise. What `send` has accepted before is sent first, in clear; what is
   * sent from now on waits, and nothing is received, until TLS is established: the status is `connect` meanwhile. What
   * the filter has got already is not part of the handshake. If the handshake fails the process is closed; it never
   * goes on in clear. Corresponds to `gnutls-boot`.
   *
   * @returns resolves to the process; rejects with what failed ({@link TlsError}), or `ERR_PROCESS_NOT_RUNNING`
   * @throws TypeError, RangeError: an invalid value of a keyword; `ERR_TLS_NOT_AVAILABLE`; `ERR_NO_STREAM`: TLS needs
   *   one; `ERR_TLS_STARTED`: it has TLS already, or is connecting; `ERR_PROCESS_NOT_RUNNING`; `ERR_PROCESS_BUSY`
   * @example
   * ```ts
   * await client.startTls({ hostname: 'mail.example.org' }) // The server has answered STARTTLS with 220.
   * ```
   */
  startTls(parameters: TlsParameters | readonly unknown[]): Promise<this> {
    const securing = this.#beginUpgrade(parameters)
    return new Promise((resolve, reject) => {
      securing.upgrade(error => (error === undefined ? resolve(this) : reject(error)))
    })
  }

  /** The same, blocking. @throws what failed @internal */
  startTlsNow(parameters: unknown): void {
    this.#beginUpgrade(parameters).upgradeNow()
  }

  /** Sets the TLS parameters of a process that is still connecting. @throws `ERR_TLS_STARTED` @internal */
  secureBy(parameters: unknown): void {
    if (this.#state !== 'connect' || this.#wasOpen || native.tlsStage(this.#id) > 0)
      throw codedError(new Error(`Process ${this.name} is not connecting any more`), 'ERR_TLS_STARTED')
    this.#contact.set('tlsParameters', parameters)
    this.#tls = contactTls(this.#contact.all, this.#traits.kind === Kind.stream)
  }

  // The process is connecting again. What it has read and not delivered goes to the handshake.
  #beginUpgrade(parameters: unknown): Securing {
    if (this.#state === 'listen' || this.#traits.kind !== Kind.stream)
      throw codedError(
        new TypeError(`${this.name} is no connection of bytes; TLS needs one`),
        'ERR_NO_STREAM',
      )
    if (this.#id >= 0 && (this.#state === 'connect' || native.tlsStage(this.#id) > 0))
      throw codedError(new Error(`Process ${this.name} is connecting, or has TLS`), 'ERR_TLS_STARTED')
    if (this.#state !== 'run') throw this.notRunning()
    const settings = upgradeTls(parameters, this.#contact.all, this.#server !== undefined)
    const unread = this.#reader?.takeUnread() ?? []
    if (this.#reader?.hasUnread) throw this.#busy()
    unread.push(...(this.#held?.drop() ?? []))
    this.#held = undefined
    const unsent = this.#sender?.close()
    this.#sender?.open(-1, false)
    this.#state = 'connect'
    return new Securing(this, this.#id, settings, { unsent, unread })
  }

  /** @internal */
  onSecured(id: SocketId): void {
    if (!this.#wasOpen) return this.openLater(id)
    // A part of a character that came in clear must not be completed by what comes through TLS.
    this.#useCoding(this.#coding.fork())
    const error = this.#open(id, false, -1)
    if (error !== undefined) return this.#onUnwatched(error)
    this.#sendWaiting()
  }

  /** @internal */
  onNotSecured(error: Error): void {
    if (!this.#wasOpen) return this.fail(error.message, error)
    this.#failure = error
    this.#break(false)
  }

  /** What TLS knows of the peer and the connection; undefined: there is no TLS. Corresponds to `gnutls-peer-status`. */
  get tls(): TlsStatus | undefined {
    return this.#id < 0 ? undefined : statusOf(this.#id)
  }

  // ---- what the hub is told ---------------------------------------------------------------------------------

  // Returns -errno when the epoll set does not take the socket, perhaps for want of room: no event would ever come.
  #start(id: SocketId, mode: number): number | undefined {
    this.#id = id
    setReceiver(id, this)
    if (this.#isNew) return undefined
    if (!this.#unreferenced) native.setCounted(id, true)
    return this.#putIntoSet(mode)
  }

  // Tells the hub how to read and deliver, and what to wait for.
  #putIntoSet(mode: number): number | undefined {
    const addressed = this.#addressed ? 1 : 0
    const ancillary = this.#informs ? 1 : 0
    return native.configure(
      this.#id,
      mode,
      this.#traits.kind,
      this.#delivery(),
      addressed,
      ancillary,
      this.#interest(),
    )
  }

  #configure(): void {
    if (!this.#isInSet()) return
    const error = this.#putIntoSet(this.#state === 'listen' ? Mode.listening : Mode.receiving)
    if (error !== undefined) this.#onUnwatched(error)
  }

  // The epoll set does not take the socket any more, so the process ends. A server tries again, as when there are no
  // descriptors left.
  #onUnwatched(error: number): void {
    if (this.#acceptor !== undefined) return this.#acceptor.onFailed(-error)
    this.#failure ??= systemError(error, 'epoll_ctl')
    this.#break(true)
  }

  // Whether the socket is in the epoll set, and the process decides what to wait for: not while it is connecting or
  // new.
  #isInSet(): boolean {
    return this.#id >= 0 && this.#state !== 'connect' && !this.#isNew
  }

  #delivery(): number {
    if (this.#reader?.raw) return this.#traits.lend ? Delivery.lent : Delivery.bytes
    return this.#coding.delivery(this.#traits.lend)
  }

  #isReading(): boolean {
    return !this.#stopped && this.#wantsToRead()
  }

  #wantsToRead(): boolean {
    if (this.#state === 'listen') return true
    return (this.#filter !== true || this.#reader !== undefined) && !this.#ended
  }

  #interest(): number {
    const waiting = this.#held !== undefined || this.#acceptor?.pauses === true || this.#readerFull
    const reading = this.#isReading() && !waiting
    return (reading ? Interest.readable : 0) | (this.#sender?.waits ? Interest.writable : 0)
  }

  #updateInterest(): void {
    if (!this.#isInSet()) return
    const error = native.setInterest(this.#id, this.#interest())
    if (error !== undefined) this.#onUnwatched(error)
  }

  // ---- receiving: the hub calls methods that begin with "on", see Receiver -------------------------------

  /** @internal */
  onWatched(): void {
    this.#isNew = false
    if (this.#state !== 'run') return
    const error = this.#start(this.#id, Mode.receiving)
    if (error !== undefined) this.#onUnwatched(error)
  }

  /** @internal */
  onAlone(): void {
    this.#within(() => native.setResource(this.#id, this.#scope()))
  }

  /** @internal */
  onAncillary(control: Buffer, flags: number): void {
    this.#info = new ReceivedInfo(control, flags)
  }

  /** @internal */
  onData(data: string | Uint8Array, sender: AddressId, lent: boolean): void {
    const info = this.#informs || this.#info !== undefined ? this.#takeInfo(sender) : undefined
    if (this.#holds()) {
      const kept = lent ? Buffer.from(data as Uint8Array) : data
      this.#hold({ run: () => this.#receive(kept, sender, info), sender, info, data: kept })
    } else this.#receive(data, sender, info)
  }

  #takeInfo(sender: AddressId): ReceivedInfo {
    const address = addressOf(sender)
    const info = this.#info ?? (address === undefined ? nothingBeside : new ReceivedInfo(undefined, 0))
    this.#info = undefined
    if (address !== undefined) info.address = address
    return info
  }

  #receive(data: string | Uint8Array, sender: AddressId, info?: ReceivedInfo): void {
    if (this.#reader?.raw) {
      info?.drop()
      this.#give(typeof data === 'string' ? native.encodeUtf8(data) : data, sender)
      return
    }
    const output = this.#coding.decode(data, info !== undefined && info !== nothingBeside)
    if (output !== undefined) this.#give(output, sender, info)
  }

  // A reader decides itself when its sends go to this sender.
  #give(data: string | Uint8Array, sender: AddressId, info?: ReceivedInfo): void {
    if (this.#reader === undefined) this.answerTo(sender)
    this.#outputs++
    outputs++
    if (this.#outputWaiters !== undefined) this.#settleOutput(true)
    if (channels.receive.hasSubscribers) channels.receive.publish({ process: this, data, info })
    const reader = this.#reader
    const filter = this.#filter as Filter
    try {
      if (reader !== undefined) {
        // Lent bytes are valid only until this returns, and the reader keeps them.
        const kept = this.#traits.lend && typeof data !== 'string' ? Buffer.from(data) : data
        this.#within(() => this.#offer(reader, kept, sender))
      } else if (this.#informs)
        this.#scope().runInAsyncScope(filter, undefined, this, data, info ?? nothingBeside)
      else if (isEntered(this.#id)) (filter as PlainFilter)(this, data)
      else this.#scope().runInAsyncScope(filter as PlainFilter, undefined, this, data)
    } catch (error) {
      // A handler of uncaught exceptions has to run in the filter's async context. Catching inside of it would cost a
      // call for each message.
      this.#within(() => native.uncaught(error))
    } finally {
      info?.drop()
    }
  }

  #offer(reader: Reader, output: string | Uint8Array | NetworkProcess, sender: AddressId): void {
    if (reader.onOutput(output, sender) || this.#readerFull) return
    this.#readerFull = true
    this.#updateInterest()
  }

  /** Sends go to this address from now on, if the socket is not connected. @internal */
  answerTo(sender: AddressId): void {
    if (this.#addressed && sender >= 0) this.#sending().to = sender
  }

  /**
   * Makes the reader get the output instead of the filter.
   *
   * @throws `ERR_FILTER_IN_USE`: there is a filter, or another reader
   * @internal
   */
  takeOver(reader: Reader): void {
    const filtered =
      this.#state !== 'listen' && typeof this.#filter === 'function' && this.#filter !== defaultFilter
    if (filtered || this.#reader !== undefined) throw this.#filterInUse()
    if (this.#ended) reader.onEnd()
    if (this.#state === 'exit' || this.#state === 'failed') return reader.onOver(this.#failure)
    this.#reader = reader
    this.#sending().raw = reader.raw
    this.#configure()
    this.#resume()
  }

  /** The reader has room again. @internal */
  readMore(): void {
    if (!this.#readerFull) return
    this.#readerFull = false
    this.#updateInterest()
  }

  /** Ends the reader: the filter gets the output again, and first what the reader has left. @internal */
  giveBack(
    unread: readonly { output: string | Uint8Array | NetworkProcess; sender: AddressId }[],
    ending: (() => void) | undefined,
  ): void {
    this.#reader = undefined
    this.#readerFull = this.#sending().raw = false
    if (this.#state !== 'run' && this.#state !== 'listen') {
      for (const { output } of unread) if (output instanceof NetworkProcess) this.#giveAgain(output, -1)
      return
    }
    const held = unread.map(({ output, sender }) => ({ run: () => this.#giveAgain(output, sender), sender }))
    if (ending !== undefined) held.push({ run: () => this.#atEnd(ending), sender: -1 })
    if (held.length > 0) (this.#held ??= new Held()).putBack(held)
    this.#configure()
    this.#resume()
  }

  #giveAgain(output: string | Uint8Array | NetworkProcess, sender: AddressId): void {
    if (!(output instanceof NetworkProcess)) this.#give(output, sender)
    else if (this.#reader !== undefined) this.#offer(this.#reader, output, -1)
    else if (output.filter === true) output.filter = this.#filter
  }

  /**
   * The process as a Node stream, for `pipeline`, `node:tls`, `node:http`. For a stream it carries bytes; for sequenced
   * packets and datagrams it is in object mode, each object a Buffer. The coding system is not used. `end()` sends the
   * end of file; the peer's end of file ends the readable side. When both have ended, or on `destroy()`, the process is
   * deleted. When the process ends, the stream is destroyed, with the error if something failed.
   *
   * @throws `ERR_FILTER_IN_USE`: there is a filter, a loop or another stream; `ERR_NO_STREAM`: it is a server
   * @example
   * ```ts
   * import { createReadStream } from 'node:fs'
   * import { pipeline } from 'node:stream/promises'
   * await pipeline(createReadStream('file'), makeNetworkProcess({ name: 'copy', service: 7000 }).duplex())
   * ```
   */
  duplex(options: DuplexOptions = {}): NetworkDuplex {
    if (this.#state === 'listen')
      throw codedError(
        new TypeError(`${this.name} is a server; its connections have streams`),
        'ERR_NO_STREAM',
      )
    return duplexOf(this, this.#traits.kind !== Kind.stream, {
      ...options,
      allowHalfOpen: options.allowHalfOpen ?? this.#traits.halfOpen,
    })
  }

  #filterInUse(): Error {
    return codedError(
      new Error(`Process ${this.name} has a filter, a loop or a stream that gets its output`),
      'ERR_FILTER_IN_USE',
    )
  }

  /**
   * Yields what the process receives, a message or a piece of the stream at a time; for a server, the connections that
   * it accepts, which are not read until they get a filter, a loop or a stream, unless the server has a filter or a
   * buffer for them. While the loop runs nothing else gets the output. While its body is busy, output stays in the
   * kernel: a peer that sends more has to wait. The loop ends when the output ends, and throws what failed
   * (`ECONNRESET`, the `signal`'s reason). Leaving the loop leaves the process open, with the filter that it had.
   *
   * @throws `ERR_FILTER_IN_USE`: there is a filter, or another loop
   * @example
   * ```ts
   * for await (const connection of makeNetworkProcess({ name: 'log', server: true, service: 7000 }))
   *   for await (const text of connection) console.log(text)
   * ```
   */
  [Symbol.asyncIterator](): AsyncGenerator<string | Buffer | NetworkConnection, void, void> {
    return iterate(this) as AsyncGenerator<string | Buffer | NetworkConnection, void, void>
  }

  /** @internal */
  onTruncated(length: number): void {
    this.#reportLater(event.truncated(length))
  }

  // What comes in the wake-up in which a callback stops the process is held until it continues, before anything newer.
  #holds(): boolean {
    return this.#held !== undefined || !this.#isReading()
  }

  #hold(item: HeldItem): void {
    this.#held ??= new Held()
    this.#held.add(item)
  }

  #resume(): void {
    if (this.#held === undefined) return this.#updateInterest()
    const deliver = () => {
      if (this.#held === undefined || !this.#isReading()) return
      const next = this.#held.take()
      if (this.#held.length === 0) this.#held = undefined
      // Before the item runs, because the filter may wait for the next one.
      this.#resume()
      if (next !== undefined) guarded(next.run)
    }
    after(0, deliver, { of: this.#id })
  }

  /** @internal */
  onEnd(): void {
    const end = () => this.#flushDecoder(() => this.#end())
    if (this.#holds()) this.#hold({ run: () => this.#atEnd(end), sender: -1 })
    else this.#atEnd(end)
  }

  #atEnd(end: () => void): void {
    const reader = this.#reader
    if (reader === undefined) end()
    else this.#within(() => reader.onEnding(end))
  }

  #end(): void {
    if (this.#state === 'exit') return
    const halfOpen = this.#traits.halfOpen || this.#reader?.halfOpen === true
    if (!halfOpen || this.#failure !== undefined) return this.#break(true)
    this.#ended = true
    if (this.#traits.halfOpen) this.#reportLater(event.endOfFile)
    const reader = this.#reader
    if (reader !== undefined) this.#within(() => reader.onEnd())
  }

  /** @internal */
  onFailed(error: number): void {
    if (this.#traits.kind === Kind.datagrams) {
      this.#reportLater(event.datagramFailed(error))
      return
    }
    const reset = () => {
      this.#failure = channelError(error, 'recv', this.remoteName())
      this.#flushDecoder(() => this.#break(false))
    }
    if (this.#holds()) this.#hold({ run: () => this.#atEnd(reset), sender: -1 })
    else this.#atEnd(reset)
  }

  /** The peer's address for errors, which the kernel may have forgotten by then; empty if it is unknown. @internal */
  remoteName(): ErrorAddress {
    const remote = this.#contact.get('remote')
    return isNil(remote) ? {} : errorAddress(encodeAddress(remote as AddressInput))
  }

  // Delivers what is left of a character that the end of the stream has cut off, and then ends; if the filter waits, the
  // end comes inside of that.
  #flushDecoder(end: () => void): void {
    const rest = this.#coding.flush()
    if (rest === undefined) return end()
    let ended = false
    const endOnce = () => {
      if (!ended) end()
      ended = true
    }
    after(0, endOnce, { of: this.#id })
    guarded(() => this.#give(rest, -1))
    endOnce()
  }

  // The peer has gone. The process stays on the list until its sentinel is told.
  #break(sendQueued: boolean): void {
    if (this.#state === 'exit') return
    this.#close(sendQueued)
    this.#state = 'exit'
    this.#exitStatus = brokenStatus
    this.#reportLater(event.broken)
  }

  /**
   * Waits for output without blocking: resolves to true when the filter has been called, to false when the process has
   * ended. {@link acceptProcessOutput} is the same for synchronous code.
   *
   * @example while (await client.output()) console.log(client.buffer?.length)
   */
  output(): Promise<boolean> {
    if (this.#state === 'exit' || this.#state === 'failed') return Promise.resolve(false)
    return new Promise(resolve => {
      this.#outputWaiters ??= []
      this.#outputWaiters.push(resolve)
    })
  }

  #settleOutput(received: boolean): void {
    const waiters = this.#outputWaiters
    this.#outputWaiters = undefined
    waiters?.forEach(resolve => resolve(received))
  }

  /** How often it was given output. @internal */
  get outputs(): number {
    return this.#outputs
  }

  // ---- accepting ------------------------------------------------------------------------------------------

  /** @internal */
  onAccepted(id: SocketId, sockaddr: Uint8Array): void {
    this.#acceptor?.accept(id, sockaddr)
  }

  /** @internal */
  onAcceptFailed(error: number): void {
    this.#acceptor?.onFailed(error)
  }

  /** @internal */
  notAdmitted(message: string): void {
    const log = this.#acceptor?.log
    if (log !== undefined) this.#within(() => guarded(() => log(this, undefined, message)))
  }

  /** Makes the process of an accepted connection. @internal */
  admit(id: SocketId, remote: Address, proxied?: Contact): void {
    // The connection is a child of the server to async hooks too.
    if (isEntered(this.#id)) this.#admit(id, remote, proxied)
    else this.#within(() => this.#admit(id, remote, proxied))
  }

  #admit(id: SocketId, remote: Address, proxied?: Contact): void {
    const peer = describePeer(remote, ++accepted)
    const local = this.#ownAddress(id)
    const inserts = this.#filter === defaultFilter || this.#filter === true
    // If the server has no buffer, nobody would ever look at those of its connections, nor kill them.
    const hasBuffer = inserts && (this.#traits.signals || this.#buffer !== undefined)
    // Output that comes before the loop has the connection would be lost, so it is not read until then.
    const looped = this.#reader !== undefined && this.#filter === defaultFilter && this.#buffer === undefined
    const child = new NetworkProcess({
      // `join` makes one flat string; concatenation would make one that keeps its parts.
      name: [this.name, peer.suffix].join(' '),
      contact: this.#contact.accepted(remote, local, proxied),
      traits: this.#traits,
      filter: looped ? true : this.#filter,
      sentinel: this.#sentinel,
      plist: this.#plist,
      queryOnExit: true,
      stopped: false,
      coding: this.#coding.fork(),
      tls: undefined,
      server: this,
      buffer: hasBuffer ? `${this.buffer?.name ?? this.name} ${peer.suffix}` : undefined,
    })
    child.inheritCodingSystem = inserts && this.inheritCodingSystem
    child.#isNew = true
    child.#open(id, false, -1)
    watchSoon(child)
    if (channels.accept.hasSubscribers) channels.accept.publish({ process: child, server: this })
    const log = this.#acceptor?.log
    if (log !== undefined) guarded(() => log(this, child, logMessage.accepted(peer.from)))
    child.#tell(event.openFrom(peer.from))
    if (this.#reader !== undefined && child.#state === 'run') this.#offer(this.#reader, child, -1)
  }

  // A connection's own address, if that of its server does not say it. A socket that was made elsewhere may be that of a
  // transparent proxy (IP_TRANSPARENT), whose connections have the addresses that their clients asked for.
  #ownAddress(id: SocketId): Address | undefined {
    const servers = this.#contact.get('local')
    const isSaid =
      typeof servers === 'string' ||
      (Array.isArray(servers) && servers.some((part, i) => part !== 0 && i < servers.length - 1))
    const isOurs = isNil(this.#contact.get('adopt')) && isNil(this.#contact.get('useExternalSocket'))
    if (isSaid && isOurs) return undefined
    const own = native.getsockname(id)
    return typeof own === 'number' ? undefined : decodeAddress(own)
  }

  // ---- sending ----------------------------------------------------------------------------------------------

  /**
   * Sends text, in the process's coding system, or bytes as they are: one packet, or a part of the stream; the kernel
   * puts the parts of an array together. Never blocks: what the kernel does not take is queued, in order. Corresponds
   * to `process-send-string`.
   *
   * Nothing that the peer does makes it throw, because a caller that answers cannot know of it yet: when the peer of a
   * connection has gone, `send` returns false, {@link NetworkProcess.drained} rejects with an error whose `cause` says
   * why (`EPIPE`, `ECONNRESET`), and the sentinel hears of the end when everything that came before it is read. Of a
   * datagram that cannot be delivered, the sentinel hears `datagram failed with code …`.
   *
   * @returns false when it is better to wait for {@link NetworkProcess.drained} than to send more: `highWaterMark`
   *   bytes are queued or, without that keyword, any at all; or the peer has gone
   * @throws `ERR_PROCESS_NOT_RUNNING`: it has ended, and its sentinel was told; `ERR_SEND_AFTER_EOF`; `EMSGSIZE`: a
   *   packet is too long; `EDESTADDRREQ`, `ENOTCONN`: there is no peer; TypeError `ERR_INVALID_ARG_TYPE`
   */
  send(data: Data | readonly Data[]): boolean {
    if (!this.#canSend()) return false
    const drained = Array.isArray(data)
      ? this.#sending().sendMessage({ data })
      : this.#sending().send(data as Data)
    if (channels.send.hasSubscribers) this.#publishSend(data, drained)
    return drained
  }

  /**
   * Sends packets in order, as many in one call as the kernel takes (sendmmsg(2)); on a stream, one after the other. On
   * Linux, UDP datagrams of equal length pass through the kernel as one (UDP_SEGMENT) and still arrive separately:
   * datagrams of 64 bytes take a quarter of the time that they take when sent one by one.
   *
   * @returns as {@link NetworkProcess.send}
   * @throws the same; `sent` of the error says how many packets were sent before
   * @example client.sendMany(['first packet', 'second packet', Buffer.of(3)])
   */
  sendMany(messages: readonly Data[]): boolean {
    if (!Array.isArray(messages)) throw typeError('messages', 'an array of strings and views', messages)
    if (!this.#canSend()) return false
    const drained = this.#sending().sendMany(messages)
    if (channels.send.hasSubscribers) this.#publishSend(messages, drained)
    return drained
  }

  /**
   * Sends one message, with descriptors or credentials beside it: sendmsg(2). The receiver's filter finds them in its
   * third parameter.
   *
   * @returns as {@link NetworkProcess.send}
   * @throws the same; `EBADF`: no descriptor; `EPERM`: credentials that the sender may not claim; `ETOOMANYREFS`: too
   *   many descriptors are under way; `EINVAL`: more than 253, or a family that cannot carry them; `ENOTSUP`: under
   *   TLS; `ERR_NO_DATAGRAM`: an address for what is no datagram
   * @example
   * ```ts
   * client.sendMessage({ data: 'take this', fds: [server.fd] })
   * ```
   */
  sendMessage(message: OutgoingMessage): boolean {
    if (typeof message !== 'object' || message === null) throw typeError('message', 'an object', message)
    if (!this.#canSend()) return false
    const drained = this.#sending().sendMessage(message)
    if (channels.send.hasSubscribers) this.#publishSend(message, drained)
    return drained
  }

  #publishSend(data: Data | readonly Data[] | OutgoingMessage, drained: boolean): void {
    channels.send.publish({ process: this, data, drained })
  }

  #sending(): Sender {
    return this.#sender ?? this.#makeSender()
  }

  #makeSender(): Sender {
    this.#sender = new Sender(this, this.#traits, this.#coding)
    if (this.#state === 'run') this.#sender.open(this.#id, this.#addressed)
    return this.#sender
  }

  /** @throws `ERR_PROCESS_NOT_RUNNING` @internal */
  checkRunning(): void {
    if (this.#state !== 'run' && this.#state !== 'connect') throw this.notRunning()
  }

  // False when the peer has gone and the caller cannot know it yet.
  #canSend(): boolean {
    if (this.#isLost()) return false
    this.checkRunning()
    if (this.#ending)
      throw codedError(new Error(`Process ${this.name} has sent its end of file`), 'ERR_SEND_AFTER_EOF')
    return true
  }

  // Whether it has ended by itself, and its sentinel is still to be told.
  #isLost(): boolean {
    return this.#exitStatus !== 0 && (this.#pending?.length ?? 0) > 0 && !this.#traits.signals
  }

  /** @internal */
  onWritable(): void {
    this.#sender?.flush()
  }

  /** @internal */
  onWaiting(): void {
    this.#updateInterest()
  }

  /** @internal */
  onSent(): void {
    this.#updateInterest()
    if (this.#ending) this.#shutdown()
  }

  /** @internal */
  onPacketFailed(error: number): void {
    this.#reportLater(event.datagramFailed(error))
  }

  /** What the peer sent before it went is still read, up to the end of the stream, which ends the process. @internal */
  onPeerGone(failure: Error): void {
    // The kernel reports a reset only once. Sending has got it, so it is kept as the reason for the end that is read.
    if ((failure as { code?: string }).code !== 'EPIPE') this.#failure ??= failure
    if (this.#traits.signals ? this.#isReading() : this.#wantsToRead()) this.#updateInterest()
    else this.#break(false)
  }

  /** A part of the stream is lost, so that nothing more can be sent: the process ends. @internal */
  onPartFailed(failure: Error): void {
    this.#failure ??= failure
    this.#break(false)
  }

  /**
   * Sends the end of file when everything queued is sent; receiving goes on. Has no effect for datagrams. Corresponds
   * to `process-send-eof`.
   *
   * @throws `ERR_PROCESS_NOT_RUNNING`
   */
  sendEof(): this {
    if (this.#isLost()) return this
    this.checkRunning()
    if (this.#traits.kind === Kind.datagrams || this.#ending) return this
    this.#ending = true
    if (this.#state === 'run' && this.#sender?.empty !== false) this.#shutdown()
    return this
  }

  #shutdown(): void {
    // Other errors are ignored: reading reports a peer that has gone. TLS has a close_notify to send, for which there
    // may be no room yet.
    if (wouldBlock(native.shutdown(this.#id, constants.SHUT_WR))) this.#sending().awaitRoom()
  }

  /** Bytes that `send` has accepted and the kernel has not taken yet. */
  get writableLength(): number {
    return this.#sender?.length ?? 0
  }

  /**
   * Resolves when there is room again: fewer than `highWaterMark` bytes are queued, or none. Rejects
   * (`ERR_PROCESS_NOT_RUNNING`) when the process ends before, or its peer takes nothing any more; the error's `cause`
   * says why.
   */
  get drained(): Promise<void> {
    const sends = this.#state === 'run' || this.#state === 'connect'
    return sends ? this.#sending().drained() : Promise.reject(this.notRunning())
  }

  /** Bytes received, before decoding. */
  get bytesRead(): number {
    return this.#counted()[0]
  }

  /** Bytes that the kernel has taken. */
  get bytesWritten(): number {
    return this.#counted()[1]
  }

  #counted(): Counts {
    return this.#id < 0 ? (this.#counts ?? [0, 0, 0, 0]) : countsOf(this.#id)
  }

  /** What it has done so far, in numbers; those of a server's connections are their own. */
  stats(): ProcessStats {
    const [bytesRead, bytesWritten, messagesRead, messagesWritten] = this.#counted()
    return {
      bytesRead,
      bytesWritten,
      messagesRead,
      messagesWritten,
      outputs: this.#outputs,
      accepted: this.#acceptor?.admitted ?? 0,
      queued: this.#sender?.queued ?? 0,
      writableLength: this.writableLength,
      undelivered: this.#held?.length ?? 0,
    }
  }

  // ---- filter, sentinel, buffer, coding ------------------------------------------------------------------------

  /** Properties, for the user's own purposes. Corresponds to `process-plist`. */
  get plist(): Record<string, unknown> {
    return (this.#plist ??= {})
  }

  /** Replaces them. */
  set plist(plist: Record<string, unknown>) {
    this.#plist = plist
  }

  /** Gets what is received; `true`: nothing is read. nil restores the default. Corresponds to `process-filter`. */
  get filter(): Filter | true {
    return this.#filter
  }

  /** Replaces it, also while it runs. @throws `ERR_FILTER_IN_USE`: a loop or a stream gets the output; TypeError */
  set filter(filter: Filter | true | null | undefined) {
    checkFunction(':filter', filter, true)
    if (this.#reader !== undefined && this.#state !== 'listen' && typeof filter === 'function')
      throw this.#filterInUse()
    this.#filter = filter ?? defaultFilter
    this.#informs = this.#traits.ancillary && wantsInfo(this.#filter)
    this.#contact.set('filter', this.#filter)
    this.#configure()
    this.#resume()
  }

  /** Hears of changes of status. nil restores the default. Corresponds to `process-sentinel`. */
  get sentinel(): Sentinel {
    return this.#sentinel
  }

  /** Replaces it, also while it runs. @throws TypeError `ERR_INVALID_ARG_TYPE` */
  set sentinel(sentinel: Sentinel | null | undefined) {
    checkFunction(':sentinel', sentinel, false)
    this.#sentinel = sentinel ?? defaultSentinel
    this.#contact.set('sentinel', this.#sentinel)
  }

  /** Where the default filter inserts. Setting another moves the mark to its end. Corresponds to `process-buffer`. */
  get buffer(): ProcessBuffer | undefined {
    if (typeof this.#buffer === 'string') this.#buffer = TextBuffer.named(this.#buffer)
    return this.#buffer
  }

  /** Replaces it; the old one keeps its text. @throws TypeError `ERR_INVALID_ARG_TYPE`: a name is no buffer */
  set buffer(buffer: ProcessBuffer | null | undefined) {
    const next = isNil(buffer) ? undefined : buffer
    if (next !== undefined && !isBuffer(next)) throw typeError('buffer', 'a buffer or nil', buffer)
    if (next !== this.#buffer) {
      this.#buffer = next
      this.mark = next?.length
    }
    this.#contact.set('buffer', next ?? null)
  }

  /** `[decoding, encoding]`, as far as detected by now. Corresponds to `process-coding-system`. */
  get codingSystem(): [decoding: string | null, encoding: string | null] {
    const { decoding, encoding } = this.#coding
    return [decoding.name ?? null, encoding.name ?? null]
  }

  /** Sets both, or one for both; encoding then keeps line ends. @throws TypeError, `ERR_UNKNOWN_CODING_SYSTEM` */
  set codingSystem(codings: string | readonly [string | null, string | null]) {
    const [decoding, encoding] = codingPair('codingSystem', codings)
    this.useCodings(decoding, withLineEnds(encoding, 'unix'))
  }

  /** The same as `:coding` does it: encoding converts line ends as its coding system says. @internal */
  useCodings(decoding: CodingSystem, encoding: CodingSystem): void {
    this.#useCoding(this.#coding.with(decoding, encoding))
  }

  #useCoding(coding: Coding): void {
    this.#coding = coding
    if (this.#sender !== undefined) this.#sender.coding = coding
    this.#configure()
  }

  // ---- contact ------------------------------------------------------------------------------------------------

  /**
   * What the process is connected to. Without a key the host and the service; with `true` all keywords, with the
   * actual addresses; with a keyword's name (`'local'` or `':local'`) its value. Blocks until there is a socket.
   * Corresponds to `process-contact`.
   *
   * With `noBlock` it returns undefined instead of blocking, and for a process that has no socket any more.
   */
  contact(): [host: unknown, service: unknown]
  contact(key: true, noBlock?: boolean): Contact
  contact<Key extends keyof ContactValues>(
    key: Key | `:${Key}`,
    noBlock?: boolean,
  ): ContactValues[Key] | undefined
  contact(key: string, noBlock?: boolean): unknown
  contact(key?: string | true | null, noBlock?: boolean): unknown
  contact(key?: string | true | null, noBlock = false): unknown {
    if (this.#id < 0) {
      if (noBlock) return undefined
      this.waitForSocket()
    }
    const name = typeof key === 'string' ? keywordName(key) : key
    if (this.#traits.kind === Kind.datagrams && (name === true || name === 'remote')) {
      const peer = this.datagramAddress
      if (peer !== undefined) this.#contact.set('remote', peer)
    }
    if (name === true) return { ...this.#contact.all }
    if (typeof name === 'string') return this.#contact.get(name) ?? undefined
    return [this.#contact.get('host') ?? undefined, this.#contact.get('service') ?? undefined]
  }

  /**
   * Where datagrams are sent: the peer of a client, or the last sender to a server. Setting it connects the socket of a
   * client anew. For a server without a peer it is an address of zeros, of family 0; setting that removes the peer.
   * undefined for what is no datagram process, or has ended. Blocks until there is a socket. Corresponds to
   * `process-datagram-address`.
   *
   * @throws setting it: a TypeError or RangeError for what is no address of the socket's family; system errors
   */
  get datagramAddress(): Address | undefined {
    if (this.#traits.kind !== Kind.datagrams) return undefined
    this.waitForSocket()
    if (this.#id < 0) return undefined
    const peer = this.#addressed ? native.address(this.#sending().to) : native.getpeername(this.#id)
    const address = peer === undefined || typeof peer === 'number' ? '' : decodeAddress(peer)
    // A local sender without a name cannot be answered.
    if (address !== '') return address
    // The kernel does not name the peer of a raw socket over IP, because it has no port.
    const remote = this.#addressed ? undefined : this.#contact.get('remote')
    if (remote !== undefined) return remote as Address
    const own = native.getsockname(this.#id)
    return noPeer(typeof own === 'number' ? 0 : familyOf(own))
  }

  /**
   * Sends go to this address from now on.
   *
   * @throws `ERR_NO_DATAGRAM`; `ERR_PROCESS_NOT_RUNNING`; `ERR_PROCESS_BUSY`: datagrams of a client are queued for the
   *   peer that it has; what the getter's documentation says
   */
  set datagramAddress(address: AddressInput | undefined) {
    if (this.#traits.kind !== Kind.datagrams)
      throw codedError(new TypeError(`${this.name} is no datagram process`), 'ERR_NO_DATAGRAM')
    this.waitForSocket()
    if (this.#id < 0) throw this.notRunning()
    const sockaddr = encodeAddress(address as AddressInput, 'datagramAddress')
    const family = familyOf(check<Buffer>(native.getsockname(this.#id), 'getsockname'))
    // The value that the getter returns when there is no peer.
    const isNobody = this.#addressed && sockaddr.equals(encodeAddress(noPeer(family)))
    if (!isNobody && familyOf(sockaddr) !== family)
      throw valueError('datagramAddress', "an address of the socket's family", address)
    if (this.#addressed) this.#sending().to = isNobody ? -1 : native.internAddress(sockaddr)
    // Queued datagrams would go to the new peer.
    else if (this.#sender?.empty === false) throw this.#busy()
    else {
      check(native.connect(this.#id, sockaddr), 'connect', errorAddress(sockaddr))
      this.#contact.set('remote', decodeAddress(sockaddr))
    }
  }

  /** Waits until an asynchronous connect has a socket; delivers events meanwhile. @internal */
  waitForSocket(): void {
    while (this.#id < 0 && this.#state === 'connect') wait(Infinity)
  }

  /** The addresses that it may still send to. @internal */
  *addresses(): Iterable<AddressId> {
    if (this.#sender !== undefined) yield* this.#sender.addresses()
    if (this.#held !== undefined) yield* this.#held.senders()
    if (this.#reader !== undefined) yield* this.#reader.senders()
  }

  /**
   * Sets a network option, and notes it in the contact. Corresponds to `set-network-process-option`.
   *
   * @param noError - return false for an option that this system does not have, instead of throwing
   * @throws `ERR_PROCESS_NOT_RUNNING`, `ERR_UNSUPPORTED_OPTION`, a TypeError or RangeError, or a system error
   */
  setOption(name: string, value: unknown, noError = false): boolean {
    const id = this.#socket()
    if (typeof name !== 'string') throw typeError('option', 'the name of a network option', name)
    const option = keywordName(name)
    if (!hasOption(option)) {
      if (noError) return false
      throw unsupported(option)
    }
    setOption(id, option, value)
    this.#contact.set(option, value ?? null)
    return true
  }

  /**
   * Returns the value of any option of its socket, as bytes: getsockopt(2). Blocks until there is a socket.
   *
   * @param length - the most bytes it can have; an `int` has 4
   * @throws `ERR_PROCESS_NOT_RUNNING`, or what the kernel says (`ENOPROTOOPT`)
   * @example
   * ```ts
   * import { constants } from 'make-network-process/socket'
   * const { SOL_SOCKET, SO_PEERCRED } = constants
   * const [pid, uid, gid] = new Uint32Array(new Uint8Array(client.getsockopt(SOL_SOCKET, SO_PEERCRED!, 12)).buffer)
   * ```
   */
  getsockopt(level: number, name: number, length = 4): Buffer {
    return getSocketOption(this.#socket(), level, name, length)
  }

  /**
   * Sets any option of its socket to an `int` (a number, or a boolean as 0 or 1), to bytes, or to a BPF program:
   * setsockopt(2). Blocks until there is a socket; the keyword `sockopts` sets options before it is bound or connected.
   *
   * @throws `ERR_PROCESS_NOT_RUNNING`, a TypeError or RangeError, or what the kernel says
   */
  setsockopt(level: number, name: number, value: OptionValue): void {
    setSocketOption(this.#socket(), level, name, value)
  }

  #socket(): SocketId {
    this.waitForSocket()
    if (this.#id < 0) throw this.notRunning()
    return this.#id
  }

  // ---- for people -----------------------------------------------------------------------------------------------

  /** `#<process NAME>`, as Emacs prints it. */
  toString(): string {
    return `#<process ${this.name}>`
  }

  /** What util.inspect() shows: its name, status and address. */
  [inspect.custom](): string {
    const address = (this.#contact.get('remote') ?? this.#contact.get('local')) as AddressInput | undefined
    const where = formatNetworkAddress(address)
    return printable(`#<process ${this.name} ${this.status}`) + (where ? ` ${printable(where)}>` : '>')
  }
}

onKill(buffer => {
  for (const process of processList()) if (process.buffer === buffer) process.delete()
})

holdAddresses(function* () {
  for (const process of processList()) yield* process.addresses()
})
