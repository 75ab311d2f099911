// What a process's stream has of net.Socket: agents that keep connections, time-outs, options and addresses, over every
// transport of streams.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import type { NetworkDuplex } from 'make-network-process'
import { constants } from 'make-network-process/socket'
import { cleanUp, finallyDo, make, readOption, thrown, watchTimers } from './support.js'
import { over, overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

const unread = { filter: true } as const
const isStream = ({ type }: Transport) => type === 'stream'

async function streams(transport: Transport) {
  const { client, peer } = await transport.pair({}, unread)
  peer.filter = null
  return { client, peer, near: client.duplex(), far: peer.duplex() }
}

/** Calls `work`, and gives what it wanted to be called when `milliseconds` have passed. */
function timers(milliseconds: number, work: () => void): () => void {
  let due: (() => void) | undefined
  const unwatch = watchTimers((run, delay) => {
    if (delay === milliseconds) due = run
  })
  try {
    work()
  } finally {
    unwatch()
  }
  assert.ok(due)
  return due
}

const heard = (stream: NetworkDuplex) => {
  let times = 0
  stream.on('timeout', () => times++)
  return () => times
}

describe('NetworkDuplex', () => {
  overEvery(isStream, transport => {
    it('is used again by an http.Agent that keeps connections', async () => {
      const { near, far } = await streams(transport)
      const server = http.createServer((request, response) => response.end(request.url))
      finallyDo(() => server.close())
      server.emit('connection', far)
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      finallyDo(() => agent.destroy())
      let made = 0
      agent.createConnection = () => {
        made++
        return near
      }
      for (const path of ['/first', '/second', '/third']) {
        const [response] = (await once(http.get({ agent, path }), 'response')) as [http.IncomingMessage]
        assert.equal(await text(response), path)
      }
      assert.equal(made, 1)
    })

    it('lets a request of node:http time out', async () => {
      const { near } = await streams(transport)
      const request = http.get({ createConnection: () => near }).setTimeout(10)
      request.on('error', () => {})
      await once(request, 'timeout')
      request.destroy()
    })

    it('emits timeout when nothing has come or gone for that long, and again after that', async () => {
      const { near, far } = await streams(transport)
      near.resume()
      near.setTimeout(5)
      await once(near, 'timeout')
      far.write('x')
      await once(near, 'timeout')
      near.write('x')
      await once(near, 'timeout')
      assert.equal(near.destroyed, false)
      assert.equal(near.timeout, 5)
    })

    it('emits no timeout while the peer takes some of what is written', async () => {
      const { near, peer } = await streams(transport)
      peer.stop()
      const times = heard(near)
      const pass = timers(54_321, () => near.setTimeout(54_321))
      near.write(Buffer.alloc(8_000_000))
      pass()
      assert.equal(times(), 0)
      pass()
      assert.equal(times(), 1)
    })

    it('emits no timeout when it was told 0, nor when it is destroyed', async () => {
      const { near, far } = await streams(transport)
      const callback = () => assert.fail('it was called')
      near.setTimeout(1, callback)
      near.setTimeout(0, callback)
      assert.equal(near.listenerCount('timeout'), 0)
      far.setTimeout(1, callback).destroy()
      await once(far, 'close')
      far.setTimeout(1, callback)
      await new Promise(resolve => setTimeout(resolve, 5))
    })

    it('has the addresses of both ends if they are of IP', async () => {
      const { near, far, client } = await streams(transport)
      if (transport.isLocal) {
        assert.equal(near.remoteAddress ?? near.remotePort ?? near.remoteFamily, undefined)
        assert.equal(near.localAddress ?? near.localPort ?? near.localFamily, undefined)
        assert.deepEqual(near.address(), {})
        return
      }
      const ip = transport.family === 'ipv4' ? '127.0.0.1' : '::1'
      assert.deepEqual([near.remoteAddress, near.localAddress], [ip, ip])
      assert.deepEqual([near.remotePort, near.localPort], [far.localPort, far.remotePort])
      assert.equal(near.remotePort, client.contact('service'))
      const family = transport.family === 'ipv4' ? 'IPv4' : 'IPv6'
      assert.deepEqual([near.remoteFamily, far.localFamily], [family, family])
      const { localAddress: address, localPort: port } = near
      assert.deepEqual(near.address(), { address, port, family })
      near.destroy()
      assert.equal(near.remoteAddress, undefined)
    })

    it('sets options of the socket that it has, and no others', async () => {
      const { near, client } = await streams(transport)
      assert.equal(near.setNoDelay().setKeepAlive(true, 7000), near)
      const option = (level: number, name: number | undefined) => readOption(client, level, name)
      assert.deepEqual(option(constants.SOL_SOCKET, constants.SO_KEEPALIVE), [1])
      if (transport.isLocal) return
      assert.deepEqual(option(constants.IPPROTO_TCP, constants.TCP_NODELAY), [1])
      const idle = constants.TCP_KEEPIDLE ?? constants.TCP_KEEPALIVE
      assert.deepEqual(option(constants.IPPROTO_TCP, idle), [7])
      near.setNoDelay(false).setKeepAlive()
      assert.deepEqual(option(constants.IPPROTO_TCP, constants.TCP_NODELAY), [0])
      assert.deepEqual(option(constants.SOL_SOCKET, constants.SO_KEEPALIVE), [0])
    })

    it('emits lookup, connect and ready when an asynchronous connect is over', async () => {
      const { server } = await transport.pair()
      const stream = transport.client(server, { nowait: true, ...unread }).duplex()
      const events: string[] = []
      for (const event of ['lookup', 'connect', 'ready']) stream.on(event, () => events.push(event))
      stream.once('lookup', (error, address) =>
        assert.deepEqual([error, address], [null, stream.remoteAddress]),
      )
      assert.deepEqual([stream.connecting, stream.readyState], [true, 'opening'])
      await once(stream, 'ready')
      assert.deepEqual([stream.connecting, stream.readyState], [false, 'open'])
      assert.deepEqual(events, ['lookup', 'connect', 'ready'])
    })

    it('says which side has ended', async () => {
      const { client, peer } = await transport.pair({ halfOpen: true }, { halfOpen: true, ...unread })
      peer.filter = null
      const [near, far] = [client.duplex(), peer.duplex()]
      assert.deepEqual([near.connecting, near.readyState], [false, 'open'])
      near.end()
      far.resume()
      await once(far, 'end')
      assert.deepEqual([near.readyState, far.readyState], ['readOnly', 'writeOnly'])
      far.end()
      await once(near.resume(), 'close')
      assert.equal(near.readyState, 'closed')
    })

    it('counts bytes, also when it is closed', async () => {
      const { near, far } = await streams(transport)
      near.end('hello')
      await once(far.resume(), 'close')
      assert.deepEqual([near.bytesWritten, near.bytesRead], [5, 0])
      assert.deepEqual([far.bytesWritten, far.bytesRead], [0, 5])
    })

    it('is closed by an http.Server that is done with it, though the client does not end', async () => {
      const { near, far } = await streams(transport)
      const server = http.createServer((_, response) => response.end('bye'))
      server.emit('connection', far)
      near.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      await once(far, 'close')
      assert.match(await text(near), /bye$/)
    })

    it('sends everything before destroySoon() destroys it', async () => {
      const { near, far } = await streams(transport)
      near.write(Buffer.alloc(3_000_000, 'x'))
      near.destroySoon()
      assert.equal(near.destroyed, false)
      assert.equal((await text(far)).length, 3_000_000)
      near.destroySoon()
      assert.equal(near.destroyed, true)
    })

    it('lets the event loop end, or not', async () => {
      const { near, client } = await streams(transport)
      assert.equal(near.unref(), near)
      assert.equal(client.hasRef(), false)
      assert.equal(near.ref(), near)
      assert.equal(client.hasRef(), true)
    })
  })

  it('sets options when an asynchronous connect is over', async () => {
    const { server } = await over('stream', 'ipv4').pair()
    const service = server.contact('service')
    const client = make({ name: 'c', host: 'localhost', family: 'ipv4', service, nowait: true, filter: true })
    client.duplex().setNoDelay()
    await client.opened
    assert.deepEqual(readOption(client, constants.IPPROTO_TCP, constants.TCP_NODELAY), [1])
  })

  it('sets none when an asynchronous connect fails', async () => {
    const client = make({ name: 'c', family: 'local', service: '/not/there', nowait: true, filter: true })
    const stream = client.duplex().setNoDelay().setKeepAlive(true)
    stream.on('connect', () => assert.fail('it was not connected'))
    await once(stream, 'error')
    assert.equal(stream.connecting, false)
    assert.equal(stream.setNoDelay().setKeepAlive(true), stream)
  })

  it('says what a time-out has to be', async () => {
    const { near } = await streams(over('stream', 'local'))
    assert.equal(
      thrown(() => near.setTimeout('1' as never)).message,
      'milliseconds must be a number, not "1"',
    )
    assert.equal(thrown(() => near.setTimeout(-1)).code, 'ERR_OUT_OF_RANGE')
    assert.equal(thrown(() => near.setTimeout(NaN)).code, 'ERR_OUT_OF_RANGE')
    assert.equal(
      thrown(() => near.setTimeout(1, 'x' as never)).message,
      'callback must be a function, not "x"',
    )
  })
})
