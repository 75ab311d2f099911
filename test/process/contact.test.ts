// process.contact(): every form of the call, for every kind of process, and what later changes write into it.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { TextBuffer, type Address } from 'make-network-process'
import { needsAddress } from '../support/transports.js'
import { cleanUp, make, settled, socketFile, until, witness } from './support.js'
import { over, overEvery } from './transports.js'
import { run } from '../lifecycle/child.js'
import { inNetwork } from '../support/namespaces.js'

afterEach(cleanUp)

describe('NetworkProcess#contact()', () => {
  overEvery(
    () => true,
    transport => {
      const { family, type } = transport
      const vectorLength = family === 'ipv4' ? 5 : 9
      const isVector = (address: unknown) =>
        Array.isArray(address) &&
        address.length === vectorLength &&
        address.every(Number.isInteger) &&
        address.at(-1) > 0

      it('gives one value by keyword, with or without a colon', () => {
        const server = transport.server()
        assert.equal(server.contact('type'), type)
        assert.equal(server.contact(':type'), type)
        assert.equal(server.contact('nothing'), undefined)
        assert.equal(server.contact(':nothing'), undefined)
      })

      it('gives host and service without a key', async () => {
        const { server, client, peer } = await transport.pair()
        assert.deepEqual(server.contact(), [undefined, server.contact('service')])
        assert.deepEqual(client.contact(), [undefined, client.contact('service')])
        if (!transport.connects) return
        const host = transport.isLocal ? true : family === 'ipv4' ? '127.0.0.1' : '0:0:0:0:0:0:0:1'
        const service = transport.isLocal
          ? server.contact('service')
          : (client.contact('local') as number[]).at(-1)
        assert.deepEqual(peer.contact(), [host, service])
      })

      it('returns all keywords for true, in the order in which they were given', () => {
        const server = transport.server()
        const keys = Object.keys(server.contact(true))
        assert.deepEqual(keys.slice(0, 5), ['name', 'server', 'type', 'family', 'service'])
        assert.ok(keys.includes('local'))
      })

      it('has the actual addresses', async () => {
        const { server, client, peer } = await transport.pair()
        const at = server.contact('local')
        if (transport.isLocal) {
          assert.equal(at, server.contact('service'))
          assert.equal(client.contact('remote'), at)
          assert.equal(client.contact('local'), '')
        } else {
          assert.ok(isVector(at))
          assert.equal((at as number[]).at(-1), server.contact('service'))
          assert.deepEqual(client.contact('remote'), at)
          assert.ok(isVector(client.contact('local')))
        }
        if (transport.connects) {
          assert.equal(peer.contact('server'), undefined)
          assert.deepEqual(peer.contact('local'), at)
          if (!transport.isLocal) assert.deepEqual(peer.contact('remote'), client.contact('local'))
        }
      })

      it('is kept when the process has closed, but not with noBlock', async () => {
        const { client } = await transport.pair()
        const all = client.contact(true)
        client.delete()
        assert.deepEqual(client.contact(true), all)
        assert.deepEqual(client.contact('remote'), all.remote)
        assert.equal(client.contact(true, true), undefined)
        assert.equal(client.contact('name', true), undefined)
      })
    },
  )

  it('has the address that the client of a transparent proxy asked for', async function () {
    const rules = `
      table ip proxy {
        chain incoming {
          type filter hook prerouting priority mangle
          ip daddr 192.0.2.7 tcp dport 80 tproxy to 127.0.0.1:3129 meta mark set 1 accept
        }
        chain outgoing {
          type route hook output priority mangle
          ip daddr 192.0.2.7 tcp dport 80 meta mark set 1
        }
      }`
    const network = `ip link set lo up && ip rule add fwmark 1 lookup 100 &&
      ip route add local default dev lo table 100 && ip route add 192.0.2.0/24 dev lo && echo "${rules}" | nft -f - && exec "$@"`
    const proxied = ['unshare', ...inNetwork, 'sh', '-c', network, 'sh']
    if ((await run('', proxied)).status !== 0) this.skip()
    const { stdout, stderr } = await run(
      `
      import { constants, encodeAddress, Socket } from 'make-network-process/socket'
      const listener = new Socket(constants.AF_INET, constants.SOCK_STREAM)
      listener.setsockopt(constants.IPPROTO_IP, constants.IP_TRANSPARENT, true)
      listener.bind(encodeAddress([127, 0, 0, 1, 3129]))
      listener.listen(5)
      const proxy = makeNetworkProcess({ name: 'proxy', adopt: listener.detach(),
        log: (_, connection) => { console.log(connection.contact('local').join('.')); process.exit() } })
      makeNetworkProcess({ name: 'client', host: '192.0.2.7', service: 80, nowait: true })
    `,
      proxied,
    )
    assert.equal(stdout, '192.0.2.7.80\n', stderr)
  })

  it('has the port as the service of a server that is made by its address', () => {
    const server = make({ name: 's', server: true, local: [127, 0, 0, 1, 0] })
    const local = server.contact('local') as number[]
    assert.equal(server.contact('service'), local[4])
    assert.ok(local[4])
    assert.deepEqual(server.contact(), [undefined, local[4]])
  })

  it('keeps the host and the service that a client was given', () => {
    const server = make({ name: 's', server: true, service: true })
    const service = String(server.contact('service'))
    const client = make({ name: 'c', host: 'localhost', service, remote: null })
    assert.deepEqual(client.contact(), ['localhost', service])
  })

  it('has no value for a name that was not given, such as toString', () => {
    const server = make({ name: 's', server: true, service: true })
    for (const name of ['constructor', 'toString', ':hasOwnProperty', '__proto__'])
      assert.equal(server.contact(name), undefined, name)
  })

  it('keeps keywords of every name', () => {
    const server = make({ name: 's', server: true, service: true, constructor: 1, ['__proto__']: 2 } as never)
    assert.equal(server.contact('constructor'), 1)
    assert.equal(server.contact('__proto__'), 2)
    assert.equal(server.status, 'listen')
  })

  it('drops the host of a local socket', () => {
    const server = make({
      name: 's',
      server: true,
      family: 'local',
      host: 'localhost',
      service: socketFile(),
    })
    assert.equal(server.contact('host'), undefined)
    assert.equal(server.contact(true).host, null)
  })

  it('of a datagram server names the last sender as the remote', async () => {
    const seen = witness()
    const server = make({ name: 's', type: 'datagram', server: true, service: true, ...seen.callbacks })
    assert.deepEqual(server.contact('remote'), { family: 0, data: Buffer.alloc(14) })
    const clients = [1, 2].map(i =>
      make({ name: `c${i}`, type: 'datagram', service: server.contact('service') }),
    )
    for (const [i, client] of clients.entries()) {
      client.send('x')
      await seen.messages(i + 1)
      assert.deepEqual(server.contact('remote'), client.contact('local'))
      assert.deepEqual(server.contact(true).remote, client.contact('local'))
    }
  })

  it('includes what is set later', async () => {
    const { client } = await over('stream', 'ipv4').pair()
    const filter = () => {}
    const sentinel = () => {}
    const buffer = TextBuffer.new('contact')
    Object.assign(client, { filter, sentinel, buffer })
    client.setOption('keepalive', true)
    client.setOption(':linger', 3)
    const { filter: f, sentinel: s, buffer: b, keepalive, linger } = client.contact(true)
    assert.deepEqual([f, s, b, keepalive, linger], [filter, sentinel, buffer, true, 3])
    buffer.kill()
  })

  it('of a connection is independent of the server’s', async () => {
    const { server, peer } = await over('stream', 'ipv4').pair({ colour: 'red' })
    peer.setOption('keepalive', true)
    assert.equal(server.contact('keepalive'), undefined)
    assert.equal(peer.contact('colour'), 'red')
    assert.equal(peer.contact('name'), 'server')
  })

  it('waits for the socket of a client whose host is looked up', () => {
    const server = make({ name: 's', server: true, service: true })
    const client = make({
      name: 'c',
      nowait: true,
      host: 'localhost',
      service: server.contact('service'),
    })
    assert.equal(client.contact('remote', true), undefined)
    assert.equal(client.contact(true, true), undefined)
    assert.deepEqual(client.contact('remote'), server.contact('local'))
  })

  it('does not wait for the connection', async () => {
    const seen = witness()
    const service = socketFile()
    make({ name: 's', server: true, family: 'local', service })
    const client = make({ name: 'c', nowait: true, family: 'local', service, ...seen.callbacks })
    assert.equal(client.contact('remote'), service)
    assert.equal(client.status, 'connect')
    await seen.event('open\n')
  })

  it('writes IPv6 addresses in the right byte order', async () => {
    const { client, peer } = await over('stream', 'ipv6').pair()
    assert.deepEqual((client.contact('remote') as Address as number[]).slice(0, 8), [0, 0, 0, 0, 0, 0, 0, 1])
    assert.deepEqual((peer.contact('remote') as number[]).slice(0, 8), [0, 0, 0, 0, 0, 0, 0, 1])
    await settled()
  })

  it('keeps NUL bytes inside an abstract name', async () => {
    const service = `\0a\0b-${process.pid}`
    needsAddress(service)
    const seen = witness()
    const server = make({ name: 's', server: true, family: 'local', service, ...seen.callbacks })
    assert.equal(server.contact('local'), service)
    make({ name: 'c', remote: service }).send('x')
    await until(() => seen.text === 'x', 'text')
  })

  it('keeps the exact length of an abstract name: names that differ by a trailing NUL are two', async () => {
    const name = `\0exact-${process.pid}`
    needsAddress(name)
    const heard = [name, `${name}\0`, `${name}\0\0`].map(local => {
      const seen = witness()
      const server = make({ name: 's', server: true, type: 'datagram', local, ...seen.callbacks })
      assert.equal(server.contact('local'), local)
      return { local, seen, server }
    })
    for (const { local, seen, server } of heard) {
      const client = make({ name: 'c', type: 'datagram', remote: local })
      assert.equal(client.contact('remote'), local)
      client.send(String(local.length))
      assert.deepEqual(await seen.messages(1), [String(local.length)])
      assert.match(inspect(server), new RegExp(`^#<process s(<\\d>)? open @exact-${process.pid}`))
    }
    assert.equal(inspect(heard[0]?.server), `#<process s open @exact-${process.pid}>`)
  })

  it('shows no control characters of a name in the inspected process', () => {
    const local = `\0escape-${process.pid}-\x1b[2J\x07\0`
    needsAddress(local)
    const server = make({ name: 's', server: true, type: 'datagram', local })
    assert.equal(inspect(server), `#<process s open @escape-${process.pid}-?[2J??>`)
  })
})
