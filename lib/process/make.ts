// makeNetworkProcess: what its keywords mean, checked in Emacs's order. The sockets that they ask for are opened in
// opening.ts.
import { codingSystem, type CodingSystem } from '../coding/index.js'
import { native, type SocketId } from '../native.js'
import { encodeAddress, familyOf } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { codedError, integer, rangeError, typeError, valueError } from '../socket/errors.js'
import { Kind } from '../socket/hub.js'
import type { Admission } from './acceptor.js'
import { isBuffer, TextBuffer, type ProcessBuffer } from './buffer.js'
import { Coding, codingPair } from './coding.js'
import { ProcessContact } from './contact.js'
import { Connector, type Candidate, type Prepare } from './connect.js'
import { adoptableType, adoptSocket, letGo, takeExternalSocket } from './external-sockets.js'
import type { NetworkConnection, NetworkServer } from './iteration.js'
import { isNil } from '../lisp.js'
import {
  checkFunction,
  contactOf,
  type Contact,
  type Filter,
  type NetworkProcessOptions,
  type Sentinel,
} from './keywords.js'
import type {
  CodingKeyword,
  DynamicOptions,
  MultibyteKeyword,
  NetworkConnectionOptions,
  NetworkServerOptions,
  OutputOf,
} from './keyword-types.js'
import { NetworkProcess } from './network-process.js'
import {
  connectWhenFound,
  isConnectionless,
  isOneToMany,
  openConnected,
  openExternal,
  openUnrefused,
  openWhenFound,
  resolve,
  serve,
  type Query,
} from './opening.js'
import { setOptions } from './options.js'
import { proxyPatience } from './proxy-gate.js'
import { contactTls } from './tls-keywords.js'

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } = constants
// The maximum length of a local socket's path in bytes, without its NUL.
const pathLength = process.platform === 'linux' ? 107 : 103

/** What differs for code that is carried over from Emacs: see emacs.ts. @internal */
export interface Dialect {
  /** `:type` is nil for a stream, and nothing else. */
  strictTypes: boolean
  /** A string without a slash is a symbol, and a symbol is no address. */
  strictAddresses: boolean
  /** The sentinel is not called when the address fails at once under `:nowait`. */
  silentFailure: boolean
  /** A filter has two parameters. */
  plainFilters: boolean
  /** `(decoding . nil)` arrives as a list of one. */
  lispPairs: boolean
  /** `:filter-multibyte` is kept in the contact and has no effect. */
  alwaysMultibyte: boolean
  /** A datagram client opens even if its peer cannot be reached: each datagram that it sends fails by itself. */
  lenientDatagrams: boolean
  /** `send` throws when the peer has gone. */
  sendSignals: boolean
}
const plain: Dialect = {
  strictTypes: false,
  strictAddresses: false,
  silentFailure: false,
  plainFilters: false,
  lispPairs: false,
  alwaysMultibyte: false,
  lenientDatagrams: false,
  sendSignals: false,
}

/** The addresses for the socket, or the look-up that finds them. */
type Target = { candidates: Candidate[] } | { query: Query }
/**
 * Makes a network process: a client, connected when this returns, or a server. Corresponds to
 * `make-network-process`, whose keywords it takes: as an object, or as a list `':name', 'echo', ':server', true …`.
 *
 * @throws TypeError, RangeError for wrong arguments, naming the keyword; errors of look-up (`ENOTFOUND`); system errors
 *   in Node's shape (`connect ECONNREFUSED 127.0.0.1:9`, `bind EADDRINUSE /tmp/s`)
 * @example
 * ```ts
 * const client = makeNetworkProcess({
 *   name: 'client', type: 'seqpacket', family: 'local', service: '/tmp/echo.sock',
 *   filter: (process, text) => console.log(text),
 *   sentinel: (process, event) => console.log(event.trim()),
 * })
 * client.send('one packet')
 * ```
 */
export function makeNetworkProcess<
  const Coding extends CodingKeyword = undefined,
  const Multibyte extends MultibyteKeyword = undefined,
>(options: NetworkServerOptions<Coding, Multibyte>): NetworkServer<OutputOf<Coding, Multibyte>>
export function makeNetworkProcess<
  const Coding extends CodingKeyword = undefined,
  const Multibyte extends MultibyteKeyword = undefined,
>(options: NetworkConnectionOptions<Coding, Multibyte>): NetworkConnection<OutputOf<Coding, Multibyte>>
export function makeNetworkProcess<Options extends NetworkProcessOptions>(
  options: Options & DynamicOptions<Options>,
): NetworkProcess
export function makeNetworkProcess(name: string, value: unknown, ...more: unknown[]): NetworkProcess
export function makeNetworkProcess(): undefined
export function makeNetworkProcess(...args: unknown[]): NetworkProcess | NetworkServer | undefined {
  return make(args, plain)
}

/** @internal */
export function make(args: readonly unknown[], dialect: Dialect): NetworkProcess | undefined {
  const contact = contactOf(args)
  if (contact === undefined) return undefined

  const adopts = !isNil(contact.adopt)
  const type = adopts ? adoptedType(contact, dialect) : socketType(contact.type, dialect)
  const server = !isNil(contact.server)
  const nowait = !isNil(contact.nowait)
  if (server && nowait)
    throw codedError(new TypeError(':server is incompatible with :nowait'), 'ERR_INCOMPATIBLE_KEYWORDS')
  const proxied = proxySeconds(contact.proxyProtocol)
  if (proxied !== undefined && !(server && type === SOCK_STREAM))
    throw codedError(new TypeError(':proxy-protocol is for servers of streams'), 'ERR_INCOMPATIBLE_KEYWORDS')
  const name = contact.name
  if (typeof name !== 'string') throw typeError(':name', 'a string', name)
  const signal = abortSignal(contact.signal)
  signal?.throwIfAborted()
  const target = adopts ? { candidates: [] } : targetOf(contact, type, server, dialect)
  const candidates = 'candidates' in target ? target.candidates : nowait ? undefined : resolve(target.query)

  const { halfOpen, lend, highWaterMark, tls, ...behaves } = behaviour(contact, type, dialect)
  const { coding } = contact
  if (dialect.lispPairs && Array.isArray(coding) && coding.length === 1) contact.coding = [coding[0], null]
  // A failed connect is reported before an unknown coding system. Under :nowait connecting fails later anyway.
  const early = nowait ? codings(contact.coding) : undefined
  const external = adopts
    ? adoptSocket(contact.adopt)
    : takeExternalSocket(contact.useExternalSocket, { type, server, family: familyWanted(target) })
  const family = external === undefined ? familyOfTarget(target) : familyOfSocket(external)
  const process = new NetworkProcess({
    name,
    contact: new ProcessContact(contact),
    traits: {
      // A one-to-many client is refused later, by `prepare`.
      kind: kindOf(type, isOneToMany(type, family) && (server || external !== undefined)),
      ancillary: !dialect.plainFilters,
      halfOpen,
      lend,
      highWaterMark,
      signals: dialect.sendSignals,
    },
    tls,
    server: undefined,
    ...behaves,
  })
  const log = isNil(contact.log) ? undefined : (contact.log as Admission['log'])
  const admission = { proxyPatience: proxied, tls, log }
  const prepare: Prepare = (id, candidate) => {
    if (isOneToMany(candidate.type, candidate.family)) throw noConnections()
    setOptions(id, contact)
  }
  try {
    if (early !== undefined) process.useCodings(...early)
    if (external !== undefined) openExternal(process, external, type, contact, admission)
    else if (server) serve(process, candidates ?? [], contact, admission)
    else if (isConnectionless(type) || !nowait) {
      if (candidates === undefined) openWhenFound(process, (target as { query: Query }).query, prepare)
      else if (type === SOCK_DGRAM && dialect.lenientDatagrams) openUnrefused(process, candidates, prepare)
      else openConnected(process, candidates, prepare)
    } else if (candidates === undefined) {
      connectWhenFound(process, (target as { query: Query }).query, prepare)
    } else {
      new Connector(process, candidates, prepare, dialect.silentFailure)
    }
    const late = nowait ? undefined : codings(contact.coding)
    if (late !== undefined) process.useCodings(...late)
    // A callback may have aborted the signal while connecting blocked.
    signal?.throwIfAborted()
    if (signal !== undefined) process.obey(signal)
  } catch (error) {
    if (external !== undefined) letGo(external, adopts)
    process.abandon()
    throw error
  }
  return process
}

// ---- what the keywords mean -------------------------------------------------------------------------------

function socketType(type: unknown, { strictTypes }: Dialect): number {
  if (isNil(type) || (type === 'stream' && !strictTypes)) return SOCK_STREAM
  if (type === 'datagram') return SOCK_DGRAM
  if (type === 'seqpacket') return SOCK_SEQPACKET
  if (type === 'raw' && !strictTypes) return SOCK_RAW
  const known = strictTypes ? 'nil, datagram or seqpacket' : 'nil, datagram, seqpacket or raw'
  throw valueError(':type', `${known} (Unsupported connection type)`, type)
}

// The socket determines the type; the keyword may only agree.
function adoptedType(contact: Contact, dialect: Dialect): number {
  const type = adoptableType(contact.adopt)
  if (!isNil(contact.type) && socketType(contact.type, dialect) !== type)
    throw valueError(':type', 'the type of the socket that is adopted, or nil', contact.type)
  return type
}

function kindOf(type: number, oneToMany: boolean): number {
  if (type === SOCK_STREAM) return Kind.stream
  return type === SOCK_SEQPACKET && !oneToMany ? Kind.packets : Kind.datagrams
}

// The kernel would connect it, not report a peer that refuses, and send nothing without an address.
function noConnections(): Error {
  return codedError(
    new TypeError(
      ':type seqpacket over IP (one-to-many SCTP) is for servers, which can have a :remote; clients connect as streams',
    ),
    'ERR_INCOMPATIBLE_KEYWORDS',
  )
}

/** The address that was given as a whole, or the look-up of a host and a service. */
function targetOf(contact: Contact, type: number, server: boolean, { strictAddresses }: Dialect): Target {
  const key = server ? 'local' : 'remote'
  const protocol = protocolNumber(contact.protocol)
  if (!isNil(contact[key])) {
    if (strictAddresses && typeof contact[key] === 'string' && /^[^\0/]+$/.test(contact[key]))
      throw valueError(
        `:${key}`,
        'an address (Malformed :address); the path of a local socket has a slash',
        contact[key],
      )
    const address = encodeAddress(contact[key] as never, `:${key}`)
    return { candidates: [{ family: familyOf(address), type, protocol: protocol ?? 0, address }] }
  }
  const family = familyNumber(contact.family)
  const host = hostName(contact.host, family)
  const service = contact.service
  if (family === AF_UNIX) {
    if (host !== undefined) contact.host = null
    if (typeof service !== 'string') throw typeError(':service', 'the path of a local socket', service)
    if (native.encodeUtf8(service).length > pathLength && !service.startsWith('\0'))
      throw valueError(':service', `at most ${pathLength} bytes long (Service name too long)`, service)
    return {
      candidates: [{ family, type, protocol: protocol ?? 0, address: encodeAddress(service, ':service') }],
    }
  }
  return {
    query: {
      host: host ?? (family === AF_INET6 ? '::1' : '127.0.0.1'),
      // Protocols of raw sockets have no ports, and getaddrinfo(3) refuses one.
      service: type === SOCK_RAW ? undefined : serviceName(service),
      family,
      type,
      protocolWanted: protocol,
    },
  }
}

/** Undefined: the default of the family, or of the look-up, for that type of socket. */
function protocolNumber(protocol: unknown): number | undefined {
  return isNil(protocol) ? undefined : integer(':protocol', protocol, 0)
}

/** 0: any, because none was given. */
function familyWanted(target: Target): number {
  return ('query' in target ? target.query : target.candidates[0])?.family ?? 0
}

// Without a family, the look-up finds IPv4 or IPv6, which make no difference to `isOneToMany`.
function familyOfTarget(target: Target): number {
  return familyWanted(target) || AF_INET
}

function familyOfSocket(id: SocketId): number {
  const local = native.getsockname(id)
  return typeof local === 'number' ? 0 : familyOf(local)
}

function familyNumber(family: unknown): number {
  if (isNil(family)) return 0
  if (family === 'local') return AF_UNIX
  if (family === 'ipv4') return AF_INET
  if (family === 'ipv6') return AF_INET6
  if (typeof family === 'number' && Number.isInteger(family) && Math.abs(family) <= 0x7fffffff) return family
  throw valueError(':family', 'nil, local, ipv4, ipv6 or a number (Unknown address family)', family)
}

/** Undefined: this machine. */
function hostName(host: unknown, family: number): string | undefined {
  if (isNil(host)) return undefined
  if (typeof host !== 'string') throw typeError(':host', 'a name, an address or local', host)
  if (host === 'local') return family === AF_UNIX ? host : undefined
  // A name that is not ASCII has to be converted to the form that name servers know: url.domainToASCII() does it.
  if (/[^\0-\x7f]/.test(host))
    throw valueError(':host', 'ASCII; a name that is not needs domainToASCII', host)
  if (host.includes('\0')) throw valueError(':host', 'without NUL', host)
  return host
}

function serviceName(service: unknown): string {
  if (service === true) return '0'
  const port = typeof service === 'string' && /^-?\d+$/.test(service) ? Number(service) : service
  if (typeof port === 'number') {
    if (!Number.isInteger(port)) throw typeError(':service', 'a whole number', service)
    if (port < 0 || port > 65535)
      throw codedError(
        new RangeError(`:service must be a port from 0 to 65535, not ${port}`),
        'ERR_OUT_OF_RANGE',
      )
    return String(port)
  }
  if (typeof service !== 'string') throw typeError(':service', 'a name, a port or true', service)
  if (service.includes('\0')) throw valueError(':service', 'without NUL', service)
  return service
}

function abortSignal(signal: unknown): AbortSignal | undefined {
  if (isNil(signal)) return undefined
  if (!(signal instanceof AbortSignal)) throw typeError(':signal', 'an AbortSignal', signal)
  return signal
}

/** How many seconds the PROXY protocol's header may take; undefined: there is none. */
function proxySeconds(value: unknown): number | undefined {
  if (isNil(value)) return undefined
  if (value === true) return proxyPatience
  if (typeof value !== 'number') throw typeError(':proxy-protocol', 'nil, true or a number of seconds', value)
  if (!(value > 0 && value <= 3600))
    throw rangeError(':proxy-protocol', 'a number of seconds above 0, up to 3600', value)
  return value
}

/** The meaning of all keywords that are not about the socket's type and address. */
function behaviour(contact: Contact, type: number, dialect: Dialect) {
  const { buffer, filter, sentinel, log, plist, filterMultibyte } = contact
  checkFunction(':filter', filter, true)
  checkFunction(':sentinel', sentinel, false)
  checkFunction(':log', log, false)
  if (!isNil(plist) && (typeof plist !== 'object' || Array.isArray(plist)))
    throw typeError(':plist', 'an object', plist)
  const coding = codingSystem(defaultCoding)
  return {
    filter: isNil(filter) ? undefined : (filter as Filter | true),
    sentinel: isNil(sentinel) ? undefined : (sentinel as Sentinel),
    plist: isNil(plist) ? undefined : { ...(plist as Record<string, unknown>) },
    queryOnExit: isNil(contact.noquery),
    stopped: !isNil(contact.stop),
    coding: new Coding(
      coding,
      coding,
      dialect.alwaysMultibyte || !('filterMultibyte' in contact) || !isNil(filterMultibyte),
      type !== SOCK_STREAM,
    ),
    halfOpen: !isNil(contact.halfOpen),
    lend: !isNil(contact.lend),
    highWaterMark: isNil(contact.highWaterMark)
      ? 0
      : integer(':high-water-mark', contact.highWaterMark, 0, Number.MAX_SAFE_INTEGER),
    tls: contactTls(contact, type === SOCK_STREAM),
    buffer: bufferOf(buffer),
  }
}

// Emacs's default in a UTF-8 locale: no detection, and line ends as they are.
const defaultCoding = 'utf-8-unix'

function codings(coding: unknown): [CodingSystem, CodingSystem] | undefined {
  return isNil(coding) ? undefined : codingPair(':coding', coding)
}

function bufferOf(buffer: unknown): ProcessBuffer | undefined {
  if (isNil(buffer)) return undefined
  if (typeof buffer === 'string') return TextBuffer.named(buffer)
  if (isBuffer(buffer)) return buffer
  throw typeError(':buffer', 'a buffer or the name of one', buffer)
}
