// What a process wants to send and the kernel does not take yet: a queue, in order, of packets or of pieces of
// a stream. It owns its bytes: the caller's memory may change as soon as it was queued.
import { native, type AddressId, type SocketId } from '../native.js'
import { errno } from '../socket/errors.js'

// One call takes this many pieces of a stream; IOV_MAX is 1024 and more gains nothing.
const piecesPerCall = 64

interface Piece {
  data: Uint8Array
  to: AddressId
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

  push(data: Uint8Array, to: AddressId): void {
    // Not slice(): a Buffer's shares its memory.
    this.#pieces.push({ data: Uint8Array.prototype.slice.call(data), to })
    this.#length += data.length
  }

  /**
   * Sends what the kernel takes. Gives 0 when all is gone, or the -errno that the rest waits for or failed with.
   */
  flush(id: SocketId): number {
    while (!this.empty) {
      const error = this.#stream ? this.#sendPieces(id) : this.#sendPacket(id)
      if (error < 0) return error
    }
    return 0
  }

  #sendPieces(id: SocketId): number {
    const pieces = this.#pieces.slice(this.#first, this.#first + piecesPerCall)
    const sent = native.sendv(
      id,
      pieces.map(({ data }) => data),
    )
    if (sent < 0) return sent
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

  #sendPacket(id: SocketId): number {
    const packet = this.#pieces[this.#first] as Piece
    const left = native.send(id, packet.data, packet.to)
    if (left >= 0) this.#drop(packet)
    return Math.min(left, 0)
  }

  /** Gives up the packet that could not be sent. */
  dropPacket(): void {
    this.#drop(this.#pieces[this.#first] as Piece)
  }

  #drop(first: Piece): void {
    this.#length -= first.data.length
    if (++this.#first < this.#pieces.length && this.#first < 1024) return
    this.#pieces.splice(0, this.#first)
    this.#first = 0
  }

  /** Resolves when {@link Output.settle} is called. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
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
