// `for await` over a process: its messages, or a server's connections, one at a time. It owns what was received and not
// asked for yet, which is bounded: the rest stays in the kernel.
import type { AddressId } from '../native.js'
import type { Filter } from './keywords.js'
import type { NetworkProcess } from './network-process.js'
import type { Reader } from './reader.js'

/** A process with output of a known type: messages, or pieces of a stream, which `for await` yields. */
export interface NetworkConnection<Data extends string | Buffer = string | Buffer> extends NetworkProcess {
  /** As {@link NetworkProcess.filter}. */
  get filter(): Filter | true
  /** Replaces it. */
  set filter(filter: Filter<Data> | true | null | undefined)
  [Symbol.asyncIterator](): AsyncGenerator<Data, void, void>
}

/** A server, with the type of what its connections receive; `for await` yields the connections. */
export interface NetworkServer<Data extends string | Buffer = string | Buffer> extends NetworkProcess {
  /** The filter of its connections, see {@link NetworkProcess.filter}. */
  get filter(): Filter | true
  /** Replaces it, for the connections that are accepted from now on. */
  set filter(filter: Filter<Data> | true | null | undefined)
  [Symbol.asyncIterator](): AsyncGenerator<NetworkConnection<Data>, void, void>
}

type Output = string | Uint8Array | NetworkProcess
interface Waiting {
  output: Output
  sender: AddressId
}

// With this many waiting, no more is read. A single wake-up may still bring more: up to 64 messages.
const enough = 16

class LoopReader implements Reader {
  readonly raw = false
  readonly halfOpen = false
  readonly #process: NetworkProcess
  #waiting: Waiting[] = []
  // Who has sent what the body is about to get: a promise's turn comes after addresses are forgotten.
  #given: AddressId = -1
  #wanted: { resolve: (next: Waiting | undefined) => void; reject: (failure: unknown) => void } | undefined
  #ending: (() => void) | undefined
  #over: { failure: unknown } | undefined

  constructor(process: NetworkProcess) {
    this.#process = process
  }

  /** The next output, or undefined at the end. Called when the loop's body is done with the one before. */
  next(): Promise<Waiting | undefined> {
    return new Promise((resolve, reject) => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#wanted = { resolve, reject }
      else this.#give(next, resolve)
      if (this.#waiting.length > 0) return
      if (next === undefined) this.#runEnding()
      if (this.#over === undefined) this.#process.readMore()
      else this.#finish(this.#over.failure)
    })
  }

  onOutput(output: Output, sender: AddressId): boolean {
    const next = { output, sender }
    if (this.#wanted === undefined) this.#waiting.push(next)
    else {
      this.#give(next, this.#wanted.resolve)
      this.#wanted = undefined
    }
    return this.#waiting.length < enough
  }

  #give(next: Waiting, resolve: (next: Waiting) => void): void {
    this.#given = next.sender
    resolve(next)
  }

  // The loop's body may still answer what came before the end, so the end waits until the loop asks for more.
  onEnding(end: () => void): void {
    this.#ending = end
    if (this.#wanted !== undefined) this.#runEnding()
  }

  #runEnding(): void {
    const end = this.#ending
    this.#ending = undefined
    end?.()
  }

  onEnd(): void {
    this.#finish(undefined)
  }

  onOver(failure: unknown): void {
    // Output of a deleted process that the loop has not got is dropped; connections live on without their server.
    this.#waiting = this.#waiting.filter(({ output }) => typeof output === 'object' && 'name' in output)
    this.#ending = undefined
    this.#finish(failure)
  }

  #finish(failure: unknown): void {
    this.#over ??= { failure }
    if (failure === undefined) this.#wanted?.resolve(undefined)
    else this.#wanted?.reject(failure)
    this.#wanted = undefined
  }

  get hasUnread(): boolean {
    return this.#waiting.length > 0 || this.#ending !== undefined
  }

  takeUnread(): (string | Uint8Array)[] {
    const unread = this.#waiting
    this.#waiting = []
    return unread.map(({ output }) => output as string | Uint8Array)
  }

  *senders(): Iterable<AddressId> {
    yield this.#given
    for (const { sender } of this.#waiting) yield sender
  }

  /** What the loop has not consumed, in the order of arrival. */
  get rest(): { unread: readonly Waiting[]; ending: (() => void) | undefined } {
    return { unread: this.#waiting, ending: this.#ending }
  }
}

/** The messages of a process, or the connections of a server. @internal */
export async function* iterate(process: NetworkProcess): AsyncGenerator<Output, void, void> {
  const reader = new LoopReader(process)
  process.takeOver(reader)
  try {
    for (;;) {
      const next = await reader.next()
      if (next === undefined) return
      process.answerTo(next.sender)
      yield next.output
    }
  } finally {
    const { unread, ending } = reader.rest
    process.giveBack(unread, ending)
  }
}
