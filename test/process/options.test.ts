// Network options: their values in the kernel after they are set, each read by getsockopt(2) from a descriptor of
// our own.

import assert from 'node:assert/strict'
import type { NetworkProcess } from 'make-network-process'
import { constants, Socket } from 'make-network-process/socket'
import {
  cleanUp,
  finallyDo,
  make,
  readOption,
  settled,
  socketFile,
  socketOf,
  thrown,
  witness,
} from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

const { AF_INET, IPPROTO_TCP, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY } = constants
const SO_LINGER = constants.SO_LINGER_SEC ?? constants.SO_LINGER
const code = 'ERR_PROCESS_NOT_RUNNING'

const flags: Record<string, number | undefined> = {
  broadcast: constants.SO_BROADCAST,
  dontroute: constants.SO_DONTROUTE,
  keepalive: constants.SO_KEEPALIVE,
  oobinline: constants.SO_OOBINLINE,
  reuseaddr: constants.SO_REUSEADDR,
  reuseport: constants.SO_REUSEPORT,
}
const flag = (process: NetworkProcess, name: string) => readOption(process, SOL_SOCKET, flags[name])[0]

describe('an option', () => {
  // SO_REUSEPORT is not for local sockets, and SO_DONTROUTE means nothing to them.
  overEvery(
    transport => !transport.isLocal,
    transport => {
      for (const name of Object.keys(flags)) {
        it(`:${name} is set on a server, a client and later`, () => {
          const server = transport.server({ [name]: true })
          assert.equal(flag(server, name), 1)
          const client = transport.client(server, { [name]: true })
          assert.equal(flag(client, name), 1)
          assert.equal(client.setOption(name, null), true)
          assert.equal(flag(client, name), 0)
          assert.equal(client.contact(name), undefined)
          assert.equal(client.setOption(`:${name}`, true), true)
          assert.equal(flag(client, name), 1)
          assert.equal(client.contact(name), true)
        })
      }

      it(':linger is set to off, to seconds, or to the longest time there is', () => {
        const server = transport.server()
        const linger = (value: unknown) => {
          const client = transport.client(server, { linger: value as number })
          const both = readOption(client, SOL_SOCKET, SO_LINGER, 8)
          client.setOption('linger', null)
          return both
        }
        assert.deepEqual(linger(null), [0, 0])
        assert.deepEqual(linger(7), [1, 7])
        assert.deepEqual(linger(0), [1, 0])
        assert.deepEqual(linger(true), [1, constants.SO_LINGER_SEC === undefined ? 0x7fff : 327])
      })

      if (constants.SO_PRIORITY !== undefined)
        it(':priority is set', () => {
          const server = transport.server({ priority: 3 })
          assert.deepEqual(readOption(server, SOL_SOCKET, constants.SO_PRIORITY), [3])
          server.setOption('priority', 5)
          assert.deepEqual(readOption(server, SOL_SOCKET, constants.SO_PRIORITY), [5])
          assert.equal(server.contact('priority'), 5)
        })

      if (constants.SO_BINDTODEVICE !== undefined)
        it(':bindtodevice is set and taken back', function () {
          const server = transport.server()
          const device = (process: NetworkProcess) =>
            socketOf(process)
              .getsockopt(SOL_SOCKET, constants.SO_BINDTODEVICE as number, 16)
              .toString('latin1')
          try {
            server.setOption('bindtodevice', 'lo')
          } catch (error) {
            if ((error as { code: string }).code === 'EPERM') this.skip()
            throw error
          }
          assert.equal(device(server), 'lo\0')
          server.setOption('bindtodevice', null)
          assert.equal(device(server), '')
          assert.equal(device(transport.server({ bindtodevice: 'lo' })), 'lo\0')
        })
    },
  )

  it(':nodelay is set', () => {
    const transport = over('stream', 'ipv4')
    const server = transport.server()
    const nodelay = (process: NetworkProcess) => readOption(process, IPPROTO_TCP, TCP_NODELAY)[0]
    assert.equal(nodelay(transport.client(server)), 0)
    const client = transport.client(server, { nodelay: true })
    assert.ok(nodelay(client))
    client.setOption('nodelay', false)
    assert.equal(nodelay(client), 0)
  })

  it(':reuseaddr is on for servers, unless they are local or say otherwise', () => {
    assert.equal(flag(over('stream', 'ipv4').server(), 'reuseaddr'), 1)
    assert.equal(flag(over('stream', 'ipv4').server({ reuseaddr: null }), 'reuseaddr'), 0)
    assert.equal(flag(over('stream', 'local').server(), 'reuseaddr'), 0)
    const server = over('stream', 'ipv4').server()
    assert.equal(flag(over('stream', 'ipv4').client(server), 'reuseaddr'), 0)
  })

  it(':reuseport lets servers share a port', () => {
    const first = make({ name: 's', server: true, service: true, reuseport: true })
    const service = first.contact('service') as number
    make({ name: 't', server: true, service, reuseport: true })
    assert.throws(() => make({ name: 'u', server: true, service }), {
      code: 'EADDRINUSE',
      syscall: 'bind',
      port: service,
    })
  })

  it('is turned on by 0, as by everything that is not nil', () => {
    assert.equal(flag(over('stream', 'ipv4').server({ keepalive: 0 as never }), 'keepalive'), 1)
  })

  it('of a connection is independent of the server’s', async () => {
    const { server, peer } = await over('stream', 'ipv4').pair()
    peer.setOption('keepalive', true)
    assert.deepEqual([flag(server, 'keepalive'), flag(peer, 'keepalive')], [0, 1])
  })
})

describe('NetworkProcess#setOption()', () => {
  it('refuses an unknown option, or returns false with noError', () => {
    const server = make({ name: 's', server: true, service: true })
    assert.throws(() => server.setOption('nosuch', 1), { code: 'ERR_UNSUPPORTED_OPTION', message: /:nosuch/ })
    assert.equal(server.setOption('nosuch', 1, true), false)
    assert.equal(server.contact('nosuch'), undefined)
    assert.throws(() => server.setOption(5 as never, 1), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => server.setOption('constructor', 1), { code: 'ERR_UNSUPPORTED_OPTION' })
  })

  it('refuses invalid values, naming the keyword', () => {
    const server = make({ name: 's', server: true, service: true })
    const table: [string, unknown, string][] = [
      ['priority', 'high', 'ERR_INVALID_ARG_TYPE'],
      ['priority', null, 'ERR_INVALID_ARG_TYPE'],
      ['priority', 1.5, 'ERR_OUT_OF_RANGE'],
      ['priority', 2 ** 31, 'ERR_OUT_OF_RANGE'],
      ['priority', NaN, 'ERR_OUT_OF_RANGE'],
      ['bindtodevice', 5, 'ERR_INVALID_ARG_TYPE'],
      ['bindtodevice', 'lo\0', 'ERR_INVALID_ARG_VALUE'],
      ['linger', 'x', 'ERR_INVALID_ARG_TYPE'],
      ['linger', -1, 'ERR_OUT_OF_RANGE'],
      ['linger', 0.5, 'ERR_OUT_OF_RANGE'],
    ]
    for (const [name, value, code] of table) {
      const error = thrown(() => server.setOption(name, value))
      assert.deepEqual([name, value, error.code], [name, value, code])
      assert.match(error.message, new RegExp(`:${name}`))
      const made = thrown(() => make({ name: 't', server: true, service: true, [name]: value }))
      assert.deepEqual([name, value, made.code], [name, value, code])
    }
  })

  it('throws the kernel’s error', function () {
    const server = make({ name: 's', server: true, service: true })
    if (constants.SO_BINDTODEVICE === undefined) this.skip()
    const error = thrown(() => server.setOption('bindtodevice', 'nosuch0'))
    assert.ok(['ENODEV', 'EPERM'].includes(String(error.code)))
    assert.match(String(error.syscall), /setsockopt/)
    assert.equal(server.contact('bindtodevice'), undefined)
    // The kernel would look for the interface of the first 15 characters.
    const tooLong = thrown(() => server.setOption('bindtodevice', 'lo'.padEnd(16, 'x')))
    assert.equal(tooLong.code, 'ENODEV')
  })

  it('refuses a process that has ended', () => {
    const server = make({ name: 's', server: true, service: true })
    server.delete()
    assert.throws(() => server.setOption('keepalive', true), { code })
  })

  it('waits for the socket of a client whose host is looked up', () => {
    const server = make({ name: 's', server: true, service: true })
    const client = make({
      name: 'c',
      nowait: true,
      host: 'localhost',
      service: server.contact('service'),
    })
    client.setOption('keepalive', true)
    assert.equal(flag(client, 'keepalive'), 1)
  })
})

describe(':linger', () => {
  const raw = () => {
    const socket = new Socket(AF_INET, SOCK_STREAM)
    finallyDo(() => socket.close())
    return socket
  }

  it('of 0 resets the connection', async () => {
    const { client, peer, atServer } = await over('stream', 'ipv4').pair({ halfOpen: true }, { linger: 0 })
    client.delete()
    await atServer.event('connection broken by remote peer\n')
    assert.equal(peer.status, 'closed')
    assert.ok(!atServer.events.includes('end of file\n'))
  })

  for (const linger of [true, 30])
    it(`of ${linger} neither blocks nor resets, and loses nothing`, async () => {
      const { client, peer, atServer } = await over('stream', 'ipv4').pair({ coding: 'binary' }, { linger })
      peer.stop()
      let sent = 0
      while (client.send(Buffer.alloc(64 * 1024, 'x'))) sent++
      sent++
      const before = performance.now()
      client.delete()
      assert.ok(performance.now() - before < 1000)
      peer.continue()
      await atServer.event('connection broken by remote peer\n')
      assert.equal(atServer.bytes.length, sent * 64 * 1024)
    })

  it('is inherited by connections', async () => {
    const { peer } = await over('stream', 'ipv4').pair({ linger: 5 })
    assert.deepEqual(readOption(peer, SOL_SOCKET, SO_LINGER, 8), [1, 5])
    assert.ok(raw().fd >= 0)
    await settled()
  })
})

it('options are set before the socket is bound or connected', async () => {
  const service = socketFile()
  assert.throws(() => make({ name: 's', server: true, family: 'local', service, priority: 'x' as never }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  const seen = witness()
  make({ name: 's', server: true, family: 'local', service, ...seen.callbacks })
  assert.throws(() => make({ name: 'c', family: 'local', service, priority: 'x' as never }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  await settled()
  assert.deepEqual(seen.all, [])
})

describe('an option without a name', () => {
  const { IPPROTO_IP, IP_MINTTL, IP_TOS, SO_TYPE } = constants
  const number = (bytes: Buffer) => new Int32Array(new Uint8Array(bytes).buffer)[0]

  it('is set before the socket has an address, and inherited by connections', async () => {
    const service = socketFile()
    const sockopts = [
      [SOL_SOCKET, constants.SO_RCVBUF, 30_000],
      [SOL_SOCKET, constants.SO_SNDBUF, new Uint8Array(Int32Array.of(20_000).buffer)],
    ] as const
    const { peer, server } = await over('stream', 'ipv4').pair({ sockopts })
    const client = over('stream', 'ipv4').client(server, { sockopts })
    for (const process of [client, peer, server]) {
      assert.equal(number(process.getsockopt(SOL_SOCKET, constants.SO_RCVBUF)), 60_000)
      assert.equal(number(process.getsockopt(SOL_SOCKET, constants.SO_SNDBUF)), 40_000)
    }
    assert.throws(
      () => make({ name: 's', server: true, family: 'local', service, sockopts: [[-1, -1, 1]] }),
      { message: /^setsockopt :sockopts\[0\] E[A-Z]+$/ },
    )
    make({ name: 's', server: true, family: 'local', service, sockopts: null })
  })

  it('can be set later, and read', () => {
    const server = over('datagram', 'ipv4').server()
    assert.equal(number(server.getsockopt(SOL_SOCKET, SO_TYPE)), constants.SOCK_DGRAM)
    server.setsockopt(IPPROTO_IP, IP_TOS, 16)
    assert.equal(number(server.getsockopt(IPPROTO_IP, IP_TOS)), 16)
    server.setsockopt(SOL_SOCKET, constants.SO_BROADCAST, true)
    assert.equal(flag(server, 'broadcast'), 1)
    assert.equal(server.getsockopt(IPPROTO_IP, IP_TOS, 1).length, 1)
  })

  it('has to be valid, and the process open', () => {
    const server = over('datagram', 'ipv4').server()
    const wrong = (sockopts: unknown, message: RegExp, code: string) =>
      assert.throws(() => make({ name: 'x', service: 9, sockopts: sockopts as never }), { message, code })
    wrong(1, /^:sockopts must be an array, not 1$/, 'ERR_INVALID_ARG_TYPE')
    wrong([[1, 2]], /^:sockopts\[0\] must be a level, a name and a value, not/, 'ERR_INVALID_ARG_VALUE')
    wrong([[1, 2, 3], 4], /^:sockopts\[1\] must be/, 'ERR_INVALID_ARG_VALUE')
    wrong([[1, undefined, 3]], /^:sockopts\[0\] name must be a whole number/, 'ERR_INVALID_ARG_TYPE')
    wrong([[1, 2, 'x']], /^:sockopts\[0\] value must be a Buffer/, 'ERR_INVALID_ARG_TYPE')
    assert.throws(() => server.setsockopt(IPPROTO_IP, IP_MINTTL ?? 21, 1 << 20), { syscall: 'setsockopt' })
    assert.throws(() => server.getsockopt(IPPROTO_IP, -1), { syscall: 'getsockopt' })
    server.delete()
    assert.throws(() => server.getsockopt(SOL_SOCKET, SO_TYPE), { code })
    assert.throws(() => server.setsockopt(SOL_SOCKET, SO_TYPE, 1), { code })
  })
})
