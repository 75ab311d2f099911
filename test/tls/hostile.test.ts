// Peers that break the rules of TLS, or keep them as unkindly as they may: nothing that they send passes for data, no
// other connection waits for them, and every failure is reported.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { readFileSync } from 'node:fs'
import { makeNetworkProcess } from 'make-network-process'
import {
  cleanUp,
  changed,
  errorsTaken,
  finallyDo,
  socketOf,
  stampsOfSending,
  until,
} from '../process/support.js'
import { authority, canTestTls } from './certificates.js'
import { gnutlsClient, opensslClient, opensslServer } from './peers.js'
import {
  host,
  join,
  listening,
  nodeClient,
  nodeServer,
  serve,
  showingKeys,
  tenMegabytes,
  trusting,
} from './support.js'

/** A server without TLS. */
function clearServer(connected: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    connected(socket)
  })
  return listening(server, sockets)
}

/** Joins two streams, and changes what goes through. */
function relay(
  from: net.Socket,
  to: net.Socket,
  change: (piece: Buffer) => Buffer[] = piece => [piece],
): void {
  from.on('data', (piece: Buffer) => change(piece).forEach(part => to.write(part)))
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  to.on('close', () => from.destroy())
}

describe('TLS with peers that break the rules', () => {
  before(function () {
    if (!canTestTls) this.skip()
  })
  afterEach(cleanUp)

  for (const [what, connected, code] of [
    ['talks plain text', socket => socket.write('220 ready\r\n'), 'ERR_TLS_UNEXPECTED_PACKET'],
    ['closes at once', socket => socket.end(), 'ERR_TLS_PREMATURE_TERMINATION'],
    [
      'closes in the middle of the handshake',
      socket => socket.once('data', () => socket.end(Buffer.from('160303004a02', 'hex'))),
      'ERR_TLS_PREMATURE_TERMINATION',
    ],
    ['resets', socket => socket.once('data', () => socket.resetAndDestroy()), 'ECONNRESET'],
    [
      'sends an alert',
      socket => socket.write(Buffer.from('15030300020228', 'hex')),
      'ERR_TLS_ALERT_HANDSHAKE_FAILURE',
    ],
  ] satisfies [string, (socket: net.Socket) => unknown, string][])
    it(`fails to open with a server that ${what}`, async () => {
      const heard: Buffer[] = []
      const port = await clearServer(socket => {
        socket.on('data', (data: Buffer) => heard.push(data))
        connected(socket)
      })
      const { client, seen } = join(port, trusting(), { nowait: true })
      client.send('a secret')
      await assert.rejects(client.opened, { code })
      assert.equal(seen.data.length, 0)
      assert.ok(!Buffer.concat(heard).includes('a secret'))
    })

  it('waits no longer than :timeout for a server that sends nothing', async () => {
    const port = await clearServer(() => {})
    const { client } = join(port, trusting({ timeout: 0.05 }), { nowait: true })
    await assert.rejects(client.opened, { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' })
  })

  it('is not woken again and again by the error queue while a server sends nothing', async function () {
    if (stampsOfSending === undefined) this.skip()
    let greeted = false
    const port = await clearServer(socket =>
      socket.once('data', () => {
        greeted = true
        changed()
      }),
    )
    const { client } = join(port, trusting(), { nowait: true, sockopts: [stampsOfSending] })
    await until(() => greeted, 'the first message')
    await errorsTaken(socketOf(client))
    assert.equal(client.status, 'connect')
  })

  for (const [what, say] of [
    ['talk plain text', 'GET / HTTP/1.1\r\n\r\n'],
    ['send rubbish', Buffer.alloc(1000, 0x16)],
    ['close at once', ''],
  ] as const)
    it(`logs and closes clients that ${what}, and serves others`, async () => {
      const { port, seen } = serve()
      const socket = net.connect(port, host)
      socket.on('error', () => {})
      socket.end(say)
      await until(() => seen.log.length === 1, 'word of it')
      assert.match(seen.log[0] ?? '', /^refused from 127\.0\.0\.1: TLS handshake: .*\n$/)
      assert.deepEqual(seen.events, [])
      nodeClient(port).write('hello')
      await seen.messages(1)
      assert.equal(seen.text, 'hello')
    })

  it('serves others while clients send nothing, and closes the oldest of many', async () => {
    const { port, seen } = serve({ server: 512 })
    const idle = Array.from({ length: 300 }, () => net.connect(port, host))
    finallyDo(() => idle.forEach(socket => socket.destroy()))
    idle.forEach(socket => socket.on('error', () => {}))
    await until(() => seen.log.length >= 44, 'some to give way')
    assert.match(seen.log[0] ?? '', /gave way to others/)
    nodeClient(port).write('hello')
    await seen.messages(1)
    assert.equal(seen.text, 'hello')
  })

  it('leaves no handshake behind when word of one that gave way deletes the server', async () => {
    const { port } = serve({ server: 512, log: server => server.delete() })
    const idle = Array.from({ length: 257 }, () => net.connect(port, host))
    finallyDo(() => idle.forEach(socket => socket.destroy()))
    idle.forEach(socket => socket.on('error', () => {}).on('close', changed))
    await until(() => idle.every(socket => socket.closed), 'end of all')
  })

  it('closes a client that sends nothing after :timeout', async () => {
    const { port, seen } = serve({}, { ...showingKeys(authority.server), timeout: 0.05 })
    const socket = net.connect(port, host)
    await once(socket, 'close')
    assert.match(seen.log.join(), /took too long/)
  })

  it('closes connections in their handshake when the server is deleted', async () => {
    const { port, server } = serve({ log: undefined })
    const socket = net.connect(port, host)
    await once(socket, 'connect')
    // A later connection has been accepted, and so has this one.
    const other = nodeClient(port)
    await once(other, 'secureConnect')
    server.delete()
    await once(socket, 'close')
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    it(`works when the network brings one byte at a time, ${version}`, async () => {
      const target = await nodeServer(authority.server, { maxVersion: version })
      const bytes = (piece: Buffer) => Array.from(piece, byte => Buffer.of(byte))
      const port = await clearServer(near => {
        const far = net.connect({ port: target, host, noDelay: true })
        near.setNoDelay(true)
        relay(near, far, bytes)
        relay(far, near, bytes)
      })
      const { client, seen } = join(port, trusting(), { nowait: true })
      const text = 'x'.repeat(5000)
      client.send(text)
      await until(() => seen.text.length >= text.length, 'the echo')
      assert.equal(seen.text, text)
      client.sendEof()
      await seen.event('connection broken by remote peer\n')
    })

  /** A TLS server of Node's over a stream whose raw socket is in our hands. */
  async function scripted(work: (secured: tls.TLSSocket, raw: net.Socket) => void): Promise<number> {
    const secret = {
      key: readFileSync(authority.server.key),
      cert: readFileSync(authority.server.certificate),
    }
    return clearServer(raw => {
      // Not the socket itself, which a TLSSocket would take over.
      const through = new Duplex({
        read() {},
        write: (piece: Buffer, _, callback) => raw.write(piece, callback),
        final: callback => callback(),
      })
      raw.on('data', (piece: Buffer) => through.push(piece))
      raw.on('end', () => through.push(null))
      const secured = new tls.TLSSocket(through, { isServer: true, ...secret })
      secured.on('error', () => {})
      secured.once('secure', () => work(secured, raw))
    })
  }

  for (const halfOpen of [false, true])
    it(`ignores data behind close_notify${halfOpen ? ', in a half-open process' : ''}`, async () => {
      const port = await scripted((secured, raw) => {
        secured.end('the last', () => raw.write('in clear, behind the end'))
      })
      const { client, seen } = join(port, trusting(), { nowait: true, halfOpen })
      await client.opened
      await seen.event(halfOpen ? 'end of file\n' : 'connection broken by remote peer\n')
      assert.equal(seen.text, 'the last')
      assert.deepEqual(seen.all.slice(-2), [
        'filter 746865206c617374',
        `sentinel ${halfOpen ? 'end of file' : 'connection broken by remote peer'}`,
      ])
    })

  it('reports an end without close_notify as an error, and loses nothing that came before it', async () => {
    const port = await scripted((secured, raw) => secured.write('all of it?', () => raw.end()))
    const { client, seen } = join(port, trusting(), { nowait: true, filter: undefined })
    const heard: string[] = []
    await assert.rejects(
      async () => {
        for await (const data of client) heard.push(String(data))
      },
      { code: 'ERR_TLS_PREMATURE_TERMINATION' },
    )
    assert.deepEqual(heard, ['all of it?'])
    await seen.event('connection broken by remote peer\n')
  })

  it('ends the connection at a record that was changed on the way', async () => {
    const target = await nodeServer(authority.server)
    let opened = false
    const port = await clearServer(near => {
      const far = net.connect(target, host)
      relay(near, far)
      relay(far, near, piece => {
        if (opened) piece[piece.length - 1]! ^= 1
        return [piece]
      })
    })
    const { client, seen } = join(port, trusting(), { nowait: true })
    await client.opened
    client.send('first')
    await seen.messages(1)
    opened = true
    client.send('second')
    await seen.event('connection broken by remote peer\n')
    assert.equal(seen.text, 'first')
  })

  describe('renegotiation', () => {
    it('is refused to a client of openssl', async () => {
      const { port, seen } = serve()
      const peer = opensslClient(port, '1.2')
      const child = await seen.connection()
      peer.say('R\n')
      await peer.says(/RENEGOTIATING[^]*no renegotiation/)
      await child.closed
      assert.equal(seen.data.length, 0)
    })

    it('is refused to a client of gnutls', async () => {
      const { port, seen } = serve()
      const peer = gnutlsClient(port, '1.2', '--inline-commands')
      await seen.connection()
      peer.say('^renegotiate^\n')
      await peer.says(/ReHandshake has failed/)
      assert.equal(seen.data.length, 0)
    })

    it('is refused to a server', async () => {
      const peer = await opensslServer('1.2')
      const { client, seen } = join(peer.port, trusting(), { nowait: true, coding: 'utf-8-unix' })
      await client.opened
      peer.say('r\n')
      await until(
        () => peer.ended || /no renegotiation|DONE|closed/.test(peer.words) || client.status !== 'open',
        'refusal',
      )
      assert.ok(!seen.text.includes('r'))
    })
  })

  it('sends everything once and in order to a peer that reads late', async () => {
    const pieces: Buffer[] = []
    let length = 0
    let reader: tls.TLSSocket | undefined
    const port = await nodeServer(authority.server, {}, socket => {
      reader = socket.pause()
      socket.on('data', (piece: Buffer) => {
        pieces.push(piece)
        length += piece.length
        changed()
      })
      socket.pause()
      changed()
    })
    const { client } = join(port, trusting(), { nowait: true })
    await client.opened
    let at = 0
    // Pieces of all lengths, so that records and pieces never end together.
    for (let size = 1; at < tenMegabytes.length; size = (size * 7) % 100_003) {
      client.send(tenMegabytes.subarray(at, at + size))
      at += size
    }
    assert.ok(client.writableLength > 0)
    client.sendEof()
    await until(() => reader, 'connection')
    reader?.resume()
    await client.drained
    await until(() => length >= tenMegabytes.length, 'all of it')
    assert.ok(Buffer.concat(pieces).equals(tenMegabytes))
  })

  it('queues for a peer that never reads, and serves others meanwhile', async () => {
    const port = await nodeServer(authority.server, {}, socket => socket.pause())
    const { client } = join(port, trusting(), { nowait: true })
    await client.opened
    assert.equal(client.send(tenMegabytes), false)
    const file = makeNetworkProcess({ name: 'other', host, service: port, nowait: true, coding: 'binary' })
    await file.opened
    assert.ok(client.writableLength > 1_000_000)
  })
})
