// poll(2) on several sockets, which blocks the thread.

import assert from 'node:assert/strict'
import { constants, poll, Socket, type PollEntry } from 'make-network-process/socket'
import { forEachTransport } from '../support/transports.js'
import { aPair, aServer, aSocket, connect, own } from './sockets.js'

const { AF_UNIX, POLLERR, POLLHUP, POLLIN, POLLOUT, SOCK_DGRAM, SOCK_STREAM } = constants
const aLocalPair = (type: number = SOCK_DGRAM) => Socket.pair(AF_UNIX, type).map(own) as [Socket, Socket]
const data = Buffer.from('x')

describe('poll()', () => {
  forEachTransport(transport =>
    it(`reports readability and room: ${transport.name}`, () => {
      const [client, server] = aPair(transport)
      const entry: PollEntry = { socket: server, events: POLLIN | POLLOUT }
      assert.equal(poll([entry], 0), 1)
      assert.equal(entry.revents, POLLOUT)
      client.send(data)
      assert.equal(poll([{ socket: server, events: POLLIN }], 5000), 1)
      assert.equal(poll([entry], 5000), 1)
      assert.equal(entry.revents, POLLIN | POLLOUT)
    }),
  )

  forEachTransport(
    transport =>
      it(`reports that a connection is waiting, and that one has ended: ${transport.name}`, () => {
        const server = aServer(transport)
        const entry: PollEntry = { socket: server, events: POLLIN }
        assert.equal(poll([entry], 0), 0)
        assert.equal(entry.revents, 0)
        const client = aSocket(transport.domain, transport.type)
        connect(client, server.getsockname())
        assert.equal(poll([entry], 5000), 1)
        own(server.accept().socket).close()
        const end: PollEntry = { socket: client, events: POLLIN }
        assert.equal(poll([end], 5000), 1)
        assert.ok(end.revents! & POLLIN)
      }),
    ({ connected }) => connected,
  )

  it('counts the sockets that are ready, and clears earlier results', () => {
    const pairs = [aLocalPair(), aLocalPair(), aLocalPair()]
    const entries: PollEntry[] = pairs.map(([socket]) => ({ socket, events: POLLIN, revents: 77 }))
    pairs[1]![1].send(data)
    assert.equal(poll(entries, -1), 1)
    assert.deepEqual(
      entries.map(({ revents }) => revents),
      [0, POLLIN, 0],
    )
    pairs[0]![1].send(data)
    assert.equal(poll(entries, 1000), 2)
  })

  it('reports an error and the end even if they are not asked for', () => {
    const [one, other] = aLocalPair(SOCK_STREAM)
    other.close()
    const entry: PollEntry = { socket: one, events: 0 }
    assert.equal(poll([entry], -1), 1)
    assert.ok(entry.revents! & (POLLHUP | POLLERR))
  })

  it('takes one socket several times', () => {
    const [one] = aLocalPair()
    const entries = [POLLOUT, POLLIN, POLLOUT].map(events => ({ socket: one, events, revents: 0 }))
    assert.equal(poll(entries, 0), 2)
    assert.deepEqual(
      entries.map(({ revents }) => revents),
      [POLLOUT, 0, POLLOUT],
    )
  })

  it('waits for as long as it is told, and no longer', () => {
    const [one] = aLocalPair()
    const begin = performance.now()
    assert.equal(poll([{ socket: one, events: POLLIN }], 30), 0)
    assert.ok(performance.now() - begin >= 29)
    assert.equal(poll([], 0), 0)
  })

  it('throws EBADF for a closed socket', () => {
    const [one, other] = aLocalPair()
    one.close()
    const entries = [other, one].map(socket => ({ socket, events: POLLOUT }))
    assert.throws(() => poll(entries, 0), { code: 'EBADF', syscall: 'poll' })
  })

  it('refuses anything but a Socket', () => {
    for (const wrong of [{}, null, undefined, 3, { fd: 3 }, Object.create(Socket.prototype)])
      assert.throws(() => poll([{ socket: wrong as Socket, events: POLLIN }], 0), {
        name: 'TypeError',
        code: 'ERR_INVALID_THIS',
      })
  })

  it('refuses anything but whole numbers', () => {
    const [socket] = aLocalPair()
    for (const wrong of ['1', null, undefined, {}]) {
      assert.throws(() => poll([{ socket, events: wrong as number }], 0), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => poll([], wrong as number), { code: 'ERR_INVALID_ARG_TYPE', message: /^timeout / })
    }
    for (const wrong of [NaN, 1.5, 2 ** 53]) {
      assert.throws(() => poll([{ socket, events: wrong }], 0), {
        code: 'ERR_OUT_OF_RANGE',
        message: /^events /,
      })
      assert.throws(() => poll([], wrong), { code: 'ERR_OUT_OF_RANGE', message: /^timeout / })
    }
    assert.throws(() => poll([], -2), { code: 'ERR_OUT_OF_RANGE' })
  })

  it('refuses events that do not fit into 16 bits, instead of cutting them', () => {
    const [socket] = aLocalPair()
    for (const events of [0x10000 | POLLIN, -0x10000])
      assert.throws(() => poll([{ socket, events }], 0), { code: 'ERR_OUT_OF_RANGE', message: /^events / })
  })
})
