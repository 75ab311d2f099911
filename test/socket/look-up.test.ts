// getaddrinfo(3): what it finds, and that its errors are those of dns.lookup().

import assert from 'node:assert/strict'
import dns from 'node:dns'
import {
  constants,
  decodeAddress,
  encodeAddress,
  getaddrinfo,
  getnameinfo,
  type LookUpQuery,
} from 'make-network-process/socket'
import * as built from '../../dist/socket/look-up.js'
import type * as source from '../../lib/socket/look-up.js'
import { contents, thrownBy } from './sockets.js'

const { lookUp } = built as unknown as typeof source // It is internal, and so without a declaration.

const { AF_INET, AF_INET6, AF_UNSPEC, AI_NUMERICHOST, AI_NUMERICSERV, AI_PASSIVE } = constants
const { IPPROTO_TCP, IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM } = constants

const addresses = (query: LookUpQuery) => getaddrinfo(query).map(({ address }) => decodeAddress(address))

describe('getaddrinfo()', () => {
  it('reads numeric hosts and services', () => {
    const query = { type: SOCK_STREAM, flags: AI_NUMERICHOST | AI_NUMERICSERV }
    assert.deepEqual(addresses({ ...query, host: '192.0.2.7', service: '80' }), [[192, 0, 2, 7, 80]])
    assert.deepEqual(addresses({ ...query, host: '2001:db8::7', service: '80' }), [
      [0x2001, 0xdb8, 0, 0, 0, 0, 0, 7, 80],
    ])
    assert.deepEqual(addresses({ ...query, host: '192.0.2.7' }), [[192, 0, 2, 7, 0]])
  })

  it('finds localhost', () => {
    const found = getaddrinfo({ host: 'localhost', type: SOCK_STREAM })
    assert.ok(found.length > 0)
    for (const { family, type, protocol, address } of found) {
      assert.ok([AF_INET, AF_INET6].includes(family))
      assert.deepEqual([type, protocol], [SOCK_STREAM, IPPROTO_TCP])
      const decoded = decodeAddress(address) as number[]
      assert.equal(decoded.length, family === AF_INET ? 5 : 9)
      assert.equal(decoded.at(-2), 1)
    }
  })

  it('finds only what is asked for', () => {
    for (const family of [AF_INET, AF_UNSPEC]) {
      const found = getaddrinfo({ host: '127.0.0.1', family, type: SOCK_DGRAM, protocol: IPPROTO_UDP })
      assert.deepEqual(
        found.map(one => [one.family, one.type, one.protocol]),
        [[AF_INET, SOCK_DGRAM, IPPROTO_UDP]],
      )
    }
    assert.ok(getaddrinfo({ host: '127.0.0.1' }).length >= 2)
  })

  it('finds an address to listen on when there is no host', () => {
    const query = { service: '80', family: AF_INET, type: SOCK_STREAM }
    assert.deepEqual(addresses({ ...query, flags: AI_PASSIVE }), [[0, 0, 0, 0, 80]])
    assert.deepEqual(addresses(query), [[127, 0, 0, 1, 80]])
    assert.deepEqual(addresses({ ...query, host: undefined }), [[127, 0, 0, 1, 80]])
  })

  it('throws the error of dns.lookup() for a name that does not exist', async () => {
    const theirs = await dns.promises.lookup('nosuch.invalid').then(
      () => assert.fail('found'),
      (error: unknown) => error as Error,
    )
    const ours = thrownBy(() => getaddrinfo({ host: 'nosuch.invalid' }))
    assert.equal(ours.message, theirs.message)
    assert.equal(ours.name, theirs.name)
    assert.deepEqual(contents(ours), contents(theirs))
    assert.deepEqual(Object.keys(ours), Object.keys(theirs))
  })

  it('throws ENOTFOUND, with the message of the system as its reason', () => {
    const error = thrownBy(() => getaddrinfo({ host: 'nosuch', flags: AI_NUMERICHOST }))
    assert.deepEqual(contents(error), {
      message: 'getaddrinfo ENOTFOUND nosuch',
      errno: -3008,
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname: 'nosuch',
    })
    assert.match(String(error.reason), /\w+ \w+/)
  })

  it('throws EAI_… for a wrong service, family, type or flags', () => {
    const fails = (query: LookUpQuery) => thrownBy(() => getaddrinfo(query)).code
    assert.equal(fails({ host: '127.0.0.1', service: 'no such service', type: SOCK_STREAM }), 'EAI_SERVICE')
    assert.equal(fails({ host: '127.0.0.1', family: 77 }), 'EAI_FAMILY')
    assert.equal(fails({ host: '127.0.0.1', flags: 0x40000000 }), 'EAI_BADFLAGS')
    assert.match(String(fails({ host: '127.0.0.1', type: 77 })), /^EAI_/)
  })

  it('names the unknown service, not the host', () => {
    const error = thrownBy(() => getaddrinfo({ host: '127.0.0.1', service: 'nosuch', type: SOCK_STREAM }))
    assert.deepEqual(contents(error), {
      message: 'getaddrinfo EAI_SERVICE nosuch',
      errno: -3010,
      code: 'EAI_SERVICE',
      syscall: 'getaddrinfo',
      hostname: '127.0.0.1',
      service: 'nosuch',
    })
  })

  it('throws ENOTFOUND for an empty query', () => {
    const error = thrownBy(() => getaddrinfo({}))
    assert.equal(error.message, 'getaddrinfo ENOTFOUND')
    assert.ok(!('hostname' in error))
  })

  it('never looks up a part of a name', () => {
    for (const query of [
      { host: '127.0.0.1\0.example' },
      { host: 'localhost\0' },
      { host: '127.0.0.1', service: '80\0x' },
    ])
      assert.match(
        String(thrownBy(() => getaddrinfo(query), JSON.stringify(query)).code),
        /^(ENOTFOUND|EAI_\w+|ERR_INVALID_ARG_VALUE)$/,
      )
  })

  it('refuses invalid names and numbers', () => {
    const refused = (query: object) =>
      assert.match(
        String(thrownBy(() => getaddrinfo(query), JSON.stringify(query)).code),
        /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/,
      )
    for (const wrong of [5, null, true, {}, ['127.0.0.1']]) {
      refused({ host: wrong, service: '80' })
      refused({ host: '127.0.0.1', service: wrong })
    }
    for (const name of ['family', 'type', 'protocol', 'flags'])
      for (const wrong of ['0', null, NaN, 1.5, 2 ** 53]) refused({ host: '127.0.0.1', [name]: wrong })
  })
})

describe('getaddrinfo() with AI_CANONNAME', () => {
  it('has the canonical name of the first address', () => {
    const query = { host: '127.0.0.1', type: SOCK_STREAM, flags: constants.AI_CANONNAME | AI_NUMERICHOST }
    assert.deepEqual(
      getaddrinfo(query).map(({ canonname }) => canonname),
      ['127.0.0.1'],
    )
    assert.equal('canonname' in getaddrinfo({ ...query, flags: AI_NUMERICHOST })[0]!, false)
  })
})

describe('getnameinfo()', () => {
  const { NI_DGRAM, NI_NAMEREQD, NI_NUMERICHOST, NI_NUMERICSERV } = constants
  const numeric = NI_NUMERICHOST | NI_NUMERICSERV

  it('returns numeric names', () => {
    assert.deepEqual(getnameinfo(encodeAddress([192, 0, 2, 7, 80]), numeric), {
      host: '192.0.2.7',
      service: '80',
    })
    const vector = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 7, 80]
    assert.deepEqual(getnameinfo(encodeAddress(vector), numeric), { host: '2001:db8::7', service: '80' })
  })

  it('returns the same names as dns.lookupService()', async () => {
    const { hostname, service } = await dns.promises.lookupService('127.0.0.1', 22)
    assert.deepEqual(getnameinfo(encodeAddress([127, 0, 0, 1, 22])), { host: hostname, service })
    const flags = NI_NUMERICHOST | NI_DGRAM
    assert.equal(typeof getnameinfo(encodeAddress([127, 0, 0, 1, 514]), flags).service, 'string')
  })

  it('returns of a local address, which need not end with a NUL, the name and no more', function () {
    const family = encodeAddress('').subarray(0, 2)
    const names = ['a name of some length', 'short', '']
    const sockaddrs = names.map(name => Buffer.concat([family, Buffer.from(name)]))
    try {
      // One right after the other: what the first has left in memory must not follow the next.
      assert.deepEqual(
        sockaddrs.map(sockaddr => getnameinfo(sockaddr).service),
        names,
      )
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAI_FAMILY') throw error
      this.skip() // This C library knows no local addresses.
    }
  })

  it('has errors in the shape of getaddrinfo’s', () => {
    const error = thrownBy(() => getnameinfo(encodeAddress([0, 0, 0, 0, 0]), NI_NAMEREQD))
    assert.match(String(error.code), /^(ENOTFOUND|EAI_AGAIN)$/)
    assert.equal(error.syscall, 'getnameinfo')
    for (const bytes of [new Uint8Array(), Buffer.alloc(300), Buffer.alloc(16, 0xff)])
      assert.equal(thrownBy(() => getnameinfo(bytes)).code, 'EAI_FAMILY')
    for (const wrong of [undefined, '127.0.0.1', [127, 0, 0, 1, 80]])
      assert.equal(thrownBy(() => getnameinfo(wrong as never)).code, 'ERR_INVALID_ARG_TYPE')
  })
})

describe('lookUp()', () => {
  const found = (query: LookUpQuery) =>
    new Promise((resolve, reject) => lookUp(query, (error, all) => (error ? reject(error) : resolve(all))))

  it('gives what getaddrinfo() gives, later', async () => {
    for (const query of [
      { host: '127.0.0.1', service: '80' },
      { host: 'localhost', type: SOCK_STREAM },
    ])
      assert.deepEqual(await found(query), getaddrinfo(query))
  })

  it('gives the error of getaddrinfo()', async () => {
    const query = { host: 'nosuch', flags: AI_NUMERICHOST }
    const error = thrownBy(() => getaddrinfo(query))
    await assert.rejects(found(query), (rejected: Error) => {
      assert.deepEqual(contents(rejected), contents(error))
      return true
    })
  })

  it('answers each of many queries', async () => {
    const queries = Array.from({ length: 50 }, (_, i) => ({ host: `192.0.2.${i}`, type: SOCK_STREAM }))
    const all = await Promise.all(queries.map(found))
    assert.deepEqual(all, queries.map(getaddrinfo))
  })

  it('answers each of thousands of queries that are done before the loop looks', async () => {
    const queries = Array.from({ length: 3000 }, (_, i) => ({
      host: `192.0.2.${i % 256}`,
      type: SOCK_STREAM,
    }))
    const all = Promise.all(queries.map(found))
    const expected = queries.map(getaddrinfo) // Meanwhile four threads have done the same.
    assert.deepEqual(await all, expected)
  })
})
