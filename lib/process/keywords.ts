// Keywords: as Emacs's argument list or as an options object, which are equivalent, and as the contact that a process
// keeps. Names and types only; what a keyword means is decided where it is used.
import { isNil, keywordName, type Nil } from '../lisp.js'
import type { Address, AddressInput } from '../socket/address.js'
import { codedError, typeError } from '../socket/errors.js'
import type { OptionValue } from '../socket/options.js'
import type { TlsParameters } from '../tls/index.js'
import type { ProcessBuffer } from './buffer.js'
import type { NetworkConnection } from './iteration.js'
import type { MessageInfo } from './message.js'
import type { NetworkProcess } from './network-process.js'
import type { ProxyHeader } from './proxy-protocol.js'

/**
 * Called with what a process has received, one packet or piece of a stream at a time.
 *
 * @typeParam Data - text, or bytes (a Buffer) if `coding` is `'binary'` or `filterMultibyte` is nil
 * @param info - what came beside it: passed to a filter whose `length` is 3 or more, or 0 (`(...all)`). A function's
 *   `length` does not count a parameter with a default, nor those behind it
 */
export type Filter<Data extends string | Uint8Array = string | Buffer> = (
  process: NetworkProcess,
  data: Data,
  info: MessageInfo,
) => void
/** Called when the status of a process changes; `event` ends in a newline: `'open\n'`, `'deleted\n'` … */
export type Sentinel = (process: NetworkProcess, event: string) => void
/**
 * Called when a server accepts a connection. `client` is undefined if there is none: accepting failed, or the PROXY
 * protocol's header or the TLS handshake was refused; `message` says which.
 *
 * @typeParam Data - what the filters and loops of the connections get
 */
export type Log<Data extends string | Buffer = string | Buffer> = (
  server: NetworkProcess,
  client: NetworkConnection<Data> | undefined,
  message: string,
) => void

/** The network options: socket options that are set when a process is made, and later by `setOption`. */
export interface NetworkOptions {
  /** SO_BINDTODEVICE (Linux): the interface to use; nil or `''`: any. */
  bindtodevice?: string | Nil
  /** SO_BROADCAST: datagrams may be sent to broadcast addresses. */
  broadcast?: boolean | null | undefined
  /** SO_DONTROUTE: only hosts on networks of this machine are reached. */
  dontroute?: boolean | null | undefined
  /** SO_KEEPALIVE: an idle connection is probed. */
  keepalive?: boolean | null | undefined
  /**
   * SO_LINGER: after the process is deleted its socket waits, in the background, until all is sent and acknowledged:
   * `true`, or seconds at most. 0 resets the connection.
   */
  linger?: boolean | number | null | undefined
  /** SO_OOBINLINE: urgent data is received in line with the rest. */
  oobinline?: boolean | null | undefined
  /** SO_PRIORITY (Linux), 0 to 6, or more with privilege. */
  priority?: number
  /** SO_REUSEADDR. Set on servers that are neither local nor of datagrams, unless it is given as nil. */
  reuseaddr?: boolean | null | undefined
  /** TCP_NODELAY: small pieces are sent at once. Our own. */
  nodelay?: boolean | null | undefined
  /** SO_REUSEPORT: several servers share a port. Our own. */
  reuseport?: boolean | null | undefined
  /** SO_PASSCRED (Linux): each message comes with its sender's credentials. Local sockets and netlink. Our own. */
  passcred?: boolean | null | undefined
  /**
   * Any other options, each `[level, name, value]` with numbers of the raw layer's `constants`: setsockopt(2). A value that
   * is no `int` is given as bytes. {@link NetworkProcess.setsockopt} sets them later. Our own.
   */
  sockopts?: readonly (readonly [level: number, name: number, value: OptionValue])[] | null | undefined
}

/** All known keywords, whether they go together or not. */
export interface KnownKeywords extends NetworkOptions {
  /** The process's name, which is made unique: `NAME<1>`. */
  name: string
  /** nil or `'stream'`: a stream. `'datagram'`, `'seqpacket'`, `'raw'`: messages that keep their boundaries. */
  type?: 'stream' | 'datagram' | 'seqpacket' | 'raw' | Nil
  /** Listen instead of connecting. A number is the length of the queue of connections; `true`: 5. */
  server?: boolean | number | null | undefined
  /** A name or a numeric address; `'local'`, or nothing: this machine, by its loopback address. */
  host?: string | null | undefined
  /** A port, a service's name, or a port in digits; `true`: any free port (servers). For local sockets the path. */
  service?: string | number | true | null | undefined
  /** nil: IPv4 or IPv6, as the look-up says. A number is any address family of the system. */
  family?: 'local' | 'ipv4' | 'ipv6' | number | Nil
  /** The protocol of the socket, by its number: 132 is SCTP, 262 MPTCP. nil: the usual one for the type. Our own. */
  protocol?: number | Nil
  /** The address that a server binds, instead of `host` and `service`. */
  local?: AddressInput | null | undefined
  /** The address that a client connects to, or that a datagram server first sends to. */
  remote?: AddressInput | null | undefined
  /** Return at once; the sentinel hears `open\n` or `failed …`. Clients only. */
  nowait?: boolean | null | undefined
  /** Begin stopped: see {@link NetworkProcess.stop}. */
  stop?: boolean | null | undefined
  /** A buffer, or the name of one, that output goes to when there is no filter. */
  buffer?: ProcessBuffer | string | null | undefined
  /** The coding system, or `[decoding, encoding]`. nil: utf-8-unix. */
  coding?: string | readonly [string | null, string | null] | Nil
  /** {@link confirmExit} does not ask about this process. */
  noquery?: boolean | null | undefined
  /** nil: the default filter, which inserts into the buffer. `true`: nothing is read until another filter is set. */
  filter?: Filter | true | Nil
  /** Given as nil: the filter gets bytes, undecoded. */
  filterMultibyte?: boolean | null | undefined
  /** nil: the default sentinel, which notes changes in the buffer. */
  sentinel?: Sentinel | Nil
  /** Called for each connection that a server accepts, refuses, or fails to accept. */
  log?: Log | Nil
  /** Properties of the process, copied: see {@link NetworkProcess.plist}. */
  plist?: Record<string, unknown> | null | undefined
  /** The peer's end of file calls the sentinel with `end of file\n` and leaves the process open to send. Our own. */
  halfOpen?: boolean | null | undefined
  /** The filter gets bytes that are valid only until it returns, so that no memory is allocated for them. Our own. */
  lend?: boolean | null | undefined
  /** How many bytes may be queued before `send` returns false. nil: none. Our own. */
  highWaterMark?: number | Nil
  /**
   * A server of streams behind a load balancer: each connection begins with the PROXY protocol's header (version 1 or
   * 2), which names the client: `contact('remote')`, `host` and `service` are the client's, `contact('proxy')` is the
   * load balancer's address, `contact('proxyHeader')` the whole {@link ProxyHeader}. A connection without a valid
   * header is closed and logged, never delivered. A number is how many seconds the header may take; `true`: 5. Our own.
   */
  proxyProtocol?: boolean | number | null | undefined
  /**
   * Use a socket that the program was started with, by systemd or launchd, if there is one: `true` takes the first
   * that fits, a string (our own) the first of that name.
   */
  useExternalSocket?: boolean | string | null | undefined
  /**
   * The descriptor of a socket, which the process takes over: one that `detach` returned, that came in a message, or
   * that was inherited. A listening socket makes a server (TypeScript knows that only if `server` is given), and so does
   * a datagram socket that is not connected. The socket determines its own type and address, so host, service, family
   * and type are left out. Our own.
   */
  adopt?: number | Nil
  /**
   * Aborting it ends a connect that is under way and deletes the process: `opened` and loops over it throw the signal's
   * reason. If it is aborted already, {@link makeNetworkProcess} throws the reason; a blocking connect is not
   * interrupted. Our own.
   */
  signal?: AbortSignal | Nil
  /**
   * TLS: the connection opens when its handshake is over. An object, or Emacs's list: the type, and the keywords of
   * `gnutls-boot`. Those of a server apply to its connections, and need a `keylist`.
   */
  tlsParameters?: TlsParameters | readonly unknown[] | Nil
}

/** The keywords of {@link makeNetworkProcess}, whatever they make: for options that a program puts together. */
export interface NetworkProcessOptions extends KnownKeywords {
  /** Unknown keywords are kept in the contact. */
  [keyword: string]: unknown
}

/** The values of keywords in a contact, where they can differ from what was given. */
export interface ContactValues {
  /** The name as it was given, not made unique. */
  name: string
  /** A name or a numeric address; `true` if the peer of an accepted connection has none. */
  host: string | true
  /** A port or a service's name; the path of a local socket. */
  service: string | number
  /** The actual address of the process. */
  local: Address
  /** The actual address of its peer. */
  remote: Address
  /** The load balancer's address, see {@link KnownKeywords.proxyProtocol}. */
  proxy: Address
  /** What the load balancer has said about the connection. */
  proxyHeader: ProxyHeader
}

/** A process's keywords by camelCased name, in the order in which they were given. */
export type Contact = Record<string, unknown>

/** A contact without keywords. It has no prototype, because a keyword may have any name. */
export function emptyContact(): Contact {
  return Object.create(null) as Contact
}

/** Throws unless `value` is a function, nil or, with `orTrue`, true. @internal */
export function checkFunction(name: string, value: unknown, orTrue: boolean): void {
  if (isNil(value) || typeof value === 'function' || (orTrue && value === true)) return
  throw typeError(name, orTrue ? 'a function, true or nil' : 'a function or nil', value)
}

/**
 * Makes the contact from the arguments; undefined if there are none.
 *
 * Of a keyword given twice, the first counts. In an object, `undefined` means: not given.
 */
export function contactOf(args: readonly unknown[]): Contact | undefined {
  const [first] = args
  if (args.length === 0) return undefined
  const contact = emptyContact()
  if (args.length === 1 && typeof first === 'object' && first !== null && !Array.isArray(first)) {
    for (const [key, value] of Object.entries(first)) {
      const name = keywordName(key)
      if (value !== undefined && !Object.hasOwn(contact, name)) contact[name] = value
    }
    return contact
  }
  if (args.length % 2 === 1)
    throw codedError(
      new TypeError(
        `the argument list must have a value for each keyword; the last, ${String(args.at(-1))}, has none`,
      ),
      'ERR_INVALID_ARG_VALUE',
    )
  for (let i = 0; i < args.length; i += 2) {
    const key = args[i]
    if (typeof key !== 'string') throw typeError(`argument ${i}`, 'a keyword (":name")', key)
    const name = keywordName(key)
    if (!Object.hasOwn(contact, name)) contact[name] = args[i + 1] ?? null
  }
  return contact
}
