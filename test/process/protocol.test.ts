// :protocol, which makes a process's socket use another protocol than the usual one of its type, as read back from the
// kernel. Where the kernel lacks the protocol, the test is skipped.

import assert from 'node:assert/strict'
import type { NetworkProcess } from 'make-network-process'
import { constants, sockaddr, Socket } from 'make-network-process/socket'
import { cleanUp, make, socketFile, socketOf, until, witness } from './support.js'

afterEach(cleanUp)

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } = constants

/** A protocol by its name; the test is skipped where there is none. */
function protocol(context: Mocha.Context, name: string, domain = AF_INET, type = SOCK_DGRAM): number {
  const number = constants[name]
  if (number === undefined || constants.SO_PROTOCOL === undefined) return context.skip()
  try {
    new Socket(domain, type, number).close()
  } catch {
    context.skip()
  }
  return number
}

const protocolOf = (process: NetworkProcess) => {
  const bytes = socketOf(process).getsockopt(SOL_SOCKET, constants.SO_PROTOCOL!)
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(
    0,
    new Uint8Array(Uint16Array.of(1).buffer)[0] === 1,
  )
}

describe(':protocol', () => {
  it('is used for addresses that are looked up, blocking or not', async function () {
    const number = protocol(this, 'IPPROTO_UDPLITE')
    const seen = witness()
    const keywords = { type: 'datagram', family: 'ipv4', protocol: number } as const
    const server = make({ name: 's', server: true, service: true, ...keywords, ...seen.callbacks })
    const service = server.contact('service') as number
    assert.equal(protocolOf(server), number)
    for (const nowait of [false, true]) {
      const heard = witness()
      const client = make({ name: 'c', host: '127.0.0.1', service, nowait, ...keywords, ...heard.callbacks })
      if (nowait) await heard.event('open\n')
      assert.equal(protocolOf(client), number)
      client.send(`nowait: ${nowait}`)
    }
    assert.deepEqual(await seen.messages(2), ['nowait: false', 'nowait: true'])
  })

  it('is used for an address that is given', async function () {
    const number = protocol(this, 'IPPROTO_UDPLITE')
    const seen = witness()
    const keywords = { type: 'datagram', protocol: number } as const
    const server = make({
      name: 's',
      server: true,
      local: [127, 0, 0, 1, 0],
      ...keywords,
      ...seen.callbacks,
    })
    const client = make({ name: 'c', remote: server.contact('local'), ...keywords })
    assert.deepEqual([server, client].map(protocolOf), [number, number])
    client.send('x')
    await seen.messages(1)
  })

  it('is used for a stream', async function () {
    const number = protocol(this, 'IPPROTO_MPTCP', AF_INET, SOCK_STREAM)
    const seen = witness()
    const keywords = { family: 'ipv4', protocol: number } as const
    const server = make({ name: 's', server: true, service: true, ...keywords, ...seen.callbacks })
    const heard = witness()
    const client = make({
      name: 'c',
      service: server.contact('service'),
      nowait: true,
      ...keywords,
      ...heard.callbacks,
    })
    await heard.event('open\n')
    assert.equal(protocolOf(client), number)
    client.send('mp')
    await until(() => seen.text === 'mp', 'data')
  })

  it('selects the protocol of a netlink socket', function () {
    const number = protocol(this, 'NETLINK_KOBJECT_UEVENT', constants.AF_NETLINK)
    const server = make({
      name: 's',
      server: true,
      type: 'datagram',
      local: sockaddr.netlink({}),
      protocol: number,
    })
    assert.equal(protocolOf(server), number)
  })

  it('is the default one when it is nil or 0', () => {
    for (const none of [null, false, 0] as const)
      assert.equal(
        make({ name: 's', server: true, family: 'ipv4', service: true, protocol: none }).status,
        'listen',
      )
  })

  it('throws the error of socket(2) when the family does not have it', () => {
    const local = { name: 's', server: true, family: 'local', service: socketFile() } as const
    assert.throws(() => make({ ...local, protocol: 77 }), { syscall: 'socket', code: 'EPROTONOSUPPORT' })
    assert.throws(() => new Socket(AF_UNIX, SOCK_STREAM, 77), { code: 'EPROTONOSUPPORT' })
  })

  for (const [wrong, code] of [
    ['tcp', 'ERR_INVALID_ARG_TYPE'],
    [true, 'ERR_INVALID_ARG_TYPE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [NaN, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, 'ERR_OUT_OF_RANGE'],
  ] as const)
    it(`cannot be ${wrong}`, () => {
      assert.throws(() => make({ name: 'c', service: 9, protocol: wrong as number }), {
        code,
        message: /^:protocol must be a whole number/,
      })
    })
})
