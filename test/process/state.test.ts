// A process's life over every transport: statuses and their events, stopping and continuing, deleting, and what is
// left of a process when its peer has gone.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { getProcess, processList } from 'make-network-process'
import { changed, cleanUp, make, settled, socketFile, until, witness } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

describe('NetworkProcess#delete()', () => {
  overEvery(
    () => true,
    transport => {
      it('calls the sentinel before it returns, when the process is already closed', async () => {
        const { client } = await transport.pair()
        const seen: unknown[] = []
        const name = client.name
        client.sentinel = (process, event) => {
          seen.push([
            event,
            process.status,
            process.exitStatus,
            process.fd,
            getProcess(name),
            processList().includes(process),
          ])
        }
        client.delete()
        assert.deepEqual(seen, [['deleted\n', 'closed', 0, -1, undefined, false]])
      })

      it('has an effect only once', async () => {
        const { client, atClient } = await transport.pair()
        client.delete()
        client.delete()
        client[Symbol.dispose]()
        await settled()
        assert.deepEqual(atClient.events, ['deleted\n'])
      })

      it('leaves the connections of a server alone', async () => {
        const { server, client, peer, atServer } = await transport.pair()
        server.delete()
        assert.deepEqual(atServer.events.at(-1), 'deleted\n')
        if (!transport.connects) return
        client.send('still here')
        await until(() => atServer.text === 'still here', 'text')
        assert.equal(peer.status, 'open')
      })

      it('stops delivery', async () => {
        const { client, peer, atServer } = await transport.pair()
        client.send('x')
        peer.delete()
        await settled()
        assert.deepEqual(atServer.data, [])
      })

      it('makes operations that need a socket fail from then on', async () => {
        const { client } = await transport.pair()
        client.delete()
        const code = 'ERR_PROCESS_NOT_RUNNING'
        assert.throws(() => client.send('x'), { code, message: 'Process client not running' })
        assert.throws(() => client.setOption('keepalive', true), { code })
        await assert.rejects(client.drained, { code })
        if (transport.connects) assert.throws(() => client.sendEof(), { code })
        assert.equal(client.datagramAddress, undefined)
        client.stop().continue().ref().unref()
        assert.equal(client.hasRef(), false)
        assert.equal(client.status, 'closed')
      })
    },
  )

  it('leaves the file of a local socket where it is', () => {
    const service = socketFile()
    make({ name: 's', server: true, family: 'local', service }).delete()
    assert.ok(existsSync(service))
    assert.throws(() => make({ name: 's', server: true, family: 'local', service }), {
      code: 'EADDRINUSE',
      syscall: 'bind',
    })
  })

  it('resets connections that were not accepted yet', async () => {
    const seen = witness()
    const service = socketFile()
    const server = make({ name: 's', server: true, stop: true, family: 'local', service })
    make({ name: 'c', family: 'local', service, ...seen.callbacks })
    server.delete()
    await seen.event('connection broken by remote peer\n')
  })

  it('resets the exit status of a process whose peer has gone, without an event', async () => {
    const { client, peer, atClient } = await over('stream', 'local').pair()
    peer.delete()
    await atClient.event('connection broken by remote peer\n')
    assert.equal(client.exitStatus, 256)
    client.delete()
    assert.equal(client.exitStatus, 0)
    assert.equal(atClient.events.length, 1)
  })
})

describe('a peer that closes', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('closes the process: the filter is called, then the sentinel, when it is off the list', async () => {
        const { client, peer, atClient } = await transport.pair()
        const seen: unknown[] = []
        client.sentinel = (process, event) => {
          seen.push([
            event,
            process.status,
            process.exitStatus,
            process.fd,
            processList().includes(process),
            atClient.text,
          ])
          changed()
        }
        peer.send('bye')
        peer.delete()
        await until(() => seen.length > 0, 'event')
        assert.deepEqual(seen, [['connection broken by remote peer\n', 'closed', 256, -1, false, 'bye']])
      })

      it('is noticed by the server side too, once', async () => {
        const { client, atServer, peer, server } = await transport.pair()
        client.delete()
        await atServer.event('connection broken by remote peer\n')
        await settled()
        assert.equal(atServer.events.filter(event => !event.startsWith('open')).length, 1)
        assert.equal(peer.status, 'closed')
        assert.equal(server.status, 'listen')
      })

      it('is not noticed while the process is stopped', async () => {
        const { client, peer, atClient } = await transport.pair()
        client.stop()
        peer.send('bye')
        peer.delete()
        await settled()
        assert.deepEqual(atClient.all, [])
        assert.equal(client.status, 'stop')
        client.continue()
        await atClient.event('connection broken by remote peer\n')
        assert.deepEqual(atClient.all, ['filter bye', 'sentinel connection broken by remote peer'])
      })

      it('is not noticed while the filter is true', async () => {
        const { client, peer, atClient } = await transport.pair({}, { filter: true })
        peer.send('bye')
        peer.delete()
        await settled()
        assert.deepEqual(atClient.all, [])
        assert.equal(client.status, 'open')
        client.filter = atClient.callbacks.filter
        await atClient.event('connection broken by remote peer\n')
        assert.deepEqual(atClient.all, ['filter bye', 'sentinel connection broken by remote peer'])
      })

      it('has all that it sent delivered before the end', async () => {
        const { peer, atClient } = await transport.pair()
        for (let i = 0; i < 100; i++) peer.send(`${i},`)
        peer.delete()
        await atClient.event('connection broken by remote peer\n')
        assert.equal(atClient.text, Array.from({ length: 100 }, (_, i) => `${i},`).join(''))
        assert.equal(atClient.all.at(-1), 'sentinel connection broken by remote peer')
      })
    },
  )

  it('with a reset closes the process too', async () => {
    const { client, peer, atClient } = await over('stream', 'ipv4').pair()
    peer.setOption('linger', 0)
    peer.delete()
    await atClient.event('connection broken by remote peer\n')
    assert.equal(client.exitStatus, 256)
  })
})

describe('a half-open process', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('has no event after deleted when the stream ends inside a character', async () => {
        const seen = witness()
        const server = transport.server({
          ...seen.callbacks,
          halfOpen: true,
          coding: 'utf-8',
          filter: connection => connection.delete(),
        })
        const client = transport.client(server)
        client.send(Buffer.of(0xe2, 0x82))
        client.sendEof()
        await seen.event('deleted\n')
        await settled()
        assert.equal(seen.events.at(-1), 'deleted\n')
      })
    },
  )
})

describe('NetworkProcess#stop()', () => {
  overEvery(
    () => true,
    transport => {
      it('holds back what comes, and continue() delivers it in order', async () => {
        const { client, peer, atServer } = await transport.pair()
        assert.equal(peer.stop(), peer)
        assert.equal(peer.status, 'stop')
        assert.equal(peer.stopped, true)
        for (const message of ['a', 'b', 'c']) client.send(message)
        await settled()
        assert.deepEqual(atServer.data, [])
        assert.equal(peer.continue(), peer)
        assert.equal(peer.stopped, false)
        await until(() => atServer.text === 'abc', 'text')
        assert.equal(peer.status, 'open')
      })

      it('does not keep a process from sending', async () => {
        const { client, atServer } = await transport.pair()
        client.stop()
        client.send('x')
        await until(() => atServer.text === 'x', 'text')
      })

      it('inside the filter holds back the rest of the wake-up', async () => {
        const { client, peer, atServer } = await transport.pair()
        peer.stop()
        const sent = Array.from({ length: 9 }, (_, i) => `${i}`)
        sent.forEach(message => client.send(message))
        const { filter } = atServer.callbacks
        peer.filter = (process, data) => {
          filter(process, data)
          process.stop()
        }
        for (let turn = 1; atServer.text !== sent.join(''); turn++) {
          peer.continue()
          await until(() => peer.stopped, 'message')
          assert.ok(transport.type === 'stream' || atServer.data.length === turn)
        }
      })

      it('calls no sentinel', async () => {
        const { client, atClient } = await transport.pair()
        client.stop().continue()
        await settled()
        assert.deepEqual(atClient.events, [])
      })

      it('is in effect from the beginning with :stop', async () => {
        const { client, peer, atClient } = await transport.pair({}, { stop: true })
        assert.equal(client.status, 'stop')
        if (!transport.answers) return
        peer.send('x')
        await settled()
        assert.deepEqual(atClient.data, [])
        client.continue()
        await until(() => atClient.text === 'x', 'text')
      })

      if (transport.connects)
        it('leaves connections in the backlog', async () => {
          const seen = witness()
          const server = transport.server({ ...seen.callbacks, stop: true })
          assert.equal(server.status, 'stop')
          const client = transport.client(server)
          client.send('early')
          await settled()
          assert.deepEqual(seen.all, [])
          server.continue()
          assert.equal(server.status, 'listen')
          await until(() => seen.text === 'early', 'text')
          assert.equal((await seen.connection()).status, 'open')
        })
    },
  )

  it('hides every status but closed', async () => {
    const server = make({ name: 's', server: true, service: true })
    assert.equal(server.stop().status, 'stop')
    server.delete()
    assert.equal(server.status, 'closed')
    server.continue()
    assert.equal(server.status, 'closed')
  })
})

describe('a filter of true', () => {
  overEvery(
    () => true,
    transport => {
      it('reads nothing until another filter is set', async () => {
        const { client, peer, atServer } = await transport.pair()
        peer.filter = true
        assert.equal(peer.filter, true)
        assert.equal(peer.status, 'open')
        client.send('x')
        await settled()
        assert.deepEqual(atServer.data, [])
        peer.filter = atServer.callbacks.filter
        await until(() => atServer.text === 'x', 'text')
      })
    },
  )

  it('does not keep a server from accepting', async () => {
    const seen = witness()
    const transport = over('stream', 'local')
    const server = transport.server({
      filter: true,
      sentinel: seen.callbacks.sentinel,
      log: seen.callbacks.log,
    })
    transport.client(server).send('x')
    const connection = await seen.connection()
    assert.equal(connection.filter, true)
    connection.filter = seen.callbacks.filter
    await until(() => seen.text === 'x', 'text')
  })
})

describe('NetworkProcess#ref()', () => {
  it('says whether the process keeps the loop alive', () => {
    const server = make({ name: 's', server: true, service: true })
    assert.equal(server.hasRef(), true)
    assert.equal(server.unref(), server)
    assert.equal(server.hasRef(), false)
    assert.equal(server.ref().hasRef(), true)
    server.delete()
    assert.equal(server.hasRef(), false)
  })
})
