// The way into the kernel for what is sent. Whose it is and where it goes are in memory that the addon shares, for
// Node-API takes longer to say a number than the memory does; and so it is with where a message lies, if that is small,
// or one of many: such are copied there. Everything else is sent from where it is.
import { native, type AddressId, type SocketId } from '../native.js'

/**
 * The longest text, in UTF-16 units; three bytes a unit have to find room. native/hub_functions.cc has the same number.
 *
 * @internal
 */
export const textLimit = 16 * 1024
const room = 64 * 1024
// From here on copying takes longer, for a message alone, and for one of many.
const small = 256
const medium = 4 * 1024
// More than this an element of `call` cannot say.
const longest = 0x7fffffff
/** One call sends this many packets at most. @internal */
export const packetsPerCall = 64

const bytes = Buffer.allocUnsafeSlow(room)
// The socket, the address or -1, where what is sent begins, and how long it is; of many, how many and their lengths.
const call = new Int32Array(4 + packetsPerCall)
const lengths = call.subarray(4)
native.shareOutbox(bytes, call)

// The addon has too many functions for a look-up by name to be quick.
const { send, sendMany, sendOutbox, sendText, writeOutbox } = native

function prepare(id: SocketId, to: AddressId, start: number, lengthOrCount: number): void {
  call[0] = id
  call[1] = to
  call[2] = start
  call[3] = lengthOrCount
}

/** Sends bytes. Gives how many are left over, or -errno when none went. @param to - an address, or -1 @internal */
export function sendBytes(id: SocketId, data: Uint8Array, to: AddressId): number {
  const { length } = data
  if (length > small) return sendPart(id, data, 0, length, to)
  bytes.set(data)
  prepare(id, to, 0, length)
  return sendOutbox() ?? 0
}

/** The same of what is between two places in memory, which nobody has to make a view of. @internal */
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

// As much of it as the numbers in `call` can say, which is more than the kernel takes at once.
function sendBeginning(id: SocketId, data: Uint8Array, to: AddressId): number {
  const beginning = data.subarray(0, longest)
  const left = sendPart(id, beginning, 0, beginning.length, to)
  return left < 0 ? left : left + data.length - beginning.length
}

/** The same of text, in UTF-8. @internal */
export function sendString(id: SocketId, text: string, to: AddressId): number {
  call[0] = id
  call[1] = to
  return sendText(text) ?? 0
}

// How long what is laid out is.
let used = 0

/**
 * Lays packets one behind the other in the outbox, from the one with the number `first` on, as many as one call takes.
 * Gives how many: none if the first is so long that it does not pay.
 *
 * @internal
 */
export function layOut(packets: readonly (string | Uint8Array)[], first: number): number {
  const end = Math.min(packets.length, first + packetsPerCall)
  let count = 0
  used = 0
  for (let i = first; i < end; i++) {
    const packet = packets[i] as string | Uint8Array
    let { length } = packet
    if (typeof packet === 'string') {
      if (used + 3 * length >= room) break
      length = writeOutbox(packet, used) ?? 0
    } else {
      if (length > medium || used + length > room) break
      bytes.set(packet, used)
    }
    lengths[count++] = length
    used += length
  }
  return count
}

/** Packets one behind the other. @internal */
export interface LaidOut {
  readonly data: Uint8Array
  readonly lengths: Int32Array
}

/** What {@link layOut} has laid out, until anything is sent. @internal */
export function laidOut(count: number): LaidOut {
  return { data: bytes.subarray(0, used), lengths: lengths.subarray(0, count) }
}

/**
 * Sends packets, from the one with the number `first` on, as many as one call takes. Gives how many went, or -errno when
 * none did.
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
  // Packets go as a whole.
  return left < 0 ? left : 1
}

/** Packets one behind the other, some of which are gone. @internal */
export interface Packets {
  readonly memory: Uint8Array
  /** Where the first of the others begins. */
  readonly start: number
  /** How long each is, with those that are gone … */
  readonly lengths: readonly number[]
  /** … and how many these are. */
  readonly sent: number
}

/** The same of `count` packets that lie one behind the other already, {@link packetsPerCall} at most. @internal */
export function sendLaidOut(id: SocketId, packets: Packets, count: number, to: AddressId): number {
  const { memory, start, sent } = packets
  for (let i = 0; i < count; i++) lengths[i] = packets.lengths[sent + i] as number
  prepare(id, to, start, count)
  return sendMany(memory)
}
