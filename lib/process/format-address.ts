// Addresses as text.
import type { AddressInput } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { sockaddr } from '../socket/sockaddr.js'

type RawAddress = Extract<AddressInput, { family: number }>

const inRange = (value: unknown, limit: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit

/**
 * An address as people write it: `127.0.0.1:80`, `[0:0:0:0:0:0:0:1]:443`, a path; those of families that `sockaddr` can
 * read, by their fields: `<netlink pid 0 groups 1>`; of others, the number: `<Family 9>`. Vectors may also come without
 * their port. Corresponds to `format-network-address`.
 *
 * @param omitPort - leave the port out, unchecked
 * @returns undefined for what is no address
 */
export function formatNetworkAddress(
  address: AddressInput | null | undefined,
  omitPort = false,
): string | undefined {
  const isRaw = typeof address === 'object' && address !== null && 'family' in address
  return (isRaw ? formatFields(address, omitPort) : undefined) ?? formatAddress(address, omitPort)
}

function formatFields(address: RawAddress, omitPort: boolean): string | undefined {
  const found = Object.entries(sockaddr).find(
    ([name]) => constants[`AF_${name.toUpperCase()}`] === address.family,
  )
  if (found === undefined) return undefined
  const [name, helper] = found
  try {
    return `<${[name, ...words(helper.read(address), omitPort)].join(' ')}>`
  } catch {
    // Too short to be one, or of a form that is not known.
    return undefined
  }
}

// What is zero or empty says nothing, but for what an address begins with.
function words(fields: object, omitPort: boolean): string[] {
  return Object.entries(fields).flatMap(([name, value]: [string, unknown], i) => {
    if (ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
      return bytes === '' ? [] : [name, bytes.replace(/..(?=.)/g, '$&:')]
    }
    if (typeof value === 'object' && value !== null) return [name, ...words(value, omitPort)]
    const isLeftOut = (omitPort && name === 'port') || (i > 0 && (value === 0 || value === ''))
    return isLeftOut ? [] : [name, String(value)]
  })
}

/** What Emacs's `format-network-address` gives, which knows no other families. @internal */
export function formatAddress(
  address: AddressInput | null | undefined,
  omitPort = false,
): string | undefined {
  if (typeof address === 'string') return address
  if (typeof address !== 'object' || address === null) return undefined
  if ('family' in address) return `<Family ${address.family}>`
  if (!Array.isArray(address)) return undefined
  const vector = address as readonly number[]
  const ipv4 = vector.length === 4 || vector.length === 5
  if (!ipv4 && vector.length !== 8 && vector.length !== 9) return undefined
  const groups = vector.slice(0, ipv4 ? 4 : 8)
  if (!groups.every(group => inRange(group, ipv4 ? 255 : 65535))) return undefined
  const host = ipv4 ? groups.join('.') : groups.map(group => group.toString(16)).join(':')
  if (vector.length === groups.length || omitPort) return host
  const port = vector.at(-1)
  if (!inRange(port, 65535)) return undefined
  return ipv4 ? `${host}:${port}` : `[${host}]:${port}`
}

/**
 * Text for a terminal, an abstract name with its `@`. A peer chooses the path of its socket: what is printed must not be
 * an order. @internal
 */
export function printable(text: string): string {
  return text.replace(/^\0/, '@').replace(/\p{Cc}/gu, '?')
}
