// Processes as streams: pipelines, ends, errors and message boundaries over every transport, and what Node builds on
// streams: TLS, HTTP/1 and HTTP/2, lines.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable, Writable, type Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import tls from 'node:tls'
import type { DuplexOptions, NetworkProcess } from 'make-network-process'
import { aFolder } from '../support/transports.js'
import { cleanUp, finallyDo, make, settled, thrown, until, witness } from './support.js'
import { over, overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

const isReliable = (transport: Transport) => transport.connects || transport.isLocal
const unread = { filter: true } as const

/** Bytes of which every four are different. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE((i * 2654435761) % 0x100000000, i)
  return bytes
}

function* pieces(bytes: Buffer, length = 16_000): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i += length) yield bytes.subarray(i, i + length)
}

/** Reads to the end without destroying the stream, which toArray() would do. */
async function read(stream: Duplex): Promise<Buffer[]> {
  const got: Buffer[] = []
  stream.on('data', one => got.push(one as Buffer))
  await once(stream, 'end')
  return got
}

/** The streams of a client and of the server's connection. */
async function streams(
  transport: Transport,
  options: DuplexOptions = {},
): Promise<{ near: Duplex; far: Duplex; client: NetworkProcess; peer: NetworkProcess }> {
  const { client, peer } = await transport.pair({}, unread)
  peer.filter = null
  return { near: client.duplex(options), far: peer.duplex(options), client, peer }
}

async function failure(work: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return work.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )
}

describe('NetworkProcess#duplex()', () => {
  overEvery(
    ({ connects }) => connects,
    transport => {
      it('carries 3 MB through a pipeline, and ends with both processes closed', async () => {
        const { near, far, client, peer } = await streams(transport)
        const all = pattern(3_000_000)
        const got: Buffer[] = []
        const echo = pipeline(far, far)
        await Promise.all([
          echo,
          pipeline(Readable.from(pieces(all)), near),
          (async () => {
            for await (const one of near) got.push(one as Buffer)
          })(),
        ])
        assert.ok(Buffer.concat(got).equals(all))
        if (transport.keepsBounds) assert.equal(got.length, Math.ceil(all.length / 16_000))
        await Promise.all([client.closed, peer.closed])
      })

      it('half-closes: ending one direction leaves the other open', async () => {
        const { client, peer } = await transport.pair({}, unread)
        peer.filter = null
        const near = client.duplex()
        const far = peer.duplex({ allowHalfOpen: true })
        near.end('question')
        assert.equal(Buffer.concat(await read(far)).toString(), 'question')
        assert.equal(peer.status, 'open')
        far.write('ans')
        far.end('wer')
        assert.equal(Buffer.concat(await read(near)).toString(), 'answer')
        await Promise.all([client.closed, peer.closed])
      })

      it('sends what was written before it ends because the peer did', async () => {
        const { near, far } = await streams(transport)
        const all = pattern(1_000_000)
        for (const piece of pieces(all)) far.write(piece)
        near.end()
        far.resume()
        assert.ok(Buffer.concat(await read(near)).equals(all))
      })

      it('closes when both sides have ended, even if nobody reads it', async () => {
        const { near, far, client } = await streams(transport)
        await pipeline(Readable.from(['all']), near)
        assert.equal(Buffer.concat(await read(far)).toString(), 'all')
        await client.closed
        assert.ok(near.readableEnded)
      })

      it('deletes the process on destroy(), and the peer sees the end', async () => {
        const { near, far, client } = await streams(transport)
        const error = new Error('mine')
        const failed = once(near, 'error')
        near.destroy(error)
        assert.deepEqual(await failed, [error])
        assert.equal(client.status, 'closed')
        far.resume()
        await once(far, 'close')
      })

      it('is destroyed when the process is deleted', async () => {
        const { near, client } = await streams(transport)
        const reading = failure(near.toArray())
        await settled()
        client.delete()
        assert.equal((await reading).code, 'ERR_STREAM_PREMATURE_CLOSE')
        assert.ok(near.destroyed)
        assert.ok(client.duplex().destroyed)
      })

      it('fails with the error of its process when that cannot connect', async () => {
        const server = transport.server()
        const keywords = transport.clientKeywords(server)
        server.delete()
        const client = transport.client(server, { ...keywords, nowait: true })
        const stream = client.duplex()
        stream.write('lost')
        const error = await failure(once(stream, 'never'))
        assert.equal(error.syscall, 'connect')
        assert.equal(error, await failure(client.opened))
      })

      it('takes writes before the process is open', async () => {
        const seen = witness()
        const client = transport.client(transport.server(seen.callbacks), { nowait: true })
        client.duplex().write('early')
        assert.deepEqual(await seen.messages(1), ['early'])
      })

      it('is refused for a server, and for a process that has a filter or a stream', async () => {
        const { server, peer, client } = await transport.pair({}, unread)
        assert.equal(thrown(() => server.duplex()).code, 'ERR_NO_STREAM')
        assert.equal(thrown(() => peer.duplex()).code, 'ERR_FILTER_IN_USE')
        client.duplex()
        assert.equal(thrown(() => client.duplex()).code, 'ERR_FILTER_IN_USE')
      })
    },
  )

  overEvery(isReliable, transport => {
    it('holds the peer back while nobody reads it, and loses nothing', async () => {
      const { client, peer } = await transport.pair({}, unread)
      peer.filter = null
      const far = peer.duplex({ readableHighWaterMark: transport.keepsBounds ? 4 : 1000 })
      const sent: Buffer[] = []
      for (let round = 0; client.writableLength === 0; round++) {
        assert.ok(round < 20, 'the peer never waits')
        for (;;) {
          const next = Buffer.alloc(1000, sent.length)
          sent.push(next)
          if (!client.send(next)) break
        }
        await settled()
      }
      const all = Buffer.concat(sent)
      const got: Buffer[] = []
      let length = 0
      for await (const one of far) {
        got.push(one as Buffer)
        length += (one as Buffer).length
        if (length >= all.length) break
      }
      assert.ok(Buffer.concat(got).equals(all))
      if (transport.keepsBounds) assert.deepEqual(got, sent)
    })

    it('write() returns false while the peer does not read, and drains when it does', async () => {
      const { client, peer, atServer } = await transport.pair({ coding: 'binary' }, unread)
      const near = client.duplex()
      peer.stop()
      let length = 0
      do length += 1000
      while (near.write(Buffer.alloc(1000)))
      const drained = once(near, 'drain')
      peer.continue()
      await drained
      await until(() => atServer.bytes.length === length, 'everything')
    })
  })

  overEvery(
    ({ connects, answers }) => !connects && answers,
    transport => {
      it('carries datagrams as objects, empty ones too', async () => {
        const { client, peer, atServer } = await transport.pair({}, unread)
        const near = client.duplex()
        for (const one of ['one', '', 'three']) near.write(one === '' ? Buffer.alloc(0) : one)
        assert.deepEqual(await atServer.messages(3), ['one', '', 'three'])
        peer.send('')
        peer.send('back')
        assert.deepEqual(await near.take(2).toArray(), [Buffer.alloc(0), Buffer.from('back')])
        await client.closed
      })
    },
  )

  it('carries bytes as they are, whatever the coding system', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    for (const coding of ['utf-8-dos', 'latin-1', 'utf-16', 'undecided']) {
      const { client, peer } = await over('stream', 'local').pair({ coding }, { ...unread, coding })
      peer.filter = null
      client.duplex().end(all)
      assert.ok((await buffer(peer.duplex())).equals(all), coding)
    }
  })

  overEvery(
    ({ type, family }) => type === 'stream' && family !== 'local',
    transport => {
      it('fails with ECONNRESET when the peer resets', async () => {
        const { client, peer } = await transport.pair({}, unread)
        const near = client.duplex()
        const failed = failure(buffer(near))
        await settled()
        peer.setOption('linger', 0)
        peer.delete()
        assert.equal((await failed).code, 'ECONNRESET')
      })
    },
  )
})

// ---- what Node builds on streams ------------------------------------------------------------------------------

/** A self-signed certificate for localhost; undefined where there is no openssl. */
function certificate(): { key: Buffer; cert: Buffer } | undefined {
  const folder = aFolder()
  const [key, cert] = ['key.pem', 'cert.pem'].map(name => path.join(folder, name)) as [string, string]
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost'
  const { status } = spawnSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert])
  return status === 0 ? { key: readFileSync(key), cert: readFileSync(cert) } : undefined
}

describe('NetworkProcess#duplex() under', () => {
  overEvery(
    ({ type }) => type === 'stream',
    transport => {
      it('node:tls, on both sides', async function () {
        const secret = certificate()
        if (secret === undefined) return this.skip()
        // The end of the stream comes while TLS still has something to send.
        const { near, far, client, peer } = await streams(transport, { allowHalfOpen: true })
        const server = new tls.TLSSocket(far, { isServer: true, ...secret })
        const secured = tls.connect({ socket: near, ca: secret.cert, servername: 'localhost' })
        await once(secured, 'secureConnect')
        assert.ok(secured.authorized, String(secured.authorizationError))
        const all = pattern(1_000_000)
        const echo = pipeline(server, server)
        secured.end(all)
        assert.ok((await buffer(secured)).equals(all))
        await echo
        await Promise.all([client.closed, peer.closed])
      })

      it('node:http, whose server is given the stream by an emitted event', async () => {
        const { near, far } = await streams(transport)
        const server = http.createServer((request, response) => {
          void text(request).then(body =>
            response.end(`${String(request.method)} ${String(request.url)} ${body}`),
          )
        })
        finallyDo(() => server.close())
        server.emit('connection', far)
        const request = http.request({ method: 'POST', path: '/here', createConnection: () => near })
        request.end('body')
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        assert.equal(response.statusCode, 200)
        assert.equal(await text(response), 'POST /here body')
      })

      it('node:http2', async () => {
        const { near, far, client } = await streams(transport)
        const server = http2.createServer((request, response) => {
          void text(request).then(body => response.end(`${request.method} ${request.url} ${body}`))
        })
        server.emit('connection', far)
        const session = http2.connect('http://localhost', { createConnection: () => near })
        const asked = ['/a', '/b'].map(async path => {
          const stream = session.request({ ':method': 'POST', ':path': path })
          stream.end('body')
          return text(stream)
        })
        assert.deepEqual(await Promise.all(asked), ['POST /a body', 'POST /b body'])
        session.close()
        await client.closed
      })

      it('node:readline', async () => {
        const { near, far } = await streams(transport)
        near.end('eins\nzwei\r\ndréi')
        const lines: string[] = []
        for await (const line of createInterface(far)) lines.push(line)
        assert.deepEqual(lines, ['eins', 'zwei', 'dréi'])
      })
    },
  )

  it('a wrapper that passes allowHalfOpen on as undefined', async () => {
    for (const halfOpen of [false, true]) {
      const { client } = await over('stream', 'local').pair({}, { ...unread, halfOpen })
      assert.equal(client.duplex({ allowHalfOpen: undefined }).allowHalfOpen, halfOpen)
    }
  })

  it('node:http, which is told of a connect that fails at once', async () => {
    const request = http.get({
      createConnection: () =>
        make({ name: 'c', family: 'local', service: '/not/there', nowait: true, filter: true }).duplex(),
    })
    const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.message, 'connect ENOENT /not/there')
  })

  it('a slow reader at the end of a pipeline', async () => {
    const { near, far } = await streams(over('seqpacket', 'local'))
    const got: number[] = []
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (chunk: Buffer, _, done) => {
        got.push(chunk.readUInt32LE())
        setImmediate(done)
      },
    })
    const numbers = Array.from({ length: 2000 }, (_, i) => i)
    const packets = numbers.map(i => Buffer.from(Uint32Array.of(i).buffer))
    await Promise.all([pipeline(Readable.from(packets), near), pipeline(far, slow)])
    assert.deepEqual(got, numbers)
  })
})
