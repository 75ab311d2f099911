// What a new process is told: by makeNetworkProcess, or by the server that has accepted it.
import type { TlsSettings } from '../tls/index.js'
import type { ProcessBuffer } from './buffer.js'
import type { Coding } from './coding.js'
import type { ProcessContact } from './contact.js'
import type { Filter, Sentinel } from './keywords.js'
import type { NetworkProcess } from './network-process.js'

/** All of it. */
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
  /** Of a client: the handshake before it is open. */
  tls: TlsSettings | undefined
  /** Who has accepted it. */
  server: NetworkProcess | undefined
  /** The buffer, or how a server's child will call its own when it needs one. */
  buffer: ProcessBuffer | string | undefined
}

/** What never changes of a process, and is the same for all connections of a server. */
export interface Traits {
  /** How the socket bounds what it receives: {@link Kind}. */
  readonly kind: number
  /** The peer's end leaves it open to send. */
  readonly halfOpen: boolean
  /** Filters may get lent bytes. */
  readonly lend: boolean
  /** Filters may ask for what travels beside messages: see emacs.ts. */
  readonly ancillary: boolean
  /** How many bytes may be queued before `send` gives false. */
  readonly highWaterMark: number
  /** `send` throws when the peer has gone: see emacs.ts. */
  readonly signals: boolean
}
