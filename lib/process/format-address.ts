// Addresses as text.
import type { AddressInput } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { sockaddr } from '../socket/sockaddr.js'

type RawAddress = Extract<AddressInput, { family: number }>

const inRange = (value: unknown, limit: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit

/**
 * An address as text: `127.0.0.1:80`, `[0:0:0:0:0:0:0:1]:443`, a path; for a family that `sockaddr` can read, the
 * fields: `<netlink pid 0 groups 1>`; for any other, its number: `<Family 9>`. A vector may lack its port. Corresponds
 * to `format-network-address`.
 *
 * @param omitPort - leave the port out, without checking it
 * @returns undefined if `address` is no address
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
    // Too short for its family, or of an unknown form.
    return undefined
  }
}

// Fields that are zero or empty are left out, except for the first.
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

/** Like Emacs's `format-network-address`, which shows other families by number only. @internal */
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
 * Text that is safe to print on a terminal; an abstract name begins with `@`. A peer chooses the path of its socket,
 * which may hold escape sequences. @internal
 */
export function printable(text: string): string {
  return text.replace(/^\0/, '@').replace(/\p{Cc}/gu, '?')
}
