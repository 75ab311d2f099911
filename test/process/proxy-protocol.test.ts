// The PROXY protocol's header: what the bytes say, in one piece and one at a time, and what is refused. The headers of
// version 2 are built here from the specification's table, by a writer that shares nothing with the reader.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readProxyHeader, type ProxyHeader } from '../../dist/process/proxy-protocol.js'

const signature = '0d0a0d0a000d0a515549540a'

/** A header of version 2. */
function binary(
  versionAndCommand: number,
  family: number,
  block: Uint8Array,
  ...tlvs: [number, Uint8Array][]
) {
  const rest = Buffer.concat([
    block,
    ...tlvs.flatMap(([type, value]) => [Buffer.from([type, value.length >> 8, value.length & 255]), value]),
  ])
  return Buffer.concat([
    Buffer.from(signature, 'hex'),
    Buffer.from([versionAndCommand, family, rest.length >> 8, rest.length & 255]),
    rest,
  ])
}
const ipv4Block = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x30, 0x39, 0x01, 0xbb])
const ipv4Addresses = { source: [192, 0, 2, 7, 12345], destination: [198, 51, 100, 1, 443] }
const ipv6Block = Buffer.from(`20010db8${'00'.repeat(11)}0120010db8${'00'.repeat(11)}02` + '303901bb', 'hex')
const ipv6Addresses = {
  source: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1, 12345],
  destination: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 2, 443],
}
const place = (name: string) => Buffer.concat([Buffer.from(name), Buffer.alloc(108)]).subarray(0, 108)

const line = (text: string) => Buffer.from(`${text}\r\n`, 'latin1')
const header = (bytes: Uint8Array): ProxyHeader => {
  const read = readProxyHeader(bytes)
  assert.ok(typeof read === 'object' && !('wrong' in read), JSON.stringify(read))
  return read
}
const wrong = (bytes: Uint8Array): string => {
  const read = readProxyHeader(bytes)
  assert.ok(typeof read === 'object' && 'wrong' in read, JSON.stringify(read))
  return read.wrong
}
const unaddressed = { family: undefined, source: undefined, destination: undefined }

const valid: [string, Buffer, Partial<ProxyHeader>][] = [
  [
    'a line of TCP4',
    line('PROXY TCP4 192.0.2.7 198.51.100.1 12345 443'),
    { version: 1, command: 'PROXY', family: 'ipv4', ...ipv4Addresses, tlvs: [] },
  ],
  [
    'a line of TCP6',
    line('PROXY TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:2 12345 443'),
    { version: 1, command: 'PROXY', family: 'ipv6', ...ipv6Addresses, tlvs: [] },
  ],
  [
    'a line of TCP6 with IPv4 in it',
    line('PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535'),
    { source: [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0207, 0], destination: [0, 0, 0, 0, 0, 0, 0, 1, 65535] },
  ],
  ['a line of UNKNOWN', line('PROXY UNKNOWN'), { version: 1, command: 'PROXY', ...unaddressed, tlvs: [] }],
  ['a line of UNKNOWN that goes on', line('PROXY UNKNOWN ffff::1 whatever'), unaddressed],
  ['the longest line', line(`PROXY UNKNOWN ${'x'.repeat(91)}`), { headerLength: 107, ...unaddressed }],
  [
    'IPv4',
    binary(0x21, 0x11, ipv4Block),
    { version: 2, command: 'PROXY', family: 'ipv4', ...ipv4Addresses, tlvs: [] },
  ],
  ['a datagram over IPv4', binary(0x21, 0x12, ipv4Block), { family: 'ipv4', ...ipv4Addresses }],
  ['IPv6', binary(0x21, 0x21, ipv6Block), { family: 'ipv6', ...ipv6Addresses }],
  [
    'local sockets',
    binary(0x21, 0x31, Buffer.concat([place('/run/client'), place('\0hidden')])),
    { family: 'local', source: '/run/client', destination: '\0hidden' },
  ],
  [
    'local sockets without a name',
    binary(0x21, 0x31, Buffer.alloc(216)),
    { family: 'local', source: '', destination: '' },
  ],
  ['a header without addresses', binary(0x21, 0x00, Buffer.alloc(0)), { command: 'PROXY', ...unaddressed }],
  ['LOCAL', binary(0x20, 0x00, Buffer.alloc(0)), { command: 'LOCAL', ...unaddressed }],
  [
    'LOCAL with addresses, which are ignored',
    binary(0x20, 0x11, ipv4Block),
    { command: 'LOCAL', ...unaddressed },
  ],
  [
    'TLVs',
    binary(
      0x21,
      0x11,
      ipv4Block,
      [0x02, Buffer.from('example.org')],
      [0x04, Buffer.alloc(0)],
      [0xee, Buffer.alloc(300, 1)],
    ),
    {
      ...ipv4Addresses,
      tlvs: [
        { type: 0x02, value: Buffer.from('example.org') },
        { type: 0x04, value: Buffer.alloc(0) },
        { type: 0xee, value: Buffer.alloc(300, 1) },
      ],
    },
  ],
  [
    'a checksum',
    checksummed(binary(0x21, 0x11, ipv4Block, [0x03, Buffer.alloc(4)])),
    { family: 'ipv4', ...ipv4Addresses },
  ],
]

/** Puts a CRC32C into the last four bytes, computed by a table, which the reader does not have. */
function checksummed(bytes: Buffer): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    for (let i = 0; i < 8; i++) n = n % 2 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1
    return n >>> 0
  })
  const crc = bytes.reduce((sum, byte) => (table[(sum ^ byte) & 255]! ^ (sum >>> 8)) >>> 0, 0xffffffff)
  bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0, bytes.length - 4)
  return bytes
}

describe('readProxyHeader()', () => {
  for (const [name, bytes, expected] of valid) {
    it(`reads ${name}`, () => {
      const read = header(bytes)
      const wanted = { headerLength: bytes.length, ...expected }
      assert.deepEqual(
        Object.fromEntries(Object.keys(wanted).map(key => [key, read[key as keyof ProxyHeader]])),
        wanted,
      )
    })

    it(`reads ${name} that comes one byte at a time`, () => {
      for (let length = 0; length < bytes.length; length++)
        assert.equal(readProxyHeader(bytes.subarray(0, length)), 'incomplete', `${length} bytes`)
      assert.deepEqual(header(bytes), header(Buffer.from(bytes)))
    })

    it(`does not read beyond ${name}`, () => {
      for (const more of [Buffer.from([0]), Buffer.from('\r\n'), line('PROXY UNKNOWN'), bytes])
        assert.deepEqual(header(Buffer.concat([bytes, more])), header(bytes))
    })
  }

  const refused: [string, Uint8Array, RegExp][] = [
    ['something else', Buffer.from('GET / HTTP/1.0\r\n'), /^no PROXY/],
    ['something else from the first byte on', Buffer.from('G'), /^no PROXY/],
    [
      'a header after something else',
      Buffer.concat([Buffer.from('\r\n'), line('PROXY UNKNOWN')]),
      /^no PROXY/,
    ],
    ['lower case', line('proxy UNKNOWN'), /^no PROXY/],
    ['a word that only begins like PROXY', line('PROXYUNKNOWN'), /^no PROXY/],
    ['a line that has no end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`), /without an end/],
    ['a line that ends too late', line(`PROXY UNKNOWN ${'x'.repeat(92)}`), /without an end/],
    ['an unknown protocol', line('PROXY TCP5 192.0.2.7 198.51.100.1 1 2'), /TCP5/],
    ['two spaces', line('PROXY TCP4  192.0.2.7 198.51.100.1 1 2'), /line/],
    ['too few fields', line('PROXY TCP4 192.0.2.7 198.51.100.1 1'), /line/],
    ['too many fields', line('PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3'), /line/],
    ['no fields', line('PROXY '), /line/],
    ['a line break of one byte', Buffer.from(`PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n\r\n`), /line/],
    ...[
      '192.0.2.256',
      '192.0.2',
      '0300.0.2.7',
      '192.0.2.07',
      '0xc0000207',
      'localhost',
      '',
      '::1',
      '192.0.2.7\0',
    ].map(
      host =>
        [`${JSON.stringify(host)} for IPv4`, line(`PROXY TCP4 ${host} 198.51.100.1 1 2`), /address|line/] as [
          string,
          Buffer,
          RegExp,
        ],
    ),
    ...['192.0.2.7', ':::', '1:2:3', 'fe80::1%1', 'fe80::1%lo', 'g::', '[::1]'].map(
      host =>
        [`${JSON.stringify(host)} for IPv6`, line(`PROXY TCP6 ${host} ::1 1 2`), /address/] as [
          string,
          Buffer,
          RegExp,
        ],
    ),
    ...['65536', '-1', '+1', '01', '1e3', '0x1', '', '99999999999999999999', 'http'].map(
      port =>
        [`port ${JSON.stringify(port)}`, line(`PROXY TCP4 192.0.2.7 198.51.100.1 ${port} 2`), /address/] as [
          string,
          Buffer,
          RegExp,
        ],
    ),
    ['version 1 in binary', binary(0x11, 0x11, ipv4Block), /version 1/],
    ['version 3 in binary', binary(0x31, 0x11, ipv4Block), /version 3/],
    ['an unknown command', binary(0x22, 0x11, ipv4Block), /command 2/],
    ['an unknown family', binary(0x21, 0x41, ipv4Block), /family and transport 65/],
    ['an unknown transport', binary(0x21, 0x13, ipv4Block), /family and transport 19/],
    ['a family without a transport', binary(0x21, 0x10, ipv4Block), /family and transport 16/],
    ['addresses that are too short', binary(0x21, 0x21, ipv4Block), /no room for addresses/],
    ['a header that is too long', binary(0x21, 0x11, Buffer.alloc(16 * 1024)), /a header of 16400 bytes/],
    [
      'a TLV that is too long',
      Buffer.concat([binary(0x21, 0x11, Buffer.concat([ipv4Block, Buffer.from([4, 0, 2, 0])]))]),
      /TLV/,
    ],
    ['a TLV without a length', binary(0x21, 0x11, Buffer.concat([ipv4Block, Buffer.from([4, 0])])), /TLV/],
    ['a wrong checksum', binary(0x21, 0x11, ipv4Block, [0x03, Buffer.alloc(4)]), /checksum/],
    ['a checksum of another length', binary(0x21, 0x11, ipv4Block, [0x03, Buffer.alloc(3)]), /checksum/],
  ]
  for (const [name, bytes, message] of refused)
    it(`refuses ${name}`, () => assert.match(wrong(bytes), message))

  it('quotes a line without control characters', () => {
    const bytes = line('PROXY \x1b]0;x\x07 \x7f \x9b2J')
    assert.doesNotMatch(wrong(bytes), /\p{Cc}/u)
  })

  it('refuses a header that is too long before all of it has come', () => {
    const long = binary(0x21, 0x11, Buffer.alloc(16 * 1024))
    assert.match(wrong(long.subarray(0, 16)), /a header of/)
  })

  it('reads bytes at any offset of their memory', () => {
    const bytes = binary(0x21, 0x11, ipv4Block)
    const memory = new Uint8Array(bytes.length + 20)
    memory.set(bytes, 13)
    assert.deepEqual(header(memory.subarray(13, 13 + bytes.length)).source, ipv4Addresses.source)
  })

  const u8 = fc.integer({ min: 0, max: 255 })
  const tlv = fc.tuple(
    u8.filter(type => type !== 3),
    fc.uint8Array({ maxLength: 40 }),
  )

  it('reads back every address', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 18, maxLength: 18 }),
        fc.array(tlv, { maxLength: 5 }),
        (words, tlvs) => {
          const groups = Buffer.alloc(36)
          const order = [...words.slice(0, 8), ...words.slice(9, 17), words[8]!, words[17]!]
          order.forEach((word, i) => groups.writeUInt16BE(word, 2 * i))
          const read = header(binary(0x21, 0x21, groups, ...tlvs))
          assert.deepEqual([read.source, read.destination], [words.slice(0, 9), words.slice(9)])
          assert.deepEqual(
            read.tlvs.map(({ type, value }) => [type, Uint8Array.from(value)]),
            tlvs,
          )
        },
      ),
    ))

  it('never throws, and never takes more bytes than there are', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.uint8Array({ maxLength: 300 }).map(rest => Buffer.concat([Buffer.from(signature, 'hex'), rest])),
          fc
            .tuple(u8, u8, fc.uint8Array({ maxLength: 60 }))
            .map(([byte, family, rest]) => binary(0x20 | (byte & 1), family % 0x33, rest)),
          fc.string({ unit: 'binary', maxLength: 120 }).map(rest => line(`PROXY ${rest}`)),
          fc
            .array(fc.constantFrom('TCP4', 'TCP6', '::1', '192.0.2.7', '1', ' '), { maxLength: 6 })
            .map(words => line(`PROXY ${words.join(' ')}`)),
        ),
        bytes => {
          const read = readProxyHeader(bytes)
          if (read === 'incomplete' || 'wrong' in read) return
          assert.ok(read.headerLength <= bytes.length)
          assert.equal(readProxyHeader(bytes.subarray(0, read.headerLength - 1)), 'incomplete')
        },
      ),
      { numRuns: 2000 },
    ))
})
