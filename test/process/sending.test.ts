// Sending over every transport: what the kernel does not take is queued, in order, and bounded; nothing that was
// accepted is lost by an end of file or by deleting the process.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { acceptProcessOutput, type NetworkProcess } from 'make-network-process'
import { constants, errno, socketpair, type Socket } from 'make-network-process/socket'
import { native } from '../../dist/native.js'
import {
  changed,
  cleanUp,
  errorsTaken,
  finallyDo,
  make,
  settled,
  socketFile,
  socketOf,
  stampsOfSending,
  until,
  watchTimers,
  witness,
} from './support.js'
import { over, overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

const megabytes = 3 * 1024 * 1024
// What UDP drops is lost.
const isReliable = (transport: Transport) => transport.connects || transport.isLocal
const code = 'ERR_PROCESS_NOT_RUNNING'

/** Bytes that are different at every place that could be lost, doubled or exchanged. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE((i * 2654435761) % 0x100000000, i)
  return bytes
}

/** Sends in pieces, which are packets where there are packets. */
function sendAll(process: NetworkProcess, data: Buffer, piece = 16 * 1024): void {
  for (let i = 0; i < data.length; i += piece) process.send(data.subarray(i, i + piece))
}

/** Sends until send() returns false, while the peer does not read. Gives all that was accepted. */
function fill(process: NetworkProcess, piece = 16 * 1024): Buffer {
  const pieces: Buffer[] = []
  for (let i = 0; pieces.length < 4096; i++) {
    const next = Buffer.alloc(piece, i)
    next.writeUInt32LE(i)
    pieces.push(next)
    if (!process.send(next)) return Buffer.concat(pieces)
  }
  throw new Error('send never returned false')
}

/** Makes sendMessage() fail within `action`, with an error that another system's kernel gives. */
function failing<T>(error: number | undefined, action: () => T): T {
  const sendv = native.sendv.bind(native)
  native.sendv = () => -(error ?? 0)
  try {
    return action()
  } finally {
    native.sendv = sendv
  }
}

// The longest pause until a packet that found no room is tried again, in milliseconds.
const longestPause = 64

/** The pauses in which `work` waited for room. */
async function pausesOf(work: () => Promise<unknown>): Promise<number[]> {
  const pauses: number[] = []
  const unwatch = watchTimers((_, milliseconds) => {
    if (milliseconds <= longestPause) pauses.push(milliseconds)
  })
  try {
    await work()
  } finally {
    unwatch()
  }
  return pauses
}

const binary = { coding: 'binary' } as const

describe('NetworkProcess#send()', () => {
  overEvery(isReliable, transport => {
    it('delivers 3 MB in order', async () => {
      const { client, atServer } = await transport.pair(binary, binary)
      const all = pattern(megabytes)
      sendAll(client, all)
      await until(() => atServer.bytes.length >= all.length, '3 MB')
      assert.ok(atServer.bytes.equals(all))
      assert.equal(client.writableLength, 0)
      assert.equal(client.status, 'open')
    })

    if (transport.answers)
      it('delivers 3 MB both ways at once', async () => {
        const { client, peer, atServer, atClient } = await transport.pair(binary, binary)
        const all = pattern(megabytes)
        sendAll(client, all)
        sendAll(peer, all, 7000)
        await until(() => atServer.bytes.length + atClient.bytes.length >= 2 * all.length, '6 MB')
        assert.ok(atServer.bytes.equals(all))
        assert.ok(atClient.bytes.equals(all))
      })

    it('encodes only once what it queues', async () => {
      const { client, peer, atServer } = await transport.pair(binary, { coding: ['binary', 'latin-1-dos'] })
      peer.stop()
      const line = `${'é'.repeat(98)}\n`
      let lines = 0
      do lines += 10
      while (client.sendMany(new Array<string>(10).fill(line)))
      for (; lines % 7; lines++) client.send(line)
      peer.continue()
      await until(() => atServer.bytes.length >= lines * 100, 'all lines')
      assert.equal(atServer.bytes.toString('latin1'), line.replace('\n', '\r\n').repeat(lines))
    })

    it('returns false when much is queued, and drained resolves when there is room', async () => {
      const { client, peer, atServer } = await transport.pair(binary, binary)
      await client.drained
      peer.stop()
      const all = fill(client)
      const waiting = client.writableLength
      assert.ok(waiting > 0)
      let isDrained = false
      const drained = client.drained.then(() => (isDrained = true))
      await settled()
      assert.equal(isDrained, false)
      peer.continue()
      await drained
      assert.ok(client.writableLength < waiting)
      await until(() => atServer.bytes.length >= all.length, 'everything')
      assert.ok(atServer.bytes.equals(all))
    })

    it('keeps the order for a reader that stops again and again', async () => {
      const { client, peer, atServer } = await transport.pair(binary, binary)
      const { filter } = atServer.callbacks
      peer.filter = (process, data) => {
        filter(process, data)
        process.stop()
        setImmediate(() => process.continue())
      }
      const all = pattern(megabytes / 4)
      sendAll(client, all, 8192)
      await until(() => atServer.bytes.length >= all.length, 'everything')
      assert.ok(atServer.bytes.equals(all))
    })

    it('queues a copy, so that the caller may reuse its memory', async () => {
      const { client, peer, atServer } = await transport.pair(binary, binary)
      peer.stop()
      const before = fill(client)
      const mine = Buffer.from('mine')
      client.send(mine)
      mine.fill('x')
      peer.continue()
      await until(() => atServer.bytes.length >= before.length + 4, 'everything')
      assert.equal(atServer.bytes.subarray(-4).toString(), 'mine')
    })

    it('keeps text and bytes in order when both are queued', async () => {
      const { client, peer, atServer } = await transport.pair()
      peer.stop()
      const length = fill(client).length
      const texts = Array.from({ length: 50 }, (_, i) => (i % 2 ? `äöü ${i}` : Buffer.from(`bytes ${i}`)))
      for (const one of texts) client.send(one)
      peer.continue()
      await until(() => atServer.text.endsWith(texts.join('')), 'everything')
      assert.equal(atServer.bytes.length > length, true)
    })

    it('keeps what is queued in order, whatever its length and however it was sent', async () => {
      const { client, peer, atServer } = await transport.pair(binary, binary)
      peer.stop()
      const sent = [fill(client)]
      const bytes = (length: number) => {
        const next = Buffer.alloc(length, sent.length & 127)
        sent.push(next)
        return next
      }
      const text = (length: number) => bytes(length).toString('latin1')
      // On both sides of every length at which something changes, and more than one call or one block takes.
      for (const length of [1, 256, 257, 1023, 1024, 4096, 4097, 20_000]) {
        client.send(bytes(length))
        client.send(text(length))
        client.sendMany(Array.from({ length: 70 }, (_, i) => (i % 3 ? bytes(length) : text(length))))
        client.sendMany([bytes(1), bytes(length), bytes(length), text(2)])
        client.sendMessage({ data: [bytes(length), text(length)] })
      }
      if (!transport.keepsBounds) client.send(bytes(200_000))
      client.send(bytes(3))
      const all = Buffer.concat(sent)
      peer.continue()
      await until(() => atServer.bytes.length >= all.length, 'everything')
      assert.ok(atServer.bytes.equals(all))
      assert.equal(client.writableLength, 0)
    })

    it('loses nothing when the process is deleted with a full queue', async () => {
      const { client, peer, atServer } = await transport.pair(binary, binary)
      peer.stop()
      const all = fill(client)
      client.delete()
      assert.equal(client.status, 'closed')
      peer.continue()
      await until(() => atServer.bytes.length >= all.length, 'everything')
      if (transport.connects) await atServer.event('connection broken by remote peer\n')
      assert.ok(atServer.bytes.equals(all))
    })

    if (transport.connects)
      it('loses nothing when the first sentinel of a connection fills its queue and deletes it', async () => {
        const atClient = witness()
        let all: Buffer = Buffer.alloc(0)
        const server = transport.server({
          ...binary,
          sentinel: (connection, event) => {
            if (!event.startsWith('open')) return
            all = fill(connection)
            connection.delete()
            changed()
          },
        })
        const client = transport.client(server, { ...atClient.callbacks, ...binary, stop: true })
        await until(() => all.length > 0, 'the connection')
        client.continue()
        await until(() => atClient.bytes.length >= all.length, 'everything')
        await atClient.event('connection broken by remote peer\n')
        assert.ok(atClient.bytes.equals(all))
      })

    it('rejects drained when the process is deleted', async () => {
      const { client, peer } = await transport.pair(binary, binary)
      peer.stop()
      fill(client)
      const drained = assert.rejects(client.drained, { code })
      client.delete()
      await drained
      await assert.rejects(client.drained, { code })
      peer.continue()
    })

    it('sends strings of every length', async () => {
      const { client, peer, atServer } = await transport.pair()
      let before = peer.bytesRead
      for (const length of [1, 100, 4095, 4096, 16383, 16384, 16385, 60_000]) {
        const text = 'ä€'.repeat(length).slice(0, length)
        client.send(text)
        before += Buffer.byteLength(text)
        await until(() => peer.bytesRead >= before, `${length} characters`)
        assert.ok(transport.keepsBounds ? atServer.data.at(-1) === text : atServer.text.endsWith(text))
      }
    })
  })

  overEvery(
    transport => transport.connects,
    transport => {
      it('rejects drained when the peer goes', async () => {
        const { client, peer, atClient } = await transport.pair(binary, binary)
        peer.stop()
        fill(client)
        const drained = assert.rejects(client.drained, { code })
        peer.delete()
        await drained
        await atClient.event('connection broken by remote peer\n')
        assert.equal(client.status, 'closed')
      })

      it('does not throw when the peer has gone: drained says why, and the sentinel is called', async () => {
        const { client, peer, atClient } = await transport.pair()
        peer.delete()
        let isRoom = true
        // The kernel may still take the first, which provokes the reset.
        for (let i = 0; i < 100; i++) isRoom = client.send('x')
        assert.equal(isRoom, false)
        assert.equal(client.sendMany(['x', 'y']), false)
        assert.equal(client.sendMessage({ data: 'x' }), false)
        await assert.rejects(client.drained, ({ code: why, cause }: Error & { code: string }) => {
          assert.equal(why, code)
          assert.match((cause as Error).message, /^send (EPIPE|ECONNRESET)/)
          return true
        })
        await atClient.event('connection broken by remote peer\n')
        assert.equal(atClient.events.length, 1)
        assert.throws(() => client.send('x'), { code })
      })

      it('does not throw when the end has been received, and the sentinel is still to be called', async () => {
        const { client, peer, server, atServer } = await transport.pair()
        const other = transport.client(server)
        const answers: boolean[] = []
        ;(await atServer.connection(1)).filter = () => {
          answers.push(peer.send('to who has gone'))
          peer.sendEof()
        }
        // One wake-up brings both, most often in this order.
        client.delete()
        other.send('x')
        await until(() => answers.length > 0, 'answer')
        await atServer.event('connection broken by remote peer\n')
        assert.throws(() => peer.send('x'), { code })
      })

      it('does not throw in a server that answers clients that have gone', async () => {
        const seen = witness()
        const server = transport.server({
          ...seen.callbacks,
          filter: connection => {
            for (let i = 0; i < 5; i++) connection.send('answer')
          },
        })
        const rounds = 20
        for (let i = 0; i < rounds; i++) {
          const client = transport.client(server)
          client.send('one')
          client.send('two')
          client.delete()
        }
        const ends = () => seen.events.filter(event => event === 'connection broken by remote peer\n')
        await until(() => ends().length === rounds, 'ends')
      })

      it('refuses a server', () => {
        const server = transport.server()
        assert.throws(() => server.send('x'), { code })
        assert.throws(() => server.sendEof(), { code })
      })
    },
  )

  overEvery(
    transport => transport.keepsBounds,
    transport => {
      it('throws EMSGSIZE for a packet that is too long, and goes on', async () => {
        const { client, atServer } = await transport.pair()
        assert.throws(() => client.send(Buffer.alloc(10_000_000)), { code: 'EMSGSIZE', syscall: 'send' })
        client.send('short')
        await until(() => atServer.data.at(-1) === 'short', 'short one')
        assert.equal(client.status, 'open')
      })
    },
  )

  overEvery(
    transport => transport.connects,
    transport => {
      it('keeps what a stopped process has not read yet when the peer accepts no more data', async () => {
        const { client, peer, atClient } = await transport.pair({}, { stop: true })
        peer.send('important')
        peer.delete()
        await settled()
        while (client.send('x'));
        assert.equal(client.status, 'stop')
        client.continue()
        await atClient.event('connection broken by remote peer\n')
        assert.equal(atClient.text, 'important')
      })

      it('closes a process that nobody reads when the peer accepts no more data', async () => {
        const { client, peer, atClient } = await transport.pair({}, { filter: true })
        peer.delete()
        await settled()
        while (client.send('x'));
        await atClient.event('connection broken by remote peer\n')
      })
    },
  )

  overEvery(isReliable, transport => {
    it('joins more parts than one system call takes', async () => {
      const { client, atServer } = await transport.pair()
      client.send(Array<string>(3000).fill('ab'))
      client.send(Array<Uint8Array>(3000).fill(Buffer.from('cd')))
      const all = 'ab'.repeat(3000) + 'cd'.repeat(3000)
      await until(() => atServer.text === all, 'all parts')
    })
  })

  it('writes a signature once in a packet of several parts', async () => {
    const { client, atServer } = await over('seqpacket', 'local').pair(binary, { coding: 'utf-16' })
    client.send(['a', 'b'])
    assert.deepEqual(await atServer.messages(1), [Buffer.of(0xfe, 0xff, 0, 0x61, 0, 0x62)])
  })

  it('ends a stream when a part of it cannot be sent, instead of going on behind it', async () => {
    const { client, peer, atServer, atClient } = await over('stream', 'local').pair()
    peer.stop()
    fill(client)
    client.sendMessage({ data: 'cannot go', credentials: { pid: 2 ** 22 - 1, uid: 0, gid: 0 } })
    client.send('behind it')
    peer.continue()
    await atClient.event('connection broken by remote peer\n')
    await atServer.event('connection broken by remote peer\n')
    assert.doesNotMatch(atServer.text, /behind/)
    assert.throws(
      () => client.send('x'),
      ({ cause }: Error) => /^send ESRCH/.test((cause as Error).message),
    )
  })

  it('refuses what is neither text nor bytes', async () => {
    const { client } = await over('stream', 'local').pair()
    assert.throws(() => client.sendMany(Array<string>(2)), { code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [undefined, null, 5, {}, [1], Array<string>(2), new ArrayBuffer(1)])
      assert.throws(() => client.send(wrong as never), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' })
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    if ('detached' in bytes.buffer) assert.throws(() => client.send(bytes), { code: 'ERR_INVALID_ARG_VALUE' })
  })

  it('refuses what only looks like bytes', async () => {
    const { client, atServer } = await over('seqpacket', 'local').pair(binary)
    const fake = Object.create(Uint8Array.prototype, { length: { value: 3 } }) as Uint8Array
    assert.throws(() => client.send(fake), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' })
    assert.throws(() => client.sendMany(['one', fake]), { code: 'ERR_INVALID_ARG_TYPE' })
    client.send('next')
    assert.deepEqual(await atServer.messages(1), [Buffer.from('next')])
  })

  it('does not send other messages’ memory for an array that claims to be longer than it is', async () => {
    class Longer extends Uint8Array {
      override get length() {
        return 200
      }
    }
    const { client: other } = await over('seqpacket', 'local').pair(binary)
    const { client, peer, atServer } = await over('seqpacket', 'local').pair(binary)
    other.send('a secret of somebody else')
    const longer = Longer.of(7)
    client.send(longer)
    client.sendMany([longer, longer])
    client.sendMessage({ data: [longer, longer] })
    assert.deepEqual(
      await atServer.messages(4),
      [[7], [7], [7], [7, 7]].map(one => Buffer.from(one)),
    )
    // So it is with what has to wait.
    peer.stop()
    while (client.send('x'));
    atServer.data.length = 0
    client.send(longer)
    client.sendMany([longer, longer])
    assert.equal(client.writableLength, 4)
    peer.continue()
    await until(() => atServer.bytes.subarray(-3).equals(Buffer.of(7, 7, 7)), 'the three')
    assert.deepEqual(atServer.data.slice(-3), Array(3).fill(Buffer.of(7)))
  })

  it('sends what it read from a list once, even if its getters send meanwhile', async () => {
    const { client, atServer } = await over('seqpacket', 'local').pair(binary)
    const { client: other } = await over('seqpacket', 'local').pair(binary)
    const list = ['one', 'two', 'three']
    Object.defineProperty(list, 1, { get: () => (other.send(Buffer.from('secret')), 'two') })
    client.sendMany(list)
    assert.deepEqual((await atServer.messages(3)).map(String), ['one', 'two', 'three'])
  })

  it('sends nothing to another socket when a getter closes its own', async () => {
    const { client } = await over('seqpacket', 'local').pair(binary)
    const seen: Socket[] = []
    const closing = (close: () => void, data = [Buffer.from('one')]) =>
      Object.defineProperty(data, 1, {
        get() {
          close()
          // Between two wake-ups the id is given out again.
          acceptProcessOutput(null, 0)
          const pair = socketpair(constants.AF_UNIX, constants.SOCK_SEQPACKET)
          pair.forEach(socket => finallyDo(() => socket.close()))
          seen.push(...pair)
          return Buffer.from('two')
        },
      })
    const list = closing(() => client.delete())
    assert.throws(() => client.sendMessage({ data: list }), { code: 'ERR_PROCESS_NOT_RUNNING' })
    const [raw, other] = socketpair(constants.AF_UNIX, constants.SOCK_SEQPACKET)
    finallyDo(() => other.close())
    const more = closing(() => raw.close())
    assert.throws(() => raw.sendmsg({ data: more }), { code: 'EBADF' })
    for (const socket of seen) assert.throws(() => socket.recv(Buffer.alloc(9)), { code: 'EAGAIN' })
  })

  it('sends every kind of view', async () => {
    const { client, atServer } = await over('seqpacket', 'local').pair(binary)
    const shared = new Uint8Array(new SharedArrayBuffer(4))
    shared.set([1, 2, 3, 4])
    const whole = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])
    for (const view of [shared, new DataView(whole.buffer, 2, 3), whole.subarray(3, 5), Buffer.alloc(0)])
      client.send(view)
    assert.deepEqual(
      await atServer.messages(4),
      [[1, 2, 3, 4], [2, 3, 4], [3, 4], []].map(one => Buffer.from(one)),
    )
  })

  it('reports a packet that could not be sent by an event, and stays open', async () => {
    const { client, server, atClient } = await over('datagram', 'local').pair()
    server.delete()
    assert.equal(client.send('x'), true)
    assert.equal(client.sendMany(['x', 'y']), true)
    await until(() => atClient.events.length === 3, 'events')
    assert.match(atClient.events.join(''), /^(datagram failed with code \d+\n){3}$/)
    assert.equal(client.status, 'open')
  })

  it('does not throw when macOS reports a connection being reset as EPROTOTYPE', async () => {
    const { client } = await over('stream', 'ipv4').pair()
    const sent = failing(errno.EPROTOTYPE, () => client.sendMessage({ data: 'x' }))
    assert.equal(sent, false)
    await assert.rejects(client.drained, { code })
  })

  for (const name of ['ENOTCONN', 'EDESTADDRREQ'])
    it(`does not throw when a local peer has gone and the kernel reports ${name}`, async () => {
      const { client, atClient } = await over('datagram', 'local').pair()
      const sent = failing(errno[name], () => client.sendMessage({ data: 'x' }))
      assert.equal(sent, true)
      await atClient.event(`datagram failed with code ${errno[name]}\n`)
    })

  it('names the address to which a packet could not be sent', async () => {
    const { server } = await over('datagram', 'local').pair()
    const address = socketFile()
    const refusal = { code: 'ENOENT', syscall: 'send', address }
    assert.throws(() => server.sendMessage({ data: 'x', address }), refusal)
  })

  it('does not throw in a server that answers a client without a name', async () => {
    const seen = witness()
    const { client } = await over('datagram', 'local').pair({
      ...seen.callbacks,
      filter: server => void server.send('answer'),
    })
    client.send('x')
    await until(() => seen.events.length === 2, 'events')
    assert.match(seen.events.join(''), /^(datagram failed with code \d+\n){2}$/)
  })

  it('does not throw in a server that answers a client that has gone, with its file or without it', async () => {
    const seen = witness()
    const place = { type: 'datagram', family: 'local', server: true } as const
    const [service, file] = [socketFile(), socketFile()]
    make({
      name: 'server',
      ...place,
      service,
      ...seen.callbacks,
      filter: server => void server.send('answer'),
    })
    for (const leavesFile of [false, true]) {
      const client = make({ name: 'client', ...place, service: file, remote: service })
      client.send('x')
      client.delete()
      if (!leavesFile) rmSync(file)
      await until(() => seen.events.length > 0, 'event')
    }
    await until(() => seen.events.length === 2, 'events')
    assert.match(seen.events.join(''), /^(datagram failed with code \d+\n){2}$/)
  })

  it('waits for room in the peer’s queue when an unconnected local datagram server sends', async () => {
    const seen = witness()
    const [one, other] = [socketFile(), socketFile()]
    const datagrams = { type: 'datagram', server: true, family: 'local' } as const
    const receiver = make({ name: 'r', ...datagrams, service: other, stop: true, ...seen.callbacks })
    const sender = make({ name: 's', ...datagrams, service: one, remote: other })
    const sent = Array.from({ length: 200 }, (_, i) => `${i}`)
    sent.forEach(message => sender.send(message))
    assert.ok(sender.writableLength > 0)
    receiver.continue()
    await seen.messages(sent.length)
    assert.deepEqual(seen.data, sent)
  })

  for (const ending of ['', ', even if it is deleted'])
    it(`does not pause ever longer in an unconnected local datagram server while its peer reads${ending}`, async () => {
      const seen = witness()
      const [one, other] = [socketFile(), socketFile()]
      const datagrams = { type: 'datagram', server: true, family: 'local' } as const
      make({ name: 'r', ...datagrams, service: other, ...seen.callbacks })
      const sender = make({ name: 's', ...datagrams, service: one, remote: other })
      const sent = Array.from({ length: 1000 }, (_, i) => `${i}`)
      const pauses = pausesOf(() => seen.messages(sent.length))
      sent.forEach(message => sender.send(message))
      if (ending !== '') sender.delete()
      assert.ok(Math.max(...(await pauses)) < longestPause)
      assert.deepEqual(seen.data, sent)
    })
})

describe('a connected local datagram process where a full queue of the peer gives ENOBUFS', () => {
  const { platform } = process
  before(() => Object.defineProperty(process, 'platform', { value: 'darwin' }))
  after(() => Object.defineProperty(process, 'platform', { value: platform }))

  it('tries again by itself, even when it is deleted', async () => {
    for (const isDeleted of [false, true]) {
      const { client, atServer } = await over('datagram', 'local').pair()
      failing(errno.ENOBUFS, () => client.sendMessage({ data: 'x' }))
      assert.equal(client.writableLength, 1)
      if (isDeleted) client.delete()
      assert.deepEqual(await atServer.messages(1), ['x'])
    }
  })
})

describe('watching for room in the kernel’s queue', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('stops when nothing is queued', async () => {
        const { client, peer, atServer } = await transport.pair(binary, binary)
        peer.stop()
        const all = fill(client)
        peer.continue()
        await until(() => atServer.bytes.length >= all.length && client.writableLength === 0, 'everything')
        await settled()
        let woken = 0
        const receiver = client as NetworkProcess & { onWritable(): void }
        const flush = receiver.onWritable.bind(client)
        receiver.onWritable = () => {
          woken++
          flush()
        }
        await settled()
        peer.send('x')
        await settled()
        assert.ok(woken <= 1, `woken ${woken} times`)
        assert.ok(atServer.bytes.equals(all))
      })
    },
  )

  overEvery(
    ({ type, isLocal }) => type === 'stream' && !isLocal,
    transport => {
      for (const what of ['stopped', 'deleted'] as const)
        it(`is not woken again and again by the error queue of a process that is ${what}`, async function () {
          if (stampsOfSending === undefined) this.skip()
          const { client, peer, atServer } = await transport.pair(binary, binary)
          const socket = socketOf(client)
          socket.setsockopt(...stampsOfSending)
          peer.stop()
          const all = fill(client)
          client.stop()
          if (what === 'deleted') client.delete()
          await errorsTaken(socket)
          socket.close()
          peer.continue()
          await until(() => atServer.bytes.length >= all.length, 'everything')
          assert.ok(atServer.bytes.equals(all))
        })
    },
  )
})

describe('NetworkProcess#sendEof()', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('closes a peer that is not half-open', async () => {
        const { client, peer, atServer, atClient } = await transport.pair()
        assert.equal(client.sendEof(), client)
        await atServer.event('connection broken by remote peer\n')
        assert.equal(peer.status, 'closed')
        await atClient.event('connection broken by remote peer\n')
      })

      it('lets a half-open peer answer', async () => {
        const { client, peer, atServer, atClient } = await transport.pair({ halfOpen: true })
        client.send('question')
        client.sendEof()
        await atServer.event('end of file\n')
        assert.equal(atServer.text, 'question')
        assert.equal(peer.status, 'open')
        assert.equal(client.status, 'open')
        peer.send('answer')
        await until(() => atClient.text === 'answer', 'answer')
        await settled()
        assert.equal(atServer.events.filter(event => event === 'end of file\n').length, 1)
        peer.sendEof()
        await atClient.event('connection broken by remote peer\n')
        peer.delete()
        assert.equal(atServer.events.at(-1), 'deleted\n')
      })

      it('takes effect after all that was sent', async () => {
        const { client, peer, atServer } = await transport.pair({ ...binary, halfOpen: true }, binary)
        peer.stop()
        const all = fill(client)
        client.sendEof()
        assert.throws(() => client.send('x'), { code: 'ERR_SEND_AFTER_EOF', message: /client/ })
        await settled()
        peer.continue()
        await atServer.event('end of file\n')
        assert.ok(atServer.bytes.equals(all))
      })

      it('may be called again, but nothing may be sent', async () => {
        const { client } = await transport.pair({ halfOpen: true })
        client.sendEof().sendEof()
        assert.throws(() => client.send('x'), { code: 'ERR_SEND_AFTER_EOF' })
        assert.equal(client.status, 'open')
      })

      it('from both ends leaves both open if they are half-open', async () => {
        const { client, peer, atServer, atClient } = await transport.pair(
          { halfOpen: true },
          { halfOpen: true },
        )
        client.sendEof()
        peer.sendEof()
        await Promise.all([atServer.event('end of file\n'), atClient.event('end of file\n')])
        assert.deepEqual([client.status, peer.status], ['open', 'open'])
        client.delete()
        peer.delete()
      })

      it('followed by delete() loses nothing', async () => {
        const { client, peer, atServer } = await transport.pair(binary, binary)
        peer.stop()
        const all = fill(client)
        client.sendEof()
        client.delete()
        peer.continue()
        await atServer.event('connection broken by remote peer\n')
        assert.ok(atServer.bytes.equals(all))
      })
    },
  )

  overEvery(
    transport => !transport.connects,
    transport => {
      it('does nothing for datagrams', async () => {
        const { client, server, atServer } = await transport.pair()
        assert.equal(client.sendEof(), client)
        assert.equal(server.sendEof(), server)
        client.send('x')
        await until(() => atServer.text === 'x', 'text')
      })
    },
  )

  it('of the peer, followed by a reset, ends a half-open process', async () => {
    const { client, peer, atClient } = await over('stream', 'ipv4').pair({}, { halfOpen: true })
    peer.sendEof()
    await atClient.event('end of file\n')
    peer.setOption('linger', 0)
    peer.delete()
    await settled()
    assert.equal(client.send('x'), false)
    await atClient.event('connection broken by remote peer\n')
  })
})
