// Sending. The socket, the address and the length of a message are passed in memory that the addon shares, because
// passing numbers through Node-API takes longer. So does passing a view: a small message, or one of many, is copied to
// the shared memory. Everything else is sent from where it is.
import { native, type AddressId, type SocketId } from '../native.js'
import { familyOf } from './address.js'
import { lengthOf } from './bytes.js'
import { constants } from './constants.js'
import { wouldBlock } from './errors.js'

/**
 * The longest text, in UTF-16 units of up to three bytes each. native/hub_functions.cc has the same number.
 *
 * @internal
 */
export const textLimit = 16 * 1024
const room = 64 * 1024
// Above these lengths copying takes longer: for a single message, and for one of many.
const small = 256
const medium = 4 * 1024
// The largest number that an element of `call` can hold.
const longest = 0x7fffffff
/** One call sends this many packets at most. @internal */
export const packetsPerCall = 64

const bytes = Buffer.allocUnsafeSlow(room)
// Socket id; address id or -1; offset; length. For many packets: their number instead of the length, then their lengths.
const call = new Int32Array(4 + packetsPerCall)
const lengths = call.subarray(4)
native.shareOutbox(bytes, call)

// Looked up once: the addon has so many functions that looking one up by name is slow.
const { send, sendMany, sendOutbox, sendText, writeOutbox } = native

function prepare(id: SocketId, to: AddressId, start: number, lengthOrCount: number): void {
  call[0] = id
  call[1] = to
  call[2] = start
  call[3] = lengthOrCount
}

/** Sends bytes. Returns how many are left over, or -errno when none were sent. @param to - an address id, or -1 @internal */
export function sendBytes(id: SocketId, data: Uint8Array, to: AddressId): number {
  const length = lengthOf(data)
  if (length > small) return sendPart(id, data, 0, length, to)
  bytes.set(data)
  prepare(id, to, 0, length)
  return sendOutbox() ?? 0
}

/** The same for the bytes from `start` to `end` of `memory`, without a view of them. @internal */
export function sendPart(
  id: SocketId,
  memory: Uint8Array,
  start: number,
  end: number,
  to: AddressId,
): number {
  if (end > longest) return sendBeginning(id, memory.subarray(start, end), to)
  prepare(id, to, start, end - start)
  return send(memory) ?? 0
}

/** Who is told of a datagram that could not be delivered. @internal */
export interface FailureListener {
  onPacketFailed(errno: number): void
}

/**
 * Sends a datagram again after an error, which may be that of an earlier one: the kernel reports that once, and then sends
 * nothing. Returns what `transmit` does, and tells `listener` of the error, unless it was this datagram's after all.
 *
 * @internal
 */
export function sendAgain(
  id: SocketId,
  error: number,
  transmit: () => number,
  listener: FailureListener,
): number {
  // Such errors are always the message's own, and it may have reached a group all the same.
  if (isNetlink(id)) return error
  const result = transmit()
  if (result < 0 && !wouldBlock(result)) return error
  listener.onPacketFailed(-error)
  return result
}

/** @internal */
export function isNetlink(id: SocketId): boolean {
  const own = native.getsockname(id)
  return typeof own !== 'number' && familyOf(own) === constants.AF_NETLINK
}

// Sends as much as the numbers in `call` can express, which is more than the kernel takes at once.
function sendBeginning(id: SocketId, data: Uint8Array, to: AddressId): number {
  const beginning = data.subarray(0, longest)
  const left = sendPart(id, beginning, 0, beginning.length, to)
  return left < 0 ? left : left + data.length - beginning.length
}

/** The same for text, as UTF-8. @internal */
export function sendString(id: SocketId, text: string, to: AddressId): number {
  call[0] = id
  call[1] = to
  return sendText(text) ?? 0
}

// The length of all that is laid out.
let used = 0

/**
 * Copies packets to the outbox, one after the other, from index `first` on, as many as one call takes. Returns how many: 0
 * if the first is so long that copying does not pay.
 *
 * @internal
 */
export function layOut(packets: readonly (string | Uint8Array)[], first: number): number {
  const end = Math.min(packets.length, first + packetsPerCall)
  let count = 0
  used = 0
  for (let i = first; i < end; i++) {
    const packet = packets[i] as string | Uint8Array
    let length: number
    if (typeof packet === 'string') {
      if (used + 3 * packet.length >= room) break
      length = writeOutbox(packet, used) ?? 0
    } else {
      length = lengthOf(packet)
      if (length > medium || used + length > room) break
      bytes.set(packet, used)
    }
    lengths[count++] = length
    used += length
  }
  return count
}

/** Packets that lie one after the other. @internal */
export interface LaidOut {
  readonly data: Uint8Array
  readonly lengths: Int32Array
}

/** What {@link layOut} has laid out; valid until anything is sent. @internal */
export function laidOut(count: number): LaidOut {
  return { data: bytes.subarray(0, used), lengths: lengths.subarray(0, count) }
}

/**
 * Sends packets from index `first` on, as many as one call takes. Returns how many were sent, or -errno when none was.
 *
 * @internal
 */
export function sendPackets(
  id: SocketId,
  packets: readonly (string | Uint8Array)[],
  first: number,
  to: AddressId,
): number {
  const count = layOut(packets, first)
  if (count > 0) {
    prepare(id, to, 0, count)
    return sendMany(bytes)
  }
  const left = sendBytes(id, packets[first] as Uint8Array, to)
  // A packet is sent as a whole.
  return left < 0 ? left : 1
}

/** Packets that lie one after the other, the first of which are sent already. @internal */
export interface Packets {
  readonly memory: Uint8Array
  /** Where the first unsent packet begins. */
  readonly start: number
  /** The lengths of all packets, sent ones included. */
  readonly lengths: readonly number[]
  /** How many are sent. */
  readonly sent: number
}

/** The same for `count` packets, at most {@link packetsPerCall}, that lie one after the other already. @internal */
export function sendLaidOut(id: SocketId, packets: Packets, count: number, to: AddressId): number {
  const { memory, start, sent } = packets
  for (let i = 0; i < count; i++) lengths[i] = packets.lengths[sent + i] as number
  prepare(id, to, start, count)
  return sendMany(memory)
}
