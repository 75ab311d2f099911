// Servers and clients over every transport: what is exchanged, and what the process object says about itself.

import assert from 'node:assert/strict'
import { constants as system } from 'node:os'
import { native } from '../../dist/native.js'
import { makeNetworkProcess, NetworkProcess, getProcess, processList } from 'make-network-process'
import { constants } from 'make-network-process/socket'
import { needsAddress, needsWaitingClients } from '../support/transports.js'
import { cleanUp, make, settled, socketFile, thrown, until, witness } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

describe('makeNetworkProcess()', () => {
  overEvery(
    () => true,
    transport => {
      it('exchanges text', async () => {
        const { client, peer, atServer, atClient } = await transport.pair()
        client.send('Grüße, 世界 🚀')
        await until(() => atServer.text === 'Grüße, 世界 🚀', 'text')
        if (!transport.answers) return
        peer.send('zurück')
        await until(() => atClient.text === 'zurück', 'answer')
      })

      it('exchanges bytes', async () => {
        const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
        const { client, peer, atServer, atClient } = await transport.pair(
          { coding: 'binary' },
          { coding: 'binary' },
        )
        client.send(all)
        await until(() => atServer.bytes.equals(all), 'bytes')
        assert.ok(atServer.data.every(one => Buffer.isBuffer(one)))
        if (!transport.answers) return
        peer.send(new Uint16Array(Uint8Array.from([1, 2, 3, 4]).buffer))
        await until(() => atClient.bytes.equals(Buffer.of(1, 2, 3, 4)), 'answer')
      })

      it('calls filters with their process', async () => {
        const { client, peer, atServer } = await transport.pair()
        client.send('x')
        await atServer.messages(1)
        assert.equal(atServer.processes.at(-1), peer)
      })

      it('reports the status of servers, clients and connections, and an exit status of 0', async () => {
        const { server, client, peer } = await transport.pair()
        assert.equal(server.status, transport.connects ? 'listen' : 'open')
        assert.equal(client.status, 'open')
        assert.equal(peer.status, 'open')
        for (const process of [server, client, peer]) {
          assert.equal(process.type, 'network')
          assert.equal(process.exitStatus, 0)
          assert.ok(process.fd >= 0)
          assert.ok(process instanceof NetworkProcess)
          assert.ok(processList().includes(process))
        }
      })

      it('does not call the sentinel of a blocking client', async () => {
        const { atClient } = await transport.pair()
        await settled()
        assert.deepEqual(atClient.events, [])
      })

      if (transport.connects)
        it('calls the log, then the sentinel, for a connection', async () => {
          const { atServer, peer } = await transport.pair()
          await until(() => atServer.events.length > 0, 'event')
          const from = transport.isLocal ? '-' : transport.family === 'ipv4' ? '127.0.0.1' : '0:0:0:0:0:0:0:1'
          assert.deepEqual(atServer.all, [`log accept from ${from}`, `sentinel open from ${from}`])
          assert.equal(atServer.processes.at(-1), peer)
        })

      if (transport.keepsBounds)
        it('keeps message boundaries', async () => {
          const { client, atServer } = await transport.pair()
          for (const message of ['a', 'bc', 'def', '']) client.send(message)
          client.send('last')
          await until(() => atServer.data.at(-1) === 'last', 'last message')
          assert.deepEqual(atServer.data, ['a', 'bc', 'def', '', 'last'])
        })

      it('counts what it has read and written', async () => {
        const { client, peer, atServer } = await transport.pair()
        const before = [client.bytesWritten, peer.bytesRead] as const
        client.send('äöü')
        await until(() => atServer.text === 'äöü', 'text')
        assert.equal(client.bytesWritten - before[0], 6)
        assert.equal(peer.bytesRead - before[1], 6)
        assert.equal(client.bytesRead, 0)
        client.delete()
        assert.equal(client.bytesWritten - before[0], 6)
      })

      if (transport.connects)
        it('gives a connection the callbacks of the server and a copy of its plist, but no :noquery', async () => {
          const { peer, server, atServer } = await transport.pair({ plist: { a: 1 }, noquery: true })
          assert.equal(peer.queryOnExit, true)
          assert.deepEqual(peer.plist, { a: 1 })
          assert.notEqual(peer.plist, server.plist)
          assert.equal(peer.filter, atServer.callbacks.filter)
          assert.equal(peer.sentinel, atServer.callbacks.sentinel)
          assert.equal(peer.buffer, undefined)
        })
    },
  )

  it('returns undefined without arguments', () => {
    assert.equal((makeNetworkProcess as () => unknown)(), undefined)
  })

  it('takes an argument list or an object', async () => {
    const service = socketFile()
    const server = makeNetworkProcess(
      ':name',
      's',
      ':server',
      true,
      ':family',
      'local',
      ':service',
      service,
      ':half-open',
      true,
    )
    server.delete()
    const again = makeNetworkProcess({
      name: 's',
      server: true,
      family: 'local',
      service: socketFile(),
      halfOpen: true,
    })
    const place = { service: undefined, local: undefined }
    assert.deepEqual({ ...server.contact(true), ...place }, { ...again.contact(true), ...place })
  })

  it('takes keywords with a colon in an object', () => {
    const server = make({
      name: 's',
      ':server': true,
      ':family': 'local',
      ':service': socketFile(),
      ':half-open': true,
    })
    assert.equal(server.status, 'listen')
    assert.equal(server.contact('halfOpen'), true)
    assert.equal(server.contact(':half-open'), true)
  })

  it('takes the first of a repeated keyword', () => {
    const service = socketFile()
    const server = makeNetworkProcess(
      ':name',
      'a',
      ':name',
      'b',
      ':server',
      true,
      ':family',
      'local',
      ':service',
      service,
    )
    assert.equal(server.name, 'a')
    assert.equal(server.contact('name'), 'a')
  })

  it('takes undefined as left out, and null as nil', () => {
    const options = { name: 's', server: true, family: 'local', service: socketFile() } as const
    const server = make({ ...options, reuseaddr: undefined, colour: undefined, nothing: null })
    assert.ok(!('reuseaddr' in server.contact(true)))
    assert.ok(!('colour' in server.contact(true)))
    assert.equal(server.contact(true).nothing, null)
  })

  it('keeps keywords that it does not know', async () => {
    const transport = over('stream', 'local')
    const { client, peer } = await transport.pair({ colour: 'red' }, { ':strange-thing': 7 })
    assert.equal(client.contact('strangeThing'), 7)
    assert.equal(client.contact(':strange-thing'), 7)
    assert.equal(peer.contact('colour'), 'red')
  })

  it('does not change the options that it was given', () => {
    const options = Object.freeze({
      name: 's',
      server: true,
      service: true,
      family: 'ipv4',
      plist: Object.freeze({}),
    } as const)
    assert.notEqual(make(options).contact('service'), true)
    assert.equal(options.service, true)
  })

  it('copies the plist, one level deep', () => {
    const inner = {}
    const plist = { inner }
    const server = make({ name: 's', server: true, service: true, plist })
    assert.deepEqual(server.plist, plist)
    assert.notEqual(server.plist, plist)
    assert.equal(server.plist.inner, inner)
    Object.assign(server.plist, { more: 1 })
    assert.deepEqual(plist, { inner })
    assert.equal(server.contact('plist'), plist)
  })

  it('takes a number for :server as the backlog', async () => {
    const seen = witness()
    const server = make({ name: 's', server: 7, service: true, ...seen.callbacks })
    assert.equal(server.contact('server'), 7)
    assert.equal(server.status, 'listen')
  })

  it('listens on loopback only without a host', () => {
    assert.deepEqual(
      (make({ name: 's', server: true, service: true }).contact('local') as number[]).slice(0, 4),
      [127, 0, 0, 1],
    )
    const six = make({ name: 's', server: true, service: true, family: 'ipv6' })
    assert.deepEqual((six.contact('local') as number[]).slice(0, 8), [0, 0, 0, 0, 0, 0, 0, 1])
  })

  it('listens on every address when told so', async () => {
    needsAddress([127, 0, 0, 2, 0])
    const seen = witness()
    const server = make({ name: 's', server: true, host: '0.0.0.0', service: true, ...seen.callbacks })
    make({ name: 'c', host: '127.0.0.2', service: server.contact('service') })
    const connection = await seen.connection()
    assert.deepEqual((connection.contact('local') as number[]).slice(0, 4), [127, 0, 0, 2])
  })

  it('takes "local" as a host', async () => {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const server = make({ name: 's', server: true, host: 'local', family, service: true })
      const client = make({ name: 'c', host: 'local', family, service: server.contact('service') })
      assert.equal(client.contact('host'), 'local')
      assert.deepEqual((client.contact('remote') as number[]).at(-1), server.contact('service'))
    }
  })

  it('takes a service as digits, or by its name', () => {
    const server = make({ name: 's', server: true, service: '0' })
    assert.equal(typeof server.contact('service'), 'number')
    const client = make({ name: 'c', service: String(server.contact('service')) })
    assert.equal(client.contact('service'), String(server.contact('service')))
    const error = thrown(() => make({ name: 'c', service: 'tftp' }))
    assert.ok(['ENOTFOUND', 'EAI_SERVICE', 'ECONNREFUSED'].includes(String(error.code)), error.message)
    assert.equal(
      (make({ name: 'd', type: 'datagram', service: 'tftp' }).contact('remote') as number[]).at(-1),
      69,
    )
  })

  overEvery(
    ({ connects }) => connects,
    transport => {
      it('completes a blocking connect to its own server although the backlog is full', async () => {
        if (transport.isLocal) needsWaitingClients()
        const seen = witness()
        const server = transport.server({ server: 1, ...seen.callbacks })
        // Over TCP, the kernel tries again only after a second.
        const clients = Array.from({ length: transport.isLocal ? 12 : 3 }, () => transport.client(server))
        clients.forEach((client, i) => client.send(`${i};`))
        await until(() => seen.data.length === clients.length, 'all messages')
        assert.equal(seen.clients.length, clients.length)
      })
    },
  )
})

describe('names', () => {
  const server = (name: string) => make({ name, server: true, service: true })

  it('are made unique', () => {
    assert.deepEqual(
      [server('n'), server('n'), server('n')].map(({ name }) => name),
      ['n', 'n<1>', 'n<2>'],
    )
  })

  it('are numbered after the name that was asked for', () => {
    server('n')
    server('n')
    assert.equal(server('n<1>').name, 'n<1><1>')
  })

  it('are free again when the process has gone', () => {
    const first = server('n')
    server('n')
    first.delete()
    assert.equal(getProcess('n'), undefined)
    assert.equal(server('n').name, 'n')
  })

  it('may be empty', () => {
    assert.deepEqual(
      [server(''), server('')].map(({ name }) => name),
      ['', '<1>'],
    )
  })

  it('find processes, newest first', () => {
    const [a, b] = [server('a'), server('b')]
    assert.deepEqual(processList(), [b, a])
    assert.equal(getProcess('a'), a)
    assert.equal(getProcess('nobody'), undefined)
    processList().length = 0
    assert.deepEqual(processList(), [b, a])
  })

  it('of a process that could not be made are free again', () => {
    thrown(() => make({ name: 'n', family: 'local', service: socketFile() }))
    assert.deepEqual(processList(), [])
  })

  it('of connections consist of the server’s name and the peer’s address', async () => {
    const four = await over('stream', 'ipv4').pair()
    assert.equal(
      four.peer.name,
      `server <127.0.0.1:${String((four.client.contact('local') as number[]).at(-1))}>`,
    )
    const six = await over('stream', 'ipv6').pair()
    const port = String((six.client.contact('local') as number[]).at(-1))
    assert.equal(six.peer.name, `server<1> <[0:0:0:0:0:0:0:1]:${port}>`)
    const local = await over('stream', 'local').pair()
    assert.match(local.peer.name, /^server<2> <\d+>$/)
  })

  it('are in the printed form of a process', async () => {
    const process = server('n')
    assert.equal(String(process), '#<process n>')
    const { inspect } = await import('node:util')
    assert.equal(inspect(process), `#<process n listen 127.0.0.1:${String(process.contact('service'))}>`)
    const keywords = { name: 'k', server: true, type: 'datagram' } as const
    const { AF_NETLINK } = constants
    if (AF_NETLINK !== undefined)
      assert.match(
        inspect(make({ ...keywords, local: { family: AF_NETLINK, data: new Uint8Array(10) } })),
        /^#<process k open <netlink pid \d+>>$/,
      )
  })
})

describe('a blocking connect', () => {
  it('throws when a callback deletes the process meanwhile', () => {
    const service = socketFile()
    needsWaitingClients()
    const place = { family: 'local', service } as const
    const server = make({ name: 'server', server: 1, stop: true, ...place })
    // They fill the backlog, so that the next one waits for room.
    for (const name of ['one', 'two']) make({ name, ...place })
    const datagrams = { type: 'datagram', family: 'local', service: socketFile() } as const
    const filter = () => {
      getProcess('late')?.delete()
      server.continue()
    }
    make({ name: 'other', server: true, ...datagrams, filter })
    make({ name: 'sender', ...datagrams }).send('x')
    const seen = witness()
    assert.throws(() => make({ name: 'late', ...place, ...seen.callbacks }), {
      code: 'ERR_PROCESS_NOT_RUNNING',
    })
    assert.deepEqual(seen.events, ['deleted\n'])
    assert.equal(getProcess('late'), undefined)
  })

  it('closes its descriptor when it cannot wait', () => {
    const place = { family: 'ipv4', host: '127.0.0.1' } as const
    const server = make({ name: 'server', server: true, service: true, ...place })
    const closed: number[] = []
    const { ENOMEM } = system.errno
    const [poll, close] = [native.poll.bind(native), native.close.bind(native)]
    native.poll = () => -ENOMEM
    native.close = id => {
      closed.push(id)
      close(id)
    }
    try {
      const client = () => make({ name: 'client', service: server.contact('service'), ...place })
      assert.equal(thrown(client).code, 'ENOMEM')
    } finally {
      Object.assign(native, { poll, close })
    }
    assert.equal(closed.length, 1)
  })
})
