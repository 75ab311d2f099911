// Closing the socket of a process that has ended: what `send` has accepted is still sent, and with `:linger` the
// kernel's queue is waited for, too. This never blocks the thread.
import { native, type AddressId, type Counts, type SocketId } from '../native.js'
import { constants } from '../socket/constants.js'
import { closeCounted, countsOf } from '../socket/counts.js'
import { isUnannounced, wouldBlock } from '../socket/errors.js'
import { after } from '../socket/callbacks.js'
import { attach, holdAddresses, Interest, Mode, type Receiver } from '../socket/hub.js'
import { handshakesBegan } from '../tls/index.js'
import type { Output } from './output.js'

// How long the peer may take nothing before it is given up, in milliseconds.
const patience = 60_000
// How often the kernel's queue is checked, in milliseconds.
const interval = 10
// The longest pause before a datagram that found no room is tried again, in milliseconds.
const longestPause = 64

const nobody = { onPacketFailed() {} }

const farewells = new Set<Farewell>()

class Farewell implements Receiver {
  readonly #id: SocketId
  readonly #output: Output | undefined
  readonly #linger: number | undefined
  readonly #isPolled: boolean
  #stopPatience: () => void
  #stopTimer: (() => void) | undefined
  #pause = 1

  constructor(id: SocketId, output: Output | undefined, linger: number | undefined, isPolled: boolean) {
    this.#id = id
    this.#output = output
    this.#linger = linger
    this.#isPolled = isPolled
    this.#stopPatience = after(linger === undefined ? patience : linger * 1000, () => this.#close())
    farewells.add(this)
    native.setCounted(id, true)
    // A connection that its first callbacks have deleted is not in the epoll set yet.
    attach(id, this, Mode.receiving, Interest.none)
    this.onWritable()
  }

  onWritable(): void {
    const before = this.#output?.length
    const error = this.#flush()
    if (error === 0) this.#flushed()
    else if (!wouldBlock(error)) this.#close()
    else {
      const tookSome = before !== this.#output?.length
      if (tookSome) this.#pause = 1
      if (tookSome && this.#linger === undefined) {
        this.#stopPatience()
        this.#stopPatience = after(patience, () => this.#close())
      }
      this.#awaitRoom(error)
    }
  }

  // A packet that fails is dropped alone: those behind it are still sent.
  #flush(): number {
    const output = this.#output
    let error = output?.flush(this.#id, nobody) ?? 0
    while (output?.stream === false && error < 0 && !wouldBlock(error)) {
      output.dropPacket()
      error = output.flush(this.#id, nobody)
    }
    return error
  }

  // A timer tries again if the epoll set does not report when there is room, or has no room for the socket itself.
  #awaitRoom(error: number): void {
    const isAnnounced = !this.#isPolled && !isUnannounced(error)
    const isTold = isAnnounced && native.setInterest(this.#id, Interest.writable) === undefined
    if (!isTold) this.#stopTimer = after(this.#pause, () => this.onWritable())
    this.#pause = Math.min(2 * this.#pause, longestPause)
  }

  #flushed(): void {
    if (this.#linger === undefined) return this.#close()
    const error = native.shutdown(this.#id, constants.SHUT_WR)
    // TLS has a last word to say, for which there may be no room yet.
    native.setInterest(this.#id, wouldBlock(error) ? Interest.writable : Interest.none)
    if (wouldBlock(error)) return
    if (error < 0) return this.#close()
    this.#look()
  }

  #look(): void {
    // A connection that was reset never acknowledges what it was sent.
    if (native.unsent(this.#id) <= 0 || native.socketError(this.#id) !== 0) this.#close()
    else this.#stopTimer = after(interval, () => this.#look())
  }

  addresses(): Iterable<AddressId> {
    return this.#output?.addresses() ?? []
  }

  #close(): void {
    farewells.delete(this)
    this.#stopPatience()
    this.#stopTimer?.()
    closeCounted(this.#id)
    this.#output?.abandon()
  }
}

/**
 * Closes a socket when everything is sent: at once, if it is. Returns what the socket has counted so far.
 *
 * @param linger - how many seconds to wait for the peer's acknowledgement; undefined: do not wait
 * @param isPolled - whether the epoll set does not report when there is room
 * @internal
 */
export function closeWhenSent(
  id: SocketId,
  output: Output | undefined,
  linger: number | undefined,
  isPolled: boolean,
): Counts {
  const unsent = output !== undefined && !output.empty
  // The peer of a TLS session may send things that nobody reads, such as tickets. What arrives at a closed socket makes
  // the kernel reset the connection and drop what was sent.
  if (handshakesBegan() && native.tlsStage(id) > 0) linger ??= patience / 1000
  // A time of 0 asks for a reset, which sends nothing more.
  const waits = linger === undefined ? unsent : linger > 0 && (unsent || native.unsent(id) > 0)
  if (!waits) return closeCounted(id)
  const counts = countsOf(id)
  new Farewell(id, output, linger, isPolled)
  return counts
}

holdAddresses(function* () {
  for (const farewell of farewells) yield* farewell.addresses()
})
