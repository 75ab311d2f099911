// Standard input cut into messages, however the reads fall.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readMessages } from '../../dist/cli/input.js'

async function* reads(...chunks: (string | Uint8Array)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk))
}

async function messages(grouping: 'lines' | 'raw' | 'once', keepNewline: boolean, ...chunks: string[]) {
  const found: string[][] = []
  for await (const some of readMessages(reads(...chunks), grouping, keepNewline))
    found.push(some.map(message => message.toString()))
  return found
}

describe('readMessages()', () => {
  it('gives lines with their newlines, in groups that one read completes', async () => {
    assert.deepEqual(await messages('lines', true, 'a\nb\nc', 'd\n', 'e'), [['a\n', 'b\n'], ['cd\n'], ['e']])
  })

  it('gives lines without their newlines', async () => {
    assert.deepEqual(await messages('lines', false, 'a\n\nb', '\n'), [['a', ''], ['b']])
  })

  it('gives each read as it is', async () => {
    assert.deepEqual(await messages('raw', false, 'a\nb', 'c\n'), [['a\nb'], ['c\n']])
  })

  it('gives all input at once', async () => {
    assert.deepEqual(await messages('once', false, 'a\nb', 'c\n'), [['a\nbc\n']])
  })

  it('gives nothing for no input', async () => {
    for (const grouping of ['lines', 'raw', 'once'] as const)
      assert.deepEqual(await messages(grouping, true), [])
  })

  it('loses and reorders no byte, wherever the reads are cut', async () => {
    const byte = fc.oneof(fc.constant(10), fc.nat({ max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(byte, { minLength: 1 })), async chunks => {
        const input = reads(...chunks.map(chunk => Uint8Array.from(chunk)))
        const lines: Buffer[] = []
        for await (const some of readMessages(input, 'lines', true)) lines.push(...some)
        assert.deepEqual(Buffer.concat(lines), Buffer.from(chunks.flat()))
        for (const [index, line] of lines.entries())
          assert.ok(
            line.indexOf('\n') === line.length - 1 || (index === lines.length - 1 && !line.includes('\n')),
          )
      }),
    )
  })

  it('reads no more than it is asked for', async () => {
    let count = 0
    async function* counted() {
      for (;;) yield await Promise.resolve(Buffer.from(`${count++}\n`))
    }
    const found = readMessages(counted(), 'lines', true)
    await found.next()
    await found.next()
    await found.return()
    assert.equal(count, 2)
  })
})
