// The methods that name sockets: bind, listen, connect, getsockname, getpeername.

import assert from 'node:assert/strict'
import { constants, decodeAddress, encodeAddress, type Socket } from 'make-network-process/socket'
import { forEachTransport } from '../support/transports.js'
import { aPair, aServer, aSocket, connect, detached, receive, thrownBy, until } from './sockets.js'

const { AF_INET, AF_UNIX, POLLOUT, SOCK_DGRAM, SOCK_STREAM } = constants

function refusesWhatIsNoAddress(call: (socket: Socket, address: Uint8Array) => void): void {
  it('refuses anything but the bytes of an address', () => {
    const socket = aSocket(AF_UNIX, SOCK_DGRAM)
    for (const wrong of ['/tmp/x', null, undefined, 1, [1, 2], {}, new ArrayBuffer(16)]) {
      const error = thrownBy(() => call(socket, wrong as Uint8Array))
      assert.deepEqual([error.name, error.code], ['TypeError', 'ERR_INVALID_ARG_TYPE'])
      assert.match(error.message, /^address must be /)
    }
    assert.throws(() => call(socket, detached(Uint8Array)), { code: 'ERR_INVALID_ARG_VALUE' })
  })

  it('throws for an address of a wrong length', () => {
    const socket = aSocket(AF_INET, SOCK_DGRAM)
    for (const length of [0, 1, 2, 8, 257, 65536])
      assert.match(String(thrownBy(() => call(socket, Buffer.alloc(length, 2))).code), /^E[A-Z]+$/)
  })
}

describe('Socket#bind()', () => {
  forEachTransport(({ name, domain, type, anAddress }) =>
    it(`gives the socket a name: ${name}`, () => {
      const socket = aSocket(domain, type)
      const address = anAddress()
      socket.bind(encodeAddress(address))
      const found = decodeAddress(socket.getsockname())
      if (typeof address === 'string') assert.equal(found, address)
      else assert.deepEqual((found as number[]).slice(0, -1), address.slice(0, -1))
    }),
  )

  forEachTransport(({ name, domain, type, anAddress }) =>
    it(`throws EADDRINUSE for a name that is taken: ${name}`, () => {
      const socket = aSocket(domain, type)
      socket.bind(encodeAddress(anAddress()))
      const error = thrownBy(() => aSocket(domain, type).bind(socket.getsockname()))
      assert.deepEqual([error.code, error.syscall], ['EADDRINUSE', 'bind'])
    }),
  )

  it('takes a view of any type, by its bytes in memory', () => {
    const bytes = encodeAddress([127, 0, 0, 1, 0])
    const copy = new Uint8Array(bytes).buffer
    for (const view of [new DataView(copy), new Uint32Array(copy), new Uint8Array(copy)]) {
      const socket = aSocket(AF_INET, SOCK_DGRAM)
      socket.bind(view as unknown as Uint8Array)
      assert.deepEqual((decodeAddress(socket.getsockname()) as number[]).slice(0, 4), [127, 0, 0, 1])
    }
  })

  refusesWhatIsNoAddress((socket, address) => socket.bind(address))
})

describe('Socket#listen()', () => {
  forEachTransport(({ name, domain, type, connected, anAddress }) =>
    it(`${connected ? 'takes connections' : 'throws'}: ${name}`, () => {
      const server = aSocket(domain, type)
      server.bind(encodeAddress(anAddress()))
      if (!connected) {
        assert.throws(() => server.listen(1), { syscall: 'listen' })
        return
      }
      const client = aSocket(domain, type)
      assert.throws(() => server.accept(), { syscall: 'accept' })
      server.listen(1)
      connect(client, server.getsockname())
      assert.ok(server.accept().socket[Symbol.dispose])
    }),
  )

  it('takes any whole number as a backlog', () => {
    for (const backlog of [0, -1, -0, 0x7fffffff]) {
      const server = aServer({ ...aStream, connected: false })
      server.listen(backlog)
    }
  })

  it('refuses anything but a whole number', () => {
    const server = aSocket(AF_UNIX, SOCK_STREAM)
    for (const wrong of ['1', null, undefined, {}])
      assert.throws(() => server.listen(wrong as number), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [NaN, 1.5, 2 ** 31, 2 ** 53])
      assert.throws(() => server.listen(wrong), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
  })
})

const aStream = {
  name: 'TCP',
  kind: 'stream',
  family: 'ipv4',
  domain: AF_INET,
  type: SOCK_STREAM,
  connected: true,
  bounded: false,
  anAddress: () => [127, 0, 0, 1, 0],
} as const

describe('Socket#connect()', () => {
  forEachTransport(transport =>
    describe(transport.name, () => {
      it('connects', () => {
        const server = aServer(transport)
        const client = aSocket(transport.domain, transport.type)
        connect(client, server.getsockname())
        assert.deepEqual(client.getpeername(), server.getsockname())
        client.send(Buffer.from('hello'))
        const taker = transport.connected ? server.accept().socket : server
        assert.equal(receive(taker), 'hello')
        taker.close()
      })

      it('connects anew, or throws EISCONN', () => {
        const [client] = aPair(transport)
        const other = aServer(transport)
        if (transport.connected) {
          // After EINPROGRESS the next call may only report the outcome.
          const again = () => [1, 2].forEach(() => client.connect(other.getsockname()))
          assert.throws(again, { code: 'EISCONN', syscall: 'connect' })
        } else {
          client.connect(other.getsockname())
          assert.deepEqual(client.getpeername(), other.getsockname())
        }
      })
    }),
  )

  it('throws EINPROGRESS while it goes on, until the socket is writable', function () {
    const server = aServer(aStream)
    const client = aSocket(AF_INET, SOCK_STREAM)
    try {
      client.connect(server.getsockname())
    } catch (error) {
      assert.equal((error as { code: string }).code, 'EINPROGRESS')
      assert.equal(until(client, POLLOUT), POLLOUT)
      assert.deepEqual([...client.getsockopt(constants.SOL_SOCKET, constants.SO_ERROR)], [0, 0, 0, 0])
      return
    }
    this.skip()
  })

  refusesWhatIsNoAddress((socket, address) => socket.connect(address))
})

describe('Socket#getsockname()', () => {
  forEachTransport(({ name, domain, type, anAddress }) =>
    it(`is the family alone, or all zeros, before bind(): ${name}`, () => {
      const decoded = decodeAddress(aSocket(domain, type).getsockname())
      if (typeof decoded === 'string') assert.equal(decoded, '')
      else assert.deepEqual(decoded, new Array((anAddress() as number[]).length).fill(0))
    }),
  )

  it('gives a copy', () => {
    const socket = aSocket(AF_INET, SOCK_DGRAM)
    socket.getsockname().fill(0xff)
    assert.deepEqual(decodeAddress(socket.getsockname()), [0, 0, 0, 0, 0])
  })
})

describe('Socket#getpeername()', () => {
  forEachTransport(transport =>
    it(`is the name of the peer: ${transport.name}`, () => {
      assert.throws(() => aSocket(transport.domain, transport.type).getpeername(), {
        code: 'ENOTCONN',
        syscall: 'getpeername',
      })
      const [client, server] = aPair(transport)
      assert.deepEqual(client.getpeername(), server.getsockname())
      assert.deepEqual(server.getpeername(), client.getsockname())
    }),
  )
})
