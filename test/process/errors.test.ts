// Wrong arguments and failures: the code, the keyword that the message names, which of two errors wins, and that
// nothing is left behind.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import net from 'node:net'
import { makeNetworkProcess, processList, type NetworkProcessOptions } from 'make-network-process'
import { cleanUp, make, socketFile, thrown } from './support.js'

afterEach(cleanUp)

const type = 'ERR_INVALID_ARG_TYPE'
const value = 'ERR_INVALID_ARG_VALUE'
const range = 'ERR_OUT_OF_RANGE'
const server = { name: 's', server: true, service: true } as const
const client = { name: 'c', service: 9 }

// Keywords, the error's code, and what its message names.
const table: [Record<string, unknown>, string, RegExp][] = [
  [{ service: 9 }, type, /:name .*string/],
  [{ ...client, name: 5 }, type, /:name .*5/],
  [{ ...client, name: null }, type, /:name/],
  [{ ...client, name: ['c'] }, type, /:name/],
  [{ ...client, type: 'strm' }, value, /:type .*Unsupported connection type.*"strm"/],
  [{ ...client, type: true }, value, /:type/],
  [{ ...client, type: 1 }, value, /:type/],
  [{ ...server, nowait: true }, 'ERR_INCOMPATIBLE_KEYWORDS', /:server.*:nowait/],
  [{ ...client, family: 'inet' }, value, /:family .*Unknown address family/],
  [{ ...client, family: 1.5 }, value, /:family/],
  [{ ...client, family: NaN }, value, /:family/],
  [{ ...client, family: true }, value, /:family/],
  [{ ...client, family: 2 ** 31 }, value, /:family/],
  [{ ...client, host: 5 }, type, /:host/],
  [{ ...client, host: true }, type, /:host/],
  [{ ...client, host: 'exämple.test' }, value, /:host .*domainToASCII/],
  [{ ...client, host: 'a\0b' }, value, /:host .*NUL/],
  [{ name: 'c' }, type, /:service/],
  [{ name: 'c', service: null }, type, /:service/],
  [{ name: 'c', service: {} }, type, /:service/],
  [{ name: 'c', service: 1.5 }, type, /:service/],
  [{ name: 'c', service: NaN }, type, /:service/],
  [{ name: 'c', service: -1 }, range, /:service .*-1/],
  [{ name: 'c', service: 65536 }, range, /:service .*65536/],
  [{ name: 'c', service: '70000' }, range, /:service .*70000/],
  [{ name: 'c', service: '-5' }, range, /:service/],
  [{ name: 'c', service: 'a\0b' }, value, /:service .*NUL/],
  [{ name: 'c', family: 'local' }, type, /:service/],
  [{ name: 'c', family: 'local', service: 5 }, type, /:service/],
  [{ name: 'c', family: 'local', service: true }, type, /:service/],
  [{ name: 'c', family: 'local', service: 'x'.repeat(300) }, value, /:service .*Service name too long/],
  [{ name: 'c', family: 'local', service: 'a\0b' }, value, /:service .*NUL/],
  [{ name: 'c', remote: [1, 2, 3] }, value, /:remote/],
  [{ name: 'c', remote: [127, 0, 0, 256, 9] }, range, /:remote.*element 3/],
  [{ name: 'c', remote: [127, 0, 0, -1, 9] }, range, /:remote.*element 3/],
  [{ name: 'c', remote: [127, 0, 0, 1, 65536] }, range, /:remote.*element 4/],
  [{ name: 'c', remote: [127, 0, 0, 1, 'x'] }, type, /:remote.*element 4/],
  [{ name: 'c', remote: [127, 0, 0, 1.5, 9] }, type, /:remote.*element 3/],
  [{ name: 'c', remote: [0, 0, 0, 0, 0, 0, 0, 65536, 9] }, range, /:remote.*element 7/],
  [{ name: 'c', remote: 5 }, type, /:remote/],
  [{ name: 'c', remote: {} }, type, /:remote/],
  [{ name: 'c', remote: { family: 16, data: 5 } }, type, /:remote.*data/],
  [{ name: 'c', remote: { family: 16, data: [256] } }, range, /:remote/],
  [{ name: 'c', remote: { family: 1.5, data: [] } }, type, /:remote.*family/],
  [{ name: 'c', remote: { family: 16, data: Buffer.alloc(300) } }, range, /:remote.*data/],
  [{ name: 'c', remote: 'x'.repeat(300) }, range, /:remote.*Service name too long/],
  [{ name: 's', server: true, local: [1, 2, 3] }, value, /:local/],
  [{ ...server, type: 'datagram', remote: '/path' }, value, /:remote .*family/],
  [{ ...server, filter: 5 }, type, /:filter/],
  [{ ...server, filter: 'f' }, type, /:filter/],
  [{ ...server, sentinel: true }, type, /:sentinel/],
  [{ ...server, log: {} }, type, /:log/],
  [{ ...server, plist: 5 }, type, /:plist/],
  [{ ...server, plist: [1] }, type, /:plist/],
  [{ ...server, buffer: 5 }, type, /:buffer/],
  [{ ...server, buffer: {} }, type, /:buffer/],
  [{ ...server, coding: 5 }, type, /:coding/],
  [{ ...server, coding: ['utf-8'] }, type, /:coding/],
]

describe('makeNetworkProcess()', () => {
  for (const [options, code, message] of table) {
    it(`refuses ${inspectKeywords(options)}`, () => {
      const error = thrown(() => make(options as unknown as NetworkProcessOptions))
      assert.equal(error.code, code, error.message)
      assert.match(error.message, message)
      assert.ok(error instanceof (code === range ? RangeError : TypeError))
      assert.deepEqual(processList(), [])
      // The same, as a list.
      const list = Object.entries(options).flatMap(([key, value]) => [`:${key}`, value]) as [string, unknown]
      assert.equal(thrown(() => makeNetworkProcess(...list)).code, code)
    })
  }

  it('refuses a coding system that it does not know', () => {
    const error = thrown(() => make({ ...server, coding: 'no-such-coding' }))
    assert.match(String(error.code), /^ERR_/)
    assert.match(error.message, /no-such-coding/)
  })

  it('refuses an odd argument list', () => {
    const call = makeNetworkProcess as (...args: unknown[]) => unknown
    for (const list of [[':name'], [':name', 'x', ':service'], [':name', 'x', ':server']])
      assert.throws(() => call(...list), { code: value, message: new RegExp(String(list.at(-1))) })
  })

  it('refuses a key that is not a keyword', () => {
    const call = makeNetworkProcess as (...args: unknown[]) => unknown
    assert.throws(() => call(5, 6), { code: type, message: /argument 0/ })
    assert.throws(() => call(':name', 'x', Symbol('y'), 6), { code: type, message: /argument 2/ })
    for (const wrong of ['x', 5, null, undefined, [], true])
      assert.throws(
        () => call(wrong),
        error => /^ERR_/.test((error as { code: string }).code),
      )
  })

  // Each has two things wrong; the first of Emacs's checks wins.
  const orders: [Record<string, unknown>, RegExp][] = [
    [{ type: 'x', server: true, nowait: true }, /:type/],
    [{ server: true, nowait: true, name: 5 }, /:nowait/],
    [{ name: 5, remote: [1], family: 'x' }, /:name/],
    [{ name: 'c', remote: [1], family: 'x', host: 5 }, /:remote/],
    [{ name: 'c', family: 'x', host: 5 }, /:family/],
    [{ name: 'c', host: 5, service: {} }, /:host/],
    [{ name: 'c', family: 'local', host: 5, service: 5 }, /:host/],
    [{ name: 'c', host: 'nosuch.invalid', service: {} }, /:service/],
    [{ name: 'c', host: 'nosuch.invalid', service: 9, filter: 5 }, /nosuch\.invalid/],
    [{ name: 'c', host: 'localhost', service: 'nosuchservice', buffer: 5 }, /getaddrinfo/],
  ]
  for (const [options, message] of orders)
    it(`reports the first of two errors with ${inspectKeywords(options)}`, () => {
      assert.throws(() => make(options as unknown as NetworkProcessOptions), { message })
      assert.deepEqual(processList(), [])
    })

  it('ignores :host, :service and :family when an address is given', () => {
    const process = make({
      name: 's',
      server: true,
      local: [127, 0, 0, 1, 0],
      host: 5,
      service: {},
      family: 'x',
    } as never)
    assert.equal(process.status, 'listen')
  })
})

describe('a failure', () => {
  const failing = async (options: NetworkProcessOptions) => {
    const error = thrown(() => make(options))
    assert.deepEqual(processList(), [])
    return error
  }

  it('to connect gives the same error as node:net', async () => {
    const listener = net.createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as net.AddressInfo
    listener.close()
    await once(listener, 'close')
    const [expected] = (await once(net.connect(port, '127.0.0.1'), 'error')) as [Error]
    assert.deepEqual(Object.entries(await failing({ name: 'c', service: port })), Object.entries(expected))
    assert.equal((await failing({ name: 'c', service: port })).message, expected.message)
    assert.equal(
      (await failing({ name: 'c', service: port, family: 'ipv6' })).message,
      `connect ECONNREFUSED ::1:${port}`,
    )

    const file = socketFile()
    const [noFile] = (await once(net.connect(file), 'error')) as [Error]
    const error = await failing({ name: 'c', family: 'local', service: file })
    assert.deepEqual(Object.entries(error), Object.entries(noFile))
    assert.equal(error.message, noFile.message)
  })

  it('to bind gives the same error as node:net', async () => {
    const listener = net.createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as net.AddressInfo
    const error = await failing({ name: 's', server: true, service: port })
    listener.close()
    assert.equal(error.code, 'EADDRINUSE')
    assert.equal(error.address, '127.0.0.1')
    assert.equal(error.port, port)
    assert.ok((error.errno as number) < 0)
    assert.ok(['bind', 'listen'].includes(String(error.syscall)))
  })

  it('to find a host or service gives the same error as dns.lookup()', async () => {
    const host = await failing({ name: 'c', host: 'nosuch.invalid', service: 9 })
    assert.ok(['ENOTFOUND', 'EAI_AGAIN'].includes(String(host.code)), host.message)
    assert.equal(host.syscall, 'getaddrinfo')
    assert.equal(host.hostname, 'nosuch.invalid')
    const service = await failing({ name: 'c', service: 'nosuchservice' })
    assert.equal(service.syscall, 'getaddrinfo')
    await failing({ name: 'c', host: '', service: 9 })
    await failing({ name: 'c', host: '127.0.0.1', family: 'ipv6', service: 9 })
  })

  it('to create a socket gives an error that names socket(2)', async () => {
    assert.deepEqual(
      [await failing({ name: 'c', type: 'seqpacket', remote: [127, 0, 0, 1, 9] })].map(
        ({ code, syscall }) => [code, syscall],
      ),
      [['ESOCKTNOSUPPORT', 'socket']],
    )
    const unknown = await failing({ name: 'c', remote: { family: 250, data: [1] } })
    assert.equal(unknown.code, 'EAFNOSUPPORT')
  })

  it('leaves no descriptor open', async function () {
    const count = () => readdirSync('/dev/fd').length
    try {
      count()
    } catch {
      this.skip()
    }
    const before = count()
    const service = socketFile()
    const listening = make({ ...server, priority: 1 })
    for (const options of [
      { name: 'c', family: 'local', service },
      { name: 'c', nowait: true, family: 'local', service, sentinel: () => {} },
      { ...server, service: listening.contact('service') },
      { ...server, priority: 'x' },
      { ...server, coding: 'no-such-coding' },
      { ...client, service: listening.contact('service'), filter: 5 },
      { ...server, type: 'datagram', remote: '/path' },
    ])
      try {
        make(options as never)
      } catch {
        // What it has left open is counted below.
      }
    for (const one of processList()) one.delete()
    assert.equal(count(), before)
  })
})

function inspectKeywords(options: Record<string, unknown>): string {
  const show = (value: unknown): string => {
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
    if (typeof value === 'number' || value === undefined) return String(value)
    const text = JSON.stringify(value)
    return text.length > 40 ? `${text.slice(0, 40)}…` : text
  }
  return Object.entries(options)
    .map(([key, value]) => `:${key} ${show(value)}`)
    .join(' ')
}
