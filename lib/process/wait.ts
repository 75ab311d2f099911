// Waiting for output without returning to Node's loop.
import { idleRounds } from '../socket/afterwards.js'
import { typeError } from '../socket/errors.js'
import { nobody, wait } from '../socket/hub.js'
import { isNil } from '../lisp.js'
import { NetworkProcess, outputCount } from './network-process.js'

// How many wake-ups are taken in without waiting while there is more: a peer that never stops must not keep the caller
// for ever.
const furtherRounds = 64

/**
 * Waits for output, delivering it and everything else that comes: filters and sentinels run before this returns, and
 * Node's event loop does not. Corresponds to `accept-process-output`. For a process that has ended nothing is waited for,
 * and nothing of others is delivered: only what it has received.
 *
 * @param process - wait for output of this one; without it, of any
 * @param seconds - at most so long. Without it: for a process without limit, otherwise not at all; 0 or less: not at all
 * @param milliseconds - added to the seconds
 * @param justThisOne - let only this process run
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

// What waits inside of callbacks have taken in, which the wait around them does not count as its own.
let inside = { outputs: 0, rounds: 0 }

function waitFor(
  process: NetworkProcess,
  limited: boolean,
  length: number,
  end: number,
  only: NetworkProcess | undefined,
): boolean {
  const before = process.outputs
  // What cannot have output any more is not waited for; what it has received is still delivered, and nothing else.
  const isOver = () => !isWaitable(process, limited)
  const whose = () => (isOver() ? remaining(process) : idOf(only))
  for (let round = 0; ; round++) {
    const over = isOver()
    const left = over ? 0 : end - performance.now()
    const events = wait(Math.max(0, left), whose())
    // Who does not wait takes in everything that is there.
    const looksOnly = over || length === 0
    const done = looksOnly ? events === 0 || round === furtherRounds : performance.now() >= end
    if (process.outputs !== before || done) break
  }
  if (process.outputs === before) return false
  for (let round = 0; round < furtherRounds && wait(0, whose()) > 0; round++);
  return true
}

function waitForAny(length: number, end: number): boolean {
  const outputs = () => outputCount() - inside.outputs
  const rounds = () => idleRounds - inside.rounds
  let before = outputs()
  for (let left = furtherRounds; ; left--) {
    const begun = rounds()
    const looksOnly = length === 0 || outputs() !== before
    const events = wait(looksOnly ? 0 : Math.max(0, end - performance.now()))
    // In turns telling of changes begins the wait anew.
    if (rounds() !== begun) before = outputs()
    const done = length > 0 && performance.now() >= end
    if (done || (looksOnly && (events === 0 || left <= 0))) return outputs() !== before
  }
}

function idOf(only: NetworkProcess | undefined): number | undefined {
  return only !== undefined && only.socketId >= 0 ? only.socketId : undefined
}

// Connections are not a server's output.
function remaining(process: NetworkProcess): number {
  return process.isListening ? nobody : process.socketId
}

// A stopped process may be continued by what is called meanwhile, but only a limited wait may count on it.
function isWaitable({ status }: NetworkProcess, limited: boolean): boolean {
  return status === 'open' || status === 'connect' || (status === 'stop' && limited)
}
