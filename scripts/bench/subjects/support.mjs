// What all subjects in JavaScript share: their options, the line that they print when they listen, and the messages. A
// subject plays one role over one transport until it is killed.
//
//   echo    sends back what it receives
//   sink    counts messages, and answers `?` with their number; of a stream, counts bytes, and sends the number at its end
//   source  sends as fast as it can from the first message on
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

/** Whether the transport keeps message boundaries: sequenced packets and datagrams. */
export const isMessages = transport !== 'tcp' && transport !== 'local-stream'

/** A message to send. */
export const block = Buffer.alloc(size, 'a')

/** How many messages a source sends before it lets others run. */
export const burst = 64

/** Tells the runner where the driver finds this subject: a port, or a path. */
export const listening = address => process.stdout.write(`listening ${address}\n`)

/** Collects garbage, if Node runs with --expose-gc. */
export const collectGarbage = () => globalThis.gc?.()

/** The function for this subject's role. One that it does not have must fail, not measure 0. */
export function play(roles) {
  const played = roles[role]
  if (played === undefined) throw new Error(`cannot play ${role} over ${transport}`)
  return played
}
