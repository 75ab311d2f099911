// Worker threads that end at any moment, with sockets of every kind in them; and the package in several threads
// at once, each with processes of its own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { processList } from 'make-network-process'
import { cleanUp, make, settled, witness } from '../process/support.js'
import { over } from '../process/transports.js'
import { aFolder, has, transports } from '../support/transports.js'
import { run } from './child.js'

afterEach(cleanUp)

const times = 20
const program = new URL('worker.mjs', import.meta.url)
// A stream does where there are no local sequenced packets.
const packets = transports.some(one => one.kind === 'seqpacket' && one.family === 'local' && has(one))
  ? 'seqpacket'
  : 'stream'

/** Starts a worker without the loaders of the tests. */
function start(work: string, end: string): Worker {
  return new Worker(program, { workerData: { work, end, folder: aFolder(), packets }, execArgv: [] })
}

// Timers of Node's: the loop has nothing else to do.
const turn = () => new Promise(resolve => setTimeout(resolve, 1))

const sockets = () => readdirSync('/dev/fd').length

describe('a worker thread', () => {
  for (const work of ['nothing', 'sockets', 'lookUps', 'connections', 'queues', 'descriptors', 'traffic']) {
    it(`may be terminated, with ${work}, ${times} times`, async () => {
      if (work === 'descriptors') over('seqpacket', 'local')
      await (await ready(start(work, 'terminate'))).terminate()
      const before = sockets()
      for (let i = 0; i < times; i++) await (await ready(start(work, 'terminate'))).terminate()
      // A look-up in progress keeps the descriptors by which it reports its end.
      while (sockets() > before) await turn()
    })

    it(`may exit, with ${work}, ${times} times`, async () => {
      if (work === 'descriptors') over('seqpacket', 'local')
      for (let i = 0; i < times; i++) assert.deepEqual(await once(start(work, 'exit'), 'exit'), [3])
    })
  }

  it(`may be terminated before it has begun, ${times} times`, async () => {
    for (let i = 0; i < times; i++) await start('sockets', 'terminate').terminate()
  })

  for (const end of ['by itself', 'with sockets that do not count'])
    it(`ends ${end}, ${times} times`, async () => {
      for (let i = 0; i < times; i++) assert.deepEqual(await once(start('sockets', end), 'exit'), [0])
    })

  it(`may exit in a filter, ${times} times`, async () => {
    for (let i = 0; i < times; i++)
      assert.deepEqual(await once(start('sockets', 'exit in a filter'), 'exit'), [3])
  })

  it('ends when a filter throws, with an error event of the worker', async () => {
    const worker = start('sockets', 'throw in a filter')
    const [error] = (await once(worker, 'error')) as [Error]
    assert.equal(error.message, 'in a filter')
  })

  it('closes its sockets when it ends, which peers in other threads see', async () => {
    const seen = witness()
    const server = over('stream', 'ipv4').server(seen.callbacks)
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads')
       import('make-network-process').then(({ makeNetworkProcess }) => {
         makeNetworkProcess({ name: 'c', service: workerData })
         parentPort.postMessage('ready')
       })`,
      { eval: true, execArgv: [], workerData: server.contact('service') },
    )
    await ready(worker)
    await seen.connection()
    await worker.terminate()
    await seen.event('connection broken by remote peer\n')
  })

  it('has processes and names of its own', async () => {
    const mine = make({ name: 's', server: true, service: true })
    const worker = await ready(start('sockets', 'terminate'))
    assert.deepEqual(processList(), [mine])
    await worker.terminate()
    assert.equal(mine.status, 'listen')
    await settled()
  })

  it('may be terminated while it waits for output without limit', async () => {
    const ending = await run(`
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(\`
        import('make-network-process').then(({ makeNetworkProcess, acceptProcessOutput }) => {
          const { parentPort } = require('node:worker_threads')
          const datagrams = { type: 'datagram', server: true, service: true }
          // Said from within the wait, which is for somebody else.
          const filter = () => parentPort.postMessage('waiting')
          const said = makeNetworkProcess({ name: 's', ...datagrams, filter })
          makeNetworkProcess({ name: 'c', type: 'datagram', service: said.contact('service') }).send('x')
          acceptProcessOutput(makeNetworkProcess({ name: 'silent', ...datagrams }))
        })\`, { eval: true, execArgv: [] })
      await new Promise(resolve => worker.once('message', resolve))
      // It is back in the kernel before a child process has come and gone.
      const { spawn } = await import('node:child_process')
      await new Promise(resolve => spawn(process.execPath, ['--version']).once('close', resolve))
      await worker.terminate()
      console.log('terminated')`)
    assert.deepEqual(ending, { status: 0, stdout: 'terminated\n', stderr: '' })
  })

  it('that polls without a time limit can be terminated', async () => {
    const ending = await run(`
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(\`
        import('make-network-process/socket').then(({ constants, poll, socketpair }) => {
          const [socket] = socketpair(constants.AF_UNIX, constants.SOCK_STREAM)
          require('node:worker_threads').parentPort.postMessage('polls')
          poll([{ socket, events: constants.POLLIN }], -1)
        })\`, { eval: true, execArgv: [] })
      worker.once('message', () => process.exit())`)
    assert.deepEqual(ending, { status: 0, stdout: '', stderr: '' })
  })
})

async function ready(worker: Worker): Promise<Worker> {
  await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(([code]) => assert.fail(`the worker ended with ${String(code)}`)),
  ])
  return worker
}
