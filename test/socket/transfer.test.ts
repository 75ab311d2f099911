// What moves bytes: recv, recvfrom, recvmsg, recvmmsg, send, sendto, sendmsg, sendmmsg. Ancillary data are tested
// in control.test.ts.

import assert from 'node:assert/strict'
import path from 'node:path'
import { runInNewContext } from 'node:vm'
import { constants, decodeAddress, encodeAddress, type Socket } from 'make-network-process/socket'
import { aFolder, forEachTransport, type Transport } from '../support/transports.js'
import {
  aPair,
  aServer,
  aSocket,
  connect,
  detached,
  fill,
  noRoom,
  outOfBounds,
  own,
  receive,
  receiveAll,
  thrownBy,
  until,
} from './sockets.js'

const { AF_UNIX, MSG_CTRUNC, MSG_PEEK, MSG_TRUNC, SOCK_DGRAM, SOL_SOCKET, SO_SNDBUF } = constants
const bytes = (text: string) => Buffer.from(text, 'latin1')
const bounded = (transport: Transport) => transport.bounded
const datagrams = (transport: Transport) => !transport.connected

function refusesWhatAreNoBytes(name: string, call: (socket: Socket, wrong: never) => unknown): void {
  it(`refuses a ${name} that is not bytes`, () => {
    const [socket] = aPairOfDatagrams()
    for (const wrong of ['text', null, undefined, 7, {}, new ArrayBuffer(4)]) {
      const error = thrownBy(() => call(socket, wrong as never))
      assert.deepEqual([error.name, error.code], ['TypeError', 'ERR_INVALID_ARG_TYPE'], typeof wrong)
      assert.match(error.message, RegExp(`^${name}\\S* must be `))
    }
    for (const gone of [
      ...[detached(Uint8Array), detached(Float64Array), detached(DataView)],
      ...[outOfBounds(Uint8Array), outOfBounds(Int16Array), outOfBounds(DataView)],
    ]) {
      const error = thrownBy(() => call(socket, gone as never))
      assert.deepEqual([error.name, error.code], ['TypeError', 'ERR_INVALID_ARG_VALUE'])
    }
  })
}

function refusesWhatAreNoFlags(call: (socket: Socket, flags: number) => unknown): void {
  it('refuses flags that are not a whole number', () => {
    const [socket] = aPairOfDatagrams()
    for (const wrong of ['1', {}, true, 1n])
      assert.throws(() => call(socket, wrong as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [NaN, 1.5, 2 ** 31, 2 ** 53])
      assert.throws(() => call(socket, wrong), { code: 'ERR_OUT_OF_RANGE' })
  })
}

function aPairOfDatagrams(): [Socket, Socket] {
  const anAddress = () => path.join(aFolder(), 'socket')
  return aPair({ domain: AF_UNIX, type: SOCK_DGRAM, connected: false, anAddress } as Transport)
}

describe('Socket#recv()', () => {
  forEachTransport(transport =>
    describe(transport.name, () => {
      it('throws EAGAIN when there is nothing to receive', () => {
        const [client] = aPair(transport)
        assert.throws(() => client.recv(Buffer.alloc(8)), { code: 'EAGAIN', syscall: 'recv' })
      })

      it('receives all 256 bytes', () => {
        const [client, server] = aPair(transport)
        const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
        client.send(all)
        until(server)
        const buffer = Buffer.alloc(512, 0x55)
        assert.equal(server.recv(buffer), 256)
        assert.deepEqual(buffer.subarray(0, 256), all)
        assert.deepEqual(buffer.subarray(256), Buffer.alloc(256, 0x55))
      })

      it(transport.bounded ? 'keeps message boundaries' : 'has no message boundaries', () => {
        const [client, server] = aPair(transport)
        for (const message of ['one', 'two', 'three']) client.send(bytes(message))
        if (transport.bounded)
          assert.deepEqual([receive(server), receive(server), receive(server)], ['one', 'two', 'three'])
        else assert.equal(receiveAll(server, 11), 'onetwothree')
      })

      it(transport.bounded ? 'drops what exceeds the buffer' : 'leaves the rest for the next call', () => {
        const [client, server] = aPair(transport)
        client.send(bytes('abcdef'))
        client.send(bytes('next'))
        until(server)
        const buffer = Buffer.alloc(3)
        assert.equal(server.recv(buffer), 3)
        assert.equal(buffer.toString(), 'abc')
        if (transport.bounded) assert.equal(receive(server), 'next')
        else assert.equal(receiveAll(server, 7), 'defnext')
      })

      it('looks ahead with MSG_PEEK', () => {
        const [client, server] = aPair(transport)
        client.send(bytes('again'))
        assert.equal(receive(server, MSG_PEEK), 'again')
        assert.equal(receive(server), 'again')
      })

      it(transport.connected ? 'gives 0 at the end' : 'gives 0 for an empty message', () => {
        const [client, server] = aPair(transport)
        if (transport.connected) client.close()
        else client.send(Buffer.alloc(0))
        until(server)
        assert.equal(server.recv(Buffer.alloc(8)), 0)
        if (!transport.connected) {
          client.send(bytes('after it'))
          assert.equal(receive(server), 'after it')
        }
      })
    }),
  )

  forEachTransport(
    transport =>
      it(`gives the whole length of a message with MSG_TRUNC: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        client.send(Buffer.alloc(1000))
        until(server)
        assert.equal(server.recv(Buffer.alloc(10), MSG_TRUNC | MSG_PEEK), 1000)
        assert.equal(server.recv(Buffer.alloc(10), MSG_TRUNC), 1000)
      }),
    bounded,
  )

  it('receives into a part of a view, and into a view of any type', () => {
    const [client, server] = aPairOfDatagrams()
    const memory = Buffer.alloc(16)
    client.send(bytes('abcd'))
    server.recv(memory.subarray(4, 8))
    client.send(bytes('efgh'))
    server.recv(new DataView(memory.buffer, memory.byteOffset + 8, 4))
    client.send(bytes('ijkl'))
    const words = new Uint32Array(1)
    server.recv(words)
    assert.equal(memory.toString('latin1'), '\0\0\0\0abcdefgh\0\0\0\0')
    assert.equal(Buffer.from(words.buffer).toString(), 'ijkl')
  })

  it('receives nothing into an empty buffer', () => {
    const [client, server] = aPairOfDatagrams()
    client.send(bytes('gone'))
    assert.equal(server.recv(new Uint8Array(0)), 0)
    assert.throws(() => server.recv(Buffer.alloc(1)), { code: 'EAGAIN' })
  })

  it('receives into shared memory', () => {
    const [client, server] = aPairOfDatagrams()
    const shared = new Uint8Array(new SharedArrayBuffer(4))
    client.send(bytes('ab'))
    assert.equal(server.recv(shared), 2)
    assert.deepEqual([...shared], [0x61, 0x62, 0, 0])
  })

  refusesWhatAreNoBytes('buffer', (socket, wrong) => socket.recv(wrong))
  refusesWhatAreNoFlags((socket, flags) => socket.recv(Buffer.alloc(1), flags))
})

describe('Socket#recvfrom()', () => {
  forEachTransport(
    transport =>
      it(`gives the address of the sender: ${transport.name}`, () => {
        const server = aServer(transport)
        for (const text of ['one', 'other']) {
          const client = aSocket(transport.domain, transport.type)
          client.bind(encodeAddress(transport.anAddress()))
          client.sendto(bytes(text), 0, server.getsockname())
          until(server)
          const buffer = Buffer.alloc(16)
          const { length, address } = server.recvfrom(buffer)
          assert.equal(buffer.toString('latin1', 0, length), text)
          assert.deepEqual(address, client.getsockname())
        }
        assert.throws(() => server.recvfrom(Buffer.alloc(1)), { code: 'EAGAIN', syscall: 'recvfrom' })
      }),
    datagrams,
  )

  it('gives an empty address for a sender without a name', () => {
    const [, server] = aPairOfDatagrams()
    const nameless = aSocket(AF_UNIX, SOCK_DGRAM)
    const other = aServer({
      domain: AF_UNIX,
      type: SOCK_DGRAM,
      connected: false,
      anAddress: () => path.join(aFolder(), 'socket'),
    } as unknown as Transport)
    nameless.sendto(bytes('x'), 0, other.getsockname())
    assert.equal(decodeAddress(other.recvfrom(Buffer.alloc(8)).address), '')
    assert.throws(() => server.recvfrom(Buffer.alloc(1)), { code: 'EAGAIN' })
  })

  forEachTransport(
    transport =>
      it(`receives a stream, too: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        client.send(bytes('abc'))
        until(server)
        assert.equal(server.recvfrom(Buffer.alloc(8)).length, 3)
      }),
    ({ kind }) => kind === 'stream',
  )

  refusesWhatAreNoBytes('buffer', (socket, wrong) => socket.recvfrom(wrong))
  refusesWhatAreNoFlags((socket, flags) => socket.recvfrom(Buffer.alloc(1), flags))
})

describe('Socket#recvmsg()', () => {
  forEachTransport(transport =>
    it(`receives into several buffers: ${transport.name}`, () => {
      const [client, server] = aPair(transport)
      client.send(bytes('abcdefgh'))
      until(server)
      const buffers = [Buffer.alloc(3), Buffer.alloc(0), Buffer.alloc(3), Buffer.alloc(8)]
      const { length, flags, truncated, controlTruncated, fds, credentials, others } = server.recvmsg(buffers)
      assert.equal(length, 8)
      assert.deepEqual(buffers.map(String), ['abc', '', 'def', 'gh\0\0\0\0\0\0'])
      assert.deepEqual([flags & (MSG_TRUNC | MSG_CTRUNC), truncated, controlTruncated], [0, false, false])
      assert.deepEqual([fds, credentials, others], [undefined, undefined, undefined])
    }),
  )

  forEachTransport(
    transport =>
      it(`reports that a message was cut, and how long it was: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        client.send(bytes('abcdefgh'))
        client.send(bytes('whole'))
        client.send(bytes('measured'))
        until(server)
        const cut = server.recvmsg([Buffer.alloc(2), Buffer.alloc(3)])
        assert.deepEqual([cut.length, cut.truncated, cut.flags & MSG_TRUNC], [5, true, MSG_TRUNC])
        const whole = server.recvmsg(Buffer.alloc(5))
        assert.deepEqual([whole.length, whole.truncated, whole.flags & MSG_TRUNC], [5, false, 0])
        const measured = server.recvmsg(Buffer.alloc(1), 0, MSG_TRUNC)
        assert.deepEqual([measured.length, measured.truncated], [8, true])
      }),
    bounded,
  )

  forEachTransport(
    transport =>
      it(`gives the address of the sender: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        client.send(bytes('x'))
        until(server)
        assert.deepEqual(server.recvmsg(Buffer.alloc(1)).address, client.getsockname())
      }),
    datagrams,
  )

  it('throws EAGAIN when there is nothing to receive', () => {
    assert.throws(() => aPairOfDatagrams()[0].recvmsg(Buffer.alloc(1)), {
      code: 'EAGAIN',
      syscall: 'recvmsg',
    })
  })

  it('refuses an invalid room for control messages', () => {
    const [socket] = aPairOfDatagrams()
    const receives = (room: number) => () => socket.recvmsg(Buffer.alloc(1), room)
    assert.throws(receives('8' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [-1, NaN, 1.5, 2 ** 31]) assert.throws(receives(wrong), { code: 'ERR_OUT_OF_RANGE' })
  })

  refusesWhatAreNoBytes('buffer', (socket, wrong) => socket.recvmsg(wrong))
  refusesWhatAreNoBytes('buffer', (socket, wrong) => socket.recvmsg([Buffer.alloc(1), wrong]))
  refusesWhatAreNoFlags((socket, flags) => socket.recvmsg(Buffer.alloc(1), 0, flags))
})

describe('Socket#recvmmsg()', () => {
  forEachTransport(
    transport =>
      describe(transport.name, () => {
        it('receives the messages that are there, one in each buffer', () => {
          const [client, server] = aPair(transport)
          for (const text of ['one', 'two', 'three']) client.send(bytes(text))
          until(server)
          const buffers = Array.from({ length: 5 }, () => Buffer.alloc(4))
          const messages = server.recvmmsg(buffers)
          assert.deepEqual(
            messages.map(({ length }) => length),
            [3, 3, 4],
          )
          assert.deepEqual(
            messages.map(({ truncated }) => truncated),
            [false, false, true],
          )
          assert.deepEqual(buffers.map(String), ['one\0', 'two\0', 'thre', '\0\0\0\0', '\0\0\0\0'])
          if (!transport.connected)
            for (const { address } of messages) assert.deepEqual(address, client.getsockname())
          assert.throws(() => server.recvmmsg(buffers), { code: 'EAGAIN', syscall: 'recvmmsg' })
        })

        it('receives no more than there are buffers, and no more than 64', () => {
          const [client, server] = aPair(transport)
          const count = Math.min(70, sendsAtOnce(client))
          until(server)
          assert.equal(server.recvmmsg([Buffer.alloc(1), Buffer.alloc(1)]).length, 2)
          const buffers = Array.from({ length: 100 }, () => Buffer.alloc(1))
          assert.equal(server.recvmmsg(buffers).length, Math.min(64, count - 2))
        })
      }),
    bounded,
  )

  // How many messages the kernel takes before any is received, up to 70.
  function sendsAtOnce(socket: Socket): number {
    for (let count = 0; count < 70; count++) {
      try {
        socket.send(bytes('x'))
      } catch {
        return count
      }
    }
    return 70
  }

  it('receives nothing into no buffers', () => {
    assert.deepEqual(aPairOfDatagrams()[0].recvmmsg([]), [])
  })

  refusesWhatAreNoBytes('buffers', (socket, wrong) => socket.recvmmsg([Buffer.alloc(1), wrong]))
  refusesWhatAreNoFlags((socket, flags) => socket.recvmmsg([Buffer.alloc(1)], flags))
})

describe('Socket#send()', () => {
  forEachTransport(transport =>
    describe(transport.name, () => {
      it('gives the number of bytes sent', () => {
        const [client, server] = aPair(transport)
        assert.equal(client.send(bytes('abc')), 3)
        assert.equal(receive(server), 'abc')
      })

      it('sends a part of a view, and a view of any type', () => {
        const [client, server] = aPair(transport)
        assert.equal(client.send(bytes('abcdef').subarray(2, 4)), 2)
        assert.equal(receive(server), 'cd')
        assert.equal(client.send(new Uint16Array(new Uint8Array(bytes('words!')).buffer)), 6)
        assert.equal(receive(server), 'words!')
      })

      for (const View of ['Uint8Array', 'Uint16Array', 'DataView'])
        it(`sends a ${View} of another realm`, () => {
          const [client, server] = aPair(transport)
          const view = runInNewContext(`new ${View}(Uint8Array.of(65, 66, 67, 68).buffer)`) as ArrayBufferView
          assert.equal(client.send(view), 4)
          assert.equal(receive(server), 'ABCD')
        })

      it('throws when there is no room, except where the network drops it', () => {
        const [client, server] = aPair(transport)
        client.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        if (transport.kind === 'datagram' && transport.family !== 'local') return client.send(bytes('x'))
        assert.ok(fill(client) > 0)
        assert.throws(() => client.send(Buffer.alloc(1024)), { code: noRoom, syscall: 'send' })
        assert.notEqual(receive(server), '')
      })
    }),
  )

  forEachTransport(
    transport =>
      it(`throws EPIPE, without a signal, when the peer has closed: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        server.close()
        assert.throws(() => {
          // The kernel may still take the first, which the peer answers by a reset.
          for (;;) {
            client.send(bytes('x'))
            until(client)
          }
        }, /^Error: send (EPIPE|ECONNRESET)$/)
      }),
    ({ connected }) => connected,
  )

  forEachTransport(
    transport =>
      it(`throws EMSGSIZE for a message that is too long: ${transport.name}`, () => {
        const [client] = aPair(transport)
        assert.throws(() => client.send(Buffer.alloc(2 ** 25)), {
          code: 'EMSGSIZE',
          message: 'send EMSGSIZE',
        })
      }),
    bounded,
  )

  it('throws without a peer', () => {
    assert.throws(() => aSocket(AF_UNIX, SOCK_DGRAM).send(bytes('x')), { code: 'ENOTCONN', syscall: 'send' })
  })

  refusesWhatAreNoBytes('data', (socket, wrong) => socket.send(wrong))
  refusesWhatAreNoFlags((socket, flags) => socket.send(bytes('x'), flags))
})

describe('Socket#sendto()', () => {
  forEachTransport(
    transport =>
      it(`sends to any address: ${transport.name}`, () => {
        const client = aSocket(transport.domain, transport.type)
        const servers = [aServer(transport), aServer(transport)]
        for (const [i, server] of servers.entries())
          assert.equal(client.sendto(bytes(`to ${i}`), 0, server.getsockname()), 4)
        assert.deepEqual(
          servers.map(server => receive(server)),
          ['to 0', 'to 1'],
        )
      }),
    datagrams,
  )

  forEachTransport(
    transport =>
      it(`throws an error that names the address: ${transport.name}`, () => {
        const gone = aServer(transport)
        const address = gone.getsockname()
        const client = aSocket(transport.domain, transport.type)
        if (transport.family === 'local') {
          gone.close()
          const error = thrownBy(() => client.sendto(bytes('x'), 0, address))
          assert.equal(error.code, 'ECONNREFUSED')
          assert.match(error.message, /^sendto ECONNREFUSED [/@]/)
        } else {
          const error = thrownBy(() => client.sendto(Buffer.alloc(2 ** 20), 0, address))
          assert.equal(error.code, 'EMSGSIZE')
          assert.match(error.message, /^sendto EMSGSIZE (127\.0\.0\.1|::1):\d+$/)
        }
      }),
    datagrams,
  )

  refusesWhatAreNoBytes('data', (socket, wrong) => socket.sendto(wrong, 0, encodeAddress('/x')))
  refusesWhatAreNoBytes('address', (socket, wrong) => socket.sendto(bytes('x'), 0, wrong))
  refusesWhatAreNoFlags((socket, flags) => socket.sendto(bytes('x'), flags, encodeAddress('/x')))
})

describe('Socket#sendmsg()', () => {
  forEachTransport(transport =>
    it(`sends several buffers as one message: ${transport.name}`, () => {
      const [client, server] = aPair(transport)
      const data = [
        bytes('ab'),
        new Uint8Array(0),
        new DataView(new Uint8Array(bytes('cd')).buffer),
        bytes('e'),
      ]
      assert.equal(client.sendmsg({ data }), 5)
      assert.equal(receive(server), 'abcde')
      assert.equal(client.sendmsg({ data: bytes('alone') }), 5)
      assert.equal(receive(server), 'alone')
    }),
  )

  forEachTransport(
    transport =>
      it(`sends to any address: ${transport.name}`, () => {
        const server = aServer(transport)
        const client = aSocket(transport.domain, transport.type)
        client.sendmsg({ data: bytes('x'), address: server.getsockname() })
        assert.equal(receive(server), 'x')
      }),
    datagrams,
  )

  it('takes flags', function () {
    const { MSG_MORE } = constants
    if (MSG_MORE === undefined) return this.skip()
    const server = own(aServer(udp))
    const client = aSocket(udp.domain, udp.type)
    connect(client, server.getsockname())
    client.sendmsg({ data: bytes('two '), flags: MSG_MORE })
    client.sendmsg({ data: bytes('in one') })
    assert.equal(receive(server), 'two in one')
  })

  refusesWhatAreNoBytes('data', (socket, wrong) => socket.sendmsg({ data: wrong }))
  refusesWhatAreNoBytes('data', (socket, wrong) => socket.sendmsg({ data: [bytes('x'), wrong] }))
  refusesWhatAreNoFlags((socket, flags) => socket.sendmsg({ data: bytes('x'), flags }))

  it('refuses an invalid address', () => {
    const [socket] = aPairOfDatagrams()
    const sends = (address: unknown) => () =>
      socket.sendmsg({ data: bytes('x'), address: address as Uint8Array })
    for (const wrong of ['/x', null, 5, {}]) assert.throws(sends(wrong), { code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('an array of buffers', () => {
  const none = new Array<Buffer>(1)
  const calls: Record<string, (socket: Socket) => unknown> = {
    'buffer[0]': socket => socket.recvmsg(none),
    'buffers[0]': socket => socket.recvmmsg(none),
    'data[0]': socket => socket.sendmsg({ data: none }),
    'messages[0]': socket => socket.sendmmsg(none),
    'addresses[0]': socket => socket.sendmmsg([bytes('x')], 0, none),
  }
  for (const [name, call] of Object.entries(calls))
    it(`is refused where one is missing: ${name}`, () => {
      const error = thrownBy(() => call(aPairOfDatagrams()[0]))
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
      assert.ok(error.message.startsWith(`${name} must be `))
    })
})

const udp = {
  domain: constants.AF_INET,
  type: SOCK_DGRAM,
  connected: false,
  anAddress: () => [127, 0, 0, 1, 0],
} as unknown as Transport

describe('Socket#sendmmsg()', () => {
  forEachTransport(
    transport =>
      describe(transport.name, () => {
        it('sends each buffer as a message, in order', () => {
          const [client, server] = aPair(transport)
          assert.equal(client.sendmmsg(['one', 'two', 'three'].map(bytes)), 3)
          assert.deepEqual([receive(server), receive(server), receive(server)], ['one', 'two', 'three'])
        })

        it('gives the number of messages sent, 64 at most', () => {
          const [client, server] = aPair(transport)
          const sent = client.sendmmsg(Array.from({ length: 100 }, (_, i) => Buffer.of(i)))
          assert.ok(sent > 0 && sent <= 64)
          for (let i = 0; i < sent; i++) assert.equal(receive(server).charCodeAt(0), i)
          assert.throws(() => server.recv(Buffer.alloc(1)), { code: 'EAGAIN' })
        })
      }),
    bounded,
  )

  forEachTransport(
    transport =>
      it(`sends each message to its own address: ${transport.name}`, () => {
        const servers = [aServer(transport), aServer(transport)]
        const client = aSocket(transport.domain, transport.type)
        const sent = client.sendmmsg(
          ['to 0', 'to 1'].map(bytes),
          0,
          servers.map(server => server.getsockname()),
        )
        assert.equal(sent, 2)
        assert.deepEqual(
          servers.map(server => receive(server)),
          ['to 0', 'to 1'],
        )
      }),
    datagrams,
  )

  it('sends nothing of an empty array', () => {
    assert.equal(aPairOfDatagrams()[0].sendmmsg([]), 0)
  })

  it('throws when not even the first message could be sent', () => {
    const lonely = aSocket(AF_UNIX, SOCK_DGRAM)
    assert.throws(() => lonely.sendmmsg([bytes('x'), bytes('y')]), { code: 'ENOTCONN', syscall: 'sendmmsg' })
  })

  it('refuses addresses that are fewer or more than the messages', () => {
    const [socket] = aPairOfDatagrams()
    const address = encodeAddress('/x')
    for (const addresses of [[], [address, address]])
      assert.throws(() => socket.sendmmsg([bytes('x')], 0, addresses), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: /^addresses must be /,
      })
  })

  refusesWhatAreNoBytes('messages', (socket, wrong) => socket.sendmmsg([bytes('x'), wrong]))
  refusesWhatAreNoBytes('addresses', (socket, wrong) => socket.sendmmsg([bytes('x')], 0, [wrong]))
  refusesWhatAreNoFlags((socket, flags) => socket.sendmmsg([bytes('x')], flags))
})

describe('a large transfer', () => {
  forEachTransport(
    transport =>
      it(`arrives whole and in order: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        const size = 4 * 2 ** 20
        const data = Buffer.alloc(size, 'the quick brown fox jumps over the lazy dog')
        const taken = Buffer.alloc(size)
        let sent = 0
        for (let received = 0; received < size;) {
          try {
            if (sent < size)
              sent += client.send(data.subarray(sent, sent + (transport.bounded ? 4096 : size)))
          } catch (error) {
            assert.equal((error as { code: string }).code, 'EAGAIN')
          }
          until(server)
          received += server.recv(taken.subarray(received))
        }
        assert.ok(taken.equals(data))
      }),
    ({ connected }) => connected,
  )
})
