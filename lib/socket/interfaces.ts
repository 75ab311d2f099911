// The machine's network interfaces, as the system lists them.
import { native, type RawInterfaceAddress } from '../native.js'
import { check, integer, typeError } from './errors.js'

/** An address of an interface. Addresses are sockaddrs; a netmask may be cut after its last byte that is not zero. */
export interface InterfaceAddress {
  /** The name of the interface. */
  name: string
  /** `IFF_` flags. */
  flags: number
  /** The address. */
  address: Buffer | undefined
  /** The bits of the address that are the network's. */
  netmask: Buffer | undefined
  /** The broadcast address of the network. */
  broadcast: Buffer | undefined
}

/** The addresses of all interfaces, of every family, in the system's order: getifaddrs(3). */
export function getifaddrs(): InterfaceAddress[] {
  const found = check<RawInterfaceAddress[]>(native.getifaddrs(), 'getifaddrs')
  return found.map(([name, flags, address, netmask, broadcast]) => ({
    name,
    flags,
    address,
    netmask,
    broadcast,
  }))
}

/** The index of a network interface: if_nametoindex(3). @throws `ENODEV` */
export function ifNameToIndex(name: string): number {
  if (typeof name !== 'string') throw typeError('name', 'a string', name)
  return check(native.if_nametoindex(name), 'if_nametoindex')
}

/** The name of a network interface: if_indextoname(3). @throws `ENXIO` */
export function ifIndexToName(index: number): string {
  return check<string>(native.if_indextoname(integer('index', index, 0)), 'if_indextoname')
}
