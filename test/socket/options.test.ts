// getsockopt and setsockopt: integers, booleans and bytes, by level and name.

import assert from 'node:assert/strict'
import { constants, socketpair, type Socket } from 'make-network-process/socket'
import { forEachTransport } from '../support/transports.js'
import { aSocket, detached, own, thrownBy } from './sockets.js'

const { AF_INET, IPPROTO_TCP, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY } = constants
const { SO_KEEPALIVE, SO_LINGER, SO_RCVBUF, SO_REUSEADDR, SO_TYPE } = constants

const ints = (value: Buffer) => [...new Int32Array(new Uint8Array(value).buffer)]
const get = (socket: Socket, level: number, name: number) => ints(socket.getsockopt(level, name))[0]

describe('Socket#getsockopt()', () => {
  forEachTransport(({ name, domain, type }) =>
    it(`gives an int as 4 bytes: ${name}`, () => {
      assert.deepEqual(ints(aSocket(domain, type).getsockopt(SOL_SOCKET, SO_TYPE)), [type])
    }),
  )

  it('gives as many bytes as the option has, and no more than were asked for', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    assert.equal(socket.getsockopt(SOL_SOCKET, SO_LINGER, 8).length, 8)
    assert.equal(socket.getsockopt(SOL_SOCKET, SO_LINGER, 1000).length, 8)
    assert.equal(socket.getsockopt(SOL_SOCKET, SO_TYPE, 1000).length, 4)
    assert.ok(socket.getsockopt(SOL_SOCKET, SO_TYPE, 2).length <= 2)
  })

  it('gives a copy', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    socket.getsockopt(SOL_SOCKET, SO_TYPE).fill(9)
    assert.equal(get(socket, SOL_SOCKET, SO_TYPE), SOCK_STREAM)
  })

  it('throws ENOPROTOOPT for an option that does not exist', () => {
    const error = thrownBy(() => aSocket(AF_INET, SOCK_STREAM).getsockopt(SOL_SOCKET, 9999))
    assert.equal(error.code, 'ENOPROTOOPT')
    assert.equal(error.message, 'getsockopt ENOPROTOOPT')
  })

  it('refuses anything but whole numbers', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    const numbers: [number, number, number] = [SOL_SOCKET, SO_TYPE, 4]
    for (const [i, name] of ['level', 'name', 'length'].entries()) {
      const call = (wrong: unknown) => () =>
        socket.getsockopt(...(numbers.with(i, wrong as number) as typeof numbers))
      for (const wrong of ['1', null, {}, 1n])
        assert.throws(call(wrong), {
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_TYPE',
          message: RegExp(`^${name} `),
        })
      for (const wrong of [NaN, 1.5, 2 ** 31, 2 ** 53])
        assert.throws(call(wrong), {
          name: 'RangeError',
          code: 'ERR_OUT_OF_RANGE',
          message: RegExp(`^${name} `),
        })
    }
    assert.throws(() => socket.getsockopt(SOL_SOCKET, SO_TYPE, -1), { code: 'ERR_OUT_OF_RANGE' })
  })
})

describe('Socket#setsockopt()', () => {
  forEachTransport(({ name, domain, type }) =>
    it(`sets an int: ${name}`, () => {
      const socket = aSocket(domain, type)
      const before = get(socket, SOL_SOCKET, SO_RCVBUF)!
      socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 8192)
      const after = get(socket, SOL_SOCKET, SO_RCVBUF)!
      assert.ok(after !== before && after >= 8192 && after <= 16384)
    }),
  )

  it('takes a boolean, and -0, as an int', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    for (const [value, found] of [
      [true, 1],
      [false, 0],
      [1, 1],
      [-0, 0],
    ] as const) {
      socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, value)
      assert.equal(get(socket, SOL_SOCKET, SO_KEEPALIVE), found)
    }
    socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, true)
    assert.notEqual(get(socket, IPPROTO_TCP, TCP_NODELAY), 0)
  })

  it('takes numbers with and without a sign', function () {
    const { SO_MAX_PACING_RATE } = constants
    const socket = aSocket(AF_INET, SOCK_STREAM)
    socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, -1)
    assert.notEqual(get(socket, SOL_SOCKET, SO_REUSEADDR), 0)
    if (SO_MAX_PACING_RATE === undefined) return this.skip()
    socket.setsockopt(SOL_SOCKET, SO_MAX_PACING_RATE, 0xfffffffe)
    assert.equal(get(socket, SOL_SOCKET, SO_MAX_PACING_RATE), -2)
  })

  it('takes bytes as they are, in a view of any type', () => {
    const words = Int32Array.of(1, 7)
    for (const value of [
      words,
      new Uint8Array(words.buffer),
      Buffer.from(words.buffer),
      new DataView(words.buffer),
    ]) {
      const socket = aSocket(AF_INET, SOCK_STREAM)
      socket.setsockopt(SOL_SOCKET, SO_LINGER, value)
      assert.deepEqual(ints(socket.getsockopt(SOL_SOCKET, SO_LINGER, 8)), [1, 7])
    }
  })

  it('throws EINVAL for too few bytes', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    for (const length of [0, 1, 3])
      assert.throws(() => socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, Buffer.alloc(length)), {
        code: 'EINVAL',
        syscall: 'setsockopt',
      })
  })

  it('refuses an invalid value', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    const sets = (value: unknown) => () => socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, value as number)
    for (const wrong of [undefined, null, {}, [1], '1', '', 1n, Symbol('1'), () => 1])
      assert.throws(sets(wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, typeof wrong)
    for (const wrong of [NaN, Infinity, 1.5, -(2 ** 31) - 1, 2 ** 32, 2 ** 53])
      assert.throws(sets(wrong), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /^value / })
    assert.throws(sets(detached(Uint8Array)), { code: 'ERR_INVALID_ARG_VALUE' })
  })

  it('refuses a level and a name that are not numbers', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    assert.throws(() => socket.setsockopt('1' as never, 1, 1), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^level /,
    })
    assert.throws(() => socket.setsockopt(1, null as never, 1), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^name /,
    })
    assert.throws(() => socket.setsockopt(1, NaN, 1), { code: 'ERR_OUT_OF_RANGE', message: /^name / })
  })
})

describe('a program of BPF', () => {
  const { AF_UNIX, SOCK_DGRAM, SO_ATTACH_FILTER = -1 } = constants
  // Let in whole what begins with an "a" (ldb [0]; jeq #97, 0, 1; ret #-1), and nothing else (ret #0).
  const program = [
    [0x30, 0, 0, 0],
    [0x15, 0, 1, 97],
    [0x06, 0, 0, 0xffffffff],
    [0x06, 0, 0, 0],
  ] as const

  before(function () {
    if (SO_ATTACH_FILTER < 0) this.skip()
  })

  it('filters packets', () => {
    const [left, right] = socketpair(AF_UNIX, SOCK_DGRAM).map(own) as [Socket, Socket]
    right.setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, program)
    for (const packet of ['nobody', 'abc', 'bcd']) {
      try {
        left.send(Buffer.from(packet))
      } catch (error) {
        assert.equal((error as { code: string }).code, 'EPERM')
      }
    }
    const buffer = Buffer.alloc(10)
    assert.equal(buffer.toString('latin1', 0, right.recv(buffer)), 'abc')
    assert.equal(thrownBy(() => right.recv(buffer)).code, 'EAGAIN')
  })

  it('is checked, instruction by instruction, and by the kernel', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    const fails = (value: unknown, code: string) => {
      const error = thrownBy(() => socket.setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, value as number))
      assert.equal(error.code, code, error.message)
    }
    fails([], 'EINVAL')
    fails([[0xffff, 0, 0, 0]], 'EINVAL')
    fails(Array(70_000).fill([6, 0, 0, 0]), 'EINVAL')
    fails([[6, 0, 0]], 'ERR_INVALID_ARG_VALUE')
    fails([6, 0, 0, 0], 'ERR_INVALID_ARG_TYPE')
    fails([[6, 0, 256, 0]], 'ERR_OUT_OF_RANGE')
    fails([[6, 0, 0, '0']], 'ERR_INVALID_ARG_TYPE')
  })
})
