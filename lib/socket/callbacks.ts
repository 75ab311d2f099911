// Calling the user's callbacks, now or later. What one throws is reported as an uncaught exception, as everywhere in
// Node, and does not reach the caller.
import { native, type SocketId } from '../native.js'

/** Calls `callback`; what it throws is reported as uncaught. @internal */
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

/** Options of {@link after}. @internal */
export interface TimerOptions {
  /** The one socket that the timer is for: a synchronous wait for another socket alone does not run it. */
  of?: SocketId
  /** The timer does not keep the event loop alive; its socket does, unless unreferenced. */
  unreferenced?: boolean
}

/** Runs `run` in `milliseconds`, also during a synchronous wait. Returns a function that cancels it. @internal */
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

/** Milliseconds until the first timer is due, at most `most`. @param only - see {@link runDue} @internal */
export function untilDue(most: number, only?: SocketId): number {
  let limit = most
  for (const timer of timers)
    if (concerns(timer, only)) limit = Math.min(limit, Math.max(0, timer.due - performance.now()))
  return limit
}

/** Runs the timers that are due, for a synchronous wait. @param only - the one socket that is waited for @internal */
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
