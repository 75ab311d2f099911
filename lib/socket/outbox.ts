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
/** One call sends this many packets at most. @internal */
export const packetsPerCall = 64

const bytes = Buffer.allocUnsafeSlow(room)
// The socket, the address or -1, and of what is in `bytes` the length; of many, how many and their lengths.
const call = new Int32Array(3 + packetsPerCall)
native.shareOutbox(bytes, call)

// The addon has too many functions for a look-up by name to be quick.
const { send, sendMany, sendOutbox, sendText, writeOutbox } = native

/** Sends bytes. Gives how many are left over, or -errno when none went. @param to - an address, or -1 @internal */
export function sendBytes(id: SocketId, data: Uint8Array, to: AddressId): number {
  const { length } = data
  if (length <= small) bytes.set(data)
  call[0] = id
  call[1] = to
  call[2] = length
  return (length <= small ? sendOutbox() : send(data)) ?? 0
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
    call[3 + count++] = length
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
  return { data: bytes.subarray(0, used), lengths: call.subarray(3, 3 + count) }
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
  if (count > 0) return sendCounted(id, bytes, count, to)
  const left = sendBytes(id, packets[first] as Uint8Array, to)
  // Packets go as a whole.
  return left < 0 ? left : 1
}

/** The same of packets that lie one behind the other already, {@link packetsPerCall} at most. @internal */
export function sendLaidOut(
  id: SocketId,
  data: Uint8Array,
  lengths: readonly number[],
  to: AddressId,
): number {
  call.set(lengths, 3)
  return sendCounted(id, data, lengths.length, to)
}

// Their lengths are there already.
function sendCounted(id: SocketId, data: Uint8Array, count: number, to: AddressId): number {
  call[0] = id
  call[1] = to
  call[2] = count
  return sendMany(data)
}
