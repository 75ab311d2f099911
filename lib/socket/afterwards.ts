// Work deferred until all input of a wake-up has been delivered: reports of state changes, one for each process. Emacs
// walks its list of processes for that, newest first, and again whenever one is deleted; in turns (see takeTurns) so does
// this module.
import { native } from '../native.js'
import { after, guarded } from './callbacks.js'

/** The place of one process in the list. @internal */
export interface Place {
  older: Place | undefined
  newer: Place | undefined
}
let newest: Place | undefined
let waiting = new Map<Place, () => void>()
let inTurns = false
// In turns: work was added since the last walk began. A synchronous wait inside a walk thus does not begin another walk.
let hasNews = false

// How many walks through the list are under way, nested.
let rounds = 0

/** Adds a place for the newest process. @internal */
export function takePlace(): Place {
  const place: Place = { older: newest, newer: undefined }
  if (newest !== undefined) newest.newer = place
  newest = place
  return place
}

/** Removes a place from the list. @internal */
export function leavePlace(place: Place): void {
  if (!isOnList(place)) return
  const { older, newer } = place
  if (older !== undefined) older.newer = newer
  if (newer !== undefined) newer.older = older
  else newest = older
  place.newer = undefined
  // A walk that is at this place goes on to the one behind it now, as Emacs does, even if that is removed too.
  if (rounds === 0) place.older = undefined
}

function isOnList(place: Place): boolean {
  return place.newer !== undefined || place === newest
}

/** How many deliveries are under way, nested. @internal */
export let depth = 0

/**
 * Makes the hub of this thread work as Emacs's loop does, from now on: read one message, call back once, look again. So
 * what a filter causes comes before input that arrived after the filter's own message. The price is batching.
 * @internal
 */
export function takeTurns(): void {
  if (inTurns) return
  inTurns = true
  native.takeTurns()
}

/** Delivery of what a wake-up brought begins. @internal */
export function beginDelivery(): void {
  depth++
}

/** In turns: how often the list was walked because no input was left. @internal */
export let idleRounds = 0

/** Delivery ends. @param idle - in turns: no input is left @internal */
export function endDelivery(idle: boolean): void {
  if (!inTurns) doAll()
  else if (idle && hasNews) {
    doInTurn()
    idleRounds++
  }
  depth--
}

/**
 * Runs `work` when all input that is there has been delivered; never before this returns.
 *
 * @param place - the process's; work that waits there already is replaced
 * @internal
 */
export function afterDelivery(work: () => void, place: Place): void {
  if (depth === 0) return void after(0, work)
  waiting.set(place, work)
  hasNews = true
  if (inTurns) native.haveNews()
}

/**
 * Runs `work` now; in turns, together with all waiting work, in the order of the list.
 *
 * @param place - the process's
 * @internal
 */
export function withWaiting(work: () => void, place: Place): void {
  if (inTurns) againWithWaiting(work, place)
  else work()
}

/**
 * In turns: the same for a place that has left the list, which only walks that were under way by then can still meet.
 *
 * @param place - the process's
 * @internal
 */
export function againWithWaiting(work: () => void, place: Place): void {
  if (!inTurns) return
  waiting.set(place, work)
  doInTurn()
}

function doAll(): void {
  if (waiting.size === 0) return
  const all = waiting
  waiting = new Map()
  for (const work of all.values()) guarded(work)
}

// Walks the list, newest first. A callback may begin a walk of its own, which may leave nothing to do.
function doInTurn(): void {
  hasNews = false
  rounds++
  for (let place = newest; place !== undefined && waiting.size > 0; place = place.older) {
    const work = waiting.get(place)
    if (work === undefined) continue
    waiting.delete(place)
    guarded(work)
  }
  rounds--
  if (rounds > 0) return
  for (const place of waiting.keys()) if (!isOnList(place)) waiting.delete(place)
  if (waiting.size > 0) after(0, doInTurn)
}
