// Five thousand connections over each transport leave no descriptor and no memory.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { acceptProcessOutput, processList } from 'make-network-process'
import { cleanUp, settled, until, witness } from '../process/support.js'
import { over } from '../process/transports.js'

afterEach(cleanUp)

const count = 5000
const descriptors = () => readdirSync('/dev/fd').length

/** Resident memory in KiB, after a garbage collection if Node runs with --expose-gc. */
function memory(): number {
  globalThis.gc?.()
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1])
}

describe(`${count} connections`, function () {
  this.timeout(120_000)

  before(function () {
    try {
      descriptors()
    } catch {
      this.skip()
    }
  })

  for (const [type, family] of [
    ['stream', 'local'],
    ['stream', 'ipv4'],
    ['seqpacket', 'local'],
  ] as const) {
    it(`by ${type}, ${family} leave no descriptor and no memory`, async () => {
      const transport = over(type, family)
      let ended = 0
      const seen = witness()
      const server = transport.server({
        filter: (process, data) => void process.send(data),
        sentinel: (process, event) => {
          if (event.startsWith('connection broken')) ended++
          seen.callbacks.sentinel(process, event)
          seen.events.length = seen.all.length = seen.processes.length = 0
        },
      })
      await settled()
      const before = descriptors()
      const connect = async (total: number) => {
        const already = ended
        for (let made = 0; made < total; made += 50) {
          const clients = Array.from({ length: 50 }, () =>
            // A linger time of 0: otherwise TCP's TIME_WAIT would use the ports up.
            transport.client(server, {
              sentinel: () => {},
              filter: process => process.delete(),
              ...(family === 'ipv4' && { linger: 0 }),
            }),
          )
          for (const client of clients) client.send('x')
          while (clients.some(({ status }) => status !== 'closed')) acceptProcessOutput(undefined, 1)
        }
        await until(() => ended === already + total, 'ends')
      }
      await connect(count / 2)
      const middle = memory()
      await connect(count / 2)
      await settled()
      assert.deepEqual(
        processList()
          .map(({ name }) => name.replace(/<\d+>/, ''))
          .filter(name => !/settl/.test(name)),
        ['server'],
      )
      // The helper of settled() has a server and a client left each time.
      assert.equal(descriptors() - before, processList().filter(({ name }) => /settl/.test(name)).length - 2)
      // The sanitizer's allocator holds back what was freed, so that it is seen when it is used again.
      if (process.env.ASAN_OPTIONS === undefined)
        assert.ok(memory() - middle < 24 * 1024, `${memory() - middle} KiB more for the second half`)
    })
  }

  it('that fail leave no descriptor', async () => {
    const gone = over('stream', 'local').server()
    const service = gone.contact('service') as string
    gone.delete()
    const before = descriptors()
    const seen = witness()
    for (let i = 0; i < 500; i++) {
      assert.throws(() => over('stream', 'local').client(over('stream', 'local').server(), { service }), {
        code: 'ECONNREFUSED',
      })
      for (const one of processList()) one.delete()
    }
    for (let i = 0; i < 500; i++) {
      const client = over('stream', 'local').client(over('stream', 'local').server(), {
        service,
        nowait: true,
        ...seen.callbacks,
      })
      acceptProcessOutput(client)
      assert.equal(client.status, 'failed')
      for (const one of processList()) one.delete()
    }
    assert.equal(descriptors(), before)
  })
})
