// Whoever gets a process's output, or a server's connections, instead of the filter: a loop, or a stream. What the
// process and such a reader say to each other; neither knows more of the other.
import type { AddressId } from '../native.js'
import type { NetworkProcess } from './network-process.js'

/** @internal */
export interface Reader {
  /** It wants the bytes as they come, and sends bytes as they are, whatever the coding system. */
  readonly raw: boolean
  /** It can send after the peer's end of file, so the process stays. */
  readonly halfOpen: boolean
  /**
   * Output, or a connection.
   *
   * @param sender - whom to answer, where many send to one socket
   * @returns false: enough, until it calls {@link NetworkProcess.readMore}
   */
  onOutput(output: string | Uint8Array | NetworkProcess, sender: AddressId): boolean
  /** The peer has ended, or reset; `end` says so to everybody, as soon as the reader runs it. */
  onEnding(end: () => void): void
  /** There is no more output. */
  onEnd(): void
  /** The process is over. @param failure - why, if something has failed */
  onOver(failure: unknown): void
  /** Whether it has something that nobody has taken: output, or the end. */
  readonly hasUnread: boolean
  /** Gives up the output that nobody has taken, if it can. */
  takeUnread(): (string | Uint8Array)[]
  /** Whom it will answer. */
  senders(): Iterable<AddressId>
}
