// The way from `send` to the system call: straight to the kernel; what that does not take goes into a queue. It owns
// what waits, where it goes, and when it is tried again; whether a process may send, and what happens to it when its
// peer takes nothing any more, is in network-process.ts.
import { native, type AddressId, type SocketId } from '../native.js'
import { encodeAddress, errorAddress, familyOf } from '../socket/address.js'
import { bytesOf } from '../socket/bytes.js'
import { encodeControl, type ControlMessage, type Credentials } from '../socket/control.js'
import {
  check,
  codedError,
  errno,
  isUnannounced,
  valueError,
  wouldBlock,
  type ErrorAddress,
} from '../socket/errors.js'
import { constants } from '../socket/constants.js'
import { after } from '../socket/callbacks.js'
import { Kind } from '../socket/hub.js'
import {
  isNetlink,
  laidOut,
  layOut,
  sendAgain,
  sendBytes,
  sendPackets,
  sendString,
  textLimit,
  type FailureListener,
} from '../socket/outbox.js'
import { channelError, isTlsFailure } from '../tls/index.js'
import type { Coding } from './coding.js'
import type { Data, OutgoingMessage } from './message.js'
import type { Traits } from './making.js'
import { Output } from './output.js'

// How many parts (IOV_MAX), and how many descriptors beside them (SCM_MAX_FD), one call of sendmsg(2) takes.
const mostParts = 1024
const mostDescriptors = 253
// The longest pause before a datagram that found no room is tried again, in milliseconds.
const longestPause = 64

// Errors that the caller of `send` cannot help: the peer has gone, or there is no route to it …
const { ECONNRESET, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH } = errno
const lost = [ECONNRESET, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH]
// … which ends a connection (EPROTOTYPE: macOS is just resetting it) …
const { ENOTCONN, EPIPE, EPROTOTYPE, ETIMEDOUT } = errno
const gone = new Set([...lost, ENOTCONN, EPIPE, EPROTOTYPE, ETIMEDOUT])
// … or loses a single datagram.
const { ECONNREFUSED, ENOENT } = errno
const undeliverable = new Set([...lost, ECONNREFUSED, ENOENT, EPROTOTYPE])

// Only descriptors in `fds` are duplicated while the message waits in the queue.
const { SOL_SOCKET, SCM_RIGHTS } = constants
const isDescriptors = ({ level, type }: ControlMessage) => level === SOL_SOCKET && type === SCM_RIGHTS

function isGone(error: number): boolean {
  return gone.has(-error) || isTlsFailure(error)
}

/** The process that sends. @internal */
export interface SenderOwner extends FailureListener {
  /** Something waits for room in the kernel. */
  onWaiting(): void
  /** Everything that was queued is sent. */
  onSent(): void
  /** The peer takes nothing any more. @param failure - why; EPIPE if the peer has closed the connection */
  onPeerGone(failure: Error): void
  /** A part of a stream that `send` had accepted could not be sent. */
  onPartFailed(failure: Error): void
  /** The peer's address for errors, when the kernel does not know it. */
  remoteName(): ErrorAddress
  /** The error for a process that has ended. */
  notRunning(): Error
  /** @throws that error, if it has */
  checkRunning(): void
  /** The process's socket, even before it can send. */
  readonly socketId: SocketId
}

/** Sends for one process. @internal */
export class Sender {
  /** Where packets go, on a socket that is not connected. */
  to: AddressId = -1
  coding: Coding
  /** Bytes are sent as they are, whatever the coding system. */
  raw = false
  /**
   * Whether the epoll set does not report when there is room: it always reports an unconnected local datagram socket as
   * writable, even if its peer's queue is full, and a netlink socket, too.
   */
  isPolled = false
  /** Why the peer takes nothing any more. */
  failure: Error | undefined

  readonly #owner: SenderOwner
  readonly #traits: Traits
  #id: SocketId = -1
  #addressed = false
  #output: Output | undefined
  #cancelRetry: (() => void) | undefined
  #queued = 0

  constructor(owner: SenderOwner, traits: Traits, coding: Coding) {
    this.#owner = owner
    this.#traits = traits
    this.coding = coding
  }

  /** There is a socket now, which can send. @param addressed - whether it is not connected */
  open(id: SocketId, addressed: boolean): void {
    this.#id = id
    this.#addressed = addressed
    this.isPolled = addressed || (this.#traits.kind === Kind.datagrams && isNetlink(id))
  }

  /** How many bytes wait. */
  get length(): number {
    return this.#output?.length ?? 0
  }

  get empty(): boolean {
    return this.#output === undefined || this.#output.empty
  }

  /** How many sends the kernel has not taken at once. */
  get queued(): number {
    return this.#queued
  }

  /** Whether the hub is to report when there is room. */
  get waits(): boolean {
    return !this.empty && this.#cancelRetry === undefined
  }

  /** The addresses that it may still send to. */
  *addresses(): Iterable<AddressId> {
    yield this.to
    if (this.#output !== undefined) yield* this.#output.addresses()
  }

  // ---- sending; each returns false when it is better to wait, or the peer has gone -------------------------

  /** Sends one packet, or a part of the stream. */
  send(data: Data): boolean {
    if (this.failure !== undefined) return this.#refuse(this.failure)
    const ready = this.#ready(data)
    if (this.#mustWait()) return this.#enqueueReady(ready, data)
    const left = this.#transmit(ready)
    return left === 0 || this.#sendRest(ready, data, left)
  }

  // Not inside of `send`, where every call would allocate the closure's context.
  #sendRest(ready: string | Uint8Array, data: Data, result: number): boolean {
    const left = this.#tryAgain(result, () => this.#transmit(ready))
    if (left === undefined) return this.failure === undefined
    return left === 0 || this.#enqueueReady(ready, data, Math.max(left, 0))
  }

  /** Sends one packet, or a part of the stream, from several pieces, with ancillary data. */
  sendMessage({ data, fds, credentials, others, address }: OutgoingMessage): boolean {
    if (this.failure !== undefined) return this.#refuse(this.failure)
    const parts = this.#parts(data)
    const to = address === undefined ? this.to : this.#addressId(address)
    const control = encodeControl({ fds, credentials, others })
    if (others?.some(isDescriptors))
      throw valueError('others', 'control messages without SCM_RIGHTS, for which there is `fds`', others)
    if (control !== undefined) this.#checkBeside(fds, credentials)
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    if (this.#traits.kind === Kind.stream && length === 0) {
      if (control === undefined) return true
      throw valueError('data', 'at least one byte of a stream, beside which descriptors can travel', '')
    }
    let left: number | undefined = -(errno.EAGAIN ?? 0)
    if (!this.#mustWait()) {
      const transmit = () => {
        const sent = native.sendv(this.#id, parts, to, control)
        return sent < 0 ? sent : length - sent
      }
      left = this.#tryAgain(transmit(), transmit, address === undefined ? undefined : to)
    }
    if (left === undefined) return this.failure === undefined
    if (left === 0) return true
    const whole = Buffer.concat(parts)
    // What travels beside it has gone with the first byte.
    if (left > 0) return this.#enqueue(whole.subarray(length - left), to, true)
    if (control === undefined) return this.#enqueue(whole, to, true)
    const kept = fds === undefined ? [] : check(native.keepDescriptors([...fds]), 'fcntl')
    const keptControl = encodeControl({ fds: kept, credentials, others })
    return this.#enqueue(whole, to, true, { control: keptControl as Uint8Array, fds: kept })
  }

  /** Sends packets, as many as possible by one call; on a stream, one piece of several parts. */
  sendMany(messages: readonly Data[]): boolean {
    if (this.#traits.kind === Kind.stream) return this.sendMessage({ data: messages })
    if (this.failure !== undefined) return this.#refuse(this.failure)
    // Each is read once: a getter may return another value the next time.
    const ready: (string | Uint8Array)[] = []
    for (const message of messages) ready.push(this.#ready(message))
    let next = 0
    const transmit = () => sendPackets(this.#id, ready, next, this.to)
    while (next < ready.length && !this.#mustWait()) {
      let sent: number | undefined = transmit()
      if (sent < 0) {
        try {
          sent = this.#tryAgain(sent, transmit)
        } catch (error) {
          throw Object.assign(error as Error, { sent: next })
        }
        if (this.failure !== undefined) return false
        if (sent !== undefined && sent < 0) break
      }
      next += sent ?? 1
    }
    while (next < ready.length) {
      const count = layOut(ready, next)
      if (count === 0) this.#enqueueReady(ready[next] as string | Uint8Array)
      else this.#enqueueLaidOut(count)
      next += Math.max(count, 1)
    }
    return !this.#isFull()
  }

  // Several strings are encoded as one text, which may begin with a signature. The kernel takes only so many parts.
  #parts(data: Data | readonly Data[]): Uint8Array[] {
    // Without holes, which `every` would skip.
    const all = Array.isArray(data) ? Array.from(data as readonly Data[]) : [data as Data]
    const isText = all.length > 1 && all.every(part => typeof part === 'string')
    const parts = isText ? [this.#encode(all.join(''))] : all.map(part => this.#encode(part))
    return parts.length > mostParts ? [Buffer.concat(parts)] : parts
  }

  // For other families the kernel drops descriptors and credentials without an error.
  #checkBeside(fds: readonly number[] = [], credentials: Credentials | undefined): void {
    const own = native.getsockname(this.#owner.socketId)
    const family = typeof own === 'number' ? constants.AF_INET : familyOf(own)
    const takesCredentials = family === constants.AF_UNIX || family === constants.AF_NETLINK
    const most = family === constants.AF_UNIX ? mostDescriptors : 0
    if (fds.length > most || (credentials !== undefined && !takesCredentials))
      throw this.#error(-(errno.EINVAL ?? 0))
    // Nothing can travel beside the bytes of a TLS session.
    if (native.tlsStage(this.#owner.socketId) > 0) throw this.#error(-(errno.ENOTSUP ?? 0))
  }

  // Whether it can be sent as it is: bytes, and text that the addon encodes.
  #isReady(data: Data): data is string | Uint8Array {
    if (!this.coding.isPlain) return false
    return typeof data === 'string'
      ? data.length <= textLimit
      : data instanceof Uint8Array && ArrayBuffer.isView(data) && data.length > 0
  }

  #ready(data: Data): string | Uint8Array {
    return this.#isReady(data) ? data : this.#encode(data)
  }

  #encode(data: Data): Uint8Array {
    const plain = typeof data === 'string' ? data : bytesOf('data', data)
    return typeof plain !== 'string' && this.raw ? plain : this.coding.encode(plain)
  }

  // Returns how many bytes are left over, or -errno if none went.
  #transmit(ready: string | Uint8Array): number {
    return typeof ready === 'string'
      ? sendString(this.#id, ready, this.to)
      : sendBytes(this.#id, ready, this.to)
  }

  // After a call that did not send everything. Returns its result, or that of a second call; negative means: later.
  // Returns undefined if nobody will get the data, which is an event and no error of the caller's: a filter that
  // answers cannot know that its peer has gone.
  #tryAgain(result: number, transmit: () => number, chosen?: AddressId): number | undefined {
    if (result >= 0 || wouldBlock(result)) return result
    if (this.#traits.kind !== Kind.datagrams) {
      if (!isGone(result) && native.tlsStage(this.#id) === 0) throw this.#error(result)
      this.#refuse(isGone(result) ? this.#lose(result) : this.#spoil(result))
      return undefined
    }
    const left = sendAgain(this.#id, result, transmit, this.#owner)
    if (left >= 0 || wouldBlock(left)) return left
    if (chosen !== undefined || this.#traits.signals || !this.#isUndeliverable(-left))
      throw this.#error(left, chosen)
    this.#owner.onPacketFailed(-left)
    return undefined
  }

  #isUndeliverable(error: number): boolean {
    // The kernel forgets a local peer that has gone, and a sender without a name cannot be answered. Without any peer
    // it is the caller's error.
    if (error === errno.ENOTCONN || error === errno.EDESTADDRREQ) return !this.#addressed || this.to >= 0
    if (error !== errno.EACCES) return undeliverable.has(error)
    // EACCES on a local socket: the permissions of the peer's file forbid it. Otherwise it is a broadcast that the
    // socket may not send, which is the caller's error.
    const own = native.getsockname(this.#id)
    return typeof own !== 'number' && familyOf(own) === constants.AF_UNIX
  }

  #error(error: number, to = this.to): Error {
    const peer = native.address(to) ?? native.getpeername(this.#id)
    const about = typeof peer === 'number' ? this.#owner.remoteName() : errorAddress(peer)
    return channelError(error, 'send', about)
  }

  // The peer takes nothing any more.
  #refuse(failure: Error): false {
    if (this.#traits.signals) throw failure
    return false
  }

  #addressId(address: NonNullable<OutgoingMessage['address']>): AddressId {
    if (this.#traits.kind !== Kind.datagrams)
      throw codedError(new TypeError('address: only datagrams have one each'), 'ERR_NO_DATAGRAM')
    const sockaddr = encodeAddress(address, 'address')
    const own = this.#id < 0 ? -1 : native.getsockname(this.#id)
    if (typeof own !== 'number' && familyOf(own) !== familyOf(sockaddr))
      throw valueError('address', "an address of the socket's family", address)
    return native.internAddress(sockaddr)
  }

  // ---- waiting --------------------------------------------------------------------------------------------

  // What is queued goes first. A getter in the message may have ended the process.
  #mustWait(): boolean {
    if (this.#id >= 0) return !this.empty
    this.#owner.checkRunning()
    return true
  }

  #isFull(): boolean {
    return !this.empty && this.length >= this.#traits.highWaterMark
  }

  // @param left - how many bytes at the end are left over; 0: all
  #enqueueReady(ready: string | Uint8Array, data: Data = ready, left = 0): boolean {
    const encoded = typeof ready === 'string' ? this.#encode(ready) : ready
    // The memory of what encoding has made is nobody else's. (Comparing the buffers of two views is slower than a
    // copy.)
    const own = typeof data === 'string' || (encoded !== data && data instanceof Uint8Array)
    return this.#enqueue(left > 0 ? encoded.subarray(-left) : encoded, this.to, own)
  }

  #enqueue(
    data: Uint8Array,
    to: AddressId,
    own: boolean,
    beside?: { control: Uint8Array; fds: number[] },
  ): boolean {
    this.#queue().push(data, to, own, beside)
    return this.#wait(1)
  }

  #enqueueLaidOut(count: number): void {
    this.#queue().pushMany(laidOut(count), this.to)
    this.#wait(count)
  }

  #queue(): Output {
    return (this.#output ??= new Output(this.#traits.kind === Kind.stream))
  }

  #wait(count: number): boolean {
    this.#queued += count
    if (this.#id >= 0) this.#awaitRoom(1)
    return !this.#isFull()
  }

  // A timer tries again if the epoll set does not report when there is room.
  #awaitRoom(milliseconds: number, error = 0): void {
    if (!this.isPolled && !isUnannounced(error)) return this.#owner.onWaiting()
    const retry = () => {
      this.#cancelRetry = undefined
      this.flush(Math.min(2 * milliseconds, longestPause))
    }
    this.#cancelRetry ??= after(milliseconds, retry, { unreferenced: true })
    // The epoll set was asked for writability, and would report it all the time.
    if (!this.#addressed) this.#owner.onWaiting()
  }

  /** Has `onSent` called when there is room, though nothing of the process's own waits for it. */
  awaitRoom(): void {
    this.#enqueue(new Uint8Array(0), this.to, true)
  }

  /** There may be room. @param pause - milliseconds until the next try, if no event will report that there is room */
  flush(pause = 1): void {
    const output = this.#output
    const before = output?.length ?? 0
    const listener = this.#traits.kind === Kind.datagrams ? this.#owner : undefined
    while (output !== undefined && !output.empty) {
      const error = output.flush(this.#id, listener)
      if (error === 0) break
      if (wouldBlock(error)) {
        if (!this.#isFull()) output.settle()
        // A peer that has taken some takes more soon.
        return this.#awaitRoom(output.length < before ? 1 : pause, error)
      }
      if (this.#traits.kind !== Kind.datagrams && isGone(error)) return void this.#lose(error)
      if (this.#traits.kind === Kind.stream) return void this.#spoil(error)
      output.dropPacket()
      this.#owner.onPacketFailed(-error)
    }
    output?.settle()
    this.#owner.onSent()
  }

  #lose(error: number): Error {
    const failure = (this.failure = this.#error(error))
    this.close()?.abandon(this.#owner.notRunning())
    this.#owner.onPeerGone(failure)
    return failure
  }

  // The missing part cannot be sent again: a TLS session has encrypted it, and may have sent some of it.
  #spoil(error: number): Error {
    const failure = (this.failure = this.#error(error))
    this.#owner.onPartFailed(failure)
    return failure
  }

  /** Resolves when everything is sent. */
  async sent(): Promise<void> {
    while (this.#output?.empty === false) await this.#output.wait()
  }

  /** Resolves when it is no longer better to wait than to send. */
  drained(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.#owner.notRunning())
    return this.#output === undefined || !this.#isFull() ? Promise.resolve() : this.#output.wait()
  }

  /** Stops sending. Returns what is queued, which is the caller's from now on. */
  close(): Output | undefined {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#id = -1
    const output = this.#output
    this.#output = undefined
    return output
  }
}
