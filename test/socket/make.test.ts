// How a Socket is made and how it ends: socket(2), descriptors from elsewhere, pairs, accept, close, detach.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import {
  constants,
  decodeAddress,
  encodeAddress,
  poll,
  Socket,
  socketpair,
} from 'make-network-process/socket'
import { aFolder, forEachTransport, isThere, transports } from '../support/transports.js'
import {
  aPair,
  aServer,
  aSocket,
  connect,
  descriptors,
  fill,
  own,
  receive,
  runScript,
  thrownBy,
  until,
} from './sockets.js'

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET, SO_TYPE, POLLIN, POLLHUP } =
  constants

// O_NONBLOCK and O_CLOEXEC of a descriptor, as Linux's /proc has them.
function flags(context: Mocha.Context, fd: number): { nonBlocking: boolean; closeOnExec: boolean } {
  let text: string
  try {
    text = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
  } catch {
    return context.skip()
  }
  const bits = parseInt(/^flags:\s+([0-7]+)$/m.exec(text)![1]!, 8)
  return { nonBlocking: (bits & 0o4000) !== 0, closeOnExec: (bits & 0o2000000) !== 0 }
}
const born = { nonBlocking: true, closeOnExec: true }

// A descriptor that no Socket owns, which the caller has to close or to pass on.
function aDescriptor(type = SOCK_STREAM): number {
  return new Socket(AF_UNIX, type).detach()
}

describe('the transports', () => {
  for (const transport of transports)
    it(`${transport.name} is available`, function () {
      if (!isThere(transport)) this.skip()
    })
})

describe('new Socket()', () => {
  forEachTransport(({ name, domain, type }) =>
    it(`makes a socket: ${name}`, function () {
      const socket = aSocket(domain, type)
      assert.ok(socket instanceof Socket)
      assert.ok(socket.fd > 2)
      assert.match(descriptors(this).get(socket.fd) ?? '', /^socket:/)
      const value = socket.getsockopt(SOL_SOCKET, SO_TYPE)
      assert.deepEqual([...new Int32Array(new Uint8Array(value).buffer)], [type])
    }),
  )

  it('makes a socket of a protocol', () => {
    assert.ok(aSocket(AF_INET, SOCK_STREAM, constants.IPPROTO_TCP).fd > 2)
    assert.throws(() => new Socket(AF_INET, SOCK_STREAM, constants.IPPROTO_UDP), { code: 'EPROTONOSUPPORT' })
  })

  it('makes sockets that are non-blocking and close-on-exec', function () {
    assert.deepEqual(flags(this, aSocket(AF_INET, SOCK_STREAM).fd), born)
  })

  it('makes a socket after a failure to make one', () => {
    assert.throws(() => new Socket(0x7fff, SOCK_STREAM))
    assert.ok(aSocket(AF_INET, SOCK_STREAM).fd > 2)
  })

  it('throws the error of socket(2)', () => {
    assert.throws(() => new Socket(0x7fff, SOCK_STREAM), { code: 'EAFNOSUPPORT', syscall: 'socket' })
    assert.throws(() => new Socket(AF_UNIX, 77), { syscall: 'socket' })
    assert.throws(() => new Socket(AF_UNIX, SOCK_STREAM, 77), { code: 'EPROTONOSUPPORT', syscall: 'socket' })
  })

  it('refuses anything but whole numbers', () => {
    const numbers = [AF_UNIX, SOCK_STREAM, 0]
    for (const [i, name] of ['domain', 'type', 'protocol'].entries()) {
      for (const wrong of ['1', null, undefined, true, {}, [1], 1n]) {
        if (wrong === undefined && name === 'protocol') continue
        const error = thrownBy(
          () => new Socket(...(numbers.with(i, wrong as number) as [number, number, number])),
        )
        assert.deepEqual([error.name, error.code], ['TypeError', 'ERR_INVALID_ARG_TYPE'])
        assert.match(error.message, RegExp(`^${name} must be a whole number`))
      }
      for (const wrong of [NaN, 1.5, Infinity, 2 ** 31, 2 ** 53]) {
        const error = thrownBy(() => new Socket(...(numbers.with(i, wrong) as [number, number, number])))
        assert.deepEqual([error.name, error.code], ['RangeError', 'ERR_OUT_OF_RANGE'])
        assert.match(error.message, RegExp(`^${name} must be a whole number`))
      }
    }
  })

  it('throws without new', () => {
    assert.throws(
      () => (Socket as unknown as (...numbers: number[]) => void)(AF_UNIX, SOCK_STREAM),
      TypeError,
    )
  })

  it('can be extended', () => {
    class Ours extends Socket {
      readonly mine = 1
    }
    const socket = own(new Ours(AF_UNIX, SOCK_STREAM))
    assert.ok(socket instanceof Ours && socket.mine === 1 && socket.fd > 2)
  })
})

describe('Socket.fromFd()', () => {
  it('takes a descriptor', () => {
    const fd = aDescriptor()
    assert.equal(own(Socket.fromFd(fd)).fd, fd)
  })

  it('makes it non-blocking and close-on-exec', function () {
    // The standard input of a child of Node, where it is a socket, is blocking.
    const script = `
      import { readFileSync } from 'node:fs'
      import { Socket } from 'make-network-process/socket'
      const bits = () => parseInt(/flags:\\s+(\\d+)/.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))[1], 8)
      const before = bits()
      const { fd } = Socket.fromFd(0)
      console.log(fd, before & 0o4000, (bits() & 0o4000) !== 0, (bits() & 0o2000000) !== 0)`
    flags(this, 0)
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    if (child.stderr.includes('ENOTSOCK')) return this.skip()
    assert.equal(child.stderr, '')
    assert.equal(child.stdout, '0 0 true true\n')
  })

  it('throws EEXIST for a descriptor that a Socket owns', () => {
    const socket = aSocket(AF_UNIX, SOCK_STREAM)
    const message = `fstat EEXIST: descriptor ${socket.fd} belongs to a Socket or a process of this thread; detach() takes it from there`
    assert.throws(() => Socket.fromFd(socket.fd), { code: 'EEXIST', syscall: 'fstat', message })
    assert.ok(socket.fd >= 0)
    const fd = socket.detach()
    const again = own(Socket.fromFd(fd))
    assert.throws(() => Socket.fromFd(fd), { code: 'EEXIST' })
    assert.equal(again.fd, fd)
  })

  it('throws ENOTSOCK for a file', () => {
    const fd = openSync(aFolder(), 'r')
    try {
      assert.throws(() => Socket.fromFd(fd), { code: 'ENOTSOCK', syscall: 'fstat' })
    } finally {
      closeSync(fd)
    }
  })

  it('throws EBADF for a descriptor that is not open', () => {
    const fd = aDescriptor()
    closeSync(fd)
    assert.throws(() => Socket.fromFd(fd), { code: 'EBADF', syscall: 'fstat' })
    assert.throws(() => Socket.fromFd(0x7fffffff), { code: 'EBADF', syscall: 'fstat' })
  })

  it('refuses anything but a descriptor', () => {
    for (const wrong of ['3', null, undefined, 3n, {}])
      assert.throws(() => Socket.fromFd(wrong as number), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [-1, NaN, 1.5, 2 ** 31, 2 ** 53])
      assert.throws(() => Socket.fromFd(wrong), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
  })
})

for (const [name, make] of [
  ['Socket.pair()', Socket.pair.bind(Socket)],
  ['socketpair()', socketpair],
] as const)
  describe(name, () => {
    for (const [what, type] of [
      ['streams', SOCK_STREAM],
      ['datagrams', SOCK_DGRAM],
      ['sequenced packets', SOCK_SEQPACKET],
    ] as const)
      it(`connects two sockets: ${what}`, function () {
        let pair: [Socket, Socket]
        try {
          pair = make(AF_UNIX, type)
        } catch {
          return this.skip()
        }
        const [one, other] = pair.map(own) as [Socket, Socket]
        one.send(Buffer.from('to the other'))
        other.send(Buffer.from('to the one'))
        assert.equal(receive(other), 'to the other')
        assert.equal(receive(one), 'to the one')
        for (const socket of pair) assert.deepEqual(flags(this, socket.fd), born)
      })

    it('throws the error of socketpair(2)', () => {
      assert.throws(() => make(AF_INET, SOCK_STREAM), { syscall: 'socketpair' })
      assert.throws(() => make(AF_UNIX, SOCK_STREAM, 77), { code: 'EPROTONOSUPPORT', syscall: 'socketpair' })
    })

    it('refuses anything but whole numbers', () => {
      assert.throws(() => make('1' as unknown as number, SOCK_STREAM), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => make(AF_UNIX, NaN), { code: 'ERR_OUT_OF_RANGE' })
      assert.throws(() => make(AF_UNIX, SOCK_STREAM, 2 ** 53), { code: 'ERR_OUT_OF_RANGE' })
    })
  })

describe('Socket#accept()', () => {
  forEachTransport(
    transport =>
      describe(transport.name, () => {
        it('throws EAGAIN when no connection is waiting', () => {
          assert.throws(() => aServer(transport).accept(), { code: 'EAGAIN', syscall: 'accept' })
        })

        it('gives a socket, and the address of its peer', function () {
          const server = aServer(transport)
          const client = aSocket(transport.domain, transport.type)
          client.bind(encodeAddress(transport.anAddress()))
          connect(client, server.getsockname())
          const { socket, address } = server.accept()
          own(socket)
          assert.ok(socket instanceof Socket)
          assert.deepEqual(address, client.getsockname())
          assert.deepEqual(flags(this, socket.fd), born)
          socket.send(Buffer.from('welcome'))
          assert.equal(receive(client), 'welcome')
        })

        it('takes connections in order', () => {
          const server = aServer(transport)
          const clients = Array.from({ length: 4 }, (_, i) => {
            const client = aSocket(transport.domain, transport.type)
            connect(client, server.getsockname())
            client.send(Buffer.from(`client ${i}`))
            return client
          })
          for (const i of clients.keys()) assert.equal(receive(own(server.accept().socket)), `client ${i}`)
        })

        it('takes a connection that the client has already closed', () => {
          const server = aServer(transport)
          const client = aSocket(transport.domain, transport.type)
          connect(client, server.getsockname())
          client.send(Buffer.from('x'))
          client.close()
          const { socket } = server.accept()
          assert.equal(receive(own(socket)), 'x')
          assert.equal(receive(socket), '')
        })
      }),
    ({ connected }) => connected,
  )

  forEachTransport(
    transport =>
      it(`throws on a socket without connections: ${transport.name}`, () => {
        assert.throws(() => aServer(transport).accept(), { syscall: 'accept' })
      }),
    ({ connected }) => !connected,
  )

  it('gives an empty address for a client without a name', () => {
    const server = aSocket(AF_UNIX, SOCK_STREAM)
    server.bind(encodeAddress(`${aFolder()}/socket`))
    server.listen(1)
    aSocket(AF_UNIX, SOCK_STREAM).connect(server.getsockname())
    const { socket, address } = server.accept()
    own(socket)
    assert.equal(decodeAddress(address), '')
  })
})

describe('Socket#close()', () => {
  forEachTransport(transport =>
    it(`closes the descriptor, and the peer sees the end: ${transport.name}`, function () {
      const before = descriptors(this)
      const [client, server] = aPair(transport)
      client.close()
      assert.equal(client.fd, -1)
      if (transport.connected) assert.equal(receive(server), '')
      server.close()
      const after = descriptors(this)
      for (const fd of after.keys()) if (!before.has(fd)) assert.match(after.get(fd)!, /^socket:/)
    }),
  )

  it('closes the descriptor and no other', function () {
    const before = descriptors(this)
    const sockets = Array.from({ length: 20 }, () => aSocket(AF_UNIX, SOCK_STREAM))
    assert.equal(descriptors(this).size, before.size + 20)
    for (const socket of sockets) socket.close()
    assert.deepEqual(descriptors(this), before)
  })

  it('may be called again, and does not close another socket that has the descriptor by then', () => {
    const socket = aSocket(AF_UNIX, SOCK_STREAM)
    const { fd } = socket
    socket.close()
    const successor = aSocket(AF_UNIX, SOCK_STREAM)
    assert.equal(successor.fd, fd)
    socket.close()
    assert.equal(successor.fd, fd)
    assert.ok(successor.getsockname())
  })

  it('is what Symbol.dispose does', () => {
    const socket = new Socket(AF_UNIX, SOCK_STREAM)
    socket[Symbol.dispose]()
    assert.equal(socket.fd, -1)
    socket[Symbol.dispose]()
  })

  // Where close(2) waits, it waits for an hour, and the script is killed.
  for (const way of ['made here', 'adopted', 'accepted'])
    it(`does not wait for lingering data: ${way}`, async () => {
      const { status, stdout, stderr } = await runScript(`
        const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_LINGER, POLLOUT } = constants
        const lingers = socket => socket.setsockopt(SOL_SOCKET, SO_LINGER, Int32Array.of(1, 3600))
        const listener = new Socket(AF_INET, SOCK_STREAM)
        if ('${way}' === 'accepted') lingers(listener)
        listener.bind(encodeAddress([127, 0, 0, 1, 0]))
        listener.listen(1)
        const client = new Socket(AF_INET, SOCK_STREAM)
        try { client.connect(listener.getsockname()) } catch { poll([{ socket: client, events: POLLOUT }], -1) }
        let { socket } = listener.accept()
        if ('${way}' !== 'accepted') lingers(socket)
        if ('${way}' === 'adopted') socket = Socket.fromFd(socket.detach())
        try { for (;;) socket.send(Buffer.alloc(65536)) } catch {}
        console.log('closing')
        socket.close()
        console.log('closed')
        process.exit()
      `)
      assert.equal(stderr, '')
      assert.equal(stdout, 'closing\nclosed\n')
      assert.equal(status, 0)
    })
})

describe('Socket#detach()', () => {
  forEachTransport(transport =>
    it(`gives up the descriptor, which stays connected: ${transport.name}`, () => {
      const [client, server] = aPair(transport)
      const { fd } = client
      assert.equal(client.detach(), fd)
      assert.equal(client.fd, -1)
      const again = own(Socket.fromFd(fd))
      again.send(Buffer.from('still here'))
      assert.equal(receive(server), 'still here')
    }),
  )

  it('leaves the descriptor open when the Socket is closed', function () {
    const socket = aSocket(AF_UNIX, SOCK_STREAM)
    const fd = socket.detach()
    socket.close()
    assert.match(descriptors(this).get(fd) ?? '', /^socket:/)
    closeSync(fd)
  })

  it('throws EBADF on a closed socket', () => {
    const socket = aSocket(AF_UNIX, SOCK_STREAM)
    closeSync(socket.detach())
    assert.throws(() => socket.detach(), { code: 'EBADF' })
  })
})

describe('a Socket', () => {
  it('is not inherited by other programs', function () {
    const [one, other] = Socket.pair(AF_UNIX, SOCK_STREAM).map(own) as [Socket, Socket]
    const inode = descriptors(this).get(one.fd)
    assert.ok(inode)
    const listing =
      "fs.readdirSync('/proc/self/fd').map(fd => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch {} })"
    const child = spawnSync(process.execPath, ['-p', `JSON.stringify(${listing})`], { encoding: 'utf8' })
    assert.ok(!(JSON.parse(child.stdout) as string[]).includes(inode))
    assert.ok(!poll([{ socket: other, events: POLLIN | POLLHUP }], 0))
    fill(one)
    until(other)
  })

  it('is readable in util.inspect()', () => {
    const socket = aSocket(AF_INET, SOCK_STREAM)
    assert.equal(inspect(socket), `Socket { fd: ${socket.fd}, AF_INET, local: [ 0, 0, 0, 0, 0 ] }`)
    socket.bind(encodeAddress([127, 0, 0, 1, 0]))
    socket.listen(1)
    const address = inspect(decodeAddress(socket.getsockname()))
    assert.equal(inspect(socket), `Socket { fd: ${socket.fd}, AF_INET, local: ${address} }`)
    const client = aSocket(AF_INET, SOCK_STREAM)
    connect(client, socket.getsockname())
    assert.ok(inspect(client).endsWith(`, peer: ${address} }`))
    client.close()
    assert.equal(inspect(client), 'Socket { closed }')
  })

  it('is shown with the common name of its family', () => {
    const [one] = Socket.pair(AF_UNIX, SOCK_STREAM).map(own) as [Socket, Socket]
    assert.equal(inspect(one), `Socket { fd: ${one.fd}, AF_UNIX, local: '', peer: '' }`)
  })

  it('is shown by its class, and so is its prototype', () => {
    assert.match(inspect(Socket), /^\[class Socket\]/)
    assert.ok(inspect(Socket.prototype))
  })
})
