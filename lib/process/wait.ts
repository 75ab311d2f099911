// Waiting for output without returning to Node's loop.
import { idleRounds } from '../socket/afterwards.js'
import { typeError } from '../socket/errors.js'
import { nobody, wait } from '../socket/hub.js'
import { isNil } from '../lisp.js'
import { NetworkProcess, outputCount } from './network-process.js'

// How many more wake-ups are handled without waiting, as long as there are events: a peer that never stops sending must
// not keep the caller for ever.
const furtherRounds = 64

/**
 * Waits for output, and delivers it and all other events: filters and sentinels run before this returns, and Node's
 * event loop does not. Corresponds to `accept-process-output`. For a process that has ended it does not wait, and
 * delivers only what that process has received.
 *
 * @param process - wait for output of this process; without it, of any
 * @param seconds - how long to wait at most; 0 or less: not at all. Default: for a process without limit, otherwise not
 *   at all
 * @param milliseconds - added to the seconds
 * @param justThisOne - deliver the events of this process only
 * @returns whether there was output of the process, or of any
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 */
export function acceptProcessOutput(
  process?: NetworkProcess | null,
  seconds?: number | null,
  milliseconds?: number | null,
  justThisOne?: unknown,
): boolean {
  if (!isNil(process) && !(process instanceof NetworkProcess))
    throw typeError('process', 'a process or nil', process)
  for (const [name, value] of Object.entries({ seconds, milliseconds }))
    if (!isNil(value) && (typeof value !== 'number' || Number.isNaN(value)))
      throw typeError(name, 'a number', value)
  const limited = !isNil(seconds) || !isNil(milliseconds)
  const length = process && !limited ? Infinity : Math.max(0, (seconds ?? 0) * 1000 + (milliseconds ?? 0))
  const end = performance.now() + length
  const only = process && !isNil(justThisOne) ? process : undefined
  const [outputs, rounds, outer] = [outputCount(), idleRounds, inside]
  inside = { outputs: 0, rounds: 0 }
  try {
    return process ? waitFor(process, limited, length, end, only) : waitForAny(length, end)
  } finally {
    inside = {
      outputs: outer.outputs + outputCount() - outputs,
      rounds: outer.rounds + idleRounds - rounds,
    }
  }
}

// What waits inside of callbacks have delivered: the wait around them does not count it as its own.
let inside = { outputs: 0, rounds: 0 }

// In turns: how often sentinels were told of changes. A wait that has told some looks once more at what is there, even
// if its time is over.
const ownRounds = () => idleRounds - inside.rounds

function isOverdue(end: number, begun: number): boolean {
  return performance.now() >= end && ownRounds() === begun
}

function waitFor(
  process: NetworkProcess,
  limited: boolean,
  length: number,
  end: number,
  only: NetworkProcess | undefined,
): boolean {
  const before = process.outputs
  // A process that cannot have output any more is not waited for; what it has received is still delivered, and nothing
  // else.
  const isOver = () => !isWaitable(process, limited)
  const whose = () => (isOver() ? remaining(process) : idOf(only))
  for (let round = 0; ; round++) {
    const over = isOver()
    const left = over ? 0 : end - performance.now()
    const begun = ownRounds()
    const events = wait(Math.max(0, left), whose())
    // A caller that does not wait gets everything that is there.
    const looksOnly = over || length === 0
    const done = looksOnly ? events === 0 || round === furtherRounds : isOverdue(end, begun)
    if (process.outputs !== before || done) break
  }
  if (process.outputs === before) return false
  for (let round = 0; round < furtherRounds && wait(0, whose()) > 0; round++);
  return true
}

function waitForAny(length: number, end: number): boolean {
  const outputs = () => outputCount() - inside.outputs
  let before = outputs()
  for (let left = furtherRounds; ; left--) {
    const begun = ownRounds()
    const looksOnly = length === 0 || outputs() !== before
    const events = wait(looksOnly ? 0 : Math.max(0, end - performance.now()))
    // In turns (see `takeTurns`), telling sentinels of changes begins the wait anew.
    if (ownRounds() !== begun) before = outputs()
    const done = length > 0 && isOverdue(end, begun)
    if (done || (looksOnly && (events === 0 || left <= 0))) return outputs() !== before
  }
}

function idOf(only: NetworkProcess | undefined): number | undefined {
  return only !== undefined && only.socketId >= 0 ? only.socketId : undefined
}

// A server's connections are not its output, so nothing is delivered for it.
function remaining(process: NetworkProcess): number {
  return process.isListening ? nobody : process.socketId
}

// A callback may continue a stopped process meanwhile, but only a wait with a limit may count on that.
function isWaitable({ status }: NetworkProcess, limited: boolean): boolean {
  return status === 'open' || status === 'connect' || (status === 'stop' && limited)
}
