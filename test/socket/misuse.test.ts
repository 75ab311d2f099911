// Every member of Socket, called on something else than a Socket, and on a Socket that is closed. The list is
// complete: it is compared with the class. And every export is named in some test.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import * as raw from 'make-network-process/socket'
import { aSocket, thrownBy } from './sockets.js'

const { constants, encodeAddress, Socket } = raw
const { AF_UNIX, SOCK_DGRAM, SOL_SOCKET, SO_TYPE } = constants
const view = Buffer.alloc(8)
const address = encodeAddress('/x')

// With valid arguments, so that nothing else is refused first.
const calls: Record<string | symbol, (socket: raw.Socket) => unknown> = {
  accept: socket => Socket.prototype.accept.call(socket),
  close: socket => Socket.prototype.close.call(socket),
  detach: socket => Socket.prototype.detach.call(socket),
  [Symbol.dispose]: socket => Socket.prototype[Symbol.dispose].call(socket),
  bind: socket => Socket.prototype.bind.call(socket, address),
  listen: socket => Socket.prototype.listen.call(socket, 1),
  connect: socket => Socket.prototype.connect.call(socket, address),
  getsockname: socket => Socket.prototype.getsockname.call(socket),
  getpeername: socket => Socket.prototype.getpeername.call(socket),
  recv: socket => Socket.prototype.recv.call(socket, view),
  recvfrom: socket => Socket.prototype.recvfrom.call(socket, view),
  recvmsg: socket => Socket.prototype.recvmsg.call(socket, view),
  recvmmsg: socket => Socket.prototype.recvmmsg.call(socket, [view]),
  send: socket => Socket.prototype.send.call(socket, view),
  sendto: socket => Socket.prototype.sendto.call(socket, view, 0, address),
  sendmsg: socket => Socket.prototype.sendmsg.call(socket, { data: view }),
  sendmmsg: socket => Socket.prototype.sendmmsg.call(socket, [view]),
  shutdown: socket => Socket.prototype.shutdown.call(socket, 2),
  watch: socket => Socket.prototype.watch.call(socket, { readable: true }, () => {}),
  unwatch: socket => Socket.prototype.unwatch.call(socket),
  ref: socket => Socket.prototype.ref.call(socket),
  unref: socket => Socket.prototype.unref.call(socket),
  fd: socket => Reflect.get(Socket.prototype, 'fd', socket),
  [inspect.custom]: socket => Socket.prototype[inspect.custom].call(socket),
  getsockopt: socket => Socket.prototype.getsockopt.call(socket, SOL_SOCKET, SO_TYPE),
  setsockopt: socket => Socket.prototype.setsockopt.call(socket, SOL_SOCKET, SO_TYPE, 1),
}
const members = Reflect.ownKeys(calls)
const called = (member: string | symbol) => (typeof member === 'string' ? member : member.toString())

describe('Socket.prototype', () => {
  it('has the members that are tested here, and no others', () => {
    const own = Reflect.ownKeys(Socket.prototype).filter(member => member !== 'constructor')
    assert.deepEqual(new Set(own), new Set(members))
  })

  it('has its members in the order: make, address, transfer, state, options', () => {
    const own = Object.getOwnPropertyNames(Socket.prototype).filter(member => member !== 'constructor')
    assert.deepEqual(
      own,
      members.filter(member => typeof member === 'string'),
    )
  })
})

describe('a method of Socket, called on anything else', () => {
  const strangers = {
    'an object': {},
    undefined: undefined,
    null: null,
    'a number': 7,
    'a function': () => {},
    'an object that inherits from Socket': Object.create(Socket.prototype) as unknown,
    'a Proxy of a Socket': 'proxy',
  }
  for (const member of members)
    it(`throws "Illegal invocation": ${called(member)}`, () => {
      const socket = aSocket(AF_UNIX, SOCK_DGRAM)
      for (const [what, stranger] of Object.entries(strangers)) {
        const self = stranger === 'proxy' ? new Proxy(socket, {}) : stranger
        const error = thrownBy(() => calls[member]!(self as raw.Socket), what)
        assert.deepEqual(
          [error.name, error.message, error.code],
          ['TypeError', 'Illegal invocation', 'ERR_INVALID_THIS'],
          what,
        )
      }
      assert.ok(socket.fd >= 0)
    })
})

describe('a method of a closed Socket', () => {
  // These have nothing to do then, which is no error.
  const harmless: Record<string | symbol, unknown> = {
    close: undefined,
    [Symbol.dispose]: undefined,
    unwatch: undefined,
    fd: -1,
    [inspect.custom]: 'Socket { closed }',
  }
  for (const member of members)
    it(`${member in harmless || /^(un)?ref$/.test(called(member)) ? 'does nothing' : 'throws EBADF'}: ${called(member)}`, () => {
      const socket = aSocket(AF_UNIX, SOCK_DGRAM)
      socket.close()
      // Takes the number of the closed descriptor, and must not be touched.
      const heir = aSocket(AF_UNIX, SOCK_DGRAM)
      if (member === 'ref' || member === 'unref') assert.equal(calls[member]!(socket), socket)
      else if (member in harmless) assert.equal(calls[member]!(socket), harmless[member])
      else {
        const error = thrownBy(() => calls[member]!(socket))
        assert.deepEqual([error.name, error.code], ['Error', 'EBADF'])
      }
      assert.ok(heir.fd >= 0)
    })
})

describe('the tests of the raw layer', () => {
  const here = new URL('.', import.meta.url)
  const others = readdirSync(here)
    .filter(name => name.endsWith('.test.ts') && name !== 'misuse.test.ts')
    .map(name => readFileSync(new URL(name, here), 'utf8'))
    .join('\n')

  for (const name of Object.keys(raw))
    it(`exercise ${name}`, () => {
      assert.match(
        others,
        RegExp(name === 'constants' || name === 'errno' ? `\\b${name}\\b` : `\\b${name}[.(]`),
      )
    })

  for (const member of [...members, 'pair', 'fromFd'])
    it(`exercise Socket: ${called(member)}`, () => {
      const name =
        typeof member === 'string' ? member : member === Symbol.dispose ? 'Symbol.dispose' : 'inspect'
      assert.match(others, RegExp(typeof member === 'string' ? `\\.${name}\\b` : `\\b${name}\\b`))
    })

  it('know every static member', () => {
    const own = Object.getOwnPropertyNames(Socket).filter(
      name => !['length', 'name', 'prototype'].includes(name),
    )
    assert.deepEqual(own.sort(), ['fromFd', 'pair'])
  })
})
