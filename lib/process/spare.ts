// Memory for what waits to be sent. Fresh pages cost more than copying into them, so they are used again, by all
// processes of a thread. It knows nothing of what the bytes are.

// Lengths are powers of two between these, in bytes.
const shortest = 1024
const longest = 64 * 1024
// What is kept for later of one length, in bytes.
const mostKept = 256 * 1024

// One of each length. What is taken off is not popped: an array that becomes empty gives its own memory back.
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
 * Memory with anything in it.
 *
 * @param atLeast - how long it has to be
 * @param than - how long it should be, too: longer than this
 * @internal
 */
export function takeMemory(atLeast: number, than = 0): Uint8Array {
  if (atLeast > longest) return Buffer.allocUnsafeSlow(atLeast)
  let length = shortest
  while ((length < atLeast || length <= than) && length < longest) length *= 2
  const pile = pileOf(length)
  // Not zeroed, as `new Uint8Array` is.
  if (pile.count === 0) return Buffer.allocUnsafeSlow(length)
  const memory = pile.memory[--pile.count] as Uint8Array
  pile.memory[pile.count] = undefined
  return memory
}

/** Nobody looks at what was taken any more. @internal */
export function giveBack(memory: Uint8Array): void {
  if (memory.length > longest) return
  const pile = pileOf(memory.length)
  if (pile.count < pile.memory.length) pile.memory[pile.count++] = memory
}
