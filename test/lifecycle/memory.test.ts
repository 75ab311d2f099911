// A million messages leave no memory behind, whichever way they are read.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { over } from '../process/transports.js'
import { run } from './child.js'

describe('memory over a million messages', function () {
  this.timeout(120_000)
  // Code that reads from `peer` and calls `each` for each message.
  const readers = {
    'a filter': `peer.filter = (_, message) => each(message)`,
    'a loop': `void (async () => { for await (const message of peer) each(message) })()`,
    'a stream': `peer.duplex().on('data', each)`,
  }
  for (const [name, reader] of Object.entries(readers))
    it(`is flat through ${name}`, async () => {
      over('seqpacket', 'local')
      const { stdout, stderr } = await run(`
        import v8 from 'node:v8'
        import vm from 'node:vm'
        v8.setFlagsFromString('--expose-gc')
        const gc = vm.runInNewContext('gc')
        const { peer, one, listener } = await pair({ type: 'seqpacket', filter: true, coding: 'binary' },
          { type: 'seqpacket', filter: true })
        let got = 0
        let reached
        const each = () => { if (++got % 1000 === 0) reached() }
        ${reader}
        const used = async () => {
          // Memory outside of the heap goes a turn later.
          gc()
          await new Promise(setImmediate)
          gc()
          const { heapUsed, external } = process.memoryUsage()
          return heapUsed + external
        }
        const messages = Array.from({ length: 100 }, () => Buffer.alloc(100))
        const thousand = async () => {
          const all = new Promise(resolve => (reached = resolve))
          for (let i = 0; i < 10; i++) if (!one.sendMany(messages)) await one.drained
          await all
        }
        for (let i = 0; i < 50; i++) await thousand()
        const before = await used()
        for (let i = 0; i < 1000; i++) await thousand()
        console.log(got, (await used()) - before)
        for (const each of [peer, one, listener]) each.delete()
      `)
      const [count, growth] = stdout.split(' ').map(Number) as [number, number]
      assert.equal(count, 1_050_000, stderr)
      // Less than a third of a byte a message.
      assert.ok(growth < 300_000, `${growth} bytes more`)
    })
})

it('text for which there is no memory causes an error, and does not end the program', async function () {
  // A sanitizer's allocator takes it for its own error.
  if (process.env.ASAN_OPTIONS !== undefined || !existsSync('/proc/self/status')) this.skip()
  const { status, stdout, stderr } = await run(`
    import { spawnSync } from 'node:child_process'
    import { readFileSync } from 'node:fs'
    const { peer, one, listener } = await pair({ filter: true })
    const text = Buffer.alloc(2 ** 27, 'x').toString('latin1')
    const [, size] = /^VmSize:\\s+(\\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    const room = 2 ** 27
    const limit = ['--pid', process.pid, '--as=' + (Number(size) * 1024 + room)]
    if (spawnSync('prlimit', limit).status !== 0) process.exit(77)
    try {
      one.send(text)
    } catch (error) {
      console.log(error.name, one.status)
    }
    process.exit()
  `)
  if (status === 77) this.skip()
  assert.equal(stdout, 'RangeError open\n', stderr)
})
