// Calling back what belongs to a user: by itself, or later. What it throws is an uncaught exception, as everywhere in
// Node, and goes no further.
import { native, type SocketId } from '../native.js'

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
  of: SocketId | undefined
  run: () => void
  handle: NodeJS.Timeout
}
const timers = new Set<Timer>()

/** What there is to say of a timer. @internal */
export interface TimerOptions {
  /** It calls back for this socket alone: who waits for just another one does not run it. */
  of?: SocketId
  /** It does not keep the event loop alive, as its socket does if that is wanted. */
  unreferenced?: boolean
}

/** Runs `run` in `milliseconds`, also while somebody waits synchronously. Gives what stops it. @internal */
export function after(milliseconds: number, run: () => void, options: TimerOptions = {}): () => void {
  const fire = () => {
    if (timers.delete(timer)) run()
  }
  const timer: Timer = {
    due: performance.now() + milliseconds,
    of: options.of,
    run: fire,
    handle: setTimeout(fire, milliseconds),
  }
  if (options.unreferenced) timer.handle.unref()
  timers.add(timer)
  return () => {
    clearTimeout(timer.handle)
    timers.delete(timer)
  }
}

/** In how many milliseconds the first timer is due, but `most` of them at most. @param only - see {@link runDue} @internal */
export function untilDue(most: number, only?: SocketId): number {
  let limit = most
  for (const timer of timers)
    if (concerns(timer, only)) limit = Math.min(limit, Math.max(0, timer.due - performance.now()))
  return limit
}

/** Runs the timers that are due, for somebody who waits. @param only - the one socket that is waited for @internal */
export function runDue(only?: SocketId): void {
  const now = performance.now()
  for (const timer of [...timers]) {
    if (timer.due > now || !concerns(timer, only)) continue
    clearTimeout(timer.handle)
    guarded(timer.run)
  }
}

function concerns({ of }: Timer, only: SocketId | undefined): boolean {
  return only === undefined || of === undefined || of === only
}
