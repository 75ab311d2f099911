// What the constructor of a process is given: by makeNetworkProcess, or by the server that has accepted the connection.
import type { TlsSettings } from '../tls/index.js'
import type { ProcessBuffer } from './buffer.js'
import type { Coding } from './coding.js'
import type { ProcessContact } from './contact.js'
import type { Filter, Sentinel } from './keywords.js'
import type { NetworkProcess } from './network-process.js'

/** Everything that a new process is given. */
export interface Making {
  name: string
  contact: ProcessContact
  traits: Traits
  filter: Filter | true | undefined
  sentinel: Sentinel | undefined
  plist: Record<string, unknown> | undefined
  queryOnExit: boolean
  stopped: boolean
  coding: Coding
  /** Of a client: the settings of the handshake before it opens. */
  tls: TlsSettings | undefined
  /** The server that has accepted it. */
  server: NetworkProcess | undefined
  /** The buffer; of an accepted connection, the name of the buffer that it makes when it needs one. */
  buffer: ProcessBuffer | string | undefined
}

/** What never changes in a process, and is the same for all connections of a server. */
export interface Traits {
  /** Whether the socket receives a stream, packets or datagrams: {@link Kind}. */
  readonly kind: number
  /** The process can still send after the peer's end of file. */
  readonly halfOpen: boolean
  /** Filters may get lent bytes. */
  readonly lend: boolean
  /** Filters may ask for what travels beside messages; not for emacs.ts. */
  readonly ancillary: boolean
  /** How many bytes may be queued before `send` returns false. */
  readonly highWaterMark: number
  /** `send` throws when the peer has gone; only for emacs.ts. */
  readonly signals: boolean
}
