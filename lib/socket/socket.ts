// The raw socket: socket(2) and its relatives as methods, one for one. It has no policy: nothing is retried,
// queued or named, and EAGAIN is an error like any other. Methods stand in the order: make, address, transfer,
// state, options.
import { inspect } from 'node:util'
import { native, type RawMessage, type SocketId } from '../native.js'
import { adoptDescriptor } from './adopt.js'
import { decodeAddress, errorAddress, familyOf } from './address.js'
import { bytesOf } from './bytes.js'
import { constants } from './constants.js'
import { controlSpace, decodeControl, encodeControl, type Control, type OutgoingControl } from './control.js'
import { check, codedError, integer, typeError } from './errors.js'
import { attach, Delivery, Interest, Kind, Mode, setReceiver } from './hub.js'
import { getSocketOption, setSocketOption, type OptionValue } from './options.js'
import { pollUntil } from './polling.js'

/** What a socket is watched for, and what it is ready for. */
export interface Readiness {
  /** The next receive does not give EAGAIN: there is data, the end of the stream, or an error. */
  readable: boolean
  /** There is room to send. */
  writable: boolean
}

/** What accept(2) gives. */
export interface AcceptedSocket {
  /** The connection. */
  socket: Socket
  /** The peer's sockaddr. */
  address: Buffer
}

/** What recvfrom(2) gives. */
export interface ReceivedFrom {
  /** Bytes received. */
  length: number
  /** The sender's sockaddr; empty where there is none. */
  address: Buffer
}

/** What recvmsg(2) gives. */
export interface ReceivedMessage extends Control {
  /** Bytes received; with `MSG_TRUNC` among the flags given, the full length of the message. */
  length: number
  /** The sender's sockaddr; empty where there is none. */
  address: Buffer
  /** `MSG_TRUNC`: the message was cut. `MSG_CTRUNC`: control messages were. */
  flags: number
  /** The message was longer than the buffers. */
  truncated: boolean
  /** Control messages did not fit; those that did not are lost (their descriptors are closed). */
  controlTruncated: boolean
}

/** A message for sendmsg(2). */
export interface OutgoingMessage extends OutgoingControl {
  /** The data of the message; several views are sent as one message. */
  data: ArrayBufferView | readonly ArrayBufferView[]
  /** The sockaddr to send to. */
  address?: Uint8Array | undefined
  /** `MSG_` flags. */
  flags?: number | undefined
}

// The most bytes for an option or for control messages: the addon allocates what it is told.
const lengthLimit = 1 << 20

const abandoned = new FinalizationRegistry<SocketId>(id => {
  const fd = native.fd(id)
  if (fd < 0) return
  native.close(id)
  process.emitWarning(`A Socket (descriptor ${fd}) was collected while it was open; it is closed now`, {
    type: 'ResourceWarning',
    code: 'MAKE_NETWORK_PROCESS_SOCKET_LEAK',
  })
})

function views(data: ArrayBufferView | readonly ArrayBufferView[], name = 'data'): Uint8Array[] {
  // `map` would skip holes in the array.
  return Array.isArray(data)
    ? Array.from(data as readonly ArrayBufferView[], (view, i) => bytesOf(`${name}[${i}]`, view))
    : [bytesOf(name, data)]
}

// The id of a Socket, -1 when it is closed. Anything else is refused, so that a method called on a foreign object
// never reaches another socket. It is asked for last, because a getter among the arguments may close the Socket.
let idOf: (socket: unknown) => SocketId
// The same, and marks the Socket as closed: the caller has to close or detach the id.
let release: (socket: Socket) => SocketId

/**
 * A socket of the kernel, non-blocking and close-on-exec. This object owns it: to keep the descriptor for longer, take
 * it with {@link Socket.detach}.
 *
 * Each method is the system call of its name. Errors have the shape of node:net's: `code` (`'EAGAIN'`), a negative
 * `errno`, `syscall`. On a closed socket methods throw `EBADF`; on anything that is not a Socket, `TypeError`.
 *
 * @example
 * ```ts
 * import { Socket, constants, encodeAddress } from 'make-network-process/socket'
 * const { AF_UNIX, SOCK_SEQPACKET } = constants
 * const listener = new Socket(AF_UNIX, SOCK_SEQPACKET)
 * listener.bind(encodeAddress('\0example'))
 * listener.listen(8)
 * const client = new Socket(AF_UNIX, SOCK_SEQPACKET)
 * client.connect(listener.getsockname())
 * const { socket } = listener.accept()
 * client.send(Buffer.from('one packet'))
 * listener.close(); client.close(); socket.close()
 * ```
 */
export class Socket {
  static {
    idOf = socket => {
      if (typeof socket !== 'object' || socket === null || !(#id in socket))
        throw codedError(new TypeError('Illegal invocation'), 'ERR_INVALID_THIS')
      return socket.#id
    }
    release = socket => {
      const id = idOf(socket)
      if (id >= 0) {
        setReceiver(id, undefined)
        abandoned.unregister(socket)
      }
      socket.#id = -1
      socket.#watched = undefined
      return id
    }
  }

  #id: SocketId
  #watched: ((readiness: Readiness) => void) | undefined

  // ---- make -------------------------------------------------------------------------------------------------

  /**
   * Makes a socket: socket(2).
   *
   * @param domain - an address family, `constants.AF_INET`
   * @param type - `constants.SOCK_STREAM` …
   * @param protocol - 0: the family's default for that type
   * @throws `EAFNOSUPPORT`, `EPROTONOSUPPORT`, `ESOCKTNOSUPPORT`, `EACCES`, `EMFILE` …
   */
  constructor(domain: number, type: number, protocol = 0) {
    // Socket.#own passes an existing id this way: only the constructor can create the private field.
    const owned = Socket.#owned
    Socket.#owned = undefined
    this.#id =
      owned ??
      check(
        native.socket(integer('domain', domain), integer('type', type), integer('protocol', protocol)),
        'socket',
      )
    abandoned.register(this, this.#id, this)
  }

  static #owned: SocketId | undefined
  static #own(id: SocketId): Socket {
    Socket.#owned = id
    return new Socket(0, 0)
  }

  /**
   * Takes over a descriptor from elsewhere, and makes it non-blocking and close-on-exec.
   *
   * @throws `ENOTSOCK`; `EBADF`; `EEXIST`: a Socket or a process of this thread owns it already
   */
  static fromFd(fd: number): Socket {
    return Socket.#own(adoptDescriptor('fd', fd))
  }

  /** Makes two sockets that are connected to each other: socketpair(2). */
  static pair(domain: number, type: number, protocol = 0): [Socket, Socket] {
    const ids = check<[SocketId, SocketId]>(
      native.socketpair(integer('domain', domain), integer('type', type), integer('protocol', protocol)),
      'socketpair',
    )
    return [Socket.#own(ids[0]), Socket.#own(ids[1])]
  }

  /**
   * Takes the next connection, with its peer's sockaddr: accept4(2).
   *
   * @throws `EAGAIN` when none is waiting
   */
  accept(): AcceptedSocket {
    const [id, address] = check<[SocketId, Buffer]>(native.accept(idOf(this)), 'accept')
    return { socket: Socket.#own(id), address }
  }

  /** Closes the socket: close(2). May be called again. */
  close(): void {
    const id = release(this)
    if (id >= 0) native.close(id)
  }

  /** Hands the descriptor to the caller, who has to close it. The Socket is closed from now on. */
  detach(): number {
    return check(native.detach(release(this)), 'detach')
  }

  /** {@link Socket.close}, for `using`. */
  [Symbol.dispose](): void {
    Socket.prototype.close.call(this)
  }

  // ---- address ----------------------------------------------------------------------------------------------

  /** Gives the socket a name: bind(2). `address`: a sockaddr's bytes. */
  bind(address: Uint8Array): void {
    const sockaddr = bytesOf('address', address)
    checkAddress(native.bind(idOf(this), sockaddr), 'bind', sockaddr)
  }

  /** Makes the socket listen for connections: listen(2). */
  listen(backlog: number): void {
    check(native.listen(idOf(this), integer('backlog', backlog)), 'listen')
  }

  /**
   * Connects: connect(2).
   *
   * @throws `EINPROGRESS` when it is not done at once: watch for `writable`, then read `SO_ERROR`
   */
  connect(address: Uint8Array): void {
    const sockaddr = bytesOf('address', address)
    checkAddress(native.connect(idOf(this), sockaddr), 'connect', sockaddr)
  }

  /** The socket's own sockaddr: getsockname(2). */
  getsockname(): Buffer {
    return check<Buffer>(native.getsockname(idOf(this)), 'getsockname')
  }

  /** The peer's sockaddr: getpeername(2). */
  getpeername(): Buffer {
    return check<Buffer>(native.getpeername(idOf(this)), 'getpeername')
  }

  // ---- transfer ---------------------------------------------------------------------------------------------

  /** Receives into `buffer`: recv(2). Gives the number of bytes; 0 is the end of a stream, or an empty packet. */
  recv(buffer: ArrayBufferView, flags = 0): number {
    const bytes = bytesOf('buffer', buffer)
    return check(native.recv(idOf(this), bytes, integer('flags', flags)), 'recv')
  }

  /** Receives, and says from whom: recvfrom(2). */
  recvfrom(buffer: ArrayBufferView, flags = 0): ReceivedFrom {
    const bytes = bytesOf('buffer', buffer)
    const result = native.recvfrom(idOf(this), bytes, integer('flags', flags))
    const [length, address] = check<[number, Buffer]>(result, 'recvfrom')
    return { length, address }
  }

  /**
   * Receives a message into one buffer or several, with its ancillary data: recvmsg(2).
   *
   * @param controlLength - room for control messages in bytes, see {@link controlSpace}; by default for 32 descriptors
   *   and credentials. The caller owns the descriptors that are received, and closes them.
   */
  recvmsg(
    buffer: ArrayBufferView | readonly ArrayBufferView[],
    controlLength: number = controlSpace(4 * 32, 12),
    flags = 0,
  ): ReceivedMessage {
    const buffers = views(buffer, 'buffer')
    const result = native.recvmsg(
      idOf(this),
      buffers,
      integer('controlLength', controlLength, 0, lengthLimit),
      integer('flags', flags),
    )
    return received(check<RawMessage>(result, 'recvmsg'))
  }

  /** Receives up to 64 messages with one call, one per buffer: recvmmsg(2) where the system has it. */
  recvmmsg(buffers: readonly ArrayBufferView[], flags = 0): ReceivedMessage[] {
    const all = views(buffers, 'buffers')
    const result = native.recvmmsg(idOf(this), all, integer('flags', flags))
    return check<RawMessage[]>(result, 'recvmmsg').map(received)
  }

  /** Sends to the peer: send(2). Gives the number of bytes taken, which for a stream may be fewer. */
  send(data: ArrayBufferView, flags = 0): number {
    const bytes = bytesOf('data', data)
    return check(native.sendto(idOf(this), bytes, integer('flags', flags), undefined), 'send')
  }

  /** Sends to an address: sendto(2). */
  sendto(data: ArrayBufferView, flags: number, address: Uint8Array): number {
    const sockaddr = bytesOf('address', address)
    const bytes = bytesOf('data', data)
    return checkAddress(
      native.sendto(idOf(this), bytes, integer('flags', flags), sockaddr),
      'sendto',
      sockaddr,
    )
  }

  /** Sends a message with its ancillary data: sendmsg(2). */
  sendmsg(message: OutgoingMessage): number {
    const address = message.address === undefined ? undefined : bytesOf('address', message.address)
    const flags = integer('flags', message.flags ?? 0)
    const data = views(message.data)
    const control = encodeControl(message)
    const sent = native.sendmsg(idOf(this), data, flags, address, control)
    return checkAddress(sent, 'sendmsg', address)
  }

  /**
   * Sends up to 64 messages with one call: sendmmsg(2) where the system has it. Gives the number of messages sent.
   *
   * @param addresses - a sockaddr for each message; left out on a connected socket
   */
  sendmmsg(messages: readonly ArrayBufferView[], flags = 0, addresses?: readonly Uint8Array[]): number {
    if (addresses !== undefined && addresses.length !== messages.length)
      throw typeError('addresses', `an array as long as messages (${messages.length})`, addresses.length)
    const to = addresses === undefined ? undefined : views(addresses, 'addresses')
    const all = views(messages, 'messages')
    return check(native.sendmmsg(idOf(this), all, integer('flags', flags), to), 'sendmmsg')
  }

  // ---- state ------------------------------------------------------------------------------------------------

  /** Ends one half of the connection, or both: shutdown(2). `how`: `constants.SHUT_WR` … */
  shutdown(how: number): void {
    check(native.shutdown(idOf(this), integer('how', how)), 'shutdown')
  }

  /**
   * Calls `callback` whenever the socket is ready, from Node's event loop, and keeps the loop alive meanwhile.
   *
   * Readiness is level-triggered: the callback is called again until the condition is gone, so receive until `EAGAIN` or
   * {@link Socket.unwatch}. It may be spurious, so expect `EAGAIN` even at first. A pending error counts as readable and
   * writable: the next call throws it.
   */
  watch(interest: Partial<Readiness>, callback: (readiness: Readiness) => void): void {
    if (typeof callback !== 'function') throw typeError('callback', 'a function', callback)
    if (typeof interest !== 'object' || interest === null) throw typeError('interest', 'an object', interest)
    const wanted = (interest.readable ? Interest.readable : 0) | (interest.writable ? Interest.writable : 0)
    check(native.configure(idOf(this), Mode.watched, Kind.stream, Delivery.bytes, 0, 0, wanted), 'watch')
    this.#watched = callback
    setReceiver(idOf(this), {
      onReady: ready =>
        this.#watched?.({
          readable: (ready & Interest.readable) !== 0,
          writable: (ready & Interest.writable) !== 0,
        }),
    })
    native.setCounted(idOf(this), true)
  }

  /** Ends {@link Socket.watch}. */
  unwatch(): void {
    const id = idOf(this)
    if (id < 0 || this.#watched === undefined) return
    this.#watched = undefined
    attach(id, undefined, Mode.idle, Interest.none)
    native.setCounted(id, false)
  }

  /** Makes a watched socket keep Node's event loop alive, as it does by default. */
  ref(): this {
    const id = idOf(this)
    if (this.#watched !== undefined) native.setCounted(id, true)
    return this
  }

  /** Lets Node's event loop end although the socket is watched. */
  unref(): this {
    if (idOf(this) >= 0) native.setCounted(idOf(this), false)
    return this
  }

  /** The descriptor, which the Socket still owns; -1 when it is closed. */
  get fd(): number {
    return idOf(this) < 0 ? -1 : native.fd(idOf(this))
  }

  /** What util.inspect() shows: its descriptor, family and addresses. */
  [inspect.custom](): string {
    if (idOf(this) < 0) return 'Socket { closed }'
    const name = native.getsockname(idOf(this))
    if (typeof name === 'number') return `Socket { fd: ${this.fd} }`
    const peer = native.getpeername(idOf(this))
    const show = (sockaddr: Buffer) => inspect(decodeAddress(sockaddr))
    return `Socket { fd: ${this.fd}, ${familyName(familyOf(name))}, local: ${show(name)}${
      typeof peer === 'number' ? '' : `, peer: ${show(peer)}`
    } }`
  }

  // ---- options ----------------------------------------------------------------------------------------------

  /**
   * An option's value as bytes: getsockopt(2).
   *
   * @param length - the most bytes it can have; an `int` has 4
   */
  getsockopt(level: number, name: number, length = 4): Buffer {
    return getSocketOption(idOf(this), level, name, length)
  }

  /** Sets an option to an `int` (a number, or a boolean as 0 or 1), to bytes, or to a BPF program: setsockopt(2). */
  setsockopt(level: number, name: number, value: OptionValue): void {
    setSocketOption(idOf(this), level, name, value)
  }
}

// AF_FILE, AF_LOCAL and AF_ROUTE are aliases of better-known names.
function familyName(family: number): string {
  const names = Object.keys(constants).filter(name => name.startsWith('AF_') && constants[name] === family)
  return names.find(name => !['AF_FILE', 'AF_LOCAL', 'AF_ROUTE'].includes(name)) ?? `family ${family}`
}

function checkAddress(result: number, syscall: string, sockaddr: Uint8Array | undefined): number {
  return check(result, syscall, result < 0 && sockaddr !== undefined ? errorAddress(sockaddr) : undefined)
}

function received([length, address, control, flags]: RawMessage): ReceivedMessage {
  return {
    length,
    address,
    flags,
    truncated: (flags & constants.MSG_TRUNC) !== 0,
    controlTruncated: (flags & constants.MSG_CTRUNC) !== 0,
    ...decodeControl(control),
  }
}

/** Makes two sockets that are connected to each other: socketpair(2). */
export function socketpair(domain: number, type: number, protocol = 0): [Socket, Socket] {
  return Socket.pair(domain, type, protocol)
}

/** An entry of {@link poll}. */
export interface PollEntry {
  /** The socket to poll. */
  socket: Socket
  /** What to wait for: `constants.POLLIN` … */
  events: number
  /** The events that have occurred, set by the call. */
  revents?: number
}

/**
 * Blocks the thread until one of the sockets is ready: poll(2). Gives the number of ready sockets.
 *
 * @param timeout - milliseconds; -1 for no limit
 */
export function poll(entries: readonly PollEntry[], timeout: number): number {
  const end = integer('timeout', timeout, -1) < 0 ? Infinity : performance.now() + timeout
  const triples = Int32Array.from(
    entries.flatMap(({ socket, events }) => [idOf(socket), integer('events', events, -0x8000, 0x7fff), 0]),
  )
  const ready = check(pollUntil(triples, end), 'poll')
  entries.forEach((entry, i) => (entry.revents = triples[3 * i + 2] ?? 0))
  return ready
}
