// Conversion between `{ family, data }` addresses and named fields: the fields of sockaddr_nl, sockaddr_vm and the like.
// Offsets are C's, from the struct's first byte. Only layouts are known here; what a family does with an address is the
// kernel's business.
import type { AddressInput, RawAddress } from './address.js'
import { bytesOf, little } from './bytes.js'
import { constants } from './constants.js'
import { codedError, integer, rangeError, typeError, valueError } from './errors.js'

const most32 = 0xffffffff

/** Builds the addresses of one family, and reads them. */
export interface SockaddrHelper<Given, Read = Required<Given>> {
  /**
   * The address that has these fields.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, RangeError `ERR_OUT_OF_RANGE`, naming the field;
   *   Error `ERR_UNSUPPORTED_FAMILY` where the system has no such family
   */
  (fields: Given): RawAddress
  /**
   * The fields of an address of this family.
   *
   * @throws TypeError `ERR_INVALID_ARG_VALUE`: it is of another family, or too short; Error `ERR_UNSUPPORTED_FAMILY`
   */
  read(address: AddressInput): Read
}

/** An address of AF_NETLINK: sockaddr_nl. */
export interface NetlinkAddress {
  /** The socket's port id; 0 is the kernel or, for bind(2), any free one. */
  pid?: number
  /** Multicast groups, one bit each. */
  groups?: number
}

/** An address of AF_VSOCK: sockaddr_vm. */
export interface VsockAddress {
  /** The machine: `constants.VMADDR_CID_HOST` … */
  cid: number
  /** The port. */
  port: number
}

/** An address of AF_PACKET: sockaddr_ll. */
export interface PacketAddress {
  /** The index of the interface, see {@link ifNameToIndex}; 0, for bind(2): all. */
  ifindex: number
  /** The protocol in the frame, in host byte order: 0x0800 for IPv4. */
  protocol?: number
  /** The kind of hardware (`ARPHRD_`); the kernel fills it in. */
  hatype?: number
  /** `constants.PACKET_OUTGOING` …; the kernel fills it in. */
  pkttype?: number
  /** The hardware address, at most 32 bytes. */
  address?: Uint8Array
}

/** An address of AF_ALG: sockaddr_alg. */
export interface AlgAddress {
  /** `'hash'`, `'skcipher'`, `'aead'`, `'rng'` */
  type: string
  /** The algorithm: `'sha256'`, `'cbc(aes)'` */
  name: string
  /** Feature bits of the kernel's crypto interface. */
  feat?: number
  /** Which of the feature bits count. */
  mask?: number
}

/** An address of AF_CAN: sockaddr_can. */
export interface CanAddress {
  /** The index of the interface; 0: all. */
  ifindex: number
  /** ISO-TP: the identifier to receive. */
  rx?: number
  /** ISO-TP: the identifier to send with. */
  tx?: number
}

/** A service of AF_TIPC, by its name. */
export interface TipcService {
  /** The service's type. */
  type: number
  /** The instance of the service. */
  instance: number
  /** The node to look it up on; 0: the whole cluster. */
  node?: number
}

/** A range of instances of a service of AF_TIPC: what bind(2) publishes, and multicast reaches. */
export interface TipcRange {
  /** The service's type. */
  type: number
  /** The first instance. */
  lower: number
  /** The last one. */
  upper: number
}

/** One socket of AF_TIPC. */
export interface TipcSocket {
  /** The socket's number on its node. */
  ref: number
  /** Its node. */
  node: number
}

/** What addresses of AF_TIPC have in common. */
export interface TipcScope {
  /** Where bind(2) publishes a name: 2 is the cluster, 3 the node. A negative number withdraws it. */
  scope?: number
}

type TipcForms<Service, Scope> =
  | ({
      /** A service. */
      service: Service
    } & Scope)
  | ({
      /** A range of instances of a service. */
      range: TipcRange
    } & Scope)
  | ({
      /** A socket. */
      socket: TipcSocket
    } & Scope)

/** An address of AF_TIPC: sockaddr_tipc, in one of its three forms. */
export type TipcAddress = TipcForms<TipcService, TipcScope>

/** What reading an address of AF_TIPC gives. */
export type TipcFields = TipcForms<Required<TipcService>, Required<TipcScope>>

/** A struct in the machine's byte order. Setters check their values; errors call the field `what: name`. */
class Struct {
  readonly bytes: Buffer
  readonly #view: DataView
  readonly #what: string

  constructor(what: string, bytes: Buffer) {
    this.#what = what
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  u8(at: number): number {
    return this.#view.getUint8(at)
  }
  u16(at: number): number {
    return this.#view.getUint16(at, little)
  }
  u32(at: number): number {
    return this.#view.getUint32(at, little)
  }
  /** A number in the byte order of the network. */
  net16(at: number): number {
    return this.#view.getUint16(at)
  }
  text(at: number, end: number): string {
    const field = this.bytes.subarray(at, end)
    const nul = field.indexOf(0)
    return field.toString('latin1', 0, nul < 0 ? field.length : nul)
  }

  setU8(at: number, name: string, value: unknown, low = 0, high = 0xff): void {
    this.#view.setUint8(at, integer(`${this.#what}: ${name}`, value, low, high))
  }
  setU16(at: number, name: string, value: unknown): void {
    this.#view.setUint16(at, integer(`${this.#what}: ${name}`, value, 0, 0xffff), little)
  }
  setU32(at: number, name: string, value: unknown, high = most32): void {
    this.#view.setUint32(at, integer(`${this.#what}: ${name}`, value, 0, high), little)
  }
  setNet16(at: number, name: string, value: unknown): void {
    this.#view.setUint16(at, integer(`${this.#what}: ${name}`, value, 0, 0xffff))
  }
}

/** Makes a family's helper: `write` gives the whole struct, `read` gets one of at least `least` bytes. */
export function helper<Given extends object, Read = Required<Given>>(
  name: string,
  familyName: `AF_${string}`,
  least: number,
  write: (what: string, fields: Given) => Struct,
  read: (struct: Struct, what: string) => Read,
): SockaddrHelper<Given, Read> {
  const what = `sockaddr.${name}`
  const number = (): number => {
    const family = constants[familyName]
    if (family === undefined)
      throw codedError(new Error(`${what}: this system has no ${familyName}`), 'ERR_UNSUPPORTED_FAMILY')
    return family
  }
  return Object.assign(
    (fields: Given): RawAddress => {
      const family = number()
      if (typeof fields !== 'object' || fields === null)
        throw typeError(`${what}: fields`, 'an object', fields)
      return { family, data: write(what, fields).bytes.subarray(2) }
    },
    {
      read(address: AddressInput): Read {
        const family = number()
        if (typeof address !== 'object' || address === null || !('family' in address))
          throw typeError(`${what}.read: address`, 'an address { family, data }', address)
        if (address.family !== family)
          throw valueError(`${what}.read: family of address`, `${familyName} (${family})`, address.family)
        const { data } = address
        const bytes = Array.isArray(data) ? data : bytesOf(`${what}.read: data of address`, data)
        if (bytes.length < least - 2)
          throw valueError(`${what}.read: data of address`, `at least ${least - 2} bytes long`, bytes.length)
        const struct = Buffer.alloc(2 + bytes.length)
        struct.set(bytes, 2)
        return read(new Struct(what, struct), what)
      },
    },
  )
}

const newStruct = (what: string, length: number) => new Struct(what, Buffer.alloc(length))

const netlink = helper<NetlinkAddress>(
  'netlink',
  'AF_NETLINK',
  12,
  (what, { pid = 0, groups = 0 }) => {
    const nl = newStruct(what, 12)
    nl.setU32(4, 'pid', pid)
    nl.setU32(8, 'groups', groups)
    return nl
  },
  nl => ({ pid: nl.u32(4), groups: nl.u32(8) }),
)

// Linux has flags and padding after svm_cid.
const vsockLength = process.platform === 'linux' ? 16 : 12
const vsock = helper<VsockAddress>(
  'vsock',
  'AF_VSOCK',
  vsockLength,
  (what, { cid, port }) => {
    const vm = newStruct(what, vsockLength)
    vm.setU32(4, 'port', port)
    vm.setU32(8, 'cid', cid)
    return vm
  },
  vm => ({ cid: vm.u32(8), port: vm.u32(4) }),
)

const packet = helper<PacketAddress>(
  'packet',
  'AF_PACKET',
  12,
  (what, { ifindex, protocol = 0, hatype = 0, pkttype = 0, address = new Uint8Array() }) => {
    const hardware = bytesOf(`${what}: address`, address)
    if (hardware.length > 32) throw rangeError(`${what}: address`, 'at most 32 bytes long', hardware.length)
    // sockaddr_ll has room for eight bytes; a longer address (InfiniBand's) makes the struct longer.
    const ll = newStruct(what, Math.max(20, 12 + hardware.length))
    ll.setNet16(2, 'protocol', protocol)
    ll.setU32(4, 'ifindex', ifindex, 0x7fffffff)
    ll.setU16(8, 'hatype', hatype)
    ll.setU8(10, 'pkttype', pkttype)
    ll.setU8(11, 'address', hardware.length)
    ll.bytes.set(hardware, 12)
    return ll
  },
  ll => ({
    ifindex: ll.u32(4),
    protocol: ll.net16(2),
    hatype: ll.u16(8),
    pkttype: ll.u8(10),
    address: ll.bytes.subarray(12, 12 + ll.u8(11)),
  }),
)

// The kernel accepts a name longer than salg_name, up to the size of a sockaddr_storage.
const algNameLength = 128 - 24 - 1
const alg = helper<AlgAddress>(
  'alg',
  'AF_ALG',
  25,
  (what, { type, name, feat = 0, mask = 0 }) => {
    const [kind, algorithm] = [word(`${what}: type`, type, 13), word(`${what}: name`, name, algNameLength)]
    const sa = newStruct(what, Math.max(88, 24 + algorithm.length + 1))
    sa.bytes.write(kind, 2, 'latin1')
    sa.setU32(16, 'feat', feat)
    sa.setU32(20, 'mask', mask)
    sa.bytes.write(algorithm, 24, 'latin1')
    return sa
  },
  sa => ({
    type: sa.text(2, 16),
    name: sa.text(24, sa.bytes.length),
    feat: sa.u32(16),
    mask: sa.u32(20),
  }),
)

function word(what: string, value: unknown, most: number): string {
  if (typeof value !== 'string') throw typeError(what, 'a string', value)
  if (value === '' || value.length > most) throw rangeError(what, `1 to ${most} characters long`, value)
  if (!/^[\x21-\x7e]+$/.test(value)) throw valueError(what, 'printable ASCII without spaces', value)
  return value
}

// The address of a raw CAN socket may end after the interface, without the identifiers.
const can = helper<CanAddress>(
  'can',
  'AF_CAN',
  8,
  (what, { ifindex, rx = 0, tx = 0 }) => {
    const address = newStruct(what, 24)
    address.setU32(4, 'ifindex', ifindex, 0x7fffffff)
    address.setU32(8, 'rx', rx)
    address.setU32(12, 'tx', tx)
    return address
  },
  address => {
    const ids = address.bytes.length >= 16
    return { ifindex: address.u32(4), rx: ids ? address.u32(8) : 0, tx: ids ? address.u32(12) : 0 }
  },
)

// TIPC_SERVICE_RANGE, TIPC_SERVICE_ADDR, TIPC_SOCKET_ADDR; the default scope, the whole cluster.
const [serviceRange, serviceAddress, socketAddress, clusterScope] = [1, 2, 3, 2]
const tipc = helper<TipcAddress, TipcFields>(
  'tipc',
  'AF_TIPC',
  16,
  (what, fields) => {
    const address = newStruct(what, 16)
    const form = (number: number, names: readonly string[], values: object) => {
      if (typeof values !== 'object' || values === null)
        throw typeError(`${what}: service, range or socket`, 'an object', values)
      address.setU8(2, 'form', number)
      names.forEach((name, i) => address.setU32(4 + 4 * i, name, (values as Record<string, unknown>)[name]))
    }
    address.setU8(3, 'scope', fields.scope ?? clusterScope, -3, 3)
    if ('service' in fields)
      form(serviceAddress, ['type', 'instance', 'node'], { node: 0, ...fields.service })
    else if ('range' in fields) form(serviceRange, ['type', 'lower', 'upper'], fields.range)
    else if ('socket' in fields) form(socketAddress, ['ref', 'node'], fields.socket)
    else throw valueError(what, 'given one of service, range and socket', fields)
    return address
  },
  (address, what) => {
    const [form, first, second, third] = [address.u8(2), address.u32(4), address.u32(8), address.u32(12)]
    const scope = (address.u8(3) << 24) >> 24
    if (form === serviceAddress) return { service: { type: first, instance: second, node: third }, scope }
    if (form === serviceRange) return { range: { type: first, lower: second, upper: third }, scope }
    if (form === socketAddress) return { socket: { ref: first, node: second }, scope }
    throw valueError(`${what}.read: form of address`, '1, 2 or 3', form)
  },
)

/**
 * Converts named fields to the `{ family, data }` addresses of Linux's families and back, in the layout of this machine.
 *
 * @example
 * ```ts
 * import { sockaddr } from 'make-network-process/socket'
 * const monitor = sockaddr.netlink({ pid: 0, groups: 1 }) // { family: 16, data: <Buffer …> }
 * sockaddr.netlink.read(monitor) // { pid: 0, groups: 1 }
 * ```
 */
export const sockaddr = Object.freeze({
  /** AF_NETLINK: the kernel, and its multicast groups. */
  netlink,
  /** AF_VSOCK: virtual machines and their host. */
  vsock,
  /** AF_PACKET: frames on an interface. */
  packet,
  /** AF_ALG: the kernel's cryptography. */
  alg,
  /** AF_CAN: the bus of vehicles and machines. */
  can,
  /** AF_TIPC: services of a cluster. */
  tipc,
})
