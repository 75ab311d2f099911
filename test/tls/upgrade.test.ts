// TLS on a connection that is open already (STARTTLS), on either end: what was sent before goes unencrypted, nothing
// after it does, and nothing of the handshake is taken for data.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { makeNetworkProcess, openNetworkStream, type NetworkProcess } from 'make-network-process'
import { changed, cleanUp, finallyDo, settled, socketFile, until, witness } from '../process/support.js'
import { authority, canTestTls } from './certificates.js'
import { host, join, serve, showingKeys, tenMegabytes, trusting } from './support.js'

const clear = { tlsParameters: null, coding: 'utf-8-unix' } as const

/** A server that begins TLS when it is asked to, and echoes. */
function starttlsServer(answer = '220 go on\r\n') {
  const failures: Error[] = []
  const { port, seen } = serve({
    ...clear,
    filter: (child, text) => {
      if (text !== 'STARTTLS\r\n') child.send(text)
      else {
        child.send(answer)
        child.startTls(showingKeys(authority.server)).catch((error: unknown) => {
          failures.push(error as Error)
          changed()
        })
      }
    },
  })
  return { port, seen, failures }
}

async function agreed(client: NetworkProcess, heard: () => string): Promise<void> {
  client.send('STARTTLS\r\n')
  await until(() => heard().includes('220'), 'the answer')
}

describe('TLS on a connection that is open', () => {
  before(function () {
    if (!canTestTls) this.skip()
  })
  afterEach(cleanUp)

  it('secures both ends, and carries much data', async () => {
    const { port } = starttlsServer()
    const { client, seen } = join(port, {}, clear)
    await agreed(client, () => seen.text)
    const started = client.startTls(trusting())
    assert.equal(client.status, 'connect')
    // It is queued.
    client.send('first ')
    assert.equal(await started, client)
    assert.equal(client.status, 'open')
    assert.equal(client.tls?.protocol, 'TLS1.3')
    client.codingSystem = 'binary'
    client.send(tenMegabytes)
    const length = '220 go on\r\nfirst '.length + tenMegabytes.length
    await until(() => seen.bytes.length >= length, 'the echo')
    assert.equal(seen.bytes.subarray(0, 17).toString(), '220 go on\r\nfirst ')
    assert.ok(seen.bytes.subarray(17).equals(tenMegabytes))
    // The process was open all the time, and its sentinel is not called again.
    assert.deepEqual(seen.events, [])
  })

  it('sends unencrypted what was accepted before, however much it is', async () => {
    const { port } = starttlsServer('-'.repeat(4_000_000) + '220 go on\r\n')
    const { client, seen } = join(port, {}, clear)
    client.send('STARTTLS\r\n')
    await until(() => seen.text.endsWith('220 go on\r\n'), 'the answer')
    await client.startTls(trusting())
    client.send('under TLS')
    await until(() => seen.text.endsWith('under TLS'), 'the echo')
    assert.equal(seen.text.length, 4_000_011 + 9)
  })

  it('fails while a loop has not taken all that came unencrypted, which could pass for TLS’s', async () => {
    const said: string[] = []
    const failures: unknown[] = []
    const note = (error: unknown) => {
      failures.push(error)
      changed()
    }
    const converse = async (connection: NetworkProcess) => {
      for await (const text of connection) {
        said.push(String(text))
        if (text !== 'STARTTLS\r\n') continue
        // What comes meanwhile waits for the loop.
        await until(() => connection.bytesRead > 'STARTTLS\r\n'.length, 'the rest')
        await connection.startTls(showingKeys(authority.server))
      }
    }
    const { port } = serve({
      ...clear,
      filter: true,
      log: (_, connection) => void (connection && converse(connection).catch(note)),
    })
    const { client } = join(port, {}, { ...clear, filter: true })
    client.send('STARTTLS\r\n')
    await settled()
    client.send('injected\r\n')
    await settled()
    await until(() => failures.length > 0, 'refusal')
    assert.deepEqual(said, ['STARTTLS\r\n'])
  })

  it('works with node:tls as the peer', async () => {
    const { port } = starttlsServer()
    const { connect } = await import('node:net')
    const raw = connect(port, host)
    finallyDo(() => raw.destroy())
    raw.write('STARTTLS\r\n')
    await once(raw, 'data')
    const socket = tls.connect({ socket: raw, servername: 'localhost', ca: readFileSync(authority.trust) })
    socket.write('hello')
    const [data] = (await once(socket, 'data')) as [Buffer]
    assert.equal(data.toString(), 'hello')
  })

  it('gives the handshake what was read together with the command that begins TLS', async () => {
    // A full read is followed by another, and its filter stops the process: what the other has read is held back.
    const full = 64 * 1024
    const seen = witness()
    const { port } = serve({
      tlsParameters: null,
      lend: true,
      // Everything has come before anything is read.
      log: (_server, child) => setImmediate(() => child?.continue()),
      sentinel: child => void child.stop(),
      filter: (child, data) => {
        seen.callbacks.filter(child, data)
        if (seen.bytes.length !== full) return
        child.stop()
        setImmediate(() => {
          void child.startTls(showingKeys(authority.server))
          child.continue()
        })
      },
    })
    const { client } = join(port, {}, { tlsParameters: null })
    client.send(Buffer.alloc(full, 'x'))
    await client.startTls(trusting())
    client.send('after')
    await until(() => seen.text.endsWith('after'), 'data under TLS')
    assert.equal(seen.text, 'x'.repeat(full) + 'after')
  })

  it('ends the process when the peer does not answer in TLS', async () => {
    const { port } = serve({ ...clear, filter: child => void child.send('in clear') })
    const { client, seen } = join(port, {}, clear)
    client.send('anything')
    await seen.messages(1)
    client.send('anything')
    await assert.rejects(client.startTls(trusting()), { code: 'ERR_TLS_UNEXPECTED_PACKET' })
    assert.equal(client.status, 'closed')
    await seen.event('connection broken by remote peer\n')
    assert.throws(() => client.send('a secret'), { code: 'ERR_PROCESS_NOT_RUNNING' })
    assert.equal(seen.text, 'in clear')
  })

  it('fails on both ends when the certificate is not trusted', async () => {
    const { port, failures } = starttlsServer()
    const { client, seen } = join(port, {}, clear)
    await agreed(client, () => seen.text)
    await assert.rejects(client.startTls({ hostname: 'localhost' }), {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    })
    await client.closed
    await until(() => failures.length > 0, 'failure of the server')
    assert.equal((failures[0] as Error & { code: string }).code, 'ERR_TLS_ALERT_BAD_CERTIFICATE')
  })

  it('fails when the process is deleted meanwhile', async () => {
    const { port } = serve({ ...clear, filter: true })
    const { client, seen } = join(port, {}, clear)
    const started = client.startTls(trusting())
    client.delete()
    await assert.rejects(started, { code: 'ERR_PROCESS_NOT_RUNNING' })
    assert.deepEqual(seen.events, ['deleted\n'])
  })

  it('is refused a second time, for a server, for datagrams, and for a process that has ended', () => {
    const { port, server } = serve()
    const { client } = join(port)
    const error = (code: string) => ({ code })
    assert.throws(() => client.startTls(trusting()), error('ERR_TLS_STARTED'))
    assert.throws(() => server.startTls(trusting()), error('ERR_NO_STREAM'))
    client.delete()
    assert.throws(() => client.startTls(trusting()), error('ERR_PROCESS_NOT_RUNNING'))
    const datagrams = makeNetworkProcess({ name: 'd', type: 'datagram', server: true, host, service: true })
    assert.throws(() => datagrams.startTls(trusting()), error('ERR_NO_STREAM'))
  })

  it('openNetworkStream: STARTTLS with a greeting and capabilities', () => {
    // Both ends are in this thread: the server answers while the client blocks it.
    const { port } = serve({
      ...clear,
      sentinel: (child, event) => {
        if (event.startsWith('open')) child.send('220 hello\r\n')
      },
      filter: (child, text) => {
        if (text !== 'STARTTLS\r\n') return void child.send(child.tls ? '250 safe\r\n' : '250 STARTTLS\r\n')
        child.send('220 go on\r\n')
        void child.startTls(showingKeys(authority.server))
      },
    })
    const [process, properties] = openNetworkStream('stream', undefined, 'localhost', port, {
      type: 'starttls',
      returnList: true,
      endOfCommand: /\r\n/,
      success: /^220/,
      capabilityCommand: 'EHLO\r\n',
      starttlsFunction: capabilities => (capabilities.includes('STARTTLS') ? 'STARTTLS\r\n' : undefined),
      tlsParameters: trusting(),
    })
    assert.equal(process?.tls?.protocol, 'TLS1.3')
    assert.deepEqual(properties, {
      greeting: '220 hello\r\n',
      capabilities: '250 safe\r\n',
      type: 'tls',
      error: undefined,
    })
  })

  for (const nowait of [false, true])
    it(`openNetworkStream: TLS from the start${nowait ? ', asynchronously' : ''}`, async () => {
      const { port } = serve({
        coding: 'utf-8-unix',
        sentinel: (child, event) => event.startsWith('open') && child.send('220 hello\r\n'),
      })
      const parameters = { type: 'tls', nowait, returnList: true, endOfCommand: /\r\n/ } as const
      const [process, { greeting, type }] = openNetworkStream('stream', undefined, 'localhost', port, {
        ...parameters,
        tlsParameters: trusting(),
      })
      await process?.opened
      assert.equal(process?.tls?.protocol, 'TLS1.3')
      assert.equal(type, 'tls')
      assert.equal(greeting, nowait ? undefined : '220 hello\r\n')
    })

  it('openNetworkStream: throws for a certificate that is not trusted', () => {
    const { port } = serve()
    assert.throws(() => openNetworkStream('stream', undefined, 'localhost', port, { type: 'tls' }), {
      code: 'ERR_TLS_FAILED',
    })
  })

  it('works on a local socket, which passes no descriptors then', async () => {
    const file = socketFile()
    const seen = witness()
    makeNetworkProcess({
      name: 'server',
      server: true,
      family: 'local',
      service: file,
      tlsParameters: showingKeys(authority.server),
      filter: (child, text) => child.send(text),
    })
    const client = makeNetworkProcess({
      name: 'client',
      family: 'local',
      service: file,
      tlsParameters: trusting(),
      ...seen.callbacks,
    })
    client.send('hello')
    await seen.messages(1)
    assert.equal(seen.text, 'hello')
    assert.throws(() => client.sendMessage({ data: 'x', fds: [0] }), { code: /^E(OP)?NOTSUPP?$/ })
  })
})
