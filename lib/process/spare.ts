// Memory for what waits to be sent. Fresh pages cost more than copying into them, so memory is reused, by all processes
// of a thread. It knows nothing of what the bytes are.

// Lengths are powers of two between these, in bytes.
const shortest = 1024
const longest = 64 * 1024
// How much memory of each length is kept for reuse, in bytes.
const mostKept = 256 * 1024

// The spare memory of one length. Taking from it does not pop the array: one that becomes empty frees its own storage.
interface Pile {
  readonly memory: (Uint8Array | undefined)[]
  count: number
}

const piles: Pile[] = []
for (let length = shortest; length <= longest; length *= 2)
  piles.push({ memory: Array<Uint8Array | undefined>(mostKept / length).fill(undefined), count: 0 })

function pileOf(length: number): Pile {
  return piles[Math.clz32(shortest) - Math.clz32(length)] as Pile
}

/**
 * Memory with arbitrary content.
 *
 * @param atLeast - its minimum length
 * @param than - it should be longer than this, too, as far as memory of that length is reused
 * @internal
 */
export function takeMemory(atLeast: number, than = 0): Uint8Array {
  if (atLeast > longest) return Buffer.allocUnsafeSlow(atLeast)
  let length = shortest
  while ((length < atLeast || length <= than) && length < longest) length *= 2
  const pile = pileOf(length)
  // Not zeroed, unlike `new Uint8Array`.
  if (pile.count === 0) return Buffer.allocUnsafeSlow(length)
  const memory = pile.memory[--pile.count] as Uint8Array
  pile.memory[pile.count] = undefined
  return memory
}

/** Returns memory that is not used any more. @internal */
export function giveBack(memory: Uint8Array): void {
  if (memory.length > longest) return
  const pile = pileOf(memory.length)
  if (pile.count < pile.memory.length) pile.memory[pile.count++] = memory
}
