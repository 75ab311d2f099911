// The opened and closed promises, the signal that ends a process, and disposing of it: over every transport, with
// promises that are asked for early, late or never.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { NetworkProcess } from 'make-network-process'
import { cleanUp, make, settled, socketFile, thrown, until, witness } from './support.js'
import { over, overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

describe('NetworkProcess[Symbol.asyncDispose]()', () => {
  it('waits for everything that is queued, even when that is below the high-water mark', async () => {
    const { client, peer, atServer } = await over('stream', 'local').pair({}, { highWaterMark: 10_000_000 })
    peer.stop()
    const all = 'x'.repeat(1_000_000)
    client.send(all)
    const ended = client[Symbol.asyncDispose]()
    await settled()
    assert.equal(client.status, 'open')
    peer.continue()
    await ended
    assert.equal(client.status, 'closed')
    await until(() => atServer.text.length === all.length, 'everything')
  })
})

const nowait = { nowait: true } as const
const rejection = async (promise: Promise<unknown>) =>
  promise.then(
    () => assert.fail('it was not rejected'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )

/** The keywords of a client for an address where nobody listens. */
function nobody(transport: Transport) {
  const server = transport.server()
  const keywords = transport.clientKeywords(server)
  server.delete()
  return keywords
}

describe('NetworkProcess#opened', () => {
  overEvery(
    () => true,
    transport => {
      it('resolves to a server, and to a client', async () => {
        const server = transport.server()
        assert.equal(await server.opened, server)
        const client = transport.client(server)
        assert.equal(await client.opened, client)
      })

      it('resolves when a nowait client is open, also when asked for later', async () => {
        const client = transport.client(transport.server(), nowait)
        assert.equal(await client.opened, client)
        assert.equal(client.status, 'open')
        client.delete()
        assert.equal(await client.opened, client)
      })
    },
  )

  overEvery(
    ({ connects }) => connects,
    transport => {
      it('rejects with the error that a blocking connect throws', async () => {
        const keywords = nobody(transport)
        const expected = thrown(() => make(keywords))
        const client = make({ ...keywords, ...nowait })
        const error = await rejection(client.opened)
        assert.deepEqual(error, expected)
        assert.equal(error.syscall, 'connect')
        assert.equal(await rejection(client.opened), error)
        await client.closed
        assert.equal(client.status, 'failed')
      })

      it('rejects when the process is deleted before it is open', async () => {
        const client = transport.client(transport.server(), nowait)
        const { opened } = client
        client.delete()
        assert.equal((await rejection(opened)).code, 'ERR_PROCESS_NOT_RUNNING')
        assert.equal((await rejection(client.opened)).code, 'ERR_PROCESS_NOT_RUNNING')
      })
    },
  )

  it('rejects with the error of a look-up that fails', async () => {
    const client = make({ name: 'client', host: '127.0.0.1', service: 'no-such-service', ...nowait })
    const error = await rejection(client.opened)
    assert.equal(error.syscall, 'getaddrinfo')
    assert.match(String(error.code), /^E/)
  })

  it('causes no unhandled rejection when it is read and not awaited', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
    try {
      const client = make({ ...nobody(over('stream', 'local')), ...nowait })
      void client.opened
      await client.closed
      await settled()
      assert.deepEqual(unhandled, [])
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
  })
})

describe('NetworkProcess#closed', () => {
  overEvery(
    () => true,
    transport => {
      it('resolves when the process is deleted, after its sentinel has been called', async () => {
        const seen = witness()
        const server = transport.server(seen.callbacks)
        const closed = server.closed.then(() => [...seen.events])
        server.delete()
        assert.deepEqual(await closed, ['deleted\n'])
        await server.closed
      })
    },
  )

  overEvery(
    ({ connects }) => connects,
    transport => {
      it('resolves when the peer has gone, after the sentinel has been called', async () => {
        const { client, peer, atClient } = await transport.pair()
        const closed = client.closed.then(() => [...atClient.events])
        peer.delete()
        assert.deepEqual(await closed, ['connection broken by remote peer\n'])
      })
    },
  )
})

describe(':signal', () => {
  overEvery(
    () => true,
    transport => {
      it('deletes an open process, and has no listener left for one that has ended', async () => {
        const controller = new AbortController()
        const { signal } = controller
        const server = transport.server()
        const one = transport.client(server, { signal })
        const other = transport.client(server, { signal })
        assert.equal(getEventListeners(signal, 'abort').length, 2)
        one.delete()
        assert.equal(getEventListeners(signal, 'abort').length, 1)
        controller.abort()
        assert.equal(other.status, 'closed')
        assert.equal(getEventListeners(signal, 'abort').length, 0)
        await other.closed
        assert.equal(await other.opened, other)
      })

      it('throws its reason when it is already aborted', () => {
        const reason = new Error('not today')
        const server = transport.server()
        for (const more of transport.connects ? [{}, nowait] : [{}])
          assert.equal(
            thrown(() => transport.client(server, { ...more, signal: AbortSignal.abort(reason) })),
            reason,
          )
      })
    },
  )

  overEvery(
    ({ connects }) => connects,
    transport => {
      it('ends a connect that is in progress', async () => {
        const controller = new AbortController()
        const seen = witness()
        const client = transport.client(transport.server(), {
          ...nowait,
          ...seen.callbacks,
          signal: controller.signal,
        })
        controller.abort(new Error('enough'))
        assert.equal((await rejection(client.opened)).message, 'enough')
        await settled()
        assert.deepEqual(seen.events, ['deleted\n'])
      })

      it('has no listener left after a connect that failed, or when the peer has gone', async () => {
        const { signal } = new AbortController()
        await rejection(make({ ...nobody(transport), ...nowait, signal }).opened)
        const { client, peer } = await transport.pair({}, { signal })
        peer.delete()
        await client.closed
        assert.equal(getEventListeners(signal, 'abort').length, 0)
      })
    },
  )

  it('must be an AbortSignal', () => {
    const error = thrown(() => make({ name: 'x', service: 7, signal: {} as AbortSignal }))
    assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
    assert.match(error.message, /^:signal must be an AbortSignal/)
  })
})

describe('NetworkProcess[Symbol.asyncDispose]()', () => {
  overEvery(
    transport => transport.connects || transport.isLocal,
    transport => {
      it('waits for what is queued, then deletes', async () => {
        const { client, peer, atServer } = await transport.pair()
        peer.stop()
        let length = 0
        do length += 1000
        while (client.send('x'.repeat(1000)))
        let disposed = false
        const disposing = client[Symbol.asyncDispose]().then(() => (disposed = true))
        await settled()
        assert.equal(disposed, false)
        assert.equal(client.status, 'open')
        peer.continue()
        await disposing
        assert.equal(client.status, 'closed')
        await until(() => atServer.text.length === length, 'everything')
      })
    },
  )

  it('accepts a process that has ended, or ends meanwhile', async () => {
    const { client, peer } = await over('stream', 'local').pair()
    const gone: NetworkProcess[] = [
      client,
      make({ name: 's', server: true, family: 'local', service: socketFile() }),
    ]
    peer.stop()
    while (client.send('x'.repeat(1000)));
    const disposing = gone.map(one => one[Symbol.asyncDispose]())
    client.delete()
    await Promise.all(disposing)
    await client[Symbol.asyncDispose]()
  })
})
