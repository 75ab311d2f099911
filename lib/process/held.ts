// What has come to a process and waits, because nobody is to get it now: the process is stopped, or a loop has left it. It
// is in order, and before anything newer. It owns the descriptors that came beside it; when it is delivered, and to whom,
// is in network-process.ts.
import type { AddressId } from '../native.js'
import { guarded } from '../socket/callbacks.js'
import type { ReceivedInfo } from './message.js'

/** One message, connection, or end. @internal */
export interface HeldItem {
  /** Delivers it. */
  run: () => void
  sender: AddressId
  /** The bytes, if it is any. */
  data?: string | Uint8Array
  /** What came beside it, if nobody gets it. */
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

  /** What was taken and not used, before everything else. */
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

  /** Nobody gets it any more, but who takes the bytes that it gives. */
  drop(): (string | Uint8Array)[] {
    const items = this.#items
    this.#items = []
    for (const { info } of items) info?.drop()
    return items.flatMap(({ data }) => data ?? [])
  }

  /** Whom it will be answered. */
  *senders(): Iterable<AddressId> {
    for (const { sender } of this.#items) yield sender
  }
}
