// What a process has received and cannot deliver now, because it is stopped or a loop has not consumed it. It is kept
// in order and delivered before anything newer. It owns the descriptors that came beside it; when it is delivered, and
// to whom, is decided in network-process.ts.
import type { AddressId } from '../native.js'
import { guarded } from '../socket/callbacks.js'
import type { ReceivedInfo } from './message.js'

/** A message, a connection, or the end of the stream. @internal */
export interface HeldItem {
  /** Delivers it. */
  run: () => void
  sender: AddressId
  /** The data, if it is a message. */
  data?: string | Uint8Array
  /** What came beside it, to be dropped if nobody gets the message. */
  info?: ReceivedInfo | undefined
}

/** @internal */
export class Held {
  #items: HeldItem[] = []

  get length(): number {
    return this.#items.length
  }

  add(item: HeldItem): void {
    this.#items.push(item)
  }

  /** Puts back items that were taken and not used, before all others. */
  putBack(items: readonly HeldItem[]): void {
    this.#items.unshift(...items)
  }

  take(): HeldItem | undefined {
    return this.#items.shift()
  }

  /** Delivers everything. */
  run(): void {
    for (const { run } of this.#items.splice(0)) guarded(run)
  }

  /** Drops everything. Returns the data, which the caller may still use. */
  drop(): (string | Uint8Array)[] {
    const items = this.#items
    this.#items = []
    for (const { info } of items) info?.drop()
    return items.flatMap(({ data }) => data ?? [])
  }

  /** The senders, whom the filter may answer. */
  *senders(): Iterable<AddressId> {
    for (const { sender } of this.#items) yield sender
  }
}
