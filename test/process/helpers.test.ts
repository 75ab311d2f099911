// The functions beside processes: addresses as text, the machine's interfaces, and looking names up.

import assert from 'node:assert/strict'
import dns from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import {
  formatNetworkAddress,
  networkInterfaceInfo,
  networkInterfaceList,
  networkLookupAddressInfo,
  sockaddr,
  type AddressInput,
} from 'make-network-process'
import * as emacs from 'make-network-process/emacs'
import { constants } from 'make-network-process/socket'

describe('formatNetworkAddress()', () => {
  const table: [unknown, string | undefined, string | undefined][] = [
    [null, undefined, undefined],
    [undefined, undefined, undefined],
    ['/tmp/s', '/tmp/s', '/tmp/s'],
    ['', '', ''],
    [[127, 0, 0, 1], '127.0.0.1', '127.0.0.1'],
    [[127, 0, 0, 1, 80], '127.0.0.1:80', '127.0.0.1'],
    [[127, 0, 0, 1, 65536], undefined, '127.0.0.1'],
    [[127, 0, 0, 1, 'x'], undefined, '127.0.0.1'],
    [[127, 0, 0, 256, 80], undefined, undefined],
    [[127, 0, 0, -1, 80], undefined, undefined],
    [[127, 0, 0, 1.5, 80], undefined, undefined],
    [[0, 0, 0, 0, 0, 0, 0, 1], '0:0:0:0:0:0:0:1', '0:0:0:0:0:0:0:1'],
    [[0xfe80, 0, 0, 0, 0xabcd, 0, 0, 1, 443], '[fe80:0:0:0:abcd:0:0:1]:443', 'fe80:0:0:0:abcd:0:0:1'],
    [[0, 0, 0, 0, 0, 0, 0, 65536, 443], undefined, undefined],
    [[1, 2, 3], undefined, undefined],
    [[], undefined, undefined],
    [[1, 2, 3, 4, 5, 6], undefined, undefined],
    [{ family: 16, data: [0] }, '<Family 16>', '<Family 16>'],
    [5, undefined, undefined],
    [true, undefined, undefined],
  ]
  for (const [address, text, host] of table)
    it(`gives ${text} for ${JSON.stringify(address)}`, () => {
      assert.equal(formatNetworkAddress(address as never), text)
      assert.equal(formatNetworkAddress(address as never, true), host)
    })
})

describe('formatNetworkAddress() of families with named fields', () => {
  const address = Uint8Array.of(0, 0x11, 0xff)
  const table: [name: keyof typeof sockaddr, make: () => AddressInput, text: string, host?: string][] = [
    ['netlink', () => sockaddr.netlink({ groups: 0x11 }), '<netlink pid 0 groups 17>'],
    ['netlink', () => sockaddr.netlink({ pid: 4711 }), '<netlink pid 4711>'],
    ['vsock', () => sockaddr.vsock({ cid: 2, port: 1024 }), '<vsock cid 2 port 1024>', '<vsock cid 2>'],
    [
      'packet',
      () => sockaddr.packet({ ifindex: 1, protocol: 0x800, address }),
      '<packet ifindex 1 protocol 2048 address 00:11:ff>',
    ],
    ['alg', () => sockaddr.alg({ type: 'hash', name: 'sha256' }), '<alg type hash name sha256>'],
    ['can', () => sockaddr.can({ ifindex: 3 }), '<can ifindex 3>'],
    [
      'tipc',
      () => sockaddr.tipc({ service: { type: 1000, instance: 7 } }),
      '<tipc service type 1000 instance 7 scope 2>',
    ],
    ['tipc', () => sockaddr.tipc({ socket: { ref: 5, node: 9 }, scope: 0 }), '<tipc socket ref 5 node 9>'],
  ]
  for (const [name, make, text, host = text] of table)
    it(`gives ${text}`, function () {
      if (constants[`AF_${name.toUpperCase()}`] === undefined) this.skip()
      assert.equal(formatNetworkAddress(make()), text)
      assert.equal(formatNetworkAddress(make(), true), host)
      assert.equal(emacs.formatNetworkAddress(make()), `<Family ${constants[`AF_${name.toUpperCase()}`]}>`)
    })

  it('gives the number of a family whose address it cannot read', function () {
    const { AF_NETLINK = this.skip(), AF_TIPC = this.skip() } = constants
    assert.equal(
      formatNetworkAddress({ family: AF_NETLINK, data: new Uint8Array(9) }),
      `<Family ${AF_NETLINK}>`,
    )
    const unknown = { family: AF_TIPC, data: new Uint8Array(14).fill(9) }
    assert.equal(formatNetworkAddress(unknown), `<Family ${AF_TIPC}>`)
    assert.equal(formatNetworkAddress({ family: 250, data: [1] }), '<Family 250>')
  })
})

/** An address as Node writes it. */
function nodes(address: unknown): string {
  const vector = address as number[]
  if (vector.length === 5) return vector.slice(0, 4).join('.')
  return new URL(
    `http://[${vector
      .slice(0, 8)
      .map(group => group.toString(16))
      .join(':')}]`,
  ).hostname.slice(1, -1)
}

describe('networkInterfaceList()', () => {
  const system = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(one => ({ name, ...one })),
  )

  it('has every address that the system has', () => {
    const listed = networkInterfaceList().map(([name, address]) => `${name} ${nodes(address)}`)
    for (const { name, address } of system)
      assert.ok(listed.includes(`${name} ${address}`), `${name} ${address}`)
    assert.ok(networkInterfaceList().every(([, address]) => (address as number[]).at(-1) === 0))
  })

  it('has the netmasks and broadcast addresses, when asked', () => {
    for (const { name, address, netmask } of system) {
      const entry = networkInterfaceList(true).find(([n, a]) => n === name && nodes(a) === address)
      assert.ok(entry, name)
      assert.equal(entry.length, 4)
      assert.equal(nodes(entry[3]), netmask)
      const [, vector, broadcast, mask] = entry as [string, number[], number[], number[]]
      const all = vector.length === 5 ? 255 : 65535
      vector
        .slice(0, -1)
        .forEach((part, i) => assert.equal(broadcast[i], part | (~(mask[i] as number) & all)))
    }
  })

  it('lists one family, when asked', () => {
    const lengths = (family: 'ipv4' | 'ipv6') =>
      new Set(networkInterfaceList(false, family).map(([, address]) => (address as number[]).length))
    assert.deepEqual(lengths('ipv4'), new Set(system.some(({ family }) => family === 'IPv4') ? [5] : []))
    assert.deepEqual(lengths('ipv6'), new Set(system.some(({ family }) => family === 'IPv6') ? [9] : []))
    assert.throws(() => networkInterfaceList(false, 'local' as never), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /Unsupported address family/,
    })
  })
})

describe('networkInterfaceInfo()', () => {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    it(`knows ${name}`, () => {
      const info = networkInterfaceInfo(name)
      assert.ok(info)
      const four = addresses.find(({ family }) => family === 'IPv4')
      if (four) {
        assert.equal(nodes(info.address), four.address)
        assert.equal(nodes(info.netmask), four.netmask)
      }
      assert.equal(info.flags.includes('loopback'), addresses[0]?.internal)
      assert.ok(info.flags.includes('up'))
      assert.ok(info.hardware)
      assert.equal(
        [...info.hardware.address].map(byte => byte.toString(16).padStart(2, '0')).join(':'),
        addresses[0]?.mac,
      )
    })
  }

  it('knows nothing of one that is not there', () => assert.equal(networkInterfaceInfo('nosuch0'), undefined))

  it('refuses invalid names', () => {
    assert.throws(() => networkInterfaceInfo(5 as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => networkInterfaceInfo('0123456789abcdef'), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /interface name too long/,
    })
  })
})

describe('networkLookupAddressInfo()', () => {
  it('gives the addresses that dns.lookup gives', async () => {
    const expected = await dns.lookup('localhost', { all: true, verbatim: true })
    assert.deepEqual(
      networkLookupAddressInfo('localhost')?.map(nodes),
      expected.map(({ address }) => address),
    )
  })

  it('gives numeric addresses', () => {
    assert.deepEqual(networkLookupAddressInfo('127.0.0.1'), [[127, 0, 0, 1, 0]])
    assert.deepEqual(networkLookupAddressInfo('::1', 'ipv6'), [[0, 0, 0, 0, 0, 0, 0, 1, 0]])
    assert.deepEqual(networkLookupAddressInfo('fe80::1', 'ipv6'), [[0xfe80, 0, 0, 0, 0, 0, 0, 1, 0]])
  })

  it('gives undefined for a host that is not known, or has no address of the family', () => {
    assert.equal(networkLookupAddressInfo('nosuch.invalid'), undefined)
    assert.equal(networkLookupAddressInfo('127.0.0.1', 'ipv6'), undefined)
  })

  it('refuses invalid names and families', () => {
    assert.throws(() => networkLookupAddressInfo(5 as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => networkLookupAddressInfo('exämple.test'), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => networkLookupAddressInfo('localhost', 'local' as never), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })
})
