/**
 * GNU Emacs's network processes for Node, on raw sockets.
 *
 * @module make-network-process
 */
export { makeNetworkProcess } from './process/make.js'
export { NetworkProcess, type ProcessStats } from './process/network-process.js'
export type { DiagnosticsMessages } from './process/diagnostics.js'
export { defaultFilter, defaultSentinel } from './process/defaults.js'
export type { Nil } from './lisp.js'
export type {
  Contact,
  ContactValues,
  Filter,
  KnownKeywords,
  Log,
  NetworkOptions,
  NetworkProcessOptions,
  Sentinel,
} from './process/keywords.js'
export type {
  CodingKeyword,
  DynamicOptions,
  MultibyteKeyword,
  NetworkConnectionOptions,
  NetworkServerOptions,
  OutputOf,
} from './process/keyword-types.js'
export type { DuplexOptions } from './process/duplex.js'
export type { NetworkDuplex } from './process/network-duplex.js'
export type { Data, MessageInfo, OutgoingMessage } from './process/message.js'
export type { NetworkConnection, NetworkServer } from './process/iteration.js'
export type { Status } from './process/events.js'
export { TextBuffer, type ProcessBuffer } from './process/buffer.js'
export { confirmExit, type ConfirmExitOptions } from './process/confirm-exit.js'
export type { ProxyHeader, ProxyTlv } from './process/proxy-protocol.js'
export { acceptProcessOutput } from './process/wait.js'
export { getProcess, processList } from './process/registry.js'
export { formatNetworkAddress } from './process/format-address.js'
export {
  networkInterfaceInfo,
  networkInterfaceList,
  type HardwareAddress,
  type InterfaceEntry,
  type InterfaceInfo,
} from './process/interfaces.js'
export { networkLookupAddressInfo } from './process/look-up-address.js'
export {
  openNetworkStream,
  type NetworkStreamParameters,
  type NetworkStreamProperties,
} from './process/open-network-stream.js'
export type { Address, AddressInput, RawAddress, RawAddressInput, ScopedVector } from './socket/address.js'
export {
  gnutlsAvailable,
  gnutlsVersion,
  type TlsCertificate,
  type TlsError,
  type TlsParameters,
  type TlsStatus,
  type TlsWarnings,
} from './tls/index.js'
export type { ControlMessage, Credentials, ReceivedControlMessage } from './socket/control.js'
export type { SystemError } from './socket/errors.js'
export type { BpfInstruction, OptionValue } from './socket/options.js'
export { sockaddr } from './socket/sockaddr.js'
