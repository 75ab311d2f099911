// The two promises of a process's life. They are made when somebody asks, whenever that is; a process that nobody
// asks has none. What a process is, and when it opens or ends, is in network-process.ts.
import type { NetworkProcess } from './network-process.js'

/** A promise, and what settles it. */
class Settled<T> {
  readonly promise: Promise<T>
  resolve!: (value: T) => void
  reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Whoever asked and does not look must not end the program; whoever looks still gets the error.
    this.promise.catch(() => {})
  }
}

/** When a process has opened, and when it has ended. @internal */
export class Lifetime {
  readonly #opened = new Settled<NetworkProcess>()
  readonly #closed = new Settled<void>()

  get opened(): Promise<NetworkProcess> {
    return this.#opened.promise
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** It has a socket that can be used. */
  open(process: NetworkProcess): void {
    this.#opened.resolve(process)
  }

  /** It has ended. @param failure - why it has not opened, if it has not */
  end(failure: unknown): void {
    this.#opened.reject(failure)
    this.#closed.resolve()
  }
}
