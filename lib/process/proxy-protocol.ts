// The PROXY protocol's header, versions 1 (a line of text) and 2 (binary): parses bytes. HAProxy's proxy-protocol.txt
// is the specification. It knows no sockets; the bytes are read in proxy-gate.ts.
import { isIPv4, isIPv6 } from 'node:net'
import { decodeAddress, encodeAddress, type Address } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { getaddrinfo } from '../socket/look-up.js'
import { printable } from './format-address.js'

const { AF_INET6, AF_UNIX, SOCK_STREAM } = constants

/** A field of a {@link ProxyHeader}. */
export interface ProxyTlv {
  /** `PP2_TYPE_`: 1 is ALPN, 2 the server's name, 4 padding, 5 a unique id, 0x20 TLS. */
  type: number
  /** Its bytes, as they came. */
  value: Uint8Array
}

/** What a load balancer has said about a connection: the PROXY protocol's header. */
export interface ProxyHeader {
  /** 1 is a line of text, 2 is binary. */
  version: 1 | 2
  /** `'LOCAL'`: the proxy's own connection, such as a health check. `'PROXY'`: a client's. */
  command: 'LOCAL' | 'PROXY'
  /** The family of the client's connection; undefined if the header does not say, and then there are no addresses. */
  family: 'ipv4' | 'ipv6' | 'local' | undefined
  /** The client's own address. */
  source: Address | undefined
  /** The address that the client connected to. */
  destination: Address | undefined
  /** The further fields of version 2. */
  tlvs: ProxyTlv[]
  /** The length of the header in bytes; the client's data begins behind it. */
  headerLength: number
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const firstWord = Buffer.from('PROXY ', 'latin1')
const longestLine = 107
// An address block is 216 bytes at most. The rest is up to the proxy and may hold certificates. The header's 16-bit
// length would allow more than this.
const longestHeader = 16 * 1024
const checksumType = 0x03

const noAddresses = { family: undefined, source: undefined, destination: undefined }
/** The length of both addresses, by the header's family. */
const blockLengths = { ipv4: 12, ipv6: 36, local: 216 } as const
// Family (high nibble) and transport (low nibble). 0 is unspecified; transport 1 is a stream and 2 a datagram, which
// says something about the client's side only.
const families = new Map<number, ProxyHeader['family']>([
  [0x00, undefined],
  ...([0x11, 0x12] as const).map(byte => [byte, 'ipv4'] as const),
  ...([0x21, 0x22] as const).map(byte => [byte, 'ipv6'] as const),
  ...([0x31, 0x32] as const).map(byte => [byte, 'local'] as const),
])

/**
 * The header at the beginning of `bytes`; `'incomplete'` if they may be the first part of one; otherwise what is wrong
 * with them.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | 'incomplete' | { wrong: string } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (beginsLike(view, signature)) return readBinary(view)
  if (beginsLike(view, firstWord)) return readLine(view)
  return { wrong: 'no PROXY protocol header' }
}

function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

// ---- version 1 --------------------------------------------------------------------------------------------

function readLine(bytes: Buffer): ProxyHeader | 'incomplete' | { wrong: string } {
  const end = bytes.subarray(0, longestLine).indexOf('\r\n')
  if (end < 0) return bytes.length < longestLine ? 'incomplete' : { wrong: 'a line without an end' }
  const base = { version: 1 as const, command: 'PROXY' as const, tlvs: [], headerLength: end + 2 }
  const line = bytes.toString('latin1', 0, end)
  const [, protocol, ...fields] = line.split(' ')
  if (protocol === 'UNKNOWN') return { ...base, ...noAddresses }
  const [from = '', to = '', fromPort = '', toPort = ''] = fields
  const family = protocol === 'TCP4' ? 'ipv4' : protocol === 'TCP6' ? 'ipv6' : undefined
  if (family === undefined || fields.length !== 4) return { wrong: `the line ${quoted(line)}` }
  const source = parseAddress(family, from, fromPort)
  const destination = parseAddress(family, to, toPort)
  if (source === undefined || destination === undefined)
    return { wrong: `an address in the line ${quoted(line)}` }
  return { ...base, family, source, destination }
}

// For a log, which may be shown in a terminal: JSON leaves the bytes from 0x7F to 0x9F as they are.
function quoted(line: string): string {
  return printable(JSON.stringify(line))
}

function parseAddress(family: 'ipv4' | 'ipv6', host: string, port: string): Address | undefined {
  if (!/^(0|[1-9][0-9]{0,4})$/.test(port) || Number(port) > 65535) return undefined
  if (family === 'ipv4') return isIPv4(host) ? [...host.split('.'), port].map(Number) : undefined
  if (!isIPv6(host) || host.includes('%')) return undefined
  // For a numeric address getaddrinfo(3) asks no name server.
  const [found] = getaddrinfo({ host, service: port, family: AF_INET6, type: SOCK_STREAM })
  return found && decodeAddress(found.address)
}

// ---- version 2 --------------------------------------------------------------------------------------------

function readBinary(bytes: Buffer): ProxyHeader | 'incomplete' | { wrong: string } {
  const start = signature.length + 4
  if (bytes.length < start) return 'incomplete'
  const [versionAndCommand = 0, familyAndTransport = 0] = bytes.subarray(signature.length)
  if (versionAndCommand >> 4 !== 2) return { wrong: `version ${versionAndCommand >> 4}` }
  const command = (['LOCAL', 'PROXY'] as const)[versionAndCommand & 0xf]
  if (command === undefined) return { wrong: `command ${versionAndCommand & 0xf}` }
  if (!families.has(familyAndTransport)) return { wrong: `family and transport ${familyAndTransport}` }
  const headerLength = start + bytes.readUInt16BE(start - 2)
  if (headerLength > longestHeader) return { wrong: `a header of ${headerLength} bytes` }
  const family = families.get(familyAndTransport)
  const block = family === undefined ? 0 : blockLengths[family]
  if (start + block > headerLength) return { wrong: `no room for addresses in ${headerLength} bytes` }
  if (bytes.length < headerLength) return 'incomplete'

  const header = bytes.subarray(0, headerLength)
  const tlvs = readTlvs(header, start + block)
  if (tlvs === undefined) return { wrong: 'a TLV that is longer than the header' }
  if (!checksumFits(header, tlvs)) return { wrong: 'a checksum that is not that of the header' }
  // The specification wants the addresses of the proxy's own connections to be ignored.
  const base = { version: 2 as const, command, tlvs, headerLength }
  if (command === 'LOCAL' || family === undefined) return { ...base, ...noAddresses }
  const [source, destination] = readAddresses(family, header.subarray(start, start + block))
  return { ...base, family, source, destination }
}

function readAddresses(family: 'ipv4' | 'ipv6' | 'local', block: Buffer): [Address, Address] {
  if (family === 'local') return [readPath(block.subarray(0, 108)), readPath(block.subarray(108))]
  // Both addresses, and then both ports.
  const ports = block.length - 4
  const length = ports / 2
  const read = (at: number, port: number) => {
    const vector: number[] = []
    if (family === 'ipv4') vector.push(...block.subarray(at, at + length))
    else for (let i = at; i < at + length; i += 2) vector.push(block.readUInt16BE(i))
    return [...vector, block.readUInt16BE(port)]
  }
  return [read(0, ports), read(length, ports + 2)]
}

// A path is padded with NULs. An abstract name begins with a NUL as well, and its own length is lost.
function readPath(place: Buffer): Address {
  let end = place.length
  while (end > 0 && place[end - 1] === 0) end--
  return decodeAddress(encodeAddress({ family: AF_UNIX, data: place.subarray(0, end) }))
}

function readTlvs(header: Buffer, start: number): ProxyTlv[] | undefined {
  const tlvs: ProxyTlv[] = []
  for (let at = start; at < header.length;) {
    if (at + 3 > header.length) return undefined
    const end = at + 3 + header.readUInt16BE(at + 1)
    if (end > header.length) return undefined
    tlvs.push({ type: header[at] as number, value: header.subarray(at + 3, end) })
    at = end
  }
  return tlvs
}

function checksumFits(header: Buffer, tlvs: ProxyTlv[]): boolean {
  return tlvs.every(({ type, value }) => {
    if (type !== checksumType) return true
    if (value.length !== 4) return false
    // The checksum is that of the header with zeros in the checksum's place.
    const copy = Uint8Array.prototype.slice.call(header)
    const at = value.byteOffset - header.byteOffset
    copy.fill(0, at, at + 4)
    return crc32c(copy) === header.readUInt32BE(at)
  })
}

// CRC-32C (Castagnoli), bit by bit: a header is short, and few have a checksum.
function crc32c(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}
