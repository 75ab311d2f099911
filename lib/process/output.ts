// What a process wants to send and the kernel does not take yet: a queue, in order, of packets or of pieces of
// a stream. It owns its bytes, and the descriptors beside them: the caller's may change as soon as it was queued.
import { native, type AddressId, type SocketId } from '../native.js'
import { errno } from '../socket/errors.js'
import { packetsPerCall, sendBytes, sendPackets } from '../socket/outbox.js'
import { Store, type Copy } from './store.js'

// One call takes this many pieces of a stream; IOV_MAX is 1024 and more gains nothing.
const piecesPerCall = 64

/** What travels beside a packet, or beside the first byte of a piece: control messages, and the descriptors in them. */
interface Beside {
  control: Uint8Array
  /** In transit, see native.ts. */
  fds: readonly number[]
}

interface Piece extends Copy {
  to: AddressId
  beside: Beside | undefined
}

const store = new Store()
const again = new Set([errno.EAGAIN, errno.EWOULDBLOCK])

/** Whether an error of send means: later. @internal */
export function wouldBlock(error: number): boolean {
  return again.has(-error)
}

/** The queue of one socket. @internal */
export class Output {
  readonly #stream: boolean
  // From `#first` on: taking the first element off an array moves all others.
  #pieces: Piece[] = []
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
    return this.#first === this.#pieces.length
  }

  /** The addresses that waiting packets go to. */
  *addresses(): Iterable<AddressId> {
    for (const { to } of this.#pieces.slice(this.#first)) yield to
  }

  /** @param own - nobody else has the bytes' memory, so that they need not be copied */
  push(data: Uint8Array, to: AddressId, own: boolean, beside?: Beside): void {
    const { data: kept, block } = own ? { data, block: undefined } : store.copy(data)
    this.#pieces.push({ data: kept, block, to, beside })
    this.#length += data.length
  }

  /**
   * Sends what the kernel takes. Gives 0 when all is gone, or the -errno that the rest waits for or failed with.
   */
  flush(id: SocketId): number {
    while (!this.empty) {
      const error = this.#stream ? this.#sendPieces(id) : this.#sendPackets(id)
      if (error < 0) return error
    }
    return 0
  }

  #sendPieces(id: SocketId): number {
    const first = this.#pieces[this.#first] as Piece
    if (this.#first === this.#pieces.length - 1 && first.beside === undefined)
      return this.#sendPiece(id, first)
    let pieces = this.#pieces.slice(this.#first, this.#first + piecesPerCall)
    // What travels beside a byte goes with the first one of its call.
    const apart = pieces.findIndex(({ beside }, i) => i > 0 && beside !== undefined)
    if (apart > 0) pieces = pieces.slice(0, apart)
    const sent = native.sendv(
      id,
      pieces.map(({ data }) => data),
      -1,
      first.beside?.control,
    )
    if (sent < 0) return sent
    // It has gone with the first byte.
    releaseBeside(first)
    let rest = sent
    for (const piece of pieces) {
      if (rest < piece.data.length) {
        piece.data = piece.data.subarray(rest)
        this.#length -= rest
        break
      }
      rest -= piece.data.length
      this.#drop(piece)
    }
    return 0
  }

  // One alone, which costs less.
  #sendPiece(id: SocketId, piece: Piece): number {
    const left = sendBytes(id, piece.data, -1)
    if (left < 0) return left
    if (left === 0) this.#drop(piece)
    else {
      this.#length -= piece.data.length - left
      piece.data = piece.data.subarray(-left)
    }
    return 0
  }

  #sendPackets(id: SocketId): number {
    const first = this.#pieces[this.#first] as Piece
    if (first.beside !== undefined) {
      const sent = native.sendv(id, [first.data], first.to, first.beside.control)
      if (sent >= 0) this.#drop(first)
      return Math.min(sent, 0)
    }
    const packets: Uint8Array[] = []
    for (let i = this.#first; i < this.#pieces.length && packets.length < packetsPerCall; i++) {
      const { data, to, beside } = this.#pieces[i] as Piece
      if (to !== first.to || beside !== undefined) break
      packets.push(data)
    }
    const sent = sendPackets(id, packets, 0, first.to)
    if (sent < 0) return sent
    for (let i = 0; i < sent; i++) this.#drop(this.#pieces[this.#first] as Piece)
    return 0
  }

  /** Gives up the packet that could not be sent. */
  dropPacket(): void {
    this.#drop(this.#pieces[this.#first] as Piece)
  }

  #drop(first: Piece): void {
    release(first)
    this.#length -= first.data.length
    if (++this.#first === this.#pieces.length) this.#pieces.length = 0
    else if (this.#first < 1024) return
    else this.#pieces.splice(0, this.#first)
    this.#first = 0
  }

  /** Resolves when {@link Output.settle} is called. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Nothing of it is sent any more. */
  abandon(error?: Error): void {
    this.#pieces.slice(this.#first).forEach(release)
    this.#pieces = []
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

// Nothing of it is needed any more.
function release(piece: Piece): void {
  releaseBeside(piece)
  store.giveBack(piece)
}

// The descriptors have gone, or never will.
function releaseBeside(piece: Piece): void {
  piece.beside?.fds.forEach(fd => native.dropDescriptor(fd))
  piece.beside = undefined
}
