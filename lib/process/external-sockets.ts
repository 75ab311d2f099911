// Sockets that were made elsewhere: those that the program was started with, by systemd (sd_listen_fds(3)) or, by name,
// launchd, each handed out once; and those whose descriptor is given by `:adopt`. The former belong to the program as a
// whole, so only the main thread hands them out. What a process does with its socket is in opening.ts.
import { isMainThread } from 'node:worker_threads'
import { native, type SocketId } from '../native.js'
import { familyOf } from '../socket/address.js'
import { adoptDescriptor } from '../socket/adopt.js'
import { little } from '../socket/bytes.js'
import { constants } from '../socket/constants.js'
import { errno } from '../socket/errors.js'
import { isNil } from '../lisp.js'

/** What a process requires of a socket. */
interface Needs {
  /** `SOCK_STREAM` … */
  type: number
  /** Clients need a socket that is connected, servers one that is not. */
  server: boolean
  /** An address family; 0: any. */
  family: number
}

interface Passed {
  fd: number
  name: string | undefined
}

const firstDescriptor = 3
let passed: Passed[] | undefined

/**
 * Takes the first socket that was passed in and fits; undefined if there is none.
 *
 * @param which - the value of `:use-external-socket`: nil for none, a name, or anything else for any
 */
export function takeExternalSocket(which: unknown, needs: Needs): SocketId | undefined {
  if (isNil(which) || !isMainThread) return undefined
  passed ??= fromEnvironment()
  if (typeof which === 'string') passed.push(...fromLaunchd(which))
  for (const [i, { fd, name }] of passed.entries()) {
    if (typeof which === 'string' && which !== name) continue
    const id = native.adopt(fd)
    if (id < 0) continue
    if (fits(id, needs)) {
      passed.splice(i, 1)
      return id
    }
    native.detach(id)
  }
  return undefined
}

/** Whether the socket listens already, with a backlog that its maker has chosen. */
export function isListening(id: SocketId): boolean {
  // Some systems return 1 for it, others the option's own bit.
  return (option(id, constants.SO_ACCEPTCONN) ?? 0) !== 0
}

/**
 * The type of the socket that `:adopt` names, `SOCK_STREAM` …; it stays the caller's for now.
 *
 * @throws TypeError, RangeError; `ENOTSOCK`, `EBADF`; `EEXIST`: a process or a Socket of this thread owns it
 */
export function adoptableType(fd: unknown): number {
  const id = adoptSocket(fd)
  const type = option(id, constants.SO_TYPE)
  native.detach(id)
  return type ?? 0
}

/** Takes over the socket of a descriptor. */
export function adoptSocket(fd: unknown): SocketId {
  return adoptDescriptor(':adopt', fd)
}

/**
 * Gives up the socket of a process that could not be made.
 *
 * @param adopted - whether it goes back to the caller, unless TLS has begun on it, instead of being closed
 */
export function letGo(id: SocketId, adopted: boolean): void {
  if (!adopted || native.detach(id) < 0) native.close(id)
}

function fits(id: SocketId, { type, server, family }: Needs): boolean {
  if (option(id, constants.SO_TYPE) !== type) return false
  const own = native.getsockname(id)
  if (typeof own === 'number' || (family !== 0 && familyOf(own) !== family)) return false
  const isConnected = typeof native.getpeername(id) !== 'number'
  return server ? !isConnected : isConnected
}

function option(id: SocketId, name: number | undefined): number | undefined {
  const value = name === undefined ? -1 : native.getsockopt(id, constants.SOL_SOCKET, name, 4)
  if (typeof value === 'number') return undefined
  return little ? value.readInt32LE() : value.readInt32BE()
}

// The variables are deleted whichever process they are for: a child would take them for its own.
function fromEnvironment(): Passed[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env
  delete process.env.LISTEN_PID
  delete process.env.LISTEN_FDS
  delete process.env.LISTEN_FDNAMES
  // Variables that were meant for our parent, such as a shell or a wrapper, are not for us.
  if (LISTEN_PID !== String(process.pid)) return []
  const names = LISTEN_FDNAMES?.split(':') ?? []
  const found: Passed[] = []
  for (let i = 0; i < Number(LISTEN_FDS); i++) {
    const fd = firstDescriptor + i
    const error = claim(fd)
    if (error === 0) found.push({ fd, name: names[i] })
    // There are fewer descriptors than the variable says, which may be any number.
    if (error === errno.EBADF) break
  }
  return found
}

// launchd gives out the sockets of a name once; after that, and where there is no launchd, the call fails.
function fromLaunchd(name: string): Passed[] {
  const fds = native.launch_activate_socket(name)
  if (typeof fds === 'number') return []
  return fds.filter(fd => claim(fd) === 0).map(fd => ({ fd, name }))
}

// Makes the descriptor close-on-exec. Returns 0, or a positive errno if it is no socket or has an owner already.
function claim(fd: number): number {
  const id = native.adopt(fd)
  if (id < 0) return -id
  native.detach(id)
  return 0
}
