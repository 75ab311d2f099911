// Addresses as text.
import type { AddressInput } from '../socket/address.js'

const inRange = (value: unknown, limit: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit

/**
 * An address as people write it: `127.0.0.1:80`, `[0:0:0:0:0:0:0:1]:443`, a path, `<Family 16>`. Vectors may also
 * come without their port. Corresponds to `format-network-address`.
 *
 * @param omitPort - leave the port out, unchecked
 * @returns undefined for what is no address
 */
export function formatNetworkAddress(
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
