// Blocking in poll(2), in short waits: a worker can be terminated only between two calls into the addon.
import { native } from '../native.js'

// How long one of them may be, in milliseconds.
const longestPoll = 100

/**
 * Blocks until one of the sockets is ready, or the time is over. Returns how many are ready, or -errno.
 *
 * @param triples - the id, the events and the place for what has occurred, of each socket
 * @param end - when the time is over, by performance.now()
 * @internal
 */
export function pollUntil(triples: Int32Array, end: number): number {
  for (;;) {
    const left = Math.max(0, Math.ceil(end - performance.now()))
    const ready = native.poll(triples, Math.min(left, longestPoll))
    if (ready !== 0 || performance.now() >= end) return ready
  }
}
