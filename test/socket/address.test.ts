// Addresses: what the bytes of a sockaddr are, and what is refused. The kernel is asked wherever it can say what
// is right.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import {
  constants,
  decodeAddress,
  encodeAddress,
  familyOf,
  type AddressInput,
} from 'make-network-process/socket'
import { aFolder, forEachTransport, needsAddress } from '../support/transports.js'
import { aSocket, connect, detached, thrownBy } from './sockets.js'

const { AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, SOCK_DGRAM, SOCK_STREAM } = constants

// The first two bytes of a sockaddr, as this kernel writes them.
const header = (family: number) => [...aSocket(family, SOCK_DGRAM).getsockname().subarray(0, 2)]
// A number of the machine's own byte order.
const native32 = (number: number) => [...new Uint8Array(Uint32Array.of(number).buffer)]
const port = fc.nat({ max: 65535 })
const octet = fc.nat({ max: 255 })

// The length of the longest path that is taken.
function pathRoom(): number {
  let room = 1
  while (!refuses('x'.repeat(room + 1))) room++
  return room
}
function refuses(address: AddressInput): boolean {
  try {
    encodeAddress(address)
    return false
  } catch {
    return true
  }
}

// The names of local sockets, as Linux lists them; NUL is written @.
function kernelNames(context: Mocha.Context): string[] {
  try {
    const lines = readFileSync('/proc/net/unix', 'latin1').trimEnd().split('\n').slice(1)
    return lines.map(line => line.split(' ').slice(7).join(' ').trimStart())
  } catch {
    return context.skip()
  }
}

describe('encodeAddress()', () => {
  it('writes an IPv4 address', () => {
    const bytes = [...header(AF_INET), 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert.deepEqual([...encodeAddress([127, 0, 0, 1, 8080])], bytes)
  })

  it('writes an IPv6 address in the byte order of the network', () => {
    const groups = [0x2001, 0xdb8, 0, 0, 0, 0, 0x12, 0x3456]
    const bytes = [0x1f, 0x90, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56]
    const encoded = encodeAddress([...groups, 8080])
    assert.equal(familyOf(encoded), AF_INET6)
    assert.deepEqual([...encoded.subarray(2)], [...bytes, 0, 0, 0, 0])
  })

  it('writes the scope of an IPv6 address in the byte order of the machine', () => {
    const address = Object.assign([0xfe80, 0, 0, 0, 0, 0, 0, 1, 80], { scope: 0x01020304 })
    assert.deepEqual([...encodeAddress(address).subarray(24)], native32(0x01020304))
  })

  it('ends a path with a single NUL', () => {
    const encoded = encodeAddress('/tmp/é')
    assert.equal(familyOf(encoded), AF_UNIX)
    assert.deepEqual([...encoded.subarray(2)], [...Buffer.from('/tmp/é\0')])
  })

  it('writes an abstract name without a NUL at its end, and NULs inside', () => {
    assert.deepEqual([...encodeAddress('\0a\0b').subarray(2)], [0, 0x61, 0, 0x62])
  })

  it('writes an empty name as the family alone', () => {
    const encoded = encodeAddress('')
    assert.equal(encoded.length, 2)
    assert.equal(familyOf(encoded), AF_UNIX)
  })

  it('writes the raw-byte characters of a path as those bytes', () => {
    assert.deepEqual([...encodeAddress('\udcff\udc80').subarray(2)], [0xff, 0x80, 0])
  })

  it('writes the bytes of any other family behind its number', () => {
    for (const data of [
      [1, 2, 255],
      Uint8Array.of(1, 2, 255),
      new DataView(Uint8Array.of(1, 2, 255).buffer),
    ]) {
      const encoded = encodeAddress({ family: 40, data: data as Uint8Array })
      assert.equal(familyOf(encoded), 40)
      assert.deepEqual([...encoded.subarray(2)], [1, 2, 255])
    }
  })

  it('takes -0 for 0', () => {
    assert.deepEqual(encodeAddress([127, -0, -0, 1, -0]), encodeAddress([127, 0, 0, 1, 0]))
  })

  describe('refuses', () => {
    const cases: [what: string, address: unknown, error: string, code: string][] = [
      ['a number', 5, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['undefined', undefined, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['null', null, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['an object without data', { family: 1 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['data that are no bytes', { family: 1, data: 'abc' }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['an array of 0', [], 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['an array of 4', [127, 0, 0, 1], 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['an array of 6', [127, 0, 0, 1, 80, 0], 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['an array of 8', [0, 0, 0, 0, 0, 0, 0, 1], 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['an array of 10', [0, 0, 0, 0, 0, 0, 0, 1, 80, 0], 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['an octet of 256', [127, 0, 0, 256, 80], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['an octet of -1', [127, 0, 0, -1, 80], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['an octet of 2^53', [127, 0, 0, 2 ** 53, 80], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['an octet of 2^32', [127, 0, 0, 2 ** 32, 80], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['a port of 65536', [127, 0, 0, 1, 65536], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['a group of 65536', [0, 0, 0, 0, 0, 0, 0, 65536, 80], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['an IPv6 port of 65536', [0, 0, 0, 0, 0, 0, 0, 1, 65536], 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['NaN', [127, 0, 0, 1, NaN], 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['Infinity', [127, 0, 0, 1, Infinity], 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['a fraction', [127, 0, 0, 1.5, 80], 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['a string in an array', [127, 0, 0, '1', 80], 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['undefined in an array', [127, 0, 0, undefined, 80], 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['a bigint in an array', [127, 0, 0, 1n, 80], 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      [
        'a hole in an array',
        Object.assign(new Array(5), { 0: 127, 3: 1, 4: 80 }),
        'TypeError',
        'ERR_INVALID_ARG_TYPE',
      ],
      ['a hole in data', { family: 40, data: new Array(3) }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['a family of -1', { family: -1, data: [] }, 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['a family of 65536', { family: 65536, data: [] }, 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['a family of NaN', { family: NaN, data: [] }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['a family by name', { family: 'inet', data: [] }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
      ['a byte of 256 in data', { family: 40, data: [256] }, 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['data of 255 bytes', { family: 40, data: Buffer.alloc(255) }, 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['detached data', { family: 40, data: detached(Uint8Array) }, 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['a NUL in a path', '/tmp/a\0b', 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['a NUL at the end of a path', '/tmp/a\0', 'TypeError', 'ERR_INVALID_ARG_VALUE'],
      ['a path of 200 bytes', 'x'.repeat(200), 'RangeError', 'ERR_OUT_OF_RANGE'],
      ['an abstract name of 200 bytes', '\0'.repeat(200), 'RangeError', 'ERR_OUT_OF_RANGE'],
    ]
    for (const [what, address, name, code] of cases)
      it(what, () => {
        const error = thrownBy(() => encodeAddress(address as AddressInput, ':remote'))
        assert.deepEqual([error.name, error.code], [name, code])
        assert.match(error.message, /^:remote\b/)
      })

    for (const scope of [NaN, 1.5, -1, 2 ** 32, 2 ** 53, '1'])
      it(`a scope of ${typeof scope === 'string' ? "'1'" : scope}`, () => {
        const address = Object.assign([0xfe80, 0, 0, 0, 0, 0, 0, 1, 80], { scope })
        const error = thrownBy(() => encodeAddress(address, ':remote'))
        assert.match(String(error.code), /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/)
        assert.match(error.message, /^:remote\b.*scope/)
      })
  })

  it('says how long a name may be', () => {
    const room = pathRoom()
    assert.match(
      thrownBy(() => encodeAddress('x'.repeat(room + 1))).message,
      RegExp(`${room + 1} bytes.* ${room} fit`),
    )
    // An abstract name needs no NUL, so that one more byte fits.
    assert.equal(encodeAddress(`\0${'x'.repeat(room)}`).length, 2 + room + 1)
    const message = thrownBy(() => encodeAddress(`\0${'x'.repeat(room + 1)}`)).message
    assert.match(message, RegExp(`${room + 2} bytes.* ${room + 1} fit`))
  })

  it('counts the bytes of a path, not its characters', () => {
    const room = pathRoom()
    assert.ok(!refuses('é'.repeat(Math.floor(room / 2))))
    assert.ok(refuses('é'.repeat(Math.floor(room / 2) + 1)))
  })
})

describe('decodeAddress()', () => {
  const restores = (address: AddressInput) => assert.deepEqual(decodeAddress(encodeAddress(address)), address)

  it('restores every IPv4 address', () => {
    fc.assert(fc.property(fc.tuple(octet, octet, octet, octet, port), restores))
  })

  it('restores every IPv6 address', () => {
    const vector = fc.array(port, { minLength: 9, maxLength: 9 })
    fc.assert(fc.property(vector, restores))
    fc.assert(
      fc.property(vector, fc.integer({ min: 1, max: 0xffffffff }), (groups, scope) =>
        restores(Object.assign([...groups], { scope })),
      ),
    )
  })

  it('restores every path and every abstract name', () => {
    const name = fc.string({ unit: 'binary', maxLength: 100 }).filter(text => Buffer.byteLength(text) <= 100)
    fc.assert(
      fc.property(
        name.filter(text => !text.includes('\0')),
        restores,
      ),
    )
    fc.assert(
      fc.property(
        name.map(text => `\0${text}`),
        restores,
      ),
    )
  })

  it('restores the bytes of every path, whatever its encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 1, minLength: 1, maxLength: 100 }), bytes => {
        const sockaddr = encodeAddress({ family: AF_UNIX, data: [...bytes, 0] })
        const restored = encodeAddress(decodeAddress(sockaddr))
        assert.deepEqual(restored.subarray(2), sockaddr.subarray(2))
      }),
    )
  })

  it('restores every other address', () => {
    const known = [AF_INET, AF_INET6, AF_UNIX]
    const family = fc.nat({ max: 255 }).filter(number => !known.includes(number))
    fc.assert(
      fc.property(family, fc.uint8Array({ maxLength: 250 }), (number, data) =>
        restores({ family: number, data: Buffer.from(data) }),
      ),
    )
  })

  it('reads any bytes without throwing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(AF_INET, AF_INET6, AF_UNIX, 40),
        fc.uint8Array({ maxLength: 254 }),
        (family, data) => {
          const sockaddr = encodeAddress({ family, data })
          for (let length = 0; length <= Math.min(sockaddr.length, 40); length++)
            decodeAddress(sockaddr.subarray(0, length))
        },
      ),
    )
  })

  it('gives a truncated Internet address as bytes', () => {
    const address = { family: AF_INET, data: Buffer.of(0, 80) }
    assert.deepEqual(decodeAddress(encodeAddress(address)), address)
  })

  it('reads a path without a NUL at its end, and up to the first NUL', () => {
    const [first, second] = encodeAddress('')
    assert.equal(decodeAddress(Uint8Array.of(first!, second!, 0x2f, 0x61)), '/a')
    assert.equal(decodeAddress(Uint8Array.of(first!, second!, 0x2f, 0x61, 0, 0x62)), '/a')
  })

  it('reads a view of a larger buffer', () => {
    const memory = Buffer.concat([Buffer.alloc(3), encodeAddress([1, 2, 3, 4, 5])])
    assert.deepEqual(decodeAddress(memory.subarray(3)), [1, 2, 3, 4, 5])
    assert.deepEqual(decodeAddress(new Uint8Array(memory).subarray(3)), [1, 2, 3, 4, 5])
  })

  it('gives a copy of the bytes', () => {
    const sockaddr = encodeAddress({ family: 40, data: [1, 2, 3] })
    const address = decodeAddress(sockaddr)
    sockaddr.fill(9)
    assert.deepEqual(address, { family: 40, data: Buffer.of(1, 2, 3) })
  })
})

describe('familyOf()', () => {
  it('is the family of a sockaddr', () => {
    for (const family of [AF_INET, AF_UNIX, 40, 255])
      assert.equal(familyOf(encodeAddress({ family, data: [] })), family)
    assert.equal(familyOf(aSocket(AF_INET, SOCK_DGRAM).getsockname()), AF_INET)
    assert.equal(familyOf(aSocket(AF_UNIX, SOCK_STREAM).getsockname()), AF_UNIX)
  })

  it('is AF_UNSPEC when the bytes are too few', () => {
    assert.equal(familyOf(Buffer.alloc(0)), AF_UNSPEC)
    assert.equal(familyOf(Buffer.of(2)), AF_UNSPEC)
  })
})

describe('the kernel and an address agree', () => {
  forEachTransport(transport =>
    it(transport.name, () => {
      const address = transport.anAddress()
      const server = aSocket(transport.domain, transport.type)
      server.bind(encodeAddress(address))
      const name = server.getsockname()
      const decoded = decodeAddress(name)
      if (typeof address !== 'string') {
        assert.ok(Array.isArray(decoded) && decoded.at(-1) !== 0)
        address[address.length - 1] = decoded.at(-1)!
      }
      assert.deepEqual(decoded, address)
      assert.deepEqual(encodeAddress(address), name)
    }),
  )

  forEachTransport(
    transport =>
      it(`on the length of a name: ${transport.name}`, function () {
        const address = transport.anAddress() as string
        const server = aSocket(transport.domain, transport.type)
        server.bind(encodeAddress(address))
        assert.ok(kernelNames(this).includes(address.replaceAll('\0', '@')))
      }),
    ({ family }) => family === 'local',
  )

  it('on NULs inside an abstract name and at its end', function () {
    const name = `mnp-${process.pid}`
    needsAddress(`\0${name}`)
    const before = kernelNames(this)
    aSocket(AF_UNIX, SOCK_DGRAM).bind(encodeAddress(`\0${name}\0inside\0`))
    assert.deepEqual(
      kernelNames(this).filter(other => other.includes(name) && !before.includes(other)),
      [`@${name}@inside@`],
    )
  })

  it('on the longest path', () => {
    const room = pathRoom()
    assert.ok([103, 107].includes(room), `${room} bytes`)
    const folder = aFolder()
    const longest = path.join(folder, 'x'.repeat(room - folder.length - 1))
    const server = aSocket(AF_UNIX, SOCK_DGRAM)
    server.bind(encodeAddress(longest))
    assert.equal(decodeAddress(server.getsockname()), longest)
    const client = aSocket(AF_UNIX, SOCK_DGRAM)
    client.connect(encodeAddress(longest))
    assert.equal(decodeAddress(client.getpeername()), longest)
  })

  it('on a socket without a name', () => {
    const socket = aSocket(AF_UNIX, SOCK_STREAM)
    assert.equal(decodeAddress(socket.getsockname()), '')
  })

  it('on a scope', function () {
    const found = Object.values(networkInterfaces())
      .flatMap(addresses => addresses ?? [])
      .find(({ address }) => address.startsWith('fe80:'))
    if (found?.family !== 'IPv6') return this.skip()
    const [before, after = ''] = found.address.split('::')
    const groups = [before!, after].map(part =>
      part === '' ? [] : part.split(':').map(group => parseInt(group, 16)),
    )
    const zeros = new Array<number>(8 - groups.flat().length).fill(0)
    const vector = [...groups[0]!, ...zeros, ...groups[1]!, 0]
    const socket = aSocket(AF_INET6, SOCK_DGRAM)
    socket.bind(encodeAddress(Object.assign(vector, { scope: found.scopeid })))
    const name = decodeAddress(socket.getsockname()) as number[] & { scope?: number }
    assert.equal(name.scope, found.scopeid)
  })

  it('on AF_UNSPEC, which ends the connection of a datagram socket', function () {
    const server = aSocket(AF_UNIX, SOCK_DGRAM)
    server.bind(encodeAddress(path.join(aFolder(), 'socket')))
    const client = aSocket(AF_UNIX, SOCK_DGRAM)
    connect(client, server.getsockname())
    try {
      client.connect(encodeAddress({ family: AF_UNSPEC, data: Buffer.alloc(14) }))
    } catch {
      return this.skip()
    }
    assert.throws(() => client.getpeername(), { code: 'ENOTCONN' })
  })
})
