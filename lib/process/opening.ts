// Opens the sockets of new processes, once make.ts has checked the keywords: a server's, which is bound and may listen;
// one that was made elsewhere; a client's, which is connected, now or later. How addresses are tried is in connect.ts.
import { native, type SocketId } from '../native.js'
import { decodeAddress, encodeAddress, errorAddress, familyOf } from '../socket/address.js'
import { after } from '../socket/callbacks.js'
import { constants } from '../socket/constants.js'
import { check, valueError } from '../socket/errors.js'
import { getaddrinfo, lookUp, type LookUpQuery } from '../socket/look-up.js'
import type { Admission } from './acceptor.js'
import { connectBlocking, Connector, firstSocket, type Candidate, type Prepare } from './connect.js'
import { isListening } from './external-sockets.js'
import { isNil } from '../lisp.js'
import type { Contact } from './keywords.js'
import type { NetworkProcess } from './network-process.js'
import { setOption, setOptions } from './options.js'

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET } = constants
const defaultBacklog = 5

/** A look-up, and the protocol for the sockets, if not the one that it finds. */
export type Query = LookUpQuery & { protocolWanted: number | undefined }

/** Whether sockets of this type have no connections: nothing is accepted, and each message has its sender. */
export function isConnectionless(type: number): boolean {
  return type === SOCK_DGRAM || type === SOCK_RAW || type === SOCK_RDM
}

/**
 * Sequenced packets over IP are SCTP in its one-to-many style: one socket receives the messages of all peers, each with
 * its sender, and accepts nothing. A server listens all the same, or only peers that it sends to could reach it.
 */
export function isOneToMany(type: number, family: number): boolean {
  return type === SOCK_SEQPACKET && (family === AF_INET || family === AF_INET6)
}

// getaddrinfo(3) knows few protocols, so it is asked for addresses only.
function withProtocol(candidates: Candidate[], { protocolWanted: protocol }: Query): Candidate[] {
  return protocol === undefined ? candidates : candidates.map(candidate => ({ ...candidate, protocol }))
}

/** Looks up the addresses, and blocks until there is an answer. */
export function resolve(query: Query): Candidate[] {
  return withProtocol(getaddrinfo(query), query)
}

// ---- servers ----------------------------------------------------------------------------------------------

/** Serves on the first address for which a socket can be made; if binding fails, no other address is tried. */
export function serve(
  process: NetworkProcess,
  candidates: readonly Candidate[],
  contact: Contact,
  admission: Admission,
): void {
  const { id, candidate } = firstSocket(candidates, (id, candidate) => {
    setOptions(id, contact)
    if (reusesAddress(candidate) && !('reuseaddr' in contact)) setOption(id, 'reuseaddr', true)
  })
  try {
    check(native.bind(id, candidate.address), 'bind', errorAddress(candidate.address))
    serveOn(process, id, candidate.type, contact, false, admission)
  } catch (error) {
    // Unless the process has taken the socket, nobody else closes it.
    if (process.fd < 0) native.close(id)
    throw error
  }
}

// An external socket may be listening already, with the backlog that its maker has chosen.
function serveOn(
  process: NetworkProcess,
  id: SocketId,
  type: number,
  contact: Contact,
  listens: boolean,
  admission: Admission,
): void {
  const local = check<Buffer>(native.getsockname(id), 'getsockname')
  const address = decodeAddress(local)
  if (Array.isArray(address)) contact.service = address.at(-1)
  contact.local = address
  if (!isConnectionless(type) && !listens)
    check(native.listen(id, backlog(contact.server)), 'listen', errorAddress(local))
  if (isConnectionless(type) || isOneToMany(type, familyOf(local)))
    process.openOn(id, true, firstPeer(contact.remote, familyOf(local)))
  else process.listenOn(id, admission)
}

// SO_REUSEADDR lets a server bind a port that was in use a moment ago. Datagram sockets do not need that: with the
// option they would share a port that is in use, and one of them would get what is meant for the other.
function reusesAddress({ family, type }: Candidate): boolean {
  return family !== AF_UNIX && !isConnectionless(type)
}

function backlog(server: unknown): number {
  return typeof server === 'number' && Number.isInteger(server) && Math.abs(server) <= 0x7fffffff
    ? server
    : defaultBacklog
}

// The address that a datagram server sends to before anybody has sent to it.
function firstPeer(remote: unknown, family: number): number {
  if (isNil(remote)) return -1
  const address = encodeAddress(remote as never, ':remote')
  if (familyOf(address) !== family)
    throw valueError(':remote', 'an address of the same family as the server', remote)
  return native.internAddress(address)
}

/** Opens a process on a socket that was passed in, which is bound or connected already; options are still set. */
export function openExternal(
  process: NetworkProcess,
  id: SocketId,
  type: number,
  contact: Contact,
  admission: Admission,
): void {
  setOptions(id, contact)
  const listens = isListening(id)
  const peer = native.getpeername(id)
  const hearsAll = isConnectionless(type) && typeof peer === 'number'
  if ((listens || hearsAll) && isNil(contact.server)) contact.server = true
  if (!isNil(contact.server)) {
    serveOn(process, id, type, contact, listens, admission)
    if (typeof contact.local === 'string') contact.service = contact.local
    return
  }
  process.noteAddresses(id, check<Buffer>(peer, 'getpeername'))
  if (isNil(contact.nowait) || isConnectionless(type)) process.connected(id)
  else {
    // As if it were connecting: under `:nowait` the sentinel is told later, from the event loop.
    const cancel = after(0, () => process.connectedLater(id))
    process.setConnecting(id, cancel)
  }
}

// ---- clients ----------------------------------------------------------------------------------------------

/** Connects a client, and blocks until it is connected. */
export function openConnected(
  process: NetworkProcess,
  candidates: readonly Candidate[],
  prepare: Prepare,
): void {
  const { id, candidate } = connectBlocking(candidates, prepare)
  // A callback has deleted the process while connecting blocked.
  if (!process.isConnecting) {
    native.close(id)
    throw process.notRunning()
  }
  process.noteAddresses(id, candidate.address)
  process.connected(id)
}

/**
 * A datagram client of emacs.ts: its contact has the addresses from before connect(2), and it opens even if connect(2)
 * fails. A local one is not connected at all: it has no name that others could send to, and its peer may appear later,
 * and again after it has gone.
 */
export function openUnrefused(
  process: NetworkProcess,
  candidates: readonly Candidate[],
  prepare: Prepare,
): void {
  const { id, candidate } = firstSocket(candidates, prepare)
  process.noteAddresses(id, candidate.address)
  // The kernel connects to port 0 without an error, but the socket has no peer then.
  const isConnected =
    candidate.family !== AF_UNIX &&
    native.connect(id, candidate.address) === 0 &&
    typeof native.getpeername(id) !== 'number'
  process.openOn(id, !isConnected, isConnected ? -1 : native.internAddress(candidate.address))
}

/** Connects without blocking, as soon as the look-up has found addresses. */
export function connectWhenFound(process: NetworkProcess, query: Query, prepare: Prepare): void {
  whenFound(process, query, candidates => new Connector(process, candidates, prepare, false))
}

/** A datagram socket connects at once, but a name is still looked up without blocking. */
export function openWhenFound(process: NetworkProcess, query: Query, prepare: Prepare): void {
  whenFound(process, query, candidates => {
    const { id, candidate } = connectBlocking(candidates, prepare)
    process.noteAddresses(id, candidate.address)
    process.openLater(id)
  })
}

function whenFound(process: NetworkProcess, query: Query, found: (candidates: Candidate[]) => void): void {
  let cancelled = false
  process.setConnecting(-1, () => (cancelled = true))
  lookUp(query, (error, candidates) => {
    if (cancelled) return
    if (error !== undefined) return process.fail(`Name lookup of ${query.host} failed`, error)
    try {
      found(withProtocol(candidates, query))
    } catch (failure) {
      // The kernel has refused an option or a socket, and there is no caller left to throw to.
      process.fail(failureCode(failure), failure)
      if (!isSystemError(failure)) throw failure
    }
  })
}

const isSystemError = (failure: unknown): failure is { errno: number } =>
  failure instanceof Error && typeof (failure as { errno?: unknown }).errno === 'number'
const failureCode = (failure: unknown) => (isSystemError(failure) ? -failure.errno : String(failure))
