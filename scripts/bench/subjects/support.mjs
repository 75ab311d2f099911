// What every subject in JavaScript shares: its options, what it says when it listens, and the messages of one byte that
// the driver asks by. A subject plays one role over one transport until it is killed.
//
//   echo    sends back what comes
//   sink    counts messages, and answers `?` by their number; the bytes of a stream, and says how many at its end
//   source  at the first message sends as fast as it can
//   accept  sends one byte on each connection, and closes it
//   idle    sends one byte on each connection, and answers a message when it has collected its garbage
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    role: { type: 'string' },
    transport: { type: 'string' },
    path: { type: 'string' },
    size: { type: 'string', default: '64' },
    mode: { type: 'string', default: '' },
  },
})

export const { role, transport, path, mode } = values
export const size = Number(values.size)

/** Sequenced packets and datagrams: what comes has ends. */
export const isMessages = transport !== 'tcp' && transport !== 'local-stream'

/** A message to send. */
export const block = Buffer.alloc(size, 'a')

/** How many messages a source sends before others have their turn. */
export const burst = 64

/** Tells the runner where the driver finds this subject: a port, or a path. */
export const listening = address => process.stdout.write(`listening ${address}\n`)

/** Frees what nobody holds, where Node runs with --expose-gc. */
export const collectGarbage = () => globalThis.gc?.()

/** The role that somebody was asked for and cannot play is no zero: it fails. */
export function play(roles) {
  const played = roles[role]
  if (played === undefined) throw new Error(`cannot play ${role} over ${transport}`)
  return played
}
