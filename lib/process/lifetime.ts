// The promises `opened` and `closed` of a process, which are made on first use: most processes have none. When a
// process opens or ends is decided in network-process.ts.
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
    // A promise that nobody awaits must not end the program as an unhandled rejection. Whoever awaits it gets the
    // error.
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

  /** The process has a socket that can be used. */
  open(process: NetworkProcess): void {
    this.#opened.resolve(process)
  }

  /** The process has ended. @param failure - why it has not opened, in case it has not */
  end(failure: unknown): void {
    this.#opened.reject(failure)
    this.#closed.resolve()
  }
}
