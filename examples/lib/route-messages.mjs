// Makes and parses messages of rtnetlink(7). linux/rtnetlink.h explains the numbers.

import { endianness } from 'node:os'

const little = endianness() === 'LE'
const u16 = (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
export const u32 = (bytes, at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
const put16 = (bytes, value, at) => (little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at))
const put32 = (bytes, value, at) => (little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at))
const aligned = length => (length + 3) & ~3

// Message types in the order of their numbers, which begin with RTM_NEWLINK.
const first = 16
const links = ['NEWLINK', 'DELLINK', 'GETLINK', 'SETLINK']
const addresses = ['NEWADDR', 'DELADDR', 'GETADDR', 'SETADDR']
const routes = ['NEWROUTE', 'DELROUTE', 'GETROUTE']
const types = [...links, ...addresses, ...routes]
const [ERROR, DONE] = [2, 3]
const flagBits = { REQUEST: 1, ACK: 4, DUMP: 0x300, CREATE: 0x400, EXCLUSIVE: 0x200 }

/** Makes a message of a header, a body, and attributes, which are given by their numbers. */
export function message(type, flags, body, attributes = {}) {
  const parts = Object.entries(attributes).map(([number, value]) => {
    const attribute = Buffer.alloc(aligned(4 + value.length))
    put16(attribute, 4 + value.length, 0)
    put16(attribute, Number(number), 2)
    attribute.set(value, 4)
    return attribute
  })
  const header = Buffer.alloc(16)
  const whole = Buffer.concat([header, body, ...parts])
  put32(whole, whole.length, 0)
  put16(whole, first + types.indexOf(type), 4)
  put16(
    whole,
    flags.reduce((bits, flag) => bits | flagBits[flag], 0),
    6,
  )
  return whole
}

/** The messages of a datagram: `type` is a name, `body` what follows the header; an answer of type ERROR has an `errno`. */
export function* messages(bytes) {
  for (let at = 0; at + 16 <= bytes.length; at += aligned(u32(bytes, at))) {
    const number = u16(bytes, at + 4)
    const body = bytes.subarray(at + 16, at + u32(bytes, at))
    if (number === DONE) yield { type: 'DONE', body }
    else if (number === ERROR) yield { type: 'ERROR', body, errno: -(u32(body, 0) | 0) }
    else yield { type: types[number - first] ?? String(number), body }
  }
}

/** The attributes after the first `length` bytes of a body, by their numbers. */
export function attributes(body, length) {
  const found = new Map()
  for (let at = aligned(length); at + 4 <= body.length; at += aligned(u16(body, at)))
    found.set(u16(body, at + 2) & 0x3fff, body.subarray(at + 4, at + u16(body, at)))
  return found
}

/** An IP address in its usual text form. */
export function addressText(bytes) {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':')
  return new URL(`http://[${groups}]`).hostname.slice(1, -1)
}

/** Describes a link, address or route message in one line. */
export function describe({ type, body }, name = index => index) {
  if (type.endsWith('LINK')) {
    const found = attributes(body, 16)
    const label = found.get(3)?.toString('latin1').replace(/\0.*/s, '')
    const mtu = found.get(4)
    return `link ${u32(body, 4)} ${label} ${u32(body, 8) & 1 ? 'up' : 'down'}${mtu ? ` mtu ${u32(mtu, 0)}` : ''}`
  }
  if (type.endsWith('ADDR')) {
    const found = attributes(body, 8)
    return `address ${addressText(found.get(2) ?? found.get(1))}/${body[1]} on ${name(u32(body, 4))}`
  }
  const found = attributes(body, 12)
  const to = found.has(1) ? `${addressText(found.get(1))}/${body[1]}` : 'default'
  const via = found.has(5) ? ` via ${addressText(found.get(5))}` : ''
  return `route ${to}${via}${found.has(4) ? ` on ${name(u32(found.get(4), 0))}` : ''}`
}
