// What a process has to send and the kernel does not take yet: a queue of blocks, in which the bytes lie one after the
// other. It owns the bytes, and the descriptors beside them, because the caller may change its own once they are
// queued.
import { native, type AddressId, type SocketId } from '../native.js'
import { lengthOf } from '../socket/bytes.js'
import { wouldBlock } from '../socket/errors.js'
import {
  packetsPerCall,
  sendAgain,
  sendLaidOut,
  sendPart,
  type FailureListener,
  type LaidOut,
  type Packets,
} from '../socket/outbox.js'
import { giveBack, takeMemory } from './spare.js'

// Data of at least this length, in bytes, is not copied if nobody else has its memory.
const worthKeeping = 1024

/** What travels beside a packet, or beside the first byte of a block: control messages, and the descriptors in them. */
interface Beside {
  control: Uint8Array
  /** Duplicates that the addon holds, see `keepDescriptors` in native.ts. */
  fds: readonly number[]
}

/** A part of the stream, or packets. */
interface Block extends Packets {
  /** Its memory is from spare.ts. */
  readonly reused: boolean
  /** Sent up to here … */
  start: number
  /** … and filled up to here. */
  end: number
  /** Of packets … */
  readonly lengths: number[]
  sent: number
  /** … and where each goes. */
  readonly to: AddressId[]
  beside: Beside | undefined
  next: Block | undefined
}

/** A promise of room in the queue. */
interface Waiting {
  readonly promise: Promise<void>
  resolve: () => void
  reject: (error: Error) => void
}

/** The queue of one socket. @internal */
export class Output {
  /** Whether it holds a stream, or packets. */
  readonly stream: boolean
  #first: Block | undefined
  #last: Block | undefined
  #length = 0
  #waiting: Waiting | undefined

  constructor(stream: boolean) {
    this.stream = stream
  }

  /** How many bytes wait. */
  get length(): number {
    return this.#length
  }

  get empty(): boolean {
    return this.#first === undefined
  }

  /** The addresses that waiting packets go to. */
  *addresses(): Iterable<AddressId> {
    for (let block = this.#first; block !== undefined; block = block.next) yield* block.to.slice(block.sent)
  }

  /**
   * Queues a packet, or a part of the stream.
   *
   * @param own - whether nobody else has the memory of `data`, so that it need not be copied
   * @param beside - what travels beside `data`; only with `own`
   */
  push(data: Uint8Array, to: AddressId, own: boolean, beside?: Beside): void {
    const length = lengthOf(data)
    const keeps = beside !== undefined || (own && length >= worthKeeping)
    const block = keeps ? this.#add(data, length, beside) : this.#copy(data, length)
    if (!this.stream) note(block, length, to)
  }

  /** Queues packets, which lie one after the other. */
  pushMany({ data, lengths }: LaidOut, to: AddressId): void {
    const block = this.#copy(data, data.length)
    for (const length of lengths) note(block, length, to)
  }

  // Copies into the last block, if that has the room, or into a new one, which is longer.
  #copy(data: Uint8Array, length: number): Block {
    const last = this.#last?.reused === true ? this.#last : undefined
    const fits = last !== undefined && last.memory.length - last.end >= length
    const block = fits ? last : this.#add(takeMemory(length, last?.memory.length))
    block.memory.set(data, block.end)
    block.end += length
    this.#length += length
    return block
  }

  #add(memory: Uint8Array, end?: number, beside?: Beside): Block {
    const block = {
      memory,
      reused: end === undefined,
      start: 0,
      end: end ?? 0,
      lengths: [],
      sent: 0,
      to: [],
      beside,
      next: undefined,
    }
    this.#length += block.end
    if (this.#last === undefined) this.#first = block
    else this.#last.next = block
    this.#last = block
    return block
  }

  /**
   * Sends what the kernel takes. Returns 0 when everything is sent, or the -errno for which the rest waits or has
   * failed.
   *
   * @param listener - for datagrams: see {@link sendAgain}
   */
  flush(id: SocketId, listener?: FailureListener): number {
    for (let block = this.#first; block !== undefined; block = this.#first) {
      const error = this.stream ? this.#sendStream(id, block) : this.#sendPackets(id, block, listener)
      if (error < 0) return error
    }
    return 0
  }

  #sendStream(id: SocketId, block: Block): number {
    const left = transmit(id, block, block.end, -1)
    if (left < 0) return left
    // The control messages have gone with the first byte.
    releaseBeside(block)
    this.#advance(block, block.end - block.start - left)
    return 0
  }

  #sendPackets(id: SocketId, block: Block, listener?: FailureListener): number {
    let result = transmitPackets(id, block)
    if (result < 0 && !wouldBlock(result) && listener !== undefined)
      result = sendAgain(id, result, () => transmitPackets(id, block), listener)
    if (result < 0) return result
    this.#advancePackets(block, Math.max(result, 1))
    return 0
  }

  /** Drops the first packet, which could not be sent. */
  dropPacket(): void {
    if (this.#first !== undefined) this.#advancePackets(this.#first, 1)
  }

  #advancePackets(block: Block, packets: number): void {
    let length = 0
    for (let i = 0; i < packets; i++) length += block.lengths[block.sent++] as number
    this.#advance(block, length)
  }

  #advance(block: Block, length: number): void {
    block.start += length
    this.#length -= length
    if (block.start < block.end || block.sent < block.lengths.length) return
    release(block)
    this.#first = block.next
    if (this.#first === undefined) this.#last = undefined
  }

  /** Settles when {@link Output.settle} is called. */
  wait(): Promise<void> {
    this.#waiting ??= newWaiting()
    return this.#waiting.promise
  }

  /** Drops everything: nothing more is sent. */
  abandon(error?: Error): void {
    for (let block = this.#first; block !== undefined; block = block.next) release(block)
    this.#first = this.#last = undefined
    this.#length = 0
    this.settle(error)
  }

  /** Ends all waiting: there is room again or, with an error, there never will be. */
  settle(error?: Error): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    if (error === undefined) waiting.resolve()
    else waiting.reject(error)
  }
}

function newWaiting(): Waiting {
  let resolve!: Waiting['resolve']
  let reject!: Waiting['reject']
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

function note(block: Block, length: number, to: AddressId): void {
  block.lengths.push(length)
  block.to.push(to)
}

// Returns how many bytes up to `end` are left over, or -errno if none went.
function transmit(id: SocketId, { memory, start, beside }: Block, end: number, to: AddressId): number {
  if (beside === undefined) return sendPart(id, memory, start, end, to)
  const sent = native.sendv(id, [memory.subarray(start, end)], to, beside.control)
  return sent < 0 ? sent : end - start - sent
}

// Returns how many packets to the address of the first went, at most as many as one call takes, or -errno if none did: 0
// stands for one.
function transmitPackets(id: SocketId, block: Block): number {
  const { lengths, to, sent } = block
  const address = to[sent] as AddressId
  let until = sent + 1
  while (until < sent + packetsPerCall && to[until] === address) until++
  // A packet is sent as a whole: 0 bytes left means that it went. A single one costs less by `transmit`.
  return until - sent > 1
    ? sendLaidOut(id, block, until - sent, address)
    : transmit(id, block, block.start + (lengths[sent] as number), address)
}

// Releases a block that is not needed any more.
function release(block: Block): void {
  releaseBeside(block)
  if (block.reused) giveBack(block.memory)
}

// Closes the duplicates, which are sent by now or never will be.
function releaseBeside(block: Block): void {
  block.beside?.fds.forEach(fd => native.dropDescriptor(fd))
  block.beside = undefined
}
