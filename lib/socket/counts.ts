// A socket's counters, read through memory that is shared with the addon.
import { native, type Counts, type SocketId } from '../native.js'
import { setReceiver } from './hub.js'

const counts = new Float64Array(4)
native.shareCounts(counts)

function counted(): Counts {
  return [counts[0] ?? 0, counts[1] ?? 0, counts[2] ?? 0, counts[3] ?? 0]
}

/** The counters of an open socket. @internal */
export function countsOf(id: SocketId): Counts {
  native.counts(id)
  return counted()
}

/** Closes a socket and removes its receiver. Returns its final counters. @internal */
export function closeCounted(id: SocketId): Counts {
  setReceiver(id, undefined)
  native.close(id)
  return counted()
}
