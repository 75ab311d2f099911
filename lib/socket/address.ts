// Socket addresses: conversion between the bytes of a sockaddr and JavaScript values. What differs between systems
// (BSD's length byte, byte order, family numbers) is here and nowhere else.
import { native } from '../native.js'
import { bytesOf, little } from './bytes.js'
import { constants } from './constants.js'
import { codedError, integer, rangeError, typeError, valueError, type ErrorAddress } from './errors.js'

const { AF_INET, AF_INET6, AF_UNIX } = constants
const hasLengthByte = process.platform !== 'linux'
const pathCapacity = process.platform === 'linux' ? 108 : 104

/** An address of any family, as the family's number and the bytes of the sockaddr. */
export interface RawAddress {
  /** `constants.AF_NETLINK` … */
  family: number
  /** The sockaddr's bytes after the family. */
  data: Uint8Array
}

/** {@link RawAddress} as an argument. */
export interface RawAddressInput {
  /** `constants.AF_NETLINK` … */
  readonly family: number
  /** The sockaddr's bytes after the family. */
  readonly data: Uint8Array | readonly number[]
}

/** The numbers of an IPv4 or IPv6 address and its port. */
export type ScopedVector = number[] & {
  /** The interface that a link-local address is on. */
  scope?: number
}

/**
 * A socket address, as Emacs writes one: `[a, b, c, d, port]` for IPv4, eight groups of 16 bits and a port for IPv6, a
 * string for a local socket (a leading NUL: an abstract name, on Linux; empty: unnamed), and `{ family, data }` for every
 * other family. An IPv6 address that has a scope carries it as the array's property `scope`.
 */
export type Address = ScopedVector | string | RawAddress

/** {@link Address} as an argument: `data` may also be an array of numbers. */
export type AddressInput = readonly number[] | string | RawAddressInput

function sockaddr(family: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  if (hasLengthByte) {
    bytes[0] = length
    bytes[1] = family
  } else if (little) bytes.writeUInt16LE(family)
  else bytes.writeUInt16BE(family)
  return bytes
}

/** The family number of a sockaddr; 0 (`AF_UNSPEC`) when it is too short to have one. */
export function familyOf(sockaddr: Uint8Array): number {
  if (sockaddr.length < 2) return 0
  const [first = 0, second = 0] = sockaddr
  if (hasLengthByte) return second
  return little ? first | (second << 8) : (first << 8) | second
}

function elements(name: string, address: readonly unknown[], limits: readonly number[]): void {
  Array.from(address).forEach((element, i) => {
    const limit = limits[i] ?? 65535
    if (typeof element !== 'number' || !Number.isInteger(element))
      throw typeError(`${name}: element ${i} of an address`, 'a whole number', element)
    if (element < 0 || element > limit)
      throw rangeError(`${name}: element ${i} of an address`, `a whole number from 0 to ${limit}`, element)
  })
}

function encodePath(name: string, path: string): Buffer {
  const bytes = native.encodeUtf8(path)
  const abstract = bytes[0] === 0
  if (!abstract && bytes.includes(0)) throw valueError(name, 'a path without NUL bytes', path)
  // A path is terminated by a NUL; the length of an abstract name is that of the sockaddr.
  if (bytes.length > pathCapacity - (abstract ? 0 : 1))
    throw codedError(
      new RangeError(
        `${name}: Service name too long: ${bytes.length} bytes, where ${pathCapacity - (abstract ? 0 : 1)} fit`,
      ),
      'ERR_OUT_OF_RANGE',
    )
  const sun = sockaddr(AF_UNIX, 2 + bytes.length + (abstract || bytes.length === 0 ? 0 : 1))
  bytes.copy(sun, 2)
  return sun
}

/**
 * The whole sockaddr of an address, the family included.
 *
 * @param name - what error messages call the address: `:remote`
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; RangeError `ERR_OUT_OF_RANGE`
 * @example encodeAddress([127, 0, 0, 1, 80]) // 16 bytes: AF_INET, port 80, 127.0.0.1
 */
export function encodeAddress(address: AddressInput, name = 'address'): Buffer {
  if (typeof address === 'string') return encodePath(name, address)
  if (Array.isArray(address)) {
    const vector = address as readonly number[] & { readonly scope?: number }
    if (vector.length === 5) {
      elements(name, vector, [255, 255, 255, 255])
      const sin = sockaddr(AF_INET, 16)
      sin.writeUInt16BE(vector[4] ?? 0, 2)
      for (let i = 0; i < 4; i++) sin[4 + i] = vector[i] ?? 0
      return sin
    }
    if (vector.length === 9) {
      elements(name, vector, [])
      const sin6 = sockaddr(AF_INET6, 28)
      sin6.writeUInt16BE(vector[8] ?? 0, 2)
      for (let i = 0; i < 8; i++) sin6.writeUInt16BE(vector[i] ?? 0, 8 + 2 * i)
      const scope = integer(`${name}: scope of an address`, vector.scope ?? 0, 0, 0xffffffff)
      if (little) sin6.writeUInt32LE(scope, 24)
      else sin6.writeUInt32BE(scope, 24)
      return sin6
    }
    throw valueError(name, 'an address: 5 numbers for IPv4, 9 for IPv6', address)
  }
  if (typeof address === 'object' && address !== null && 'family' in address && 'data' in address) {
    const { family, data } = address
    if (typeof family !== 'number' || !Number.isInteger(family))
      throw typeError(`${name}: family of an address`, 'a whole number', family)
    if (family < 0 || family > (hasLengthByte ? 255 : 65535))
      throw rangeError(`${name}: family of an address`, 'the number of an address family', family)
    if (Array.isArray(data))
      elements(
        name,
        data,
        Array.from(data, () => 255),
      )
    const bytes = Array.isArray(data) ? Uint8Array.from(data) : bytesOf(`${name}: data of an address`, data)
    if (bytes.length > (hasLengthByte ? 253 : 254))
      throw rangeError(`${name}: data of an address`, 'at most 254 bytes long', bytes.length)
    const raw = sockaddr(family, 2 + bytes.length)
    raw.set(bytes, 2)
    return raw
  }
  throw typeError(
    name,
    'an address: [a, b, c, d, port], eight groups and a port, a string, or { family, data }',
    address,
  )
}

/**
 * The address that a sockaddr's bytes stand for.
 *
 * @example decodeAddress(socket.getsockname()) // [127, 0, 0, 1, 41234]
 */
export function decodeAddress(sockaddr: Uint8Array): Address {
  const bytes = Buffer.isBuffer(sockaddr)
    ? sockaddr
    : Buffer.from(sockaddr.buffer, sockaddr.byteOffset, sockaddr.length)
  const family = familyOf(bytes)
  if (bytes.length < 2) return ''
  if (family === AF_INET && bytes.length >= 8)
    return [bytes[4] ?? 0, bytes[5] ?? 0, bytes[6] ?? 0, bytes[7] ?? 0, bytes.readUInt16BE(2)]
  if (family === AF_INET6 && bytes.length >= 24) {
    const vector: number[] & { scope?: number } = []
    for (let i = 8; i < 24; i += 2) vector.push(bytes.readUInt16BE(i))
    vector.push(bytes.readUInt16BE(2))
    if (bytes.length >= 28) {
      const scope = little ? bytes.readUInt32LE(24) : bytes.readUInt32BE(24)
      if (scope !== 0) vector.scope = scope
    }
    return vector
  }
  if (family === AF_UNIX) {
    if (bytes.length === 2) return ''
    const name = bytes.subarray(2)
    if (name[0] === 0) return native.decodeUtf8(process.platform === 'linux' ? name : name.subarray(0, 0))
    const end = name.indexOf(0)
    return native.decodeUtf8(end < 0 ? name : name.subarray(0, end))
  }
  return { family, data: Buffer.from(bytes.subarray(2)) }
}

/** The parts of an address that an error carries: host and port, or path. */
export function errorAddress(sockaddr: Uint8Array): ErrorAddress {
  const address = decodeAddress(sockaddr)
  if (typeof address === 'string') return { path: address.replace(/^\0/, '@') }
  if (!Array.isArray(address)) return { address: `<Family ${address.family}>` }
  const port = address.at(-1)
  return address.length === 5
    ? { address: address.slice(0, 4).join('.'), port }
    : { address: compressIPv6(address) + zone(address.scope), port }
}

// The interface of a link-local address, as in `fe80::1%eth0`.
function zone(scope: number | undefined): string {
  if (scope === undefined) return ''
  const name = native.if_indextoname(scope)
  return `%${typeof name === 'string' ? name : scope}`
}

// The form of RFC 5952, which the URL parser produces.
function compressIPv6(address: readonly number[]): string {
  const groups = address.slice(0, 8).map(group => group.toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
