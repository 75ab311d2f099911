// A reader gets a process's output, or a server's connections, instead of the filter: a loop, or a stream. This
// interface is all that the process knows of it.
import type { AddressId } from '../native.js'
import type { NetworkProcess } from './network-process.js'

/** @internal */
export interface Reader {
  /** It gets and sends bytes as they are, whatever the coding system. */
  readonly raw: boolean
  /** It can send after the peer's end of file, so the process stays open. */
  readonly halfOpen: boolean
  /**
   * Takes output, or a connection.
   *
   * @param sender - the address to answer to, on a socket that is not connected
   * @returns false: reading pauses until it calls {@link NetworkProcess.readMore}
   */
  onOutput(output: string | Uint8Array | NetworkProcess, sender: AddressId): boolean
  /** The peer has ended or reset the connection. The process acts on that when the reader calls `end`. */
  onEnding(end: () => void): void
  /** There is no more output. */
  onEnd(): void
  /** The process has ended. @param failure - what failed, if anything */
  onOver(failure: unknown): void
  /** Whether it holds something that its user has not taken yet: output, or the end. */
  readonly hasUnread: boolean
  /** Gives up the output that its user has not taken yet, if it can. */
  takeUnread(): (string | Uint8Array)[]
  /** The senders of what it holds, whom its user may answer. */
  senders(): Iterable<AddressId>
}
