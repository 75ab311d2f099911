// What is told when everything that is there has been delivered: changes of state, and by whom. Emacs goes through its
// list of processes for that, from the newest on, and again whenever one is deleted; in turns it is done so here too.
import { native } from '../native.js'
import { after, guarded } from './callbacks.js'

interface Later {
  work: () => void
  /** How new its owner is. */
  age: number
  /** Only rounds up to this one do it. */
  last?: number
}
let waiting: Later[] = []
let inTurns = false
// In turns: something waits that no round has begun for. Who waits in the middle of one does not begin another.
let hasNews = false

/** How many deliveries are under way, one inside of the other. @internal */
export let depth = 0

/**
 * Makes the hub do as Emacs's loop does: one message, one callback, then look again, so that what a filter causes
 * comes before what was there behind its own message. It costs the batches. For the whole thread, from now on.
 * @internal
 */
export function takeTurns(): void {
  if (inTurns) return
  inTurns = true
  native.takeTurns()
}

/** What a wake-up brought is going to be delivered. @internal */
export function beginDelivery(): void {
  depth++
}

/** In turns: how often everything was told because nothing else was left. @internal */
export let idleRounds = 0

/** It is. @param idle - in turns: nothing is left @internal */
export function endDelivery(idle: boolean): void {
  if (!inTurns) doAll()
  else if (idle && hasNews) {
    doInTurn()
    idleRounds++
  }
  depth--
}

/**
 * Runs `work` when everything that is there has been delivered: later, in any case.
 *
 * @param age - the number of who waits
 * @internal
 */
export function afterDelivery(work: () => void, age: number): void {
  if (depth === 0) return void after(0, work)
  waiting.push({ work, age })
  hasNews = true
}

/**
 * Runs `work` now; in turns with all that waits for the end of delivery, in its order.
 *
 * @param age - as above
 * @internal
 */
export function withWaiting(work: () => void, age: number): void {
  if (!inTurns) return work()
  waiting.push({ work, age })
  doInTurn()
}

/**
 * In turns: the same, but `work` is only done by a round that began before its owner was done with, and has not come to
 * it: Emacs, which is going through a list that somebody has left, tells him again.
 *
 * @param age - as above
 * @param last - what {@link roundNow} said then
 * @internal
 */
export function againWithWaiting(work: () => void, age: number, last: number): void {
  if (!inTurns) return
  waiting = waiting.filter(later => later.age !== age)
  waiting.push({ work, age, last })
  doInTurn()
}

let rounds = 0
let round = 0

/** Which round is under way, for {@link againWithWaiting}. @internal */
export function roundNow(): number {
  return round
}

function doAll(): void {
  if (waiting.length === 0) return
  const all = waiting
  waiting = []
  for (const { work } of all) guarded(work)
}

// From the newest on. What it calls may come here again, and leave nothing to do.
function doInTurn(): void {
  hasNews = false
  const outer = round
  const own = (round = ++rounds)
  for (let next = takeNewest(Infinity, own); next !== undefined; next = takeNewest(next.age, own))
    guarded(next.work)
  round = outer
  if (outer !== 0) return
  waiting = waiting.filter(({ last }) => last === undefined)
  if (waiting.length > 0) after(0, doInTurn)
}

function takeNewest(before: number, own: number): Later | undefined {
  let newest: Later | undefined
  for (const later of waiting)
    if (later.age < before && own <= (later.last ?? own) && later.age > (newest?.age ?? 0)) newest = later
  if (newest !== undefined) waiting.splice(waiting.indexOf(newest), 1)
  return newest
}
