// Memory for copies of what waits to be sent. Fresh pages cost more than copying into them, so blocks are used again; a
// few of them, for all processes of a thread. It knows nothing of what the bytes are.

const blockLength = 64 * 1024
// Node's own pool serves smaller ones.
const smallest = 4 * 1024
// 1 MiB a thread.
const mostSpare = 16

/** @internal */
export class Store {
  readonly #spare: ArrayBuffer[] = []
  readonly #blocks = new WeakSet<ArrayBufferLike>()

  /** A copy of the bytes, wherever they lie. */
  copy(data: Uint8Array): Uint8Array {
    if (data.length < smallest || data.length > blockLength) return Buffer.from(data)
    const block = this.#spare.pop() ?? this.#newBlock()
    const copy = new Uint8Array(block, 0, data.length)
    copy.set(data)
    return copy
  }

  #newBlock(): ArrayBuffer {
    // Not zeroed, as `new ArrayBuffer` is.
    const { buffer } = Buffer.allocUnsafeSlow(blockLength)
    this.#blocks.add(buffer)
    return buffer
  }

  /** Nobody looks any more at a copy, or at the part of one that was left. */
  giveBack({ buffer }: Uint8Array): void {
    if (this.#spare.length < mostSpare && this.#blocks.has(buffer)) this.#spare.push(buffer as ArrayBuffer)
  }
}
