// Errors have the shape that Node's own modules give them: code that handles those of node:net and node:dgram
// handles ours. The same failure is provoked with both, and compared property by property.

import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {
  constants,
  decodeAddress,
  encodeAddress,
  ifIndexToName,
  ifNameToIndex,
  poll,
  Socket,
} from 'make-network-process/socket'
import { aFolder, forEachTransport, type Transport } from '../support/transports.js'
import { aServer, aSocket, contents, thrownBy, until } from './sockets.js'

const { AF_INET, AF_INET6, AF_UNIX, POLLOUT, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, SO_ERROR } = constants

type SystemError = Error & Record<string, unknown>

// All that a user can see of an error.
const shape = (error: SystemError) => ({
  name: error.name,
  message: error.message,
  keys: Object.keys(error),
  properties: contents(error),
})

// A port that nobody listens on: it was free, and is held by a socket that does not listen.
function closedPort(domain: number, address: number[]): number {
  const holder = aSocket(domain, SOCK_STREAM)
  holder.bind(encodeAddress(address))
  return (decodeAddress(holder.getsockname()) as number[]).at(-1)!
}

async function errorOfNet(options: net.NetConnectOpts): Promise<SystemError> {
  const socket = net.connect(options)
  const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [SystemError]
  socket.destroy()
  return error
}

async function errorOfDgram(type: 'udp4' | 'udp6', port: number, address: string): Promise<SystemError> {
  const socket = dgram.createSocket(type)
  const failed = once(socket, 'error') as Promise<[SystemError]>
  socket.bind(port, address)
  const [error] = await failed
  socket.close()
  return error
}

describe('an error is the same as that of node:net', () => {
  it('ENOENT: connecting to a path that is not there', async () => {
    const where = path.join(aFolder(), 'none')
    const ours = thrownBy(() => aSocket(AF_UNIX, SOCK_STREAM).connect(encodeAddress(where)))
    assert.deepEqual(shape(ours), shape(await errorOfNet({ path: where })))
    assert.equal(ours.message, `connect ENOENT ${where}`)
    assert.equal(ours.path, where)
  })

  it('ECONNREFUSED: connecting to a path that nobody listens at', async () => {
    const where = path.join(aFolder(), 'socket')
    aSocket(AF_UNIX, SOCK_STREAM).bind(encodeAddress(where))
    assert.ok(existsSync(where))
    const ours = thrownBy(() => aSocket(AF_UNIX, SOCK_STREAM).connect(encodeAddress(where)))
    assert.deepEqual(shape(ours), shape(await errorOfNet({ path: where })))
  })

  forEachTransport(
    ({ name, domain, type, family, anAddress }) =>
      it(`EADDRINUSE, with the name of our system call: ${name}`, async () => {
        const server = aSocket(domain, type)
        server.bind(encodeAddress(anAddress()))
        if (type === SOCK_STREAM) server.listen(1)
        const taken = server.getsockname()
        const ours = thrownBy(() => aSocket(domain, type).bind(taken))
        const address = decodeAddress(taken)
        if (typeof address === 'string') {
          assert.equal(ours.message, `bind EADDRINUSE ${address}`)
          return
        }

        const port = (address as number[]).at(-1)!
        const host = family === 'ipv4' ? '127.0.0.1' : '::1'
        const other = net.createServer()
        const failed = once(other, 'error') as Promise<[SystemError]>
        other.listen(port, host)
        const [theirs] = await failed
        assert.deepEqual(contents(ours), { ...contents(theirs), message: ours.message, syscall: 'bind' })
      }),
    ({ kind, name }) => kind === 'stream' && !name.includes('abstract'),
  )
})

describe('an error is the same as that of node:dgram', () => {
  forEachTransport(
    ({ name, domain, type, family, anAddress }: Transport) =>
      it(`EADDRINUSE: ${name}`, async () => {
        const server = aSocket(domain, type)
        server.bind(encodeAddress(anAddress()))
        const taken = server.getsockname()
        const ours = thrownBy(() => aSocket(domain, type).bind(taken))
        const port = (decodeAddress(taken) as number[]).at(-1)!
        const theirs = await (family === 'ipv4'
          ? errorOfDgram('udp4', port, '127.0.0.1')
          : errorOfDgram('udp6', port, '::1'))
        assert.deepEqual(shape(ours), shape(theirs))
      }),
    ({ kind, family }) => kind === 'datagram' && family !== 'local',
  )
})

describe('an error', () => {
  it('is ECONNREFUSED where node:net gives that', async () => {
    const port = closedPort(AF_INET, [127, 0, 0, 1, 0])
    const theirs = await errorOfNet({ host: '127.0.0.1', port })
    assert.equal(theirs.code, 'ECONNREFUSED')
    const client = aSocket(AF_INET, SOCK_STREAM)
    const sockaddr = encodeAddress([127, 0, 0, 1, port])
    try {
      client.connect(sockaddr)
    } catch (error) {
      // The connection is still in progress; its outcome will be in SO_ERROR.
      const pending = error as SystemError
      assert.equal(pending.code, 'EINPROGRESS')
      assert.deepEqual(contents(pending), {
        ...contents(theirs),
        message: pending.message,
        code: 'EINPROGRESS',
        errno: pending.errno,
      })
    }
    until(client, POLLOUT)
    const value = client.getsockopt(SOL_SOCKET, SO_ERROR)
    assert.deepEqual([...new Int32Array(new Uint8Array(value).buffer)], [-Number(theirs.errno)])
  })

  it('is the same as that of node:net when connect() itself reports a refused TCP connection', async function () {
    const port = closedPort(AF_INET, [127, 0, 0, 1, 0])
    const sockaddr = encodeAddress([127, 0, 0, 1, port])
    const client = aSocket(AF_INET, SOCK_STREAM)
    try {
      client.connect(sockaddr)
    } catch {
      until(client, POLLOUT)
    }
    // The second call reports the outcome of the first.
    const ours = thrownBy(() => client.connect(sockaddr))
    if (ours.code !== 'ECONNREFUSED') return this.skip()
    assert.deepEqual(shape(ours), shape(await errorOfNet({ host: '127.0.0.1', port })))
  })

  it('writes an IPv6 address as Node does', () => {
    const cases: [address: number[], text: string][] = [
      [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
      [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
      [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
      [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
      [[1, 0, 0, 0, 0, 0, 0, 0], '1::'],
      [[1, 0, 0, 2, 0, 0, 0, 3], '1:0:0:2::3'],
      [[0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x10, 0xffff], 'a:b:c:d:e:f:10:ffff'],
    ]
    // An IPv4 socket refuses all of them.
    const socket = aSocket(AF_INET, SOCK_DGRAM)
    for (const [groups, text] of cases) {
      const error = thrownBy(() => socket.bind(encodeAddress([...groups, 9])))
      assert.equal(error.address, text)
      assert.equal(error.port, 9)
      assert.ok(error.message.endsWith(` ${text}:9`))
    }
  })

  it('leaves a port of 0 out, as Node does', () => {
    const error = thrownBy(() => aSocket(AF_INET, SOCK_DGRAM).bind(encodeAddress([192, 0, 2, 77, 0])))
    assert.deepEqual(Object.keys(error), ['errno', 'code', 'syscall', 'address'])
    assert.match(error.message, /^bind \w+ 192\.0\.2\.77$/)
  })

  it('writes an abstract name with @', () => {
    const error = thrownBy(() => aSocket(AF_UNIX, SOCK_STREAM).connect(encodeAddress('\0mnp-nobody-here')))
    assert.match(error.message, /^connect E\w+ @mnp-nobody-here$/)
    assert.equal(error.address, '@mnp-nobody-here')
    assert.equal(error.path, '@mnp-nobody-here')
  })

  it('names the family of an address that it cannot format', () => {
    const error = thrownBy(() =>
      aSocket(AF_INET, SOCK_STREAM).connect(encodeAddress({ family: 250, data: [1] })),
    )
    assert.equal(error.address, '<Family 250>')
  })

  it('has no address when the call was given an empty one', () => {
    for (const nothing of [new Uint8Array(0), encodeAddress('')]) {
      const error = thrownBy(() => aSocket(AF_INET, SOCK_STREAM).connect(nothing))
      assert.match(error.message, /^connect E\w+$/)
      assert.deepEqual(Object.keys(error), ['errno', 'code', 'syscall'])
    }
  })

  it('has no address when the call takes none', () => {
    const error = thrownBy(() => aSocket(AF_INET, SOCK_STREAM).getpeername())
    assert.deepEqual(shape(error), {
      name: 'Error',
      message: 'getpeername ENOTCONN',
      keys: ['errno', 'code', 'syscall'],
      properties: {
        message: 'getpeername ENOTCONN',
        errno: error.errno,
        code: 'ENOTCONN',
        syscall: 'getpeername',
      },
    })
  })

  it('names the call that failed', () => {
    const server = aServer({
      domain: AF_UNIX,
      type: SOCK_DGRAM,
      connected: false,
      anAddress: () => path.join(aFolder(), 'socket'),
    } as Transport)
    const nobody = encodeAddress(path.join(aFolder(), 'none'))
    const calls: [syscall: string, call: () => unknown][] = [
      ['socket', () => new Socket(12345, SOCK_STREAM)],
      ['socketpair', () => Socket.pair(AF_INET, SOCK_STREAM)],
      ['fstat', () => Socket.fromFd(0x7fffffff)],
      ['accept', () => server.accept()],
      ['bind', () => server.bind(Buffer.alloc(1))],
      ['listen', () => server.listen(1)],
      ['connect', () => server.connect(nobody)],
      ['getpeername', () => server.getpeername()],
      ['recv', () => server.recv(Buffer.alloc(1))],
      ['recvfrom', () => server.recvfrom(Buffer.alloc(1))],
      ['recvmsg', () => server.recvmsg(Buffer.alloc(1))],
      ['recvmmsg', () => server.recvmmsg([Buffer.alloc(1)])],
      ['send', () => server.send(Buffer.alloc(1))],
      ['sendto', () => server.sendto(Buffer.alloc(1), 0, nobody)],
      ['sendmsg', () => server.sendmsg({ data: Buffer.alloc(1) })],
      ['sendmmsg', () => server.sendmmsg([Buffer.alloc(1)])],
      ['shutdown', () => server.shutdown(77)],
      ['getsockopt', () => server.getsockopt(SOL_SOCKET, 9999)],
      ['setsockopt', () => server.setsockopt(SOL_SOCKET, 9999, 1)],
    ]
    for (const [syscall, call] of calls) {
      const error = thrownBy(call, syscall)
      assert.equal(error.syscall, syscall)
      assert.ok(Number(error.errno) < 0)
      assert.match(error.message, RegExp(`^${syscall} ${String(error.code)}\\b`))
    }
  })

  it('names the address that could not be sent to', () => {
    const where = path.join(aFolder(), 'none')
    const socket = aSocket(AF_UNIX, SOCK_DGRAM)
    const address = encodeAddress(where)
    for (const [syscall, send] of [
      ['sendto', () => socket.sendto(Buffer.alloc(1), 0, address)],
      ['sendmsg', () => socket.sendmsg({ data: Buffer.alloc(1), address })],
    ] as const)
      assert.equal(thrownBy(send).message, `${syscall} ENOENT ${where}`)
  })

  it('describes any wrong argument', () => {
    const socket = aSocket(AF_UNIX, SOCK_DGRAM)
    const cyclic: unknown[] = [1]
    cyclic.push(cyclic)
    for (const [wrong, description] of [
      [cyclic, '[1, [1, [1, an array]]]'],
      [Object.create(null), 'an object (null prototype)'],
      [{ constructor: Object.create(null) as object }, 'an object (null prototype)'],
      [new Map(), 'an object (Map)'],
      [Symbol('x'), 'Symbol(x)'],
    ] as const) {
      const error = thrownBy(() => socket.listen(wrong as number))
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
      assert.equal(error.message, `backlog must be a whole number, not ${description}`)
    }
  })

  it('has a stack that begins with its message', () => {
    const error = thrownBy(() => poll([], -2))
    assert.ok(error.stack?.includes(error.message))
  })

  it('names the interface of a link-local address', () => {
    const loopback = ifNameToIndex(process.platform === 'linux' ? 'lo' : 'lo0')
    for (const [scope, name] of [[loopback, ifIndexToName(loopback)] as const, [4711, '4711'] as const]) {
      const address = Object.assign([0xfe80, 0, 0, 0, 0, 0, 0, 0xabc, 9], { scope })
      const error = thrownBy(() => aSocket(AF_INET6, SOCK_STREAM).connect(encodeAddress(address)))
      assert.equal(error.address, `fe80::abc%${name}`)
    }
  })
})
