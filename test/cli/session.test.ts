// Back-pressure through a session, both ways: memory does not fill up because one side is slow.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { parseCommandLine, type Command } from '../../dist/cli/arguments.js'
import { Meter } from '../../dist/cli/meter.js'
import { Output } from '../../dist/cli/output.js'
import { Session } from '../../dist/cli/session.js'

const chunk = Buffer.alloc(64 * 1024, `${'x'.repeat(1023)}\n`)
const count = 1024

/** Lets the event loop turn until `value` stays the same; gives that value. */
async function settled(value: () => number): Promise<number> {
  for (let last = value(), turns = 0; ; turns++) {
    await setImmediate()
    if (value() !== last) [last, turns] = [value(), 0]
    else if (turns > 1000) return last
  }
}

describe('Session', () => {
  /** A session with a TCP server of Node's; gives both ends. */
  async function connected(stdout: Writable) {
    const server = createServer({ allowHalfOpen: true })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const accepted = once(server, 'connection')
    const { port } = server.address() as AddressInfo
    const command = parseCommandLine([':host', '127.0.0.1', ':service', String(port)]) as Command
    const silent = new PassThrough().resume() as unknown as NodeJS.WriteStream
    const meter = new Meter(silent)
    const output = new Output({ ...command, endLines: false }, meter, stdout, silent)
    const session = new Session(command, output, meter)
    const [peer] = (await accepted) as [Socket]
    server.close()
    return { session, peer }
  }

  it('reads no more of its input than the peer takes', async () => {
    let read = 0
    const input = new Readable({
      read() {
        this.push(read < count ? chunk : null)
        if (read < count) read++
      },
    })
    const { session, peer } = await connected(new PassThrough().resume())
    session.start(() => input)
    assert.ok((await settled(() => read)) < count / 2, `it has read ${read} of ${count} chunks`)

    let received = 0
    peer.on('data', data => (received += data.length)).on('end', () => peer.end())
    assert.equal(await session.ended, 0)
    assert.equal(received, count * chunk.length)
  })

  it('reads no more from the peer than its output takes', async () => {
    let written = 0
    let release: (() => void) | undefined
    let isSlow = true
    const stdout = new Writable({
      write(data: Buffer, _, done) {
        written += data.length
        if (isSlow) release = done
        else done()
      },
    })
    const { session, peer } = await connected(stdout)
    session.start(() => new PassThrough())
    for (let i = 0; i < count; i++) peer.write(chunk)
    peer.end()
    await settled(() => peer.bytesWritten - peer.writableLength + stdout.writableLength)
    assert.ok(written + stdout.writableLength <= 1 << 20, `it holds ${stdout.writableLength} bytes`)
    assert.ok(peer.writableLength > (count / 2) * chunk.length, `only ${peer.writableLength} bytes wait`)

    isSlow = false
    release?.()
    assert.equal(await session.ended, 0)
    await once(stdout.end(), 'finish')
    assert.equal(written, count * chunk.length)
    peer.destroy()
  })
})
