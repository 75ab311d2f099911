// Memory for what waits to be sent. Fresh pages cost more than copying into them, so they are used again, by all
// processes of a thread. It knows nothing of what the bytes are.

// Lengths are powers of two between these, in bytes.
const shortest = 1024
const longest = 64 * 1024
// What is kept for later of one length, in bytes.
const mostKept = 256 * 1024

const spare = new Map<number, Uint8Array[]>()

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
  // Not zeroed, as `new Uint8Array` is.
  return spare.get(length)?.pop() ?? Buffer.allocUnsafeSlow(length)
}

/** Nobody looks at what was taken any more. @internal */
export function giveBack(memory: Uint8Array): void {
  const { length } = memory
  if (length > longest) return
  let kept = spare.get(length)
  if (kept === undefined) spare.set(length, (kept = []))
  if ((kept.length + 1) * length <= mostKept) kept.push(memory)
}
