// What is told when everything that is there has been delivered: changes of state, and by whom. Emacs goes through its
// list of processes for that, from the newest on, and again whenever one is deleted; in turns it is done so here too.
import { native } from '../native.js'
import { after, guarded } from './callbacks.js'

/** Where somebody is on the list that is gone through. @internal */
export interface Place {
  older: Place | undefined
  newer: Place | undefined
}
let newest: Place | undefined
let waiting = new Map<Place, () => void>()
let inTurns = false
// In turns: something waits that no round has begun for. Who waits in the middle of one does not begin another.
let hasNews = false

// How many times the list is being gone through, one inside of the other.
let rounds = 0

/** A place for the newest. @internal */
export function takePlace(): Place {
  const place: Place = { older: newest, newer: undefined }
  if (newest !== undefined) newest.newer = place
  newest = place
  return place
}

/** Takes a place from the list. @internal */
export function leavePlace(place: Place): void {
  if (!isOnList(place)) return
  const { older, newer } = place
  if (older !== undefined) older.newer = newer
  if (newer !== undefined) newer.older = older
  else newest = older
  place.newer = undefined
  // Who has come to it goes on to what is behind it now, as Emacs does, even if that leaves too.
  if (rounds === 0) place.older = undefined
}

function isOnList(place: Place): boolean {
  return place.newer !== undefined || place === newest
}

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
 * @param place - of who waits; what waits there already is replaced
 * @internal
 */
export function afterDelivery(work: () => void, place: Place): void {
  if (depth === 0) return void after(0, work)
  waiting.set(place, work)
  hasNews = true
}

/**
 * Runs `work` now; in turns with all that waits for the end of delivery, in its order.
 *
 * @param place - as above
 * @internal
 */
export function withWaiting(work: () => void, place: Place): void {
  if (inTurns) againWithWaiting(work, place)
  else work()
}

/**
 * In turns: the same for who has left the list, and so is only met by those who were going through it then.
 *
 * @param place - as above
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

// From the newest on. What it calls may come here again, and leave nothing to do.
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
