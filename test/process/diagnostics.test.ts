// What observers of a program see of its processes: diagnostics channels, NODE_DEBUG, async hooks and AsyncLocalStorage.

import assert from 'node:assert/strict'
import { AsyncLocalStorage, AsyncResource, createHook, executionAsyncId } from 'node:async_hooks'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { DiagnosticsMessages, NetworkProcess } from 'make-network-process'
import { run } from '../lifecycle/child.js'
import { changed, cleanUp, finallyDo, make, socketFile, uncaught, until } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

const names = ['connect', 'accept', 'send', 'receive', 'close'] as const
type Seen = { what: string; process: NetworkProcess } & Record<string, unknown>

/** Everything that the channels publish until the test is over. */
function watch(): Seen[] {
  const seen: Seen[] = []
  for (const what of names) {
    const name = `make-network-process:${what}`
    const note = (message: unknown) => {
      seen.push({ what, ...(message as DiagnosticsMessages['make-network-process:close']) })
      changed()
    }
    subscribe(name, note)
    finallyDo(() => unsubscribe(name, note))
  }
  return seen
}

describe('diagnostics channels', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('report a connection, its messages and its end', async () => {
        const seen = watch()
        const { server, client, peer, atServer } = await transport.pair()
        client.send('hello')
        await atServer.messages(1)
        client.delete()
        await until(() => seen.filter(({ what }) => what === 'close').length === 2, 'both ends')
        const short = seen.map(({ what, process, server, data, error }) =>
          [what, process.name, (server as NetworkProcess | undefined)?.name, data, error].filter(
            one => one !== undefined,
          ),
        )
        assert.deepEqual(short, [
          ['connect', 'server'],
          ['connect', 'client'],
          ['accept', peer.name, 'server'],
          ['send', 'client', 'hello'],
          ['receive', peer.name, 'hello'],
          ['close', 'client'],
          ['close', peer.name],
        ])
        server.delete()
      })
    },
  )

  it('report why a process has ended', async () => {
    const seen = watch()
    const process = make({
      name: 'nobody there',
      family: 'local',
      service: socketFile(),
      nowait: true,
      sentinel: () => {},
    })
    await until(() => seen.length === 1, 'the end')
    assert.equal(seen[0]?.what, 'close')
    assert.equal(seen[0]?.process, process)
    assert.equal((seen[0]?.error as { code: string }).code, 'ENOENT')
  })

  it('report what each way of sending was given, and what it returned', async () => {
    const { client, peer } = await over('seqpacket', 'local').pair()
    const seen = watch()
    const message = { data: 'message' }
    client.send(['a', 'b'])
    client.sendMany(['c', 'd'])
    client.sendMessage(message)
    assert.deepEqual(
      seen.map(({ data, drained }) => [data, drained]),
      [
        [['a', 'b'], true],
        [['c', 'd'], true],
        [message, true],
      ],
    )
    peer.stop()
    while (client.send('-'.repeat(10_000)));
    assert.equal(seen.at(-1)?.drained, false)
  })

  it('have no subscribers until the program subscribes', () => {
    for (const name of names) assert.equal(channel(`make-network-process:${name}`).hasSubscribers, false)
  })
})

describe('NODE_DEBUG=make-network-process', () => {
  it('writes a line for each event, and nothing without it', async () => {
    const program = `
      const { peer, one } = await pair({ filter: (process, text) => { process.send(text) } }, {
        filter: () => process.exit() })
      one.send('hello')`
    assert.equal((await run(program)).stderr, '')
    const { stderr } = await run(program, ['env', 'NODE_DEBUG=make-network-process'])
    for (const line of [/connect #<process c open/, /accept #<process s /, /send .*hello/, /receive .*hello/])
      assert.match(stderr, line)
    assert.match(stderr, /^MAKE-NETWORK-PROCESS \d+: /)
  })
})

// Whether a store that is entered in a resource is there the next time: not with Node's AsyncContextFrame.
const resourcesKeep = (() => {
  const storage = new AsyncLocalStorage<boolean>()
  const resource = new AsyncResource('PROBE')
  resource.runInAsyncScope(() => storage.enterWith(true))
  return resource.runInAsyncScope(() => storage.getStore()) === true
})()

describe('AsyncLocalStorage', () => {
  overEvery(
    transport => transport.answers,
    transport => {
      it('has in callbacks the store of where the process was made', async () => {
        const storage = new AsyncLocalStorage<string>()
        const stores: string[] = []
        const note = (what: string) => {
          stores.push(`${what} ${storage.getStore()}`)
          changed()
        }
        const server = storage.run('the server’s', () =>
          transport.server({
            filter: process => {
              note('filter')
              process.send('answer')
            },
            log: () => note('log'),
            sentinel: (_process, event) => {
              if (event.startsWith('open')) note('sentinel')
            },
          }),
        )
        const client = storage.run('the client’s', () =>
          transport.client(server, { filter: () => note('filter') }),
        )
        storage.run('somebody else’s', () => client.send('hello'))
        await until(() => stores.includes('filter the client’s'), 'the answer')
        assert.ok(stores.includes('filter the server’s'))
        if (transport.connects)
          assert.deepEqual(stores.slice(0, 2), ['log the server’s', 'sentinel the server’s'])
      })

      for (const reader of ['filter', 'stream'])
        it(`has that store in the uncaughtException handler for what a ${reader} throws`, async () => {
          const storage = new AsyncLocalStorage<string>()
          const stores: unknown[] = []
          const fail = () => {
            throw new Error('mine')
          }
          const note = () => stores.push(storage.getStore())
          await uncaught(async errors => {
            process.on('uncaughtException', note)
            const server = storage.run('the server’s', () =>
              transport.server({ filter: process => process.send('answer') }),
            )
            storage.run('the client’s', () => {
              const client = transport.client(server, { filter: reader === 'filter' ? fail : null })
              if (reader === 'stream') client.duplex().on('data', fail)
              client.send('hello')
            })
            await until(() => errors.length > 0, 'error')
          })
          assert.deepEqual(stores, ['the client’s'])
        })

      it('keeps that store over many wake-ups of one message, and does not leak what a callback enters', async () => {
        const storage = new AsyncLocalStorage<string>()
        const stores = new Set<unknown>()
        let left = 100
        const server = storage.run('the server’s', () =>
          transport.server({
            filter: (process, text) => {
              stores.add(storage.getStore())
              if (left === 50) storage.enterWith('entered')
              process.send(text)
            },
          }),
        )
        const client = transport.client(server, {
          filter: (process, text) => {
            stores.add(storage.getStore())
            if (--left > 0) process.send(text)
            changed()
          },
        })
        client.send('x')
        await until(() => left === 0, 'all rounds')
        assert.deepEqual(stores, new Set(['the server’s', undefined, ...(resourcesKeep ? ['entered'] : [])]))
        const other: unknown[] = []
        const third = transport.client(server, {
          filter: () => {
            other.push(storage.getStore())
            changed()
          },
        })
        third.send('x')
        await until(() => other.length === 1, 'the answer')
        assert.deepEqual(other, [undefined])
      })

      it('has that store in a stream’s events too', async () => {
        const storage = new AsyncLocalStorage<string>()
        const { client, peer } = await transport.pair()
        const service = client.contact('service')
        assert.ok(service !== undefined)
        client.delete()
        const server = storage.run('outer', () => transport.server({ filter: p => void p.send('x') }))
        const stream = storage.run('mine', () => transport.client(server)).duplex()
        const stores: unknown[] = []
        storage.run('other', () =>
          stream.on('data', () => {
            stores.push(storage.getStore())
            changed()
          }),
        )
        stream.write('hello')
        await until(() => stores.length === 1, 'data')
        assert.deepEqual(stores, ['mine'])
        stream.destroy()
        peer.delete()
      })
    },
  )
})

describe('async hooks', () => {
  it('see a process as a resource, and a connection as its server’s child', async () => {
    const types = new Map<number, { type: string; trigger: number }>()
    const hook = createHook({
      init: (id, type, trigger) => void types.set(id, { type, trigger }),
    }).enable()
    finallyDo(() => hook.disable())
    const ids: Record<string, number> = {}
    const transport = over('stream', 'local')
    const server = transport.server({
      log: () => (ids.server = executionAsyncId()),
      filter: () => {
        ids.connection = executionAsyncId()
        changed()
      },
    })
    transport.client(server).send('x')
    await until(() => ids.connection, 'the filter')
    const { server: parent, connection } = ids
    assert.equal(types.get(parent as number)?.type, 'NETWORKPROCESS')
    assert.deepEqual(types.get(connection as number), { type: 'NETWORKPROCESS', trigger: parent })
  })

  it('see no resource for connections that are deleted by their first sentinel', async () => {
    let resources = 0
    const hook = createHook({ init: (_id, type) => void (resources += type === 'NETWORKPROCESS' ? 1 : 0) })
    finallyDo(() => hook.disable())
    const storage = new AsyncLocalStorage<string>()
    const transport = over('stream', 'local')
    const stores = new Set<unknown>()
    let deleted = 0
    const server = storage.run('the server’s', () =>
      transport.server({
        sentinel: (connection, event) => {
          stores.add(storage.getStore())
          if (event.startsWith('open')) {
            connection.send('x')
            connection.delete()
          } else if (event === 'deleted\n' && ++deleted > 0) changed()
        },
      }),
    )
    hook.enable()
    // Enough for the listener to count as the only socket that is busy.
    const connections = 60
    for (let i = 1; i <= connections; i++) {
      const client = transport.client(server)
      await until(() => deleted === i, 'the end')
      client.delete()
    }
    // Each client has one, and the server's is given to the addon.
    assert.ok(resources <= connections + 1, `${resources} resources`)
    assert.deepEqual([...stores], ['the server’s'])
  })

  it('do not keep an exception of a callback from being uncaught', async () => {
    const { stderr, status } = await run(`
      import { AsyncLocalStorage } from 'node:async_hooks'
      const storage = new AsyncLocalStorage()
      process.on('uncaughtException', error => { console.error('caught', error.message, storage.getStore()) ; process.exit(3) })
      const { one } = await storage.run('mine', () => pair({ filter() { throw new Error('thrown') } }))
      one.send('x')`)
    assert.match(stderr, /caught thrown/)
    assert.equal(status, 3)
  })
})
