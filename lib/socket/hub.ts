// The hub's JavaScript side: hands what a wake-up brought to the receivers of the sockets.
//
// The addon calls `dispatch` once per wake-up with everything that came for every socket. A receiver may close,
// stop or replace anything while it is called, so the receiver is looked up for each event. What a callback throws
// is an uncaught exception, as everywhere in Node; the events after it are delivered all the same.
import { markAsUntransferable } from 'node:worker_threads'
import { native, type AddressId, type RawAnswer, type RawQuery, type SocketId } from '../native.js'
import { decodeAddress, type Address } from './address.js'
import { beginDelivery, depth, endDelivery } from './afterwards.js'
import { guarded, runDue, untilDue } from './callbacks.js'
import { decodeControl } from './control.js'

/** What a socket does when it is ready. native/socket_table.h has the same numbers. @internal */
export const Mode = { idle: 0, watched: 1, listening: 2, connecting: 3, receiving: 4 } as const
/** What bounds a read, and what a read of no bytes means. @internal */
export const Kind = { stream: 0, packets: 1, datagrams: 2 } as const
/** How received bytes are handed over. @internal */
export const Delivery = { bytes: 0, text: 1, lent: 2 } as const
/** What the hub waits for. @internal */
export const Interest = { none: 0, readable: 1, writable: 2 } as const

// native/hub.h has the same numbers.
const Event = {
  end: -1,
  writable: -2,
  failed: -3,
  accepted: -4,
  acceptFailed: -5,
  connected: -6,
  ready: -7,
  lookedUp: -8,
  truncated: -9,
  ancillary: -10,
  bookFull: -11,
} as const
const textBit = 1 << 30
const lentBit = 1 << 29
const lengthMask = lentBit - 1
// The offset of an accepted event holds the length of the peer's address from this bit on.
const lengthShift = 20

/** What the hub calls for a socket. Events without a callback are dropped. */
export interface Receiver {
  /** A message, or a piece of a stream; `lent` bytes are valid until this returns. */
  onData?(data: string | Uint8Array, sender: AddressId, lent: boolean): void
  /** Ancillary data of the next message; `flags` are recvmsg's. The addon holds the descriptors: see native.ts. */
  onAncillary?(control: Buffer, flags: number): void
  /** The last message did not fit and was cut; before that, it was this many bytes long. */
  onTruncated?(length: number): void
  /** See {@link watchSoon}. */
  onWatched?(): void
  /** For some time all events were this receiver's. It may give its resource to the addon: {@link isEntered}. */
  onAlone?(): void
  onEnd?(): void
  onFailed?(errno: number): void
  onWritable?(): void
  onAccepted?(id: SocketId, peer: Uint8Array): void
  onAcceptFailed?(errno: number): void
  onConnected?(errno: number): void
  onReady?(interest: number): void
}

const receivers: (Receiver | undefined)[] = []
const lookUps = new Map<number, (answer: RawAnswer) => void>()

/** Makes `receiver` get the events of this socket; with `undefined`, nobody does. @internal */
export function setReceiver(id: SocketId, receiver: Receiver | undefined): void {
  receivers[id] = receiver
}

/**
 * The same for a socket from which the hub reads no data: the receiver reads by itself, if at all.
 *
 * @returns -errno when the epoll set does not take the socket
 * @internal
 */
export function attach(
  id: SocketId,
  receiver: Receiver | undefined,
  mode: number,
  interest: number,
): number | undefined {
  setReceiver(id, receiver)
  return native.configure(id, mode, Kind.stream, Delivery.bytes, 0, 0, interest)
}

/** Looks a name up on a thread. Returns the request's number, or -errno. @internal */
export function startLookUp(done: (answer: RawAnswer) => void, ...query: RawQuery): number {
  const request = native.lookUp(...query)
  if (request >= 0) lookUps.set(request, done)
  return request
}

// The class behind all Buffers. `subarray` does the same, but takes more than twice as long.
type ViewClass = new (memory: ArrayBuffer, offset: number, length: number) => Buffer
const View = (Buffer as unknown as { [Symbol.species]: ViewClass })[Symbol.species]
const nothing = new ArrayBuffer(0)

// Many messages are views of this memory: transferring that of one would take the others' away. Node 22 does not see the
// mark in `transfer`, and neither 20 nor 22 does where a stream of bytes takes it.
function ours(memory: ArrayBuffer): ArrayBuffer {
  markAsUntransferable(memory)
  if ('transfer' in memory) Object.assign(memory, { transfer: refuse, transferToFixedLength: refuse })
  return memory
}

function refuse(): never {
  throw new TypeError('This memory holds other messages too: copy the message to transfer it')
}

/** What one wake-up brought, and how much of it is delivered. */
interface Frame {
  count: number
  next: number
  events: Int32Array
  kept: ArrayBuffer
  lent: ArrayBuffer
  text: string | undefined
  extras: unknown[] | undefined
}

// The event loop's wake-ups use the first frame, synchronous waits inside callbacks the next ones. The addon says which,
// because its callback is over only after promise reactions have run, when `dispatch` has already returned. Frames are
// reused, and so are their quads and slabs, which are passed only when they have changed.
const frames: Frame[] = []

function deliver({ events, kept, lent, text, extras }: Frame, at: number, id: number): void {
  const what = events[at + 1] as number
  const offset = events[at + 2] as number
  const address = events[at + 3] as number
  if (what === Event.lookedUp) {
    const done = lookUps.get(id)
    lookUps.delete(id)
    done?.(extras?.[offset] as RawAnswer)
    return
  }
  if (what === Event.bookFull) {
    bookFull = true
    return
  }
  const receiver = receivers[id]
  if (receiver === undefined) {
    // The listener was closed by an earlier event, so nobody wants the connection.
    if (what === Event.accepted) native.close(address)
    if (what === Event.ancillary) dropDescriptors(extras?.[~offset] as Buffer)
    return
  }
  if (what >= 0) {
    const length = what & lengthMask
    if (what & textBit) {
      const own = offset < 0 ? (extras?.[~offset] as string) : text?.substring(offset, offset + length)
      receiver.onData?.(own ?? '', address, false)
    } else if (what & lentBit) receiver.onData?.(new View(lent, offset, length), address, true)
    else if (offset < 0) receiver.onData?.(extras?.[~offset] as Buffer, address, false)
    else receiver.onData?.(new View(kept, offset, length), address, false)
    return
  }
  switch (what) {
    case Event.end:
      return receiver.onEnd?.()
    case Event.writable:
      return receiver.onWritable?.()
    case Event.failed:
      return receiver.onFailed?.(offset)
    case Event.accepted: {
      const length = offset >> lengthShift
      const start = offset & ((1 << lengthShift) - 1)
      // A callback has had the memory taken: the connection must not be lost with it.
      const isGone = kept.byteLength === 0
      return receiver.onAccepted?.(address, isGone ? peerOf(address) : new View(kept, start, length))
    }
    case Event.acceptFailed:
      return receiver.onAcceptFailed?.(offset)
    case Event.connected:
      return receiver.onConnected?.(offset)
    case Event.ready:
      return receiver.onReady?.(offset)
    case Event.truncated:
      return receiver.onTruncated?.(offset)
    case Event.ancillary: {
      const control = extras?.[~offset] as Buffer
      if (receiver.onAncillary === undefined) return dropDescriptors(control)
      return receiver.onAncillary(control, address)
    }
  }
}

function peerOf(id: SocketId): Buffer {
  const peer = native.getpeername(id)
  return typeof peer === 'number' ? Buffer.alloc(0) : peer
}

/** Closes the descriptors that were received with a message and that nobody has taken. @internal */
export function dropDescriptors(control: Buffer): void {
  for (const fd of decodeControl(control).fds ?? []) native.dropDescriptor(fd)
}

/** An id that no socket has. @internal */
export const nobody: SocketId = -1

// Delivers one event, marked as taken before, because its callback may wait synchronously and so come here again. Returns
// how many were delivered: 0 if it was taken already.
function deliverAt(frame: Frame, index: number): number {
  const at = 4 * index
  const id = frame.events[at] as number
  if (id === nobody) return 0
  frame.events[at] = nobody
  try {
    deliver(frame, at, id)
  } catch (error) {
    native.uncaught(error)
  }
  if (fresh.length > 0) watchFresh()
  return 1
}

let fresh: Receiver[] = []

/**
 * Calls the receiver's `onWatched` when the event under delivery is over, or when its callback waits synchronously. The
 * receiver then adds its new socket to the epoll set; a socket that is closed by then has cost no system call for it.
 *
 * @internal
 */
export function watchSoon(receiver: Receiver): void {
  fresh.push(receiver)
  if (depth === 0) watchFresh()
}

function watchFresh(): void {
  const receivers = fresh
  fresh = []
  for (const receiver of receivers) guarded(() => receiver.onWatched?.())
}

// A callback may wait synchronously, and so deliver the rest of the frame itself.
function deliverRest(frame: Frame): number {
  let delivered = 0
  while (frame.next < frame.count) delivered += deliverAt(frame, frame.next++)
  return delivered
}

// Delivers the events of one socket, and leaves the others where they are.
function deliverOnly(frame: Frame, id: SocketId): number {
  if (id === nobody) return 0
  let delivered = 0
  for (let i = frame.next; i < frame.count; i = Math.max(i + 1, frame.next)) {
    if (frame.events[4 * i] !== id || frame.events[4 * i + 1] === Event.lookedUp) continue
    delivered += deliverAt(frame, i)
  }
  return delivered
}

// Entering an async_hooks resource inside the addon's own costs as much as all the rest of an echo in JavaScript. So a
// receiver that gets all the events gives its resource to the addon, which then enters that instead of its own.
const aloneAfter = 16
let alone: SocketId = -1
let aloneTimes = 0
let entered: SocketId | undefined

/** Whether the addon has entered the resource of this socket's receiver. @internal */
export function isEntered(id: SocketId): boolean {
  return entered === id
}

function noteAlone(id: SocketId): void {
  if (alone !== id) aloneTimes = 0
  alone = id
  if (++aloneTimes === aloneAfter) receivers[id]?.onAlone?.()
}

native.start((place, count, events, kept, lent, text, extras) => {
  const frame = (frames[Math.max(place, 0)] ??= {
    count: 0,
    next: 0,
    events: new Int32Array(),
    kept: nothing,
    lent: nothing,
    text,
    extras,
  })
  frame.count = count
  frame.next = 0
  if (events !== undefined) frame.events = events
  if (kept !== undefined) frame.kept = ours(kept)
  if (lent !== undefined) frame.lent = ours(lent)
  frame.text = text
  frame.extras = extras
  beginDelivery()
  const outer = entered
  const first = frame.events[0] as number
  entered = place < 0 ? first : undefined
  deliverRest(frame)
  entered = outer
  if (place === 0 && count === 1) noteAlone(first)
  frame.text = frame.extras = undefined
  // In turns, an empty dispatch says that no input is left.
  endDelivery(count === 0)
  if (bookFull && depth === 0) forgetAddresses()
})

// ---- addresses ------------------------------------------------------------------------------------------

const holders = new Set<() => Iterable<AddressId>>()

/** Adds a function that gives the address ids still in use; called when many new addresses have come. @internal */
export function holdAddresses(held: () => Iterable<AddressId>): void {
  holders.add(held)
}

let bookFull = false

// Decoded addresses by id, for callers that ask with every message.
const decoded = new Map<AddressId, Address>()

/** The address of an id, one object shared by all callers; undefined for -1. @internal */
export function addressOf(id: AddressId): Address | undefined {
  const known = decoded.get(id)
  if (known !== undefined) return known
  const sockaddr = native.address(id)
  if (sockaddr === undefined) return undefined
  const address = decodeAddress(sockaddr)
  decoded.set(id, address)
  return address
}

function forgetAddresses(): void {
  bookFull = false
  decoded.clear()
  native.retainAddresses(Int32Array.from(Array.from(holders).flatMap(held => [...held()])))
}

// ---- waiting ----------------------------------------------------------------------------------------------

/** Whether something that was read or accepted from the socket is not delivered yet. @internal */
export function hasUndelivered(id: SocketId): boolean {
  return frames.some(({ events, count, next }) => {
    for (let i = 4 * next; i < 4 * count; i += 4)
      if (events[i] === id && events[i + 1] !== Event.lookedUp && events[i + 1] !== Event.writable)
        return true
    return false
  })
}

// A worker that waits can be terminated only between two calls into the addon.
const longestWait = 100

/**
 * Waits for at most `milliseconds` without running Node's event loop, and delivers what has come, as the loop would; looks
 * once in any case. What an earlier wake-up brought and is not delivered yet comes first.
 *
 * @param only - the one socket to wait for, or {@link nobody}
 * @returns how many events there were; 0 does not mean that the time is over
 * @internal
 */
export function wait(milliseconds: number, only?: SocketId): number {
  if (fresh.length > 0) watchFresh()
  let delivered = 0
  for (const frame of frames) delivered += only === undefined ? deliverRest(frame) : deliverOnly(frame, only)
  const limit = untilDue(delivered > 0 ? 0 : Math.min(milliseconds, longestWait), only)
  delivered += native.wait(Math.ceil(limit), only)
  runDue(only)
  return delivered
}
