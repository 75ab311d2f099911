/**
 * The raw layer: sockets as the kernel has them, by the kernel's names.
 *
 * @module make-network-process/socket
 */
export { constants } from './constants.js'
export {
  controlSpace,
  type Control,
  type ControlMessage,
  type Credentials,
  type OutgoingControl,
  type ReceivedControlMessage,
} from './control.js'
export {
  decodeAddress,
  encodeAddress,
  familyOf,
  type Address,
  type AddressInput,
  type RawAddress,
  type RawAddressInput,
  type ScopedVector,
} from './address.js'
export { errno, type SystemError } from './errors.js'
export {
  getaddrinfo,
  getnameinfo,
  type FoundAddress,
  type FoundName,
  type LookUpError,
  type LookUpQuery,
} from './look-up.js'
export { getifaddrs, ifIndexToName, ifNameToIndex, type InterfaceAddress } from './interfaces.js'
export { sealedMemory } from './memory.js'
export type { BpfInstruction, OptionValue } from './options.js'
export {
  poll,
  Socket,
  socketpair,
  type AcceptedSocket,
  type OutgoingMessage,
  type PollEntry,
  type Readiness,
  type ReceivedFrom,
  type ReceivedMessage,
} from './socket.js'
export {
  sockaddr,
  type AlgAddress,
  type CanAddress,
  type NetlinkAddress,
  type PacketAddress,
  type SockaddrHelper,
  type TipcAddress,
  type TipcFields,
  type TipcRange,
  type TipcScope,
  type TipcService,
  type TipcSocket,
  type VsockAddress,
} from './sockaddr.js'
