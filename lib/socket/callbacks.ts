// Calling back what belongs to a user: by itself, or later. What it throws is an uncaught exception, as everywhere in
// Node, and goes no further.
import { native } from '../native.js'

/** Calls it; what it throws is reported as uncaught. @internal */
export function guarded(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    native.uncaught(error)
  }
}

interface Timer {
  due: number
  run: () => void
  handle: NodeJS.Timeout
}
const timers = new Set<Timer>()

/** Runs `run` in `milliseconds`, also while somebody waits synchronously. Gives what stops it. @internal */
export function after(milliseconds: number, run: () => void): () => void {
  const fire = () => {
    if (timers.delete(timer)) run()
  }
  const timer: Timer = {
    due: performance.now() + milliseconds,
    run: fire,
    handle: setTimeout(fire, milliseconds),
  }
  timers.add(timer)
  return () => {
    clearTimeout(timer.handle)
    timers.delete(timer)
  }
}

/** In how many milliseconds the first timer is due, but `most` of them at most. @internal */
export function untilDue(most: number): number {
  let limit = most
  for (const { due } of timers) limit = Math.min(limit, Math.max(0, due - performance.now()))
  return limit
}

/** Runs the timers that are due, for somebody who waits. @internal */
export function runDue(): void {
  const now = performance.now()
  for (const timer of [...timers]) {
    if (timer.due > now) continue
    clearTimeout(timer.handle)
    guarded(timer.run)
  }
}
