// TLS with other programs: gnutls-serv and gnutls-cli, openssl's s_server and s_client, and node:tls; 1.2 and 1.3, 10 MB
// each way, with certificates on one side, on both and on neither.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { NetworkProcess, TlsParameters } from 'make-network-process'
import { changed, cleanUp, until, type Witness } from '../process/support.js'
import { authority, canTestTls } from './certificates.js'
import {
  gnutlsClient,
  gnutlsServ,
  gnutlsServAnonymous,
  opensslClient,
  opensslServer,
  showing,
  type Version,
} from './peers.js'
import { join, nodeClient, nodeServer, serve, showingKeys, tenMegabytes, trusting } from './support.js'

const sum = (seen: Witness) => seen.data.reduce((length, piece) => length + piece.length, 0)

/** Waits for 10 MB, as long as more comes: gnutls-cli is slow. */
async function arrives(length: () => number): Promise<void> {
  while (length() < tenMegabytes.length) {
    const before = length()
    await until(() => length() > before, `more than ${before} bytes`)
  }
}

async function receivesAll(seen: Witness): Promise<void> {
  await arrives(() => sum(seen))
  assert.ok(seen.bytes.equals(tenMegabytes))
}

/** Has our client send, and waits for the echo. */
async function isEchoed(client: NetworkProcess, seen: Witness, version: Version): Promise<void> {
  await client.opened
  assert.equal(client.tls?.protocol, `TLS${version}`)
  client.send(tenMegabytes)
  await receivesAll(seen)
}

describe('TLS with other programs', () => {
  before(function () {
    if (!canTestTls) this.skip()
  })
  afterEach(cleanUp)

  for (const version of ['1.2', '1.3'] as const) {
    for (const nowait of [false, true]) {
      it(`gnutls-serv, TLS ${version}, ${nowait ? 'asynchronously' : 'blocking'}`, async () => {
        const { port } = await gnutlsServ(version)
        const { client, seen } = join(port, trusting(), { nowait })
        assert.equal(client.status, nowait ? 'connect' : 'open')
        await isEchoed(client, seen, version)
        assert.deepEqual(seen.events, ['open\n'])
      })
    }

    it(`gnutls-serv that wants a certificate, TLS ${version}`, async () => {
      const wanting = ['--require-client-cert', '--verify-client-cert', '--x509cafile', authority.trust]
      const { port } = await gnutlsServ(version, ...wanting)
      const { client, seen } = join(port, trusting(showingKeys(authority.client)))
      await isEchoed(client, seen, version)
    })

    it(`gnutls-cli, TLS ${version}`, async () => {
      const { port, seen } = serve()
      const peer = gnutlsClient(port, version)
      peer.say(tenMegabytes)
      const child = await seen.connection()
      child.send(tenMegabytes)
      // It receives as long as there is something to receive, and sends only then.
      await arrives(() => peer.length)
      await receivesAll(seen)
      assert.ok(peer.output.equals(tenMegabytes))
      assert.equal(child.tls?.protocol, `TLS${version}`)
      peer.endInput()
      await seen.event('connection broken by remote peer\n')
    })

    it(`gnutls-cli with a certificate, TLS ${version}`, async () => {
      const { port, seen } = serve({}, { ...showingKeys(authority.server), trustfiles: [authority.trust] })
      gnutlsClient(port, version, ...showing.gnutls(authority.client))
      const child = await seen.connection()
      assert.equal(child.tls?.certificate?.subject, 'CN=A Client')
      assert.equal(child.tls.warnings, undefined)
    })

    it(`openssl s_server, TLS ${version}`, async () => {
      const peer = await opensslServer(version, '-quiet')
      const { client, seen } = join(peer.port)
      assert.equal(client.tls?.protocol, `TLS${version}`)
      const before = peer.length
      client.send(tenMegabytes)
      peer.say(tenMegabytes)
      await receivesAll(seen)
      await arrives(() => peer.length - before)
      assert.ok(peer.output.subarray(before).equals(tenMegabytes))
    })

    it(`openssl s_server that wants a certificate, TLS ${version}`, async () => {
      const peer = await opensslServer(
        version,
        '-Verify',
        '1',
        '-CAfile',
        authority.trust,
        '-verify_return_error',
      )
      const { client } = join(peer.port, trusting(showingKeys(authority.client)))
      client.send('hello\n')
      await peer.says(/CN = A Client[^]*hello\n/)
    })

    it(`openssl s_client, TLS ${version}`, async () => {
      const { port, seen } = serve()
      const peer = opensslClient(port, version, '-quiet')
      peer.say(tenMegabytes)
      const child = await seen.connection()
      child.send(tenMegabytes)
      await receivesAll(seen)
      await arrives(() => peer.length)
      assert.ok(peer.output.equals(tenMegabytes))
    })

    it(`openssl s_client with a certificate, TLS ${version}`, async () => {
      const { port, seen } = serve({}, { ...showingKeys(authority.server), trustfiles: [authority.trust] })
      opensslClient(port, version, '-quiet', ...showing.openssl(authority.client))
      const child = await seen.connection()
      assert.equal(child.tls?.certificate?.subject, 'CN=A Client')
    })

    it(`node:tls as server, TLS ${version}`, async () => {
      const port = await nodeServer(authority.rsa, { maxVersion: `TLSv${version}` })
      const { client, seen } = join(port, trusting(), { nowait: true })
      await isEchoed(client, seen, version)
      client.sendEof()
      await seen.event('connection broken by remote peer\n')
    })

    it(`node:tls as client, TLS ${version}`, async () => {
      const { port, seen } = serve({}, showingKeys(authority.rsa))
      const socket = nodeClient(port, { maxVersion: `TLSv${version}` })
      const pieces: Buffer[] = []
      socket.on('data', (piece: Buffer) => pieces.push(piece))
      socket.write(tenMegabytes)
      const child = await seen.connection()
      child.send(tenMegabytes)
      await receivesAll(seen)
      // What was accepted is sent, and close_notify behind it, though the process has been deleted.
      child.delete()
      await once(socket, 'end')
      assert.ok(Buffer.concat(pieces).equals(tenMegabytes))
    })
  }

  const anonymous: TlsParameters = { type: 'gnutls-anon' }

  it('gnutls-serv without a certificate', async () => {
    const { port } = await gnutlsServAnonymous()
    const { client, seen } = join(port, anonymous)
    await isEchoed(client, seen, '1.2')
    assert.equal(client.tls?.keyExchange, 'ANON-ECDH')
    assert.equal(client.tls.certificate, undefined)
  })

  it('gnutls-cli without a certificate', async () => {
    const { port, seen } = serve({}, anonymous)
    const peer = gnutlsClient(port, '1.2', '--priority', 'NORMAL:-KX-ALL:+ANON-DH:-VERS-TLS1.3')
    const child = await seen.connection()
    assert.equal(child.tls?.keyExchange, 'ANON-DH')
    assert.ok((child.tls.diffieHellmanPrimeBits ?? 0) >= 2048)
    child.send('hello\n')
    await peer.says(/hello\n/)
  })

  it('refuses a prime that is too short', async () => {
    const { port } = await gnutlsServAnonymous()
    const priority = 'NORMAL:-KX-ALL:+ANON-DH:-VERS-TLS1.3:-GROUP-ALL'
    assert.throws(() => join(port, { ...anonymous, priority, minPrimeBits: 16000 }), {
      code: 'ERR_TLS_DH_PRIME_UNACCEPTABLE',
    })
  })

  it('a peer that renews its keys in the middle (TLS 1.3)', async () => {
    const { port, seen } = serve({ filter: undefined, coding: 'utf-8-unix' })
    const peer = opensslClient(port, '1.3')
    const child = await seen.connection()
    const heard: string[] = []
    child.filter = (_, text) => {
      heard.push(String(text))
      changed()
    }
    // K: openssl updates its keys, and asks us to update ours.
    peer.say('K\n')
    await peer.says(/KEYUPDATE/)
    peer.say('after\n')
    await until(() => heard.join('').includes('after\n'), 'text under the new keys')
    child.send('answer\n')
    await peer.says(/answer\n/)
  })

  it('agrees on a protocol by ALPN, and sends the host name by SNI', async () => {
    const names: unknown[] = []
    const port = await nodeServer(
      authority.server,
      {
        ALPNProtocols: ['h2', 'http/1.1'],
        SNICallback: (name, done) => {
          names.push(name)
          done(null)
        },
      },
      socket => socket.end(String(socket.alpnProtocol)),
    )
    const { client } = join(port, trusting({ alpn: ['x', 'http/1.1'] }), { nowait: true })
    await client.opened
    assert.equal(client.tls?.alpn, 'http/1.1')
    assert.deepEqual(names, ['localhost'])
  })

  it('shows, as a server, the certificate for the name that is asked for', async () => {
    const { port } = serve({}, showingKeys(authority.server, authority.otherHost))
    for (const [servername, subject] of [
      ['localhost', 'localhost'],
      ['other.example', 'other.example'],
    ] as const) {
      const socket = nodeClient(port, { servername })
      await once(socket, 'secureConnect')
      assert.equal(socket.getPeerCertificate().subject.CN, subject)
    }
  })

  it('refuses, as a server, a client that speaks none of its protocols', async () => {
    const { port, seen } = serve({}, { ...showingKeys(authority.server), alpn: ['mine'] })
    const socket = nodeClient(port, { ALPNProtocols: ['other'] })
    const [error] = (await once(socket, 'error')) as [Error & { code: string }]
    assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    await until(() => seen.log.length === 1, 'word of it')
    assert.match(seen.log[0] ?? '', /^refused from 127\.0\.0\.1: TLS/)
  })

  it('node:tls over the stream of a process, which is OpenSSL instead of GnuTLS', async () => {
    const { default: tls } = await import('node:tls')
    const { port } = await gnutlsServ('1.3')
    const { client } = join(port, undefined, { tlsParameters: null, filter: undefined })
    const socket = tls.connect({
      socket: client.duplex({ allowHalfOpen: true }),
      servername: 'localhost',
      ca: readFileSync(authority.trust),
    })
    await once(socket, 'secureConnect')
    socket.end('hello\n')
    const [data] = (await once(socket, 'data')) as [Buffer]
    assert.equal(data.toString(), 'hello\n')
  })
})
