// A process under TLS behaves like any other: loops, streams, ends, stopping, and a server's connections.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync, readdirSync, readFileSync } from 'node:fs'
import net from 'node:net'
import { constants } from 'node:os'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import {
  acceptProcessOutput,
  makeNetworkProcess,
  processList,
  type NetworkConnection,
} from 'make-network-process'
import { constants as system, Socket } from 'make-network-process/socket'
import { native } from '../../dist/native.js'
import { changed, cleanUp, finallyDo, make, thrown, until } from '../process/support.js'
import { authority, canTestTls, password } from './certificates.js'
import { host, join, nodeServer, serve, showingKeys, trusting } from './support.js'

describe('TLS: processes', () => {
  before(function () {
    if (!canTestTls) this.skip()
  })
  afterEach(cleanUp)

  it('reports connections when they are secured, with all that a connection has', async () => {
    const { port, seen, server } = serve({ coding: 'utf-8-unix' })
    const { client } = join(port)
    client.send('héllo')
    await seen.messages(1)
    assert.deepEqual(seen.all, ['log accept from 127.0.0.1', 'sentinel open from 127.0.0.1', 'filter héllo'])
    const [child] = seen.clients
    assert.match(child?.name ?? '', /^server <127\.0\.0\.1:\d+>$/)
    assert.equal(child?.contact('host'), '127.0.0.1')
    assert.equal(server.stats().accepted, 1)
  })

  it('ends the session when a send fails, because the gap would be taken for an attack', async () => {
    const { port } = serve()
    const { client, seen } = join(port)
    const sendv = native.sendv.bind(native)
    native.sendv = () => -constants.errno.ENOMEM
    try {
      assert.equal(client.send(['a', 'b']), false)
    } finally {
      native.sendv = sendv
    }
    assert.equal(client.send('c'), false)
    await seen.event('connection broken by remote peer\n')
    const { cause } = thrown(() => client.send('d'))
    assert.equal((cause as Error).message, `send ENOMEM ${host}:${port}`)
  })

  it('closes an adopted descriptor on which TLS has failed, which never goes on unencrypted', () => {
    const [near, far] = Socket.pair(system.AF_UNIX, system.SOCK_STREAM)
    finallyDo(() => far.close())
    far.send(Buffer.from('no TLS\n'))
    const adopt = near.detach()
    assert.match(String(thrown(() => make({ name: 'x', adopt, tlsParameters: trusting() })).code), /^ERR_TLS/)
    assert.throws(() => fstatSync(adopt), { code: 'EBADF' })
  })

  it('calls the sentinel of a blocking client before the client is returned, as in Emacs', () => {
    const { port } = serve()
    const { seen } = join(port)
    assert.deepEqual(seen.events, ['open\n'])
  })

  it('returns an asynchronous client first, even if its handshake is over at once', async () => {
    const { port } = serve()
    const { client, seen } = join(port, trusting(), { nowait: true })
    assert.equal(client.status, 'connect')
    assert.deepEqual(seen.events, [])
    await client.opened
    assert.deepEqual(seen.events, ['open\n'])
  })

  it(':complete-negotiation blocks, even under :nowait', async () => {
    const { port } = serve()
    const { client } = join(port, trusting({ completeNegotiation: true }), { nowait: true })
    await client.opened
    const { client: refused } = join(
      port,
      { hostname: 'localhost', completeNegotiation: true },
      { nowait: true },
    )
    await assert.rejects(refused.opened, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    assert.equal(refused.status, 'failed')
  })

  it('does not revive a client that is deleted in the wake-up that ends its handshake', async () => {
    const killer = makeNetworkProcess({
      name: 'killer',
      type: 'datagram',
      server: true,
      host,
      service: true,
      filter: () => client.delete(),
    })
    const service = killer.contact('service') as number
    const trigger = makeNetworkProcess({ name: 'trigger', type: 'datagram', host, service })
    // With TLS 1.2 the server is ready first: it sends this before the client reads its last message.
    const { port } = serve({
      sentinel: (_, what) => {
        if (what.startsWith('open')) trigger.send('now')
      },
    })
    const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2'
    const { client, seen } = join(port, trusting({ priority, completeNegotiation: true }), { nowait: true })
    await client.closed
    assert.equal(seen.events.at(-1), 'deleted\n')
    assert.equal(client.fd, -1)
  })

  it('works with acceptProcessOutput()', () => {
    const { port } = serve({ filter: (child, data) => child.send(data) })
    const { client, seen } = join(port)
    client.send('hello')
    assert.equal(acceptProcessOutput(client, 10), true)
    assert.equal(seen.text, 'hello')
  })

  it('works with for await over a server and its connections', async () => {
    const { server, port } = serve({
      filter: undefined,
      sentinel: undefined,
      log: undefined,
      coding: 'utf-8-unix',
    })
    const heard: string[] = []
    const done = (async () => {
      for await (const connection of server as AsyncIterable<NetworkConnection>)
        for await (const data of connection) {
          heard.push(String(data))
          if (heard.join('').endsWith('.')) return
        }
    })()
    const { client } = join(port)
    client.send('one, ')
    client.send('two.')
    await done
    assert.equal(heard.join(''), 'one, two.')
  })

  it('works with duplex()', async () => {
    const port = await nodeServer(authority.server)
    const { client } = join(port, trusting(), { nowait: true, filter: undefined })
    await client.opened
    const stream = client.duplex({ allowHalfOpen: true })
    stream.end('all of this')
    assert.equal(await text(stream), 'all of this')
  })

  it('lets the peer go on sending after our end, and reports the end of the peer', async () => {
    const port = await nodeServer(authority.server, { allowHalfOpen: true }, socket => {
      socket.resume()
      socket.on('end', () => socket.end('after the end'))
    })
    const { client, seen } = join(port, trusting(), { nowait: true })
    await client.opened
    client.sendEof()
    assert.throws(() => client.send('more'), { code: 'ERR_SEND_AFTER_EOF' })
    await seen.event('connection broken by remote peer\n')
    assert.equal(seen.text, 'after the end')
  })

  it('delivers what was sent though the process is deleted at once', async () => {
    const { port, seen } = serve()
    const { client } = join(port)
    client.send('x'.repeat(3_000_000))
    client.delete()
    await seen.event('connection broken by remote peer\n')
    assert.equal(seen.text.length, 3_000_000)
  })

  it('works with stop() and continue()', async () => {
    const { port, seen } = serve()
    const { client } = join(port)
    const child = await seen.connection()
    child.stop()
    client.send('hello')
    const { client: other } = join(port)
    other.send('other')
    await seen.messages(1)
    assert.equal(seen.text, 'other')
    child.continue()
    await seen.messages(2)
    assert.equal(seen.text, 'otherhello')
  })

  it('delivers lent bytes, and text whose characters are cut anywhere', async () => {
    const characters = 'ä€𝄞'.repeat(50_000)
    const { port } = serve({ filter: (child, data) => child.send(data) })
    const { client, seen } = join(port, trusting(), { coding: 'utf-8-unix' })
    client.send(characters)
    await until(() => seen.text.length >= characters.length, 'the echo')
    assert.equal(seen.text, characters)
    const { client: lender } = join(port, trusting(), { lend: true })
    let bytes = 0
    lender.filter = (_, data) => {
      bytes += data.length
      changed()
    }
    lender.send(Buffer.alloc(500_000))
    await until(() => bytes === 500_000, 'lent bytes')
  })

  it('does not detach a descriptor under TLS', () => {
    const { port } = serve()
    assert.throws(() => join(port).client.detach(), { code: 'ERR_PROCESS_BUSY' })
  })

  it('takes a load balancer’s header unencrypted, before the handshake', async () => {
    const { port, seen } = serve({ proxyProtocol: true })
    const raw = net.connect(port, host)
    raw.write('PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n')
    const socket = tls.connect({ socket: raw, servername: 'localhost', ca: readFileSync(authority.trust) })
    finallyDo(() => socket.destroy())
    socket.write('hello')
    await seen.messages(1)
    assert.equal(seen.text, 'hello')
    assert.equal(seen.clients[0]?.contact('host'), '192.0.2.1')
  })

  it('ends a handshake by an AbortSignal', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer().listen(0, host)
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const signal = AbortSignal.timeout(20)
    const { client } = join(port, trusting(), { nowait: true, signal })
    await assert.rejects(client.opened, { name: 'TimeoutError' })
    assert.equal(client.status, 'closed')
    silent.close()
  })

  it('throws when a callback deletes the process during a blocking handshake', () => {
    const { port } = serve({
      tlsParameters: null,
      sentinel: () =>
        processList()
          .find(({ name }) => name === 'client')
          ?.delete(),
    })
    assert.equal(thrown(() => join(port)).code, 'ERR_PROCESS_NOT_RUNNING')
  })

  it('refuses seqpacket and datagram', () => {
    for (const type of ['seqpacket', 'datagram'] as const)
      assert.throws(
        () =>
          makeNetworkProcess({
            name: 'p',
            type,
            family: 'local',
            service: '/nobody',
            tlsParameters: trusting(),
          }),
        { code: 'ERR_INCOMPATIBLE_KEYWORDS', message: /:tls-parameters/ },
      )
  })

  it('takes keys with a password, and shows it nowhere', async () => {
    const secret = { ...showingKeys(authority.locked), pass: password }
    const shown: string[] = []
    for (const tlsParameters of [
      secret,
      ['gnutls-x509pki', ...Object.entries(secret).flatMap(([k, v]) => [`:${k}`, v])],
    ]) {
      const { server, port } = serve({ tlsParameters })
      const { client } = join(port)
      shown.push(
        ...[server, server.contact(true), client, client.contact(true), client.tls].map(one =>
          inspect(one, { depth: 9, showHidden: true }),
        ),
      )
    }
    for (const pass of ['wrong password', 7, `${password}\0`]) {
      const error = thrown(() => serve({}, { ...secret, pass } as object))
      assert.equal(error.code, typeof pass === 'number' ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE')
      shown.push(inspect(error, { depth: 9, showHidden: true }))
      assert.ok(!shown.join().includes('wrong password'))
    }
    assert.ok(!shown.join().includes(password))
    assert.ok(!/PRIVATE KEY/.test(shown.join()))
  })

  it('leaves no descriptor and no process after 1,000 handshakes, failed ones among them', async () => {
    const { port, seen, server } = serve({ server: 128, filter: (child, data) => child.send(data) })
    const descriptors = () => readdirSync('/dev/fd').length
    const round = async (count: number) => {
      await Promise.all(
        Array.from({ length: count }, async (_, i) => {
          const parameters = i % 5 === 0 ? trusting({ hostname: 'elsewhere' }) : trusting()
          const { client } = join(port, parameters, { nowait: true, sentinel: undefined, filter: undefined })
          if (i % 5 === 0) await assert.rejects(client.opened, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
          else {
            await client.opened
            client.send('x')
            if (i % 2 === 0) await client.output()
          }
          client.delete()
        }),
      )
      const ended = () =>
        seen.events.filter(event => event.startsWith('connection')).length +
        seen.log.filter(entry => entry.startsWith('refused')).length
      total += count
      await until(() => ended() === total, 'end of all connections')
    }
    let total = 0
    await round(20)
    const before = descriptors()
    for (let i = 0; i < 20; i++) await round(50)
    await until(() => {
      const open = descriptors()
      if (open > before) setImmediate(changed)
      return open <= before
    }, 'closing of all')
    assert.deepEqual(processList(), [server])
  })

  it('survives a worker that ends while it connects and sends', async () => {
    const { port } = serve()
    const parameters = JSON.stringify(trusting())
    const worker = new Worker(
      `import('make-network-process').then(({ makeNetworkProcess }) => {
        const make = nowait => makeNetworkProcess({ name: 'c', host: '127.0.0.1', service: ${port}, nowait, tlsParameters: ${parameters} })
        const client = make(true)
        client.opened.then(() => { make(true); client.send('x'.repeat(10_000_000)); process.exit() })
      })`,
      { eval: true },
    )
    await once(worker, 'exit')
  })

  it('lets a program end that has deleted its processes', () => {
    const script = `
      import { makeNetworkProcess } from 'make-network-process'
      const server = makeNetworkProcess({ name: 's', server: true, service: true, tlsParameters: ${JSON.stringify(showingKeys(authority.server))} })
      const client = makeNetworkProcess({ name: 'c', service: server.contact('service'), tlsParameters: ${JSON.stringify(trusting())} })
      client.send('x')
      client.delete()
      server.delete()
    `
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })
})
