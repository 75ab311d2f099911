// getifaddrs(3), if_nametoindex(3) and if_indextoname(3).

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import {
  constants,
  decodeAddress,
  getifaddrs,
  ifIndexToName,
  ifNameToIndex,
} from 'make-network-process/socket'

const names = Object.keys(networkInterfaces())

describe('getifaddrs()', () => {
  it('lists the addresses that Node lists, as sockaddrs', () => {
    const found = getifaddrs().flatMap(({ name, address }) => {
      const decoded = address && decodeAddress(address)
      return Array.isArray(decoded) && decoded.length === 5
        ? [`${name} ${decoded.slice(0, 4).join('.')}`]
        : []
    })
    const expected = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => `${name} ${address}`),
    )
    assert.deepEqual(found.sort(), expected.sort())
  })

  it('has flags, and a netmask', () => {
    const loopback = getifaddrs().find(({ flags }) => (flags & (constants.IFF_LOOPBACK ?? 0)) !== 0)
    assert.ok(loopback?.netmask !== undefined || loopback?.address !== undefined)
    assert.ok((loopback.flags & (constants.IFF_UP ?? 0)) !== 0)
  })
})

describe('ifNameToIndex()', () => {
  it('gives every interface a different index', () => {
    const found = names.map(ifNameToIndex)
    assert.ok(found.length > 0 && found.every(index => Number.isInteger(index) && index > 0))
    assert.equal(new Set(found).size, names.length)
  })

  it('throws for a name that does not exist', () => {
    for (const name of ['none such', '', 'x'.repeat(300), `${names[0]!}\0`, '\ud800'])
      assert.throws(() => ifNameToIndex(name), { code: /^(ENODEV|ENXIO)$/, syscall: 'if_nametoindex' })
  })

  it('refuses anything but a string', () => {
    for (const wrong of [1, null, undefined, {}])
      assert.throws(() => ifNameToIndex(wrong as string), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('ifIndexToName()', () => {
  it('gives the name of an index', () => {
    for (const name of names) assert.equal(ifIndexToName(ifNameToIndex(name)), name)
  })

  it('throws ENXIO for an index that does not exist', () => {
    for (const index of [0, -0, 0x7fffffff])
      assert.throws(() => ifIndexToName(index), { code: 'ENXIO', syscall: 'if_indextoname' })
  })

  it('refuses anything but an index', () => {
    for (const wrong of ['1', null, undefined])
      assert.throws(() => ifIndexToName(wrong as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [-1, NaN, 1.5, 2 ** 53])
      assert.throws(() => ifIndexToName(wrong), { code: 'ERR_OUT_OF_RANGE' })
  })
})
