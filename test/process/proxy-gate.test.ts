// :proxy-protocol: the load balancer's header says who the peer is, and a connection without one is refused. Over the
// streams that this kernel has, with peers that write headers well and badly.

import assert from 'node:assert/strict'
import type { NetworkProcessOptions, ProxyHeader } from 'make-network-process'
import { acceptProcessOutput, makeNetworkProcess, processList } from 'make-network-process'
import { native } from '../../dist/native.js'
import { overEvery, type Transport } from './transports.js'
import { cleanUp, make, settled, thrown, until, witness, type Witness } from './support.js'

afterEach(cleanUp)

const line = 'PROXY TCP4 192.0.2.7 198.51.100.1 12345 443\r\n'
const binary = Buffer.from(`0d0a0d0a000d0a515549540a2111000c${'c0000207c63364013039' + '01bb'}`, 'hex')
const health = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
const source = [192, 0, 2, 7, 12345]

const streams = (transport: Transport) => transport.type === 'stream'

overEvery(streams, transport => {
  const aServer = (seen: Witness, more: Partial<NetworkProcessOptions> = {}) =>
    transport.server({ proxyProtocol: true, plist: { some: 'thing' }, ...seen.callbacks, ...more })

  for (const [name, header] of [
    ['version 1', Buffer.from(line)],
    ['version 2', binary],
  ] as const) {
    describe(`a header of ${name}`, () => {
      it('says who the peer is', async () => {
        const seen = witness()
        const server = aServer(seen)
        const client = transport.client(server)
        const proxy = client.contact('local')
        client.send(header)
        const child = await seen.connection()
        assert.equal(child.name, 'server <192.0.2.7:12345>')
        assert.deepEqual(child.contact('remote'), source)
        assert.deepEqual(child.contact(), ['192.0.2.7', 12345])
        assert.deepEqual(child.contact('proxy'), proxy)
        assert.deepEqual(child.contact('local'), server.contact('local'))
        const said = child.contact('proxyHeader') as ProxyHeader
        assert.deepEqual(
          [said.version, said.command, said.source, said.destination, said.headerLength],
          [name === 'version 1' ? 1 : 2, 'PROXY', source, [198, 51, 100, 1, 443], header.length],
        )
        assert.deepEqual(seen.log, ['accept from 192.0.2.7\n'])
        assert.deepEqual(seen.events, ['open from 192.0.2.7\n'])
        assert.deepEqual(seen.data, [])
        assert.equal(child.plist.some, 'thing')
      })

      it('may come together with data for the filter', async () => {
        const seen = witness()
        const client = transport.client(aServer(seen))
        client.send(Buffer.concat([header, Buffer.from('täxt')]))
        await until(() => seen.text === 'täxt', 'text')
        assert.deepEqual(seen.all.slice(0, 2), ['log accept from 192.0.2.7', 'sentinel open from 192.0.2.7'])
      })

      it('may come one byte at a time, and is reported only after the last', async () => {
        const seen = witness()
        const client = transport.client(aServer(seen))
        for (const byte of header.subarray(0, -1)) {
          client.send(Uint8Array.of(byte))
          acceptProcessOutput(undefined, 0)
        }
        await settled()
        assert.deepEqual(seen.all, [])
        client.send(header.subarray(-1))
        client.send('x')
        await until(() => seen.text === 'x', 'text')
        assert.deepEqual(seen.log, ['accept from 192.0.2.7\n'])
      })

      it('that is incomplete does not wake the process until more comes', async () => {
        const seen = witness()
        const client = transport.client(aServer(seen))
        client.send(header.subarray(0, 9))
        await settled()
        assert.equal(native.wait(0, undefined), 0)
        assert.equal(native.wait(0, undefined), 0)
        client.send(header.subarray(9))
        await seen.connection()
      })

      it('is followed by the data and the end when the client has already closed', async () => {
        const seen = witness()
        const client = transport.client(aServer(seen))
        client.send(Buffer.concat([header, Buffer.from('last words')]))
        client.delete()
        await seen.event('connection broken by remote peer\n')
        assert.deepEqual(seen.all, [
          'log accept from 192.0.2.7',
          'sentinel open from 192.0.2.7',
          'filter last words',
          'sentinel connection broken by remote peer',
        ])
      })
    })
  }

  it('can answer a client after its end of file, with halfOpen', async () => {
    const seen = witness()
    const heard = witness()
    const client = transport.client(aServer(seen, { halfOpen: true }), heard.callbacks)
    client.send(binary)
    client.sendEof()
    await seen.event('end of file\n')
    const child = await seen.connection()
    child.send('answer')
    child.delete()
    await heard.messages(1)
    assert.equal(heard.text, 'answer')
  })

  it('gives the filter bytes, also lent ones, as other servers do', async () => {
    for (const lend of [false, true]) {
      const seen = witness()
      const client = transport.client(aServer(seen, { coding: 'binary', lend }))
      client.send(Buffer.concat([binary, Buffer.from([0xff, 0x00, 0x0d])]))
      await until(() => seen.bytes.length === 3, 'bytes')
      assert.deepEqual(seen.bytes, Buffer.from([0xff, 0x00, 0x0d]))
    }
  })

  it('decodes as other servers do', async () => {
    const seen = witness()
    const client = transport.client(aServer(seen, { coding: 'latin-1-dos' }))
    client.send(Buffer.concat([binary, Buffer.from('\xe4\r\n', 'latin1')]))
    await until(() => seen.text === 'ä\n', 'text')
  })

  it('yields connections in a for-await loop', async () => {
    const server = transport.server({ proxyProtocol: true })
    const client = transport.client(server)
    client.send(Buffer.concat([binary, Buffer.from('in a loop')]))
    for await (const connection of server) {
      assert.ok(typeof connection === 'object' && 'contact' in connection)
      assert.deepEqual(connection.contact('remote'), source)
      for await (const text of connection) {
        assert.equal(text, 'in a loop')
        break
      }
      break
    }
  })

  it('delivers megabytes behind the header', async () => {
    const seen = witness()
    const client = transport.client(aServer(seen, { coding: 'binary' }))
    const data = Buffer.alloc(3_000_000, 'proxy')
    client.send(Buffer.concat([binary, data]))
    await until(() => seen.data.reduce((sum, one) => sum + one.length, 0) >= data.length, 'all of it')
    assert.ok(seen.bytes.equals(data))
  })

  it('accepts the proxy’s own connections under their real addresses', async () => {
    for (const header of [health, Buffer.from('PROXY UNKNOWN\r\n')]) {
      const seen = witness()
      const client = transport.client(aServer(seen))
      client.send(header)
      const child = await seen.connection()
      assert.deepEqual(child.contact('remote'), child.contact('proxy'))
      assert.equal((child.contact('proxyHeader') as ProxyHeader).source, undefined)
      if (!transport.isLocal) assert.deepEqual(child.contact('remote'), client.contact('local'))
    }
  })

  const from = transport.isLocal ? '-' : transport.family === 'ipv4' ? '127.0.0.1' : '0:0:0:0:0:0:0:1'
  for (const [what, sent, why] of [
    ['no header', 'GET / HTTP/1.0\r\n\r\n', /no PROXY protocol header/],
    ['one byte of something else', 'x', /no PROXY protocol header/],
    ['a malformed header', 'PROXY TCP4 nobody nowhere 1 2\r\n', /an address in the line/],
    ['a header without an end', `PROXY UNKNOWN ${'x'.repeat(3000)}`, /without an end/],
    [
      'a header that is too long',
      Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex'),
      /a header of 65551 bytes/,
    ],
  ] as const)
    it(`closes a connection with ${what}, and logs it`, async () => {
      const seen = witness()
      const heard = witness()
      const client = transport.client(aServer(seen), heard.callbacks)
      client.send(sent)
      await heard.event('connection broken by remote peer\n')
      assert.equal(seen.log.length, 1)
      assert.match(seen.log[0]!, why)
      assert.ok(seen.log[0]!.startsWith(`refused from ${from}: `) && seen.log[0]!.endsWith('\n'))
      assert.deepEqual([seen.clients, seen.data, seen.events], [[], [], []])
      assert.deepEqual(
        processList().map(({ name }) => name),
        ['server'],
      )
    })

  for (const [when, sent] of [
    ['before its header', ''],
    ['within its header', 'PROXY TCP4 192.0.2.7'],
  ] as const)
    it(`logs a connection that ends ${when}`, async () => {
      const seen = witness()
      const client = transport.client(aServer(seen))
      if (sent !== '') client.send(sent)
      client.delete()
      await until(() => seen.log.length > 0, 'log')
      assert.deepEqual(seen.log, [`refused from ${from}: it ended before its PROXY protocol header did\n`])
    })

  it('closes a connection whose header takes too long', async () => {
    const seen = witness()
    const heard = witness()
    const client = transport.client(aServer(seen, { proxyProtocol: 0.05 }), heard.callbacks)
    client.send(line.slice(0, 10))
    await heard.event('connection broken by remote peer\n')
    assert.deepEqual(seen.log, [`refused from ${from}: its PROXY protocol header took too long\n`])
  })

  it('serves others while one client sends nothing', async () => {
    const seen = witness()
    const server = aServer(seen)
    transport.client(server)
    const talker = transport.client(server)
    talker.send(line + 'hello')
    await until(() => seen.text === 'hello', 'text')
    assert.equal(seen.clients.length, 1)
  })

  it('closes connections without a header when the server is deleted, and calls no sentinel for them', async () => {
    const seen = witness()
    const heard = witness()
    const server = aServer(seen)
    const client = transport.client(server, heard.callbacks)
    client.send(line.slice(0, 10))
    await settled()
    server.delete()
    await heard.event('connection broken by remote peer\n')
    assert.deepEqual(seen.all, ['sentinel deleted'])
  })

  it('survives a log and a sentinel that delete the server', async () => {
    const heard = witness()
    const server = transport.server({ proxyProtocol: true, log: process => process.delete() })
    const client = transport.client(server, heard.callbacks)
    const other = transport.client(server, heard.callbacks)
    client.send('nonsense')
    other.send(line.slice(0, 10))
    await until(() => heard.events.length === 2, 'both ends')
  })

  it('can be waited for synchronously', () => {
    const seen = witness()
    const client = transport.client(aServer(seen))
    client.send(line + 'now')
    while (seen.text !== 'now') assert.ok(acceptProcessOutput(undefined, 10))
  })
})

describe(':proxy-protocol', () => {
  for (const keywords of [
    { type: 'datagram', server: true, service: true },
    { type: 'seqpacket', server: true, family: 'local', service: '\0never' },
    { service: 9 },
    { service: 9, nowait: true },
  ] as const)
    it(`is refused with ${JSON.stringify(keywords)}`, () => {
      const error = thrown(() => make({ name: 'x', proxyProtocol: true, ...keywords }))
      assert.equal(error.code, 'ERR_INCOMPATIBLE_KEYWORDS')
      assert.match(error.message, /^:proxy-protocol is for servers of streams$/)
    })

  for (const [value, code] of [
    ['yes', 'ERR_INVALID_ARG_TYPE'],
    [[], 'ERR_INVALID_ARG_TYPE'],
    [0, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [NaN, 'ERR_OUT_OF_RANGE'],
    [Infinity, 'ERR_OUT_OF_RANGE'],
  ] as const)
    it(`does not take ${String(value)}`, () => {
      const call = () =>
        makeNetworkProcess(':name', 'x', ':server', true, ':service', true, ':proxy-protocol', value)
      const error = thrown(call)
      assert.equal(error.code, code)
      assert.match(error.message, /^:proxy-protocol must be /)
    })

  it('that is nil asks for no header', async () => {
    const seen = witness()
    const server = make({ name: 's', server: true, service: true, proxyProtocol: null, ...seen.callbacks })
    make({ name: 'c', service: server.contact('service') }).send(line)
    await until(() => seen.text === line, 'the line')
  })
})
