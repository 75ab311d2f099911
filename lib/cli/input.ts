// Standard input, cut into messages. It reads only as fast as its consumer does, so that back-pressure reaches the
// program that writes to us. It does not know where the messages go.

/**
 * The messages in `input`; yields at once all those that one read completes.
 *
 * @param grouping - what one message is: a line, what a read happened to give, or everything until the end.
 * @param keepNewline - whether a line's newline is part of its message: a stream has no other mark of a line's end, while
 * packets need none. A last line without a newline is sent as it is.
 */
export async function* readMessages(
  input: AsyncIterable<Buffer>,
  grouping: 'lines' | 'raw' | 'once',
  keepNewline: boolean,
): AsyncGenerator<Buffer[], void, undefined> {
  // Kept in pieces, because otherwise a line without end would be copied again for each read.
  let unfinished: Buffer[] = []
  for await (const chunk of input) {
    if (grouping === 'raw') {
      yield [chunk]
      continue
    }
    const lines = grouping === 'lines' ? cutLines(chunk) : []
    const rest = chunk.subarray(lines.reduce((sum, line) => sum + line.length, 0))
    if (lines.length > 0) {
      lines[0] = Buffer.concat([...unfinished, lines[0]!])
      unfinished = []
      yield keepNewline ? lines : lines.map(line => line.subarray(0, -1))
    }
    if (rest.length > 0) unfinished.push(rest)
  }
  if (unfinished.length > 0) yield [Buffer.concat(unfinished)]
}

/** The whole lines at the beginning of `chunk`, each with its newline. */
function cutLines(chunk: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0, end; (end = chunk.indexOf('\n', start) + 1) > 0; start = end)
    lines.push(chunk.subarray(start, end))
  return lines
}
