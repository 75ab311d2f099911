// What a socket has counted, through memory that the addon shares.
import { native, type Counts, type SocketId } from '../native.js'
import { setReceiver } from './hub.js'

const counts = new Float64Array(4)
native.shareCounts(counts)

function counted(): Counts {
  return [counts[0] ?? 0, counts[1] ?? 0, counts[2] ?? 0, counts[3] ?? 0]
}

/** What an open socket has counted so far. @internal */
export function countsOf(id: SocketId): Counts {
  native.counts(id)
  return counted()
}

/** Closes a socket, of which nobody hears any more. Gives what it has counted. @internal */
export function closeCounted(id: SocketId): Counts {
  setReceiver(id, undefined)
  native.close(id)
  return counted()
}
