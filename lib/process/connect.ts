// How a client connects: it tries the addresses of its peer one after the other, blocking or not, until it can connect
// to one.
import { native, type SocketId } from '../native.js'
import { errorAddress, familyOf } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { errno, systemError } from '../socket/errors.js'
import { after } from '../socket/callbacks.js'
import { attach, Interest, Mode, setReceiver, wait, type Receiver } from '../socket/hub.js'
import { pollUntil } from '../socket/polling.js'
import type { NetworkProcess } from './network-process.js'
import { processList } from './registry.js'

/** An address to try, and the socket that it needs. @internal */
export interface Candidate {
  family: number
  type: number
  protocol: number
  /** The sockaddr. */
  address: Uint8Array
}

/** Sets up a candidate's socket before it is connected or bound. @internal */
export type Prepare = (id: SocketId, candidate: Candidate) => void

// The pause before connecting again to a local server whose queue is full (EAGAIN), in milliseconds. Nothing reports
// when there is room.
const retryPause = 5
// The pause after which a server of this thread accepts while a client connects to it, in milliseconds.
const acceptPause = 100
// With UDP, EAGAIN means that no local port is left, and waiting may not help.
function isQueueFull(error: number, address: Uint8Array): boolean {
  return error === errno.EAGAIN && familyOf(address) === constants.AF_UNIX
}

/** Makes a candidate's socket and prepares it; returns -errno if there is no such socket. @internal */
export function openSocket(candidate: Candidate, prepare: Prepare): SocketId {
  const id = native.socket(candidate.family, candidate.type, candidate.protocol)
  if (id < 0) return id
  try {
    prepare(id, candidate)
  } catch (error) {
    native.close(id)
    throw error
  }
  return id
}

/** The first candidate whose socket can be made, with that socket. @throws the last one's system error @internal */
export function firstSocket(
  candidates: readonly Candidate[],
  prepare: Prepare,
): { id: SocketId; candidate: Candidate } {
  let failure: number = -(errno.EADDRNOTAVAIL ?? 0)
  for (const candidate of candidates) {
    const id = openSocket(candidate, prepare)
    if (id >= 0) return { id, candidate }
    failure = id
  }
  throw systemError(failure, 'socket')
}

/**
 * Connects to the first candidate that can be connected to, and blocks the thread until then.
 *
 * @throws the system error of the last one; what `prepare` throws
 * @internal
 */
export function connectBlocking(
  candidates: readonly Candidate[],
  prepare: Prepare,
): { id: SocketId; candidate: Candidate } {
  let failure: Error | undefined
  for (const candidate of candidates) {
    const id = openSocket(candidate, prepare)
    if (id < 0) {
      failure = systemError(id, 'socket')
      continue
    }
    const error = finishConnect(id, candidate.address)
    if (error === 0) return { id, candidate }
    native.close(id)
    failure = systemError(error, 'connect', errorAddress(candidate.address))
  }
  throw failure ?? systemError(errno.EADDRNOTAVAIL ?? 0, 'connect')
}

// connect(2) as if the socket were blocking. Returns a positive errno, or 0.
function finishConnect(id: SocketId, address: Uint8Array): number {
  for (;;) {
    const error = -native.connect(id, address)
    if (error === errno.EISCONN) return 0
    if (error === errno.EINPROGRESS || error === errno.EALREADY) return finishSlowConnect(id, address)
    if (!isQueueFull(error, address)) return error
    // The server may be a process of this thread, which has to get the chance to accept.
    wait(retryPause)
  }
}

// The same for TCP, which does not say that the queue is full: the peer's kernel does not answer before there is room.
function finishSlowConnect(id: SocketId, address: Uint8Array): number {
  const { port } = errorAddress(address)
  const isHere = (server: NetworkProcess) => server.isListening && server.contact('service', true) === port
  for (;;) {
    const ready = pollUntil(Int32Array.of(id, constants.POLLOUT, 0), performance.now() + acceptPause)
    if (ready !== 0) return ready < 0 ? -ready : native.socketError(id)
    if (!isOfThisMachine(id, address)) continue
    for (const server of processList().filter(isHere)) wait(0, server.socketId)
  }
}

// Whether an address to which a socket is being connected is one of this machine's own: the kernel then sends from it,
// but for those that begin with 127.
function isOfThisMachine(id: SocketId, address: Uint8Array): boolean {
  const own = native.getsockname(id)
  const { address: peer } = errorAddress(address)
  return peer?.startsWith('127.') === true || (typeof own !== 'number' && errorAddress(own).address === peer)
}

/** Connects without blocking; the process is told the outcome. @internal */
export class Connector implements Receiver {
  readonly #process: NetworkProcess
  readonly #candidates: readonly Candidate[]
  readonly #prepare: Prepare
  readonly #silently: boolean
  #next = 0
  #id: SocketId = -1
  #stopTimer: (() => void) | undefined

  /** @param silently - the sentinel is not called if the addresses fail at once, see emacs.ts */
  constructor(
    process: NetworkProcess,
    candidates: readonly Candidate[],
    prepare: Prepare,
    silently: boolean,
  ) {
    this.#process = process
    this.#candidates = candidates
    this.#prepare = prepare
    this.#silently = silently
    this.#tryNext(undefined)
  }

  // Tries addresses until a connect is under way or no address is left.
  #tryNext(lastError: number | undefined): void {
    let error = lastError ?? errno.EADDRNOTAVAIL ?? 0
    let syscall = 'connect'
    while (this.#next < this.#candidates.length) {
      const candidate = this.#candidates[this.#next++] as Candidate
      const id = openSocket(candidate, this.#prepare)
      if (id < 0) {
        error = -id
        syscall = 'socket'
        continue
      }
      syscall = 'connect'
      this.#id = id
      this.#process.setConnecting(id, () => this.#cancel())
      error = this.#connect(candidate)
      if (error === 0) return
      this.#close()
    }
    this.#process.setConnecting(-1, () => this.#cancel())
    const tried = this.#candidates[this.#next - 1]
    const about = tried === undefined || syscall === 'socket' ? {} : errorAddress(tried.address)
    this.#process.fail(error, systemError(error, syscall, about), this.#silently && lastError === undefined)
  }

  #connect(candidate: Candidate): number {
    const error = -native.connect(this.#id, candidate.address)
    const isFull = isQueueFull(error, candidate.address)
    if (error !== 0 && error !== errno.EINPROGRESS && !isFull) return error
    this.#process.noteAddresses(this.#id, candidate.address)
    if (isFull) {
      const retry = () => {
        this.#stopTimer = undefined
        const again = this.#connect(candidate)
        if (again === 0) return
        this.#close()
        this.#tryNext(again)
      }
      this.#stopTimer = after(retryPause, retry, { unreferenced: true })
      return 0
    }
    // Even a socket that is connected already opens only from the event loop, when the caller has the process.
    return -(attach(this.#id, this, Mode.connecting, Interest.writable) ?? 0)
  }

  onConnected(error: number): void {
    if (error === 0) {
      this.#process.connectedLater(this.#id)
      return
    }
    this.#close()
    this.#tryNext(error)
  }

  // The process closes the socket itself when it is deleted.
  #cancel(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    this.#next = this.#candidates.length
  }

  #close(): void {
    setReceiver(this.#id, undefined)
    native.close(this.#id)
    this.#id = -1
  }
}
