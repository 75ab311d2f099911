// acceptProcessOutput: what it waits for, what it says, and what runs meanwhile.

import assert from 'node:assert/strict'
import { acceptProcessOutput, type NetworkProcess } from 'make-network-process'
import { native } from '../../dist/native.js'
import { cleanUp, make, thrown, uncaught, until, witness } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

/** How long a call takes, in milliseconds. */
function duration(call: () => void): number {
  const start = performance.now()
  call()
  return performance.now() - start
}

/** A pair that was connected without Node's loop. */
function pairSynchronously(transport = over('stream', 'local'), clientOptions = {}) {
  const [atServer, atClient] = [witness(), witness()]
  const server = transport.server(atServer.callbacks)
  const client = transport.client(server, { ...atClient.callbacks, ...clientOptions })
  while (atServer.clients.length === 0) acceptProcessOutput()
  return { server, client, peer: atServer.clients[0] as NetworkProcess, atServer, atClient }
}

describe('NetworkProcess#output()', () => {
  overEvery(
    () => true,
    transport => {
      it('resolves to true when there was output, and to false when the process has ended', async () => {
        const { client, peer } = await transport.pair()
        const output = peer.output()
        client.send('x')
        assert.equal(await output, true)
        const end = peer.output()
        peer.delete()
        assert.equal(await end, false)
        assert.equal(await peer.output(), false)
      })
    },
  )
})

describe('acceptProcessOutput()', () => {
  overEvery(
    () => true,
    transport => {
      it('delivers output before it returns, and says that there was some', async () => {
        const { client, peer, atServer } = await transport.pair()
        client.send('x')
        assert.equal(acceptProcessOutput(peer, 5), true)
        assert.equal(atServer.text, 'x')
        assert.equal(acceptProcessOutput(peer, 0), false)
      })

      it('delivers everything that has come', async () => {
        const { client, peer, atServer } = await transport.pair()
        const sent = Array.from({ length: 200 }, (_, i) => `${i},`)
        sent.forEach(message => client.send(message))
        while (atServer.text.length < sent.join('').length) assert.equal(acceptProcessOutput(peer, 5), true)
        assert.equal(atServer.text, sent.join(''))
      })

      if (transport.keepsBounds)
        it('in a filter delivers what came while the process was stopped', async () => {
          const { client, peer, atServer } = await transport.pair()
          const order: unknown[] = []
          peer.filter = (process, data) => {
            order.push(data)
            if (data === '1') process.stop()
            if (data === '2') order.push(acceptProcessOutput(process, 5), '2 again')
            atServer.callbacks.filter(process, data)
          }
          client.sendMany(['1', '2', '3'])
          await until(() => peer.stopped, 'stop')
          peer.continue()
          await atServer.messages(3)
          assert.deepEqual(order, ['1', '2', '3', true, '2 again'])
        })

      it('sends what send() has queued', async () => {
        const { client, peer, atServer } = await transport.pair({ coding: 'binary' }, { coding: 'binary' })
        if (!transport.connects && !transport.isLocal) return
        for (let i = 0; i < 100; i++) client.send(Buffer.alloc(16 * 1024, i))
        while (atServer.data.reduce((sum, one) => sum + one.length, 0) < 100 * 16 * 1024)
          assert.equal(acceptProcessOutput(peer, 5), true)
        assert.equal(client.writableLength, 0)
      })
    },
  )

  it('returns what Emacs returns', () => {
    const { client, peer, atClient } = pairSynchronously()
    assert.equal(acceptProcessOutput(client, 0.05), false)
    peer.send('x')
    assert.equal(acceptProcessOutput(client, 2), true)
    assert.equal(acceptProcessOutput(client, 0.05), false)
    peer.send('y')
    assert.equal(acceptProcessOutput(null, 2), true)
    peer.delete()
    assert.equal(acceptProcessOutput(client, 1), false)
    assert.equal(client.status, 'closed')
    assert.deepEqual(atClient.all, ['filter x', 'filter y', 'sentinel connection broken by remote peer'])
  })

  it('waits as long as it was told, and no longer', () => {
    const { client } = pairSynchronously()
    for (const wait of [
      () => acceptProcessOutput(client, 0.1),
      () => acceptProcessOutput(null, 0, 100),
      () => acceptProcessOutput(null, 0.05, 50),
    ]) {
      const time = duration(wait)
      assert.ok(time >= 99 && time < 1000, String(time))
    }
  })

  it('only polls when it was told so', () => {
    const { client } = pairSynchronously()
    for (const wait of [
      () => acceptProcessOutput(),
      () => acceptProcessOutput(client, 0),
      () => acceptProcessOutput(client, -1),
      () => acceptProcessOutput(null, -0),
      () => acceptProcessOutput(null, 0, 0),
    ]) {
      const time = duration(wait)
      assert.ok(time < 1000, String(time))
    }
  })

  it('waits without limit for a process', () => {
    const { client, peer } = pairSynchronously()
    // Another process's filter produces the output while it waits.
    const other = pairSynchronously(over('seqpacket', 'local'))
    other.peer.filter = () => void peer.send('at last')
    other.client.send('go')
    assert.equal(acceptProcessOutput(client), true)
  })

  it('returns at once for a process that is not open', () => {
    const { server, client, peer } = pairSynchronously()
    assert.ok(duration(() => assert.equal(acceptProcessOutput(server, 5), false)) < 1000)
    peer.delete()
    client.delete()
    assert.ok(duration(() => assert.equal(acceptProcessOutput(client, 5), false)) < 1000)
    assert.ok(duration(() => assert.equal(acceptProcessOutput(client), false)) < 1000)
  })

  it('delivers nothing of other processes for one that is not open', () => {
    const { server, client, peer, atClient } = pairSynchronously()
    const other = pairSynchronously(over('seqpacket', 'local'))
    peer.send('what it has received')
    peer.delete()
    while (client.status !== 'closed') acceptProcessOutput(client, 5)
    assert.equal(atClient.text, 'what it has received')
    other.client.send('x')
    for (const ended of [server, client, peer]) assert.equal(acceptProcessOutput(ended, 5), false)
    assert.equal(other.atServer.text, '')
    assert.equal(acceptProcessOutput(other.peer, 5), true)
  })

  it('returns when the process closes', () => {
    const { client, peer, atClient } = pairSynchronously()
    peer.delete()
    assert.ok(duration(() => assert.equal(acceptProcessOutput(client), false)) < 1000)
    assert.deepEqual(atClient.events, ['connection broken by remote peer\n'])
  })

  it('waits for the output of its process only', () => {
    const one = pairSynchronously()
    const other = pairSynchronously()
    other.peer.send('other')
    assert.ok(duration(() => assert.equal(acceptProcessOutput(one.client, 0.1), false)) >= 99)
    assert.equal(other.atClient.text, 'other')
    other.peer.send('again')
    assert.equal(acceptProcessOutput(null, 5), true)
  })

  it('runs no other process’s callbacks with just-this-one', () => {
    const one = pairSynchronously()
    const other = pairSynchronously()
    other.peer.send('other')
    assert.equal(acceptProcessOutput(one.client, 0.05, null, true), false)
    assert.equal(other.atClient.text, '')
    one.peer.send('one')
    assert.equal(acceptProcessOutput(one.client, 5, null, 0), true)
    assert.equal(one.atClient.text, 'one')
    assert.equal(acceptProcessOutput(other.client, 5), true)
    assert.equal(other.atClient.text, 'other')
  })

  it('delivers nothing held for another process with just-this-one', () => {
    const one = pairSynchronously()
    const other = pairSynchronously(over('seqpacket', 'local'))
    other.client.filter = (process, text) => {
      process.stop()
      other.atClient.callbacks.filter(process, text)
    }
    other.peer.sendMany(['other', 'held'])
    assert.equal(acceptProcessOutput(null, 0.05), true)
    other.client.continue()
    assert.equal(acceptProcessOutput(one.client, 0.05, null, true), false)
    assert.equal(other.atClient.text, 'other')
    assert.equal(acceptProcessOutput(other.client, 5), true)
    assert.equal(other.atClient.text, 'otherheld')
  })

  it('sleeps while it waits for just one process that is stopped', () => {
    const { client } = pairSynchronously()
    client.stop()
    const wait = native.wait.bind(native)
    let waits = 0
    native.wait = (...args) => {
      waits++
      return wait(...args)
    }
    try {
      assert.ok(duration(() => acceptProcessOutput(client, 0.3, 0, true)) >= 299)
    } finally {
      native.wait = wait
    }
    assert.ok(waits < 20, `${waits} waits`)
  })

  it('runs nothing else of Node', async () => {
    const { client, peer } = pairSynchronously()
    const ran: string[] = []
    setImmediate(() => ran.push('immediate'))
    setTimeout(() => ran.push('timer'), 0)
    process.nextTick(() => ran.push('tick'))
    peer.send('x')
    acceptProcessOutput(client, 5)
    acceptProcessOutput(client, 0.02)
    assert.deepEqual(ran, [])
    await new Promise(resolve => setImmediate(resolve))
  })

  it('inside a filter delivers what comes next, in order', async () => {
    const { client, peer, atServer } = await over('seqpacket', 'local').pair()
    const order: string[] = []
    peer.filter = (process, data) => {
      order.push(`${String(data)}(`)
      if (Number(data) < 5) {
        client.send(String(Number(data) + 1))
        assert.equal(acceptProcessOutput(process, 5), true)
      }
      order.push(')')
      atServer.callbacks.filter(process, data)
    }
    client.send('1')
    await atServer.messages(5)
    assert.equal(order.join(''), '1(2(3(4(5()))))')
  })

  it('inside a filter delivers the rest of the wake-up in order, however deep', async () => {
    for (const type of ['seqpacket', 'datagram'] as const) {
      const { client, peer, atServer } = await over(type, 'local').pair()
      const heard: string[] = []
      peer.stop()
      peer.filter = (process, data) => {
        heard.push(String(data))
        acceptProcessOutput(process, 0)
        atServer.callbacks.filter(process, data)
      }
      const sent = Array.from({ length: 100 }, (_, i) => `${i}`)
      sent.forEach(message => client.send(message))
      peer.continue()
      await atServer.messages(100)
      assert.deepEqual(heard, sent, type)
      peer.delete()
      client.delete()
    }
  })

  it('inside a filter delivers each message once, though another filter waits for just this process', () => {
    const transport = over('seqpacket', 'local')
    const heard: unknown[] = []
    const inner = pairSynchronously(transport, {
      filter: (process: NetworkProcess, data: unknown) => {
        heard.push(data)
        acceptProcessOutput(process, 0, 0, true)
      },
    })
    const outer = pairSynchronously(transport, {
      filter: () => void acceptProcessOutput(inner.client, 0, 0, true),
    })
    outer.peer.send('wait')
    for (const message of ['1', '2', '3']) inner.peer.send(message)
    acceptProcessOutput(undefined, 5)
    assert.deepEqual(heard, ['1', '2', '3'])
  })

  it('inside a filter keeps the connections of a server that is stopped meanwhile', async () => {
    const seen = witness()
    const transport = over('stream', 'local')
    const server = transport.server(seen.callbacks)
    const { peer } = pairSynchronously(over('seqpacket', 'local'), {
      filter: () => {
        server.stop()
        acceptProcessOutput(server, 0, 0, true)
        server.continue()
      },
    })
    peer.send('wait')
    const clients = ['1', '2', '3'].map(() => transport.client(server))
    clients.forEach(client => client.send('x'))
    await seen.messages(clients.length)
    assert.deepEqual(seen.data, ['x', 'x', 'x'])
  })

  it('inside a sentinel waits for the answer of another process', async () => {
    const service = pairSynchronously()
    service.peer.filter = (process, data) => void process.send(`answer to ${String(data)}`)
    const seen: unknown[] = []
    const transport = over('stream', 'ipv4')
    const server = transport.server()
    const noted = witness()
    transport.client(server, {
      nowait: true,
      sentinel: (process, event) => {
        service.client.send('question')
        seen.push(event, acceptProcessOutput(service.client, 5), service.atClient.text)
        noted.callbacks.sentinel(process, event)
      },
    })
    await noted.event('open\n')
    assert.deepEqual(seen, ['open\n', true, 'answer to question'])
  })

  it('inside the sentinel of deleted does no harm', () => {
    const { client, peer } = pairSynchronously()
    const events: string[] = []
    client.sentinel = (process, event) => {
      events.push(event)
      acceptProcessOutput(process, 0)
      acceptProcessOutput(null, 0)
    }
    peer.send('x')
    client.delete()
    assert.deepEqual(events, ['deleted\n'])
  })

  for (const [what, place] of Object.entries({ 'a look-up': { host: 'localhost' }, 'an address': {} }))
    it(`completes a connect by ${what}`, () => {
      const seen = witness()
      const server = over('stream', 'ipv4').server({
        sentinel: (process, event) => event.startsWith('open') && process.send('hello'),
      })
      const service = server.contact('service') as number
      const keywords =
        what === 'a look-up' ? { ...place, service } : { remote: server.contact('local') as number[] }
      const client = make({ name: 'c', nowait: true, ...keywords, ...seen.callbacks })
      assert.equal(acceptProcessOutput(client, 5), true)
      assert.deepEqual(seen.all, ['sentinel open', 'filter hello'])
    })

  it('ends when a connection fails', () => {
    const seen = witness()
    const client = make({ name: 'c', nowait: true, host: 'nosuch.invalid', service: 9, ...seen.callbacks })
    assert.equal(acceptProcessOutput(client), false)
    assert.equal(client.status, 'failed')
    assert.equal(seen.events.length, 1)
  })

  it('does not throw what callbacks throw', async () => {
    const { client, peer } = await over('seqpacket', 'local').pair()
    const errors = await uncaught(async () => {
      peer.filter = () => {
        throw new Error('from a filter')
      }
      client.send('x')
      assert.equal(acceptProcessOutput(peer, 5), true)
    })
    assert.deepEqual(errors.map(String), ['Error: from a filter'])
  })

  it('returns when there is nothing to wait for', async () => {
    assert.equal(acceptProcessOutput(), false)
    assert.equal(acceptProcessOutput(null, 0.01), false)
  })

  it('refuses anything but processes and numbers', () => {
    for (const args of [['x'], [5], [null, 'x'], [null, NaN], [null, 1, 'x'], [{}]])
      assert.equal(thrown(() => acceptProcessOutput(...(args as []))).code, 'ERR_INVALID_ARG_TYPE')
  })
})
