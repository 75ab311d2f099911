// The machine's network interfaces, in Emacs's shapes.
import { native } from '../native.js'
import { decodeAddress, familyOf, type Address } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { codedError, typeError, valueError } from '../socket/errors.js'
import { getifaddrs } from '../socket/interfaces.js'
import { isNil } from '../lisp.js'

const { AF_INET, AF_INET6 } = constants

/** An interface and one of its addresses; with `full`, its broadcast address and netmask, too. Ports are 0. */
export type InterfaceEntry = [name: string, address: Address, broadcast?: Address, netmask?: Address]

/** The hardware address of an interface. */
export interface HardwareAddress {
  /** The kind of hardware: `ARPHRD_` on Linux. */
  type: number
  /** The address itself: six bytes on an Ethernet. */
  address: Uint8Array
}

/** What is known of one interface, IPv4 only. */
export interface InterfaceInfo {
  /** Its first address, with port 0. */
  address: Address | undefined
  /** The address that reaches all hosts of its network. */
  broadcast: Address | undefined
  /** Which bits of the address are those of the network. */
  netmask: Address | undefined
  /** Its hardware address. */
  hardware: HardwareAddress | undefined
  /** `'up'`, `'loopback'`, `'running'` …; flags without a name as the number of their bit. */
  flags: (string | number)[]
}

/** The number of an address family by its name; 0: any. @internal */
export function inetFamily(family: unknown, message: string): number {
  if (isNil(family)) return 0
  if (family === 'ipv4') return AF_INET
  if (family === 'ipv6') return AF_INET6
  throw codedError(new TypeError(`family must be nil, ipv4 or ipv6: ${message}`), 'ERR_INVALID_ARG_VALUE')
}

const withoutPort = (sockaddr: Buffer): Address => {
  const address = decodeAddress(sockaddr)
  return Array.isArray(address) ? Object.assign([...address.slice(0, -1), 0], scopeOf(address)) : address
}
const scopeOf = ({ scope }: { scope?: number }) => (scope === undefined ? {} : { scope })

/**
 * The addresses of the machine's interfaces, IPv4 and IPv6, one entry per address, in the reverse of the system's
 * order. Corresponds to `network-interface-list`.
 *
 * @param full - with the broadcast address (for both families the address with all host bits set) and the netmask
 * @param family - `'ipv4'` or `'ipv6'` only
 * @example networkInterfaceList(false, 'ipv4') // [['lo', [127, 0, 0, 1, 0]]]
 */
export function networkInterfaceList(full = false, family?: 'ipv4' | 'ipv6' | null): InterfaceEntry[] {
  const wanted = inetFamily(family, 'Unsupported address family')
  const entries: InterfaceEntry[] = []
  for (const { name, address, netmask } of getifaddrs()) {
    if (address === undefined) continue
    const has = familyOf(address)
    if ((has !== AF_INET && has !== AF_INET6) || (wanted !== 0 && has !== wanted)) continue
    const vector = withoutPort(address) as number[]
    if (!full) {
      entries.push([name, vector])
      continue
    }
    const mask = netmask === undefined ? vector.map(() => 0) : maskOf(netmask, vector.length)
    const all = vector.length === 5 ? 255 : 65535
    const broadcast = vector.map((part, i) => (i === vector.length - 1 ? 0 : part | (~(mask[i] ?? 0) & all)))
    entries.push([name, vector, broadcast, mask])
  }
  return entries.reverse()
}

// macOS truncates a netmask after its last byte that is not zero, and may leave out its family.
function maskOf(netmask: Buffer, elements: number): number[] {
  const [start, size] = elements === 5 ? [4, 1] : [8, 2]
  const mask = Array.from({ length: elements - 1 }, (_, i) => {
    const at = start + size * i
    return size === 1 ? (netmask[at] ?? 0) : ((netmask[at] ?? 0) << 8) | (netmask[at + 1] ?? 0)
  })
  return [...mask, 0]
}

// In the reverse of the order in which Emacs lists them.
const flagNames = [
  'UP',
  'BROADCAST',
  'DEBUG',
  'LOOPBACK',
  'POINTOPOINT',
  'RUNNING',
  'NOARP',
  'PROMISC',
  'NOTRAILERS',
  'ALLMULTI',
  'MASTER',
  'SLAVE',
  'MULTICAST',
  'PORTSEL',
  'AUTOMEDIA',
  'DYNAMIC',
  'OACTIVE',
  'SIMPLEX',
  'LINK0',
  'LINK1',
  'LINK2',
]

function flagList(flags: number): (string | number)[] {
  const list: (string | number)[] = []
  let rest = flags
  for (const name of flagNames) {
    const bit = constants[`IFF_${name}`]
    if (bit === undefined || (rest & bit) === 0) continue
    rest &= ~bit
    list.unshift(name.toLowerCase())
  }
  for (let bit = 0; bit < 32; bit++) if (rest & (1 << bit)) list.unshift(bit)
  return list
}

/**
 * What is known of one interface. Corresponds to `network-interface-info`.
 *
 * @returns undefined if there is no interface of that name
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE`: too long for a name
 */
export function networkInterfaceInfo(name: string): InterfaceInfo | undefined {
  if (typeof name !== 'string') throw typeError('name', 'the name of an interface', name)
  if (Buffer.byteLength(name) >= 16)
    throw valueError('name', 'shorter than 16 bytes (interface name too long)', name)
  const info = native.interfaceInfo(name)
  if (typeof info === 'number') return undefined
  const [flags, address, netmask, broadcast, hardware] = info
  const show = (sockaddr: Buffer | undefined) => sockaddr && withoutPort(sockaddr)
  return {
    address: show(address),
    broadcast: show(broadcast),
    netmask: show(netmask),
    hardware: hardware && hardwareOf(hardware),
    flags: flagList(flags),
  }
}

function hardwareOf(sockaddr: Buffer): { type: number; address: Uint8Array } {
  if (process.platform === 'linux') return { type: familyOf(sockaddr), address: sockaddr.subarray(2, 8) }
  // sockaddr_dl: the name comes first, then the address.
  const [type = 0, nameLength = 0, addressLength = 0] = sockaddr.subarray(4)
  return { type, address: sockaddr.subarray(8 + nameLength, 8 + nameLength + addressLength) }
}
