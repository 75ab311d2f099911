// What a process wants to send and the kernel does not take yet: a queue of blocks, in which bytes lie one behind the
// other as they came. It owns them, and the descriptors beside them: the caller's may change as soon as it was queued.
import { native, type AddressId, type SocketId } from '../native.js'
import { errno } from '../socket/errors.js'
import { packetsPerCall, sendBytes, sendLaidOut, type LaidOut } from '../socket/outbox.js'
import { giveBack, takeMemory } from './spare.js'

// What is at least as long as this, and nobody else's, is not copied; in bytes.
const worthKeeping = 1024

/** What travels beside a packet, or beside the first byte of a block: control messages, and the descriptors in them. */
interface Beside {
  control: Uint8Array
  /** In transit, see native.ts. */
  fds: readonly number[]
}

/** More of a stream, or packets. */
interface Block {
  readonly memory: Uint8Array
  /** It is memory from spare.ts. */
  readonly reused: boolean
  /** Sent up to here … */
  start: number
  /** … and filled up to here. */
  end: number
  /** Of packets: how long each is, and where it goes … */
  readonly lengths: number[]
  readonly to: AddressId[]
  /** … and how many are sent. */
  sent: number
  beside: Beside | undefined
}

const again = new Set([errno.EAGAIN, errno.EWOULDBLOCK])

/** Whether an error of send means: later. @internal */
export function wouldBlock(error: number): boolean {
  return again.has(-error)
}

/** The queue of one socket. @internal */
export class Output {
  readonly #stream: boolean
  // From `#first` on: taking the first element off an array moves all others.
  #blocks: Block[] = []
  #first = 0
  #length = 0
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = []

  constructor(stream: boolean) {
    this.#stream = stream
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length
  }

  get empty(): boolean {
    return this.#first === this.#blocks.length
  }

  /** The addresses that waiting packets go to. */
  *addresses(): Iterable<AddressId> {
    for (const { to, sent } of this.#blocks.slice(this.#first)) yield* to.slice(sent)
  }

  /**
   * A packet, or more of the stream.
   *
   * @param own - nobody else has the bytes' memory, so that they need not be copied
   * @param beside - what travels beside bytes that are their own
   */
  push(data: Uint8Array, to: AddressId, own: boolean, beside?: Beside): void {
    const keeps = beside !== undefined || (own && data.length >= worthKeeping)
    const block = keeps ? this.#add(data, data.length, beside) : this.#copy(data)
    if (!this.#stream) note(block, data.length, to)
  }

  /** Packets, one behind the other. */
  pushMany({ data, lengths }: LaidOut, to: AddressId): void {
    const block = this.#copy(data)
    for (const length of lengths) note(block, length, to)
  }

  // Into the last block, if it has so much room, or into a new one, which is longer.
  #copy(data: Uint8Array): Block {
    const before = this.empty ? undefined : this.#blocks.at(-1)
    const last = before?.reused === true ? before : undefined
    const fits = last !== undefined && last.memory.length - last.end >= data.length
    const block = fits ? last : this.#add(takeMemory(data.length, last?.memory.length))
    block.memory.set(data, block.end)
    block.end += data.length
    this.#length += data.length
    return block
  }

  #add(memory: Uint8Array, end?: number, beside?: Beside): Block {
    const reused = end === undefined
    const block = { memory, reused, start: 0, end: end ?? 0, lengths: [], to: [], sent: 0, beside }
    this.#length += block.end
    this.#blocks.push(block)
    return block
  }

  /**
   * Sends what the kernel takes. Gives 0 when all is gone, or the -errno that the rest waits for or failed with.
   */
  flush(id: SocketId): number {
    while (!this.empty) {
      const first = this.#blocks[this.#first] as Block
      const error = this.#stream ? this.#sendStream(id, first) : this.#sendPackets(id, first)
      if (error < 0) return error
    }
    return 0
  }

  #sendStream(id: SocketId, block: Block): number {
    const data = block.memory.subarray(block.start, block.end)
    const left = transmit(id, data, -1, block.beside)
    if (left < 0) return left
    // It has gone with the first byte.
    releaseBeside(block)
    this.#advance(block, data.length - left)
    return 0
  }

  #sendPackets(id: SocketId, block: Block): number {
    const { memory, start, end, lengths, to, sent, beside } = block
    const address = to[sent] as AddressId
    const data = memory.subarray(start, end)
    let until = sent + 1
    while (until < sent + packetsPerCall && to[until] === address) until++
    // Packets go as a whole, and one alone costs less.
    const result =
      until - sent > 1
        ? sendLaidOut(id, data, lengths.slice(sent, until), address)
        : transmit(id, data.subarray(0, lengths[sent]), address, beside)
    if (result < 0) return result
    this.#advancePackets(block, Math.max(result, 1))
    return 0
  }

  /** Gives up the packet that could not be sent. */
  dropPacket(): void {
    this.#advancePackets(this.#blocks[this.#first] as Block, 1)
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
    if (++this.#first === this.#blocks.length) this.#blocks.length = 0
    else if (this.#first < 1024) return
    else this.#blocks.splice(0, this.#first)
    this.#first = 0
  }

  /** Resolves when {@link Output.settle} is called. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Nothing of it is sent any more. */
  abandon(error?: Error): void {
    this.#blocks.slice(this.#first).forEach(release)
    this.#blocks = []
    this.#first = this.#length = 0
    this.settle(error)
  }

  /** Ends all waiting: there is room again, or there never will be. */
  settle(error?: Error): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const { resolve, reject } of waiting) {
      if (error === undefined) resolve()
      else reject(error)
    }
  }
}

function note(block: Block, length: number, to: AddressId): void {
  block.lengths.push(length)
  block.to.push(to)
}

// Gives how many bytes are left over, or -errno when none went.
function transmit(id: SocketId, data: Uint8Array, to: AddressId, beside: Beside | undefined): number {
  if (beside === undefined) return sendBytes(id, data, to)
  const sent = native.sendv(id, [data], to, beside.control)
  return sent < 0 ? sent : data.length - sent
}

// Nothing of it is needed any more.
function release(block: Block): void {
  releaseBeside(block)
  if (block.reused) giveBack(block.memory)
}

// The descriptors have gone, or never will.
function releaseBeside(block: Block): void {
  block.beside?.fds.forEach(fd => native.dropDescriptor(fd))
  block.beside = undefined
}
