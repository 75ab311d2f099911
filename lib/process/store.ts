// Memory for copies of what waits to be sent. Fresh pages cost more than copying into them, so blocks are used again: a
// few of them, for all processes of a thread. It knows nothing of what the bytes are.

const blockLength = 64 * 1024
// 1 MiB a thread.
const mostSpare = 16

/** Memory that several copies share. */
interface Block {
  readonly buffer: ArrayBuffer
  /** How much of it has been given out … */
  used: number
  /** … and how many copies are still in use. */
  live: number
}

/** Bytes that are nobody else's, until they are given back. @internal */
export interface Copy {
  data: Uint8Array
  /** undefined: the bytes have memory of their own. */
  readonly block: Block | undefined
}

/** @internal */
export class Store {
  readonly #spare: Block[] = []
  #current: Block | undefined

  /** A copy of the bytes, wherever they lie. */
  copy(bytes: Uint8Array): Copy {
    if (bytes.length > blockLength) return { data: Buffer.from(bytes), block: undefined }
    let block = this.#current
    if (block === undefined || block.used + bytes.length > blockLength) {
      // Not zeroed, as `new ArrayBuffer` is.
      block = this.#spare.pop() ?? { buffer: Buffer.allocUnsafeSlow(blockLength).buffer, used: 0, live: 0 }
      this.#current = block
    }
    const data = new Uint8Array(block.buffer, block.used, bytes.length)
    data.set(bytes)
    block.used += bytes.length
    block.live++
    return { data, block }
  }

  /** Nobody looks at the copy any more. */
  giveBack({ block }: Copy): void {
    if (block === undefined || --block.live > 0) return
    block.used = 0
    if (block !== this.#current && this.#spare.length < mostSpare) this.#spare.push(block)
  }
}
