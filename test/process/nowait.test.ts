// :nowait: whatever becomes of the connection, the sentinel hears of it once, and not before the caller has the
// process.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  acceptProcessOutput,
  getProcess,
  processList,
  type NetworkProcessOptions,
} from 'make-network-process'
import { constants, encodeAddress, Socket } from 'make-network-process/socket'
import { needsWaitingClients } from '../support/transports.js'
import { cleanUp, finallyDo, make, settled, socketFile, until, witness } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

/** A port that refuses connections: a server on it has just been closed. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** What became of a promise: the code of its error. */
const outcome = (promise: Promise<void>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { code: string }).code,
  )

describe(':nowait', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('has status connect, then open, and calls the sentinel before the filter', async () => {
        const server = transport.server({
          sentinel: (process, event) => event.startsWith('open') && process.send('welcome'),
        })
        const seen = witness()
        const client = transport.client(server, { nowait: true, ...seen.callbacks })
        assert.equal(client.status, 'connect')
        assert.deepEqual(seen.all, [])
        await until(() => seen.text === 'welcome', 'welcome')
        assert.deepEqual(seen.all, ['sentinel open', 'filter welcome'])
        assert.equal(client.status, 'open')
      })

      it('queues what is sent before the connection is open, in order', async () => {
        const seen = witness()
        const server = transport.server(seen.callbacks)
        const client = transport.client(server, { nowait: true })
        const sent = Array.from({ length: 50 }, (_, i) => `${i};`)
        sent.forEach(message => client.send(message))
        assert.equal(client.status, 'connect')
        assert.equal(client.writableLength, sent.join('').length)
        await until(() => seen.text === sent.join(''), 'text')
        assert.equal(client.writableLength, 0)
      })

      it('sends what the sentinel of open sends after what was sent before', async () => {
        const seen = witness()
        const server = transport.server(seen.callbacks)
        const client = transport.client(server, {
          nowait: true,
          sentinel: process => void process.send('second'),
        })
        client.send('first,')
        await until(() => seen.text.length === 12, 'text')
        assert.equal(seen.text, 'first,second')
      })

      it('sends end of file after what was sent before', async () => {
        const seen = witness()
        const server = transport.server({ ...seen.callbacks, halfOpen: true })
        const client = transport.client(server, { nowait: true })
        client.send('x')
        client.sendEof()
        assert.throws(() => client.send('y'), { code: 'ERR_SEND_AFTER_EOF' })
        await seen.event('end of file\n')
        assert.equal(seen.text, 'x')
      })

      it('sends end of file although nothing was sent', async () => {
        const seen = witness()
        const server = transport.server({ ...seen.callbacks, halfOpen: true })
        transport.client(server, { nowait: true }).sendEof()
        await seen.event('end of file\n')
      })

      it('may wait for an answer in the sentinel of open', async () => {
        const server = transport.server({ filter: (connection, text) => void connection.send(text) })
        const seen = witness()
        const client = transport.client(server, {
          nowait: true,
          filter: seen.callbacks.filter,
          sentinel: (process, event) => {
            seen.callbacks.sentinel(process, event)
            process.stop().continue().send('question')
            while (seen.text !== 'question') assert.ok(acceptProcessOutput(process))
          },
        })
        await seen.event('open\n')
        client.send('!')
        await until(() => seen.text === 'question!', 'answer')
        assert.deepEqual(seen.events, ['open\n'])
      })

      it('has back-pressure', async () => {
        const seen = witness()
        const server = transport.server({ ...seen.callbacks, coding: 'binary' })
        const client = transport.client(server, { nowait: true })
        let sent = 1
        while (client.send(Buffer.alloc(10_000))) sent++
        await client.drained
        await until(() => seen.bytes.length === sent * 10_000, 'bytes')
      })

      it('gives up the connection when the process is deleted, with no event but deleted', async () => {
        const server = transport.server()
        const seen = witness()
        const client = transport.client(server, { nowait: true, ...seen.callbacks })
        client.send('x')
        client.delete()
        assert.equal(client.status, 'closed')
        await settled()
        assert.deepEqual(seen.all, ['sentinel deleted'])
      })

      it('may be deleted in the sentinel of open', async () => {
        const server = transport.server()
        const seen = witness()
        transport.client(server, {
          nowait: true,
          sentinel: (process, event) => {
            seen.callbacks.sentinel(process, event)
            if (event === 'open\n') process.delete()
          },
        })
        await seen.event('deleted\n')
        await settled()
        assert.deepEqual(seen.events, ['open\n', 'deleted\n'])
      })

      it('has status stop when it is stopped, but connects', async () => {
        const server = transport.server({
          sentinel: (process, event) => event.startsWith('open') && process.send('x'),
        })
        const seen = witness()
        const client = transport.client(server, { nowait: true, stop: true, ...seen.callbacks })
        assert.equal(client.status, 'stop')
        await seen.event('open\n')
        await settled()
        assert.equal(client.status, 'stop')
        assert.deepEqual(seen.data, [])
        client.continue()
        await until(() => seen.text === 'x', 'text')
      })
    },
  )

  const failures: Record<string, () => Promise<Partial<NetworkProcessOptions>>> = {
    'a refused connection': async () => ({ remote: [127, 0, 0, 1, await closedPort()] }),
    'a refused connection by name': async () => ({ host: 'localhost', service: await closedPort() }),
    'a path that is not there': async () => ({ family: 'local', service: socketFile() }),
    'a path that refuses': async () => {
      const service = socketFile()
      make({ name: 's', server: true, family: 'local', service }).delete()
      return { family: 'local', service }
    },
    'a host that is not there': async () => ({ host: 'nosuch.invalid', service: 80 }),
    'a service that is not there': async () => ({ host: 'localhost', service: 'nosuchservice' }),
    'a type that the family does not have': async () => ({ type: 'seqpacket', remote: [127, 0, 0, 1, 9] }),
    'an address that cannot be reached': async () => ({ remote: [0xfec0, 0, 0, 0, 0, 0, 0, 1, 9] }),
  }
  for (const [what, keywords] of Object.entries(failures)) {
    it(`tells the sentinel of ${what} after makeNetworkProcess() has returned`, async () => {
      const seen = witness()
      const client = make({ name: 'c', nowait: true, ...seen.callbacks, ...(await keywords()) })
      assert.deepEqual(seen.all, [])
      const drained = client.drained.then(
        () => 'room',
        () => 'gone',
      )
      await until(() => seen.events.length > 0, 'event')
      await settled()
      assert.equal(seen.events.length, 1)
      assert.match(seen.events[0] as string, /^failed with code (\d+|Name lookup of .* failed)\n$/)
      assert.equal(`failed with code ${client.exitStatus}\n`, seen.events[0])
      assert.equal(client.status, 'failed')
      assert.equal(client.fd, -1)
      assert.equal(getProcess('c'), client)
      assert.throws(() => client.send('x'), { code: 'ERR_PROCESS_NOT_RUNNING' })
      assert.throws(() => client.sendEof(), { code: 'ERR_PROCESS_NOT_RUNNING' })
      assert.throws(() => client.setOption('keepalive', true), { code: 'ERR_PROCESS_NOT_RUNNING' })
      assert.ok(['room', 'gone'].includes(await drained))
      client.delete()
      assert.deepEqual(seen.events.slice(1), ['deleted\n'])
      assert.deepEqual([client.status, client.exitStatus], ['closed', 0])
      assert.ok(!processList().includes(client))
    })
  }

  it('has the errno as the exit status of a refused connection', async () => {
    const seen = witness()
    const client = make({
      name: 'c',
      nowait: true,
      remote: [127, 0, 0, 1, await closedPort()],
      ...seen.callbacks,
    })
    await seen.event('failed with code 111\n')
    assert.equal(client.exitStatus, 111)
  })

  it('rejects drained when it fails with output queued', async () => {
    const seen = witness()
    const client = make({
      name: 'c',
      nowait: true,
      remote: [127, 0, 0, 1, await closedPort()],
      ...seen.callbacks,
    })
    client.send(Buffer.alloc(100_000))
    const drained = outcome(client.drained)
    await until(() => seen.events.length > 0, 'event')
    await settled()
    assert.deepEqual(await Promise.race([drained, settled()]), 'ERR_PROCESS_NOT_RUNNING')
    assert.equal(client.writableLength, 0)
  })

  it('rejects drained when it is deleted during the look-up with output queued', async () => {
    const client = make({ name: 'c', nowait: true, host: 'localhost', service: 9, sentinel: () => {} })
    client.send(Buffer.alloc(100_000))
    const drained = outcome(client.drained)
    client.delete()
    assert.deepEqual(await Promise.race([drained, settled()]), 'ERR_PROCESS_NOT_RUNNING')
    assert.equal(client.writableLength, 0)
  })

  it('has no event but deleted when it is deleted during the look-up', async () => {
    const server = make({ name: 's', server: true, service: true })
    const seen = witness()
    const client = make({
      name: 'c',
      nowait: true,
      host: 'localhost',
      service: server.contact('service'),
      ...seen.callbacks,
    })
    assert.equal(client.status, 'connect')
    client.delete()
    // A look-up that was started later is done later.
    const later = witness()
    make({
      name: 'd',
      nowait: true,
      host: 'localhost',
      service: server.contact('service'),
      ...later.callbacks,
    })
    await later.event('open\n')
    await settled()
    assert.deepEqual(seen.all, ['sentinel deleted'])
  })

  it('waits for a local server whose backlog is full', async () => {
    needsWaitingClients()
    const { AF_UNIX, SOCK_STREAM } = constants
    const listener = new Socket(AF_UNIX, SOCK_STREAM)
    finallyDo(() => listener.close())
    const service = socketFile()
    listener.bind(encodeAddress(service))
    listener.listen(0)
    const first = make({ name: 'c', family: 'local', service })
    const seen = witness()
    const second = make({ name: 'd', nowait: true, family: 'local', service, ...seen.callbacks })
    await settled()
    assert.deepEqual([first.status, second.status, seen.all], ['open', 'connect', []])
    const { socket } = listener.accept()
    finallyDo(() => socket.close())
    await seen.event('open\n')
    second.delete()
    const third = make({ name: 'e', nowait: true, family: 'local', service, ...seen.callbacks })
    third.delete()
    assert.equal(third.status, 'closed')
  })

  it('looks up the host of a datagram client, and opens it', async () => {
    const [atServer, seen] = [witness(), witness()]
    const server = over('datagram', 'ipv4').server(atServer.callbacks)
    const client = make({
      name: 'c',
      type: 'datagram',
      nowait: true,
      host: 'localhost',
      service: server.contact('service'),
      ...seen.callbacks,
    })
    client.send('early')
    await until(() => atServer.text === 'early', 'text')
    assert.equal(client.status, 'open')
    assert.deepEqual(seen.events, ['open\n'])
  })

  it('opens a datagram client with an address at once', () => {
    const server = over('datagram', 'ipv4').server()
    const client = make({
      name: 'c',
      type: 'datagram',
      nowait: true,
      remote: server.contact('local'),
    })
    assert.equal(client.status, 'open')
  })

  it('is incompatible with :server', () => {
    assert.throws(() => make({ name: 's', server: true, nowait: true, service: true }), {
      code: 'ERR_INCOMPATIBLE_KEYWORDS',
      message: /:server.*:nowait/,
    })
  })

  it('refuses a bad option of a client with an address at once, and leaves no process', () => {
    const server = make({ name: 's', server: true, service: true })
    assert.throws(
      () =>
        make({
          name: 'c',
          nowait: true,
          remote: server.contact('local'),
          priority: 'x' as never,
        }),
      {
        code: 'ERR_INVALID_ARG_TYPE',
      },
    )
    assert.deepEqual(processList(), [server])
  })

  it('reports an option that is refused after the host has been found', async () => {
    const { uncaught } = await import('./support.js')
    const server = make({ name: 's', server: true, service: true })
    const seen = witness()
    const errors = await uncaught(async errors => {
      make({
        name: 'c',
        nowait: true,
        host: 'localhost',
        service: server.contact('service'),
        priority: 'x' as never,
        ...seen.callbacks,
      })
      await until(() => seen.events.length > 0 && errors.length > 0, 'event and error')
    })
    assert.match(seen.events[0] as string, /^failed with code/)
    assert.equal((errors[0] as { code: string }).code, 'ERR_INVALID_ARG_TYPE')
  })
})

describe('a name with several addresses', () => {
  // A process of its own, in a mount namespace where the name has an address that refuses and one that does not.
  const program = `
    import { makeNetworkProcess } from 'make-network-process'
    const said = []
    const server = makeNetworkProcess({ name: 's', server: true, service: true, family: 'ipv4' })
    const service = server.contact('service')
    const client = makeNetworkProcess({ name: 'c', host: 'both.test', service })
    said.push(client.status, client.contact('remote').length)
    await new Promise(resolve => makeNetworkProcess({ name: 'd', nowait: true, host: 'both.test', service, sentinel: (process, event) => {
      said.push(event, process.contact('remote').length)
      resolve()
    } }))
    server.delete()
    try { makeNetworkProcess({ name: 'e', host: 'both.test', service }) } catch (error) { said.push(error.code) }
    await new Promise(resolve => makeNetworkProcess({ name: 'f', nowait: true, host: 'both.test', service, sentinel: (process, event) => {
      said.push(event)
      resolve()
    } }))
    console.log(JSON.stringify(said))
    process.exit()`

  it('is tried address by address, blocking and not', function () {
    const folder = mkdtempSync(path.join(tmpdir(), 'mnp-'))
    finallyDo(() => rmSync(folder, { recursive: true }))
    const file = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text)
      return path.join(folder, name)
    }
    const hosts = file('hosts', '127.0.0.1 localhost both.test\n::1 localhost both.test\n')
    const services = file('nss', 'hosts: files\n')
    const main = file('main.mjs', program)
    const inside = `ip link set lo up && mount --bind ${hosts} /etc/hosts && mount --bind ${services} /etc/nsswitch.conf`
    const unshare = (command: string) =>
      spawnSync('unshare', ['-mn', '--propagation', 'private', 'bash', '-c', command], { encoding: 'utf8' })
    const probe = unshare(`${inside} && getent ahosts both.test`)
    if (probe.status !== 0 || !probe.stdout.includes('::1')) this.skip()
    // The package is found by its own name from the working directory only.
    const { status, stdout, stderr } = unshare(
      `${inside} && exec ${JSON.stringify(process.execPath)} --input-type=module -e "$(cat ${main})"`,
    )
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), ['open', 5, 'open\n', 5, 'ECONNREFUSED', 'failed with code 111\n'])
    assert.equal(status, 0)
  })
})
