// A process as a stream of Node's: bytes for a stream, objects for packets. It owns how the two sets of rules meet:
// what the peer's end, ours, and an error are on either side.
import { Duplex } from 'node:stream'
import type { NetworkProcess } from './network-process.js'

/** What {@link NetworkProcess.duplex} can be told. */
export interface DuplexOptions {
  /** How much waits in each direction before it counts as full: bytes, or packets. Node's default without it. */
  highWaterMark?: number | undefined
  /** The same for what was received; beyond it the kernel keeps the rest. */
  readableHighWaterMark?: number | undefined
  /** The same for what is to be sent. */
  writableHighWaterMark?: number | undefined
  /**
   * Whether the peer's end leaves the stream writable. Without it as the process's `halfOpen` says. Under node:tls it has
   * to: TLS may still have something to send when the peer's end comes.
   */
  allowHalfOpen?: boolean | undefined
}

type Callback = (error?: Error | null) => void

// Not in a promise's own turn: what a listener throws is an uncaught exception, and no rejection. (Node's process
// is not imported, which would touch standard input: see eslint.config.js.)
const later = (callback: Callback, error?: Error) => {
  globalThis.process.nextTick(callback, error)
}

/** @param packets - the stream is one of objects, each a packet @internal */
export function duplexOf(
  process: NetworkProcess,
  packets: boolean,
  options: DuplexOptions & { allowHalfOpen: boolean },
): Duplex {
  const send = (data: Uint8Array, callback: Callback) => {
    try {
      if (process.send(data)) callback()
      else
        process.drained.then(
          () => later(callback),
          (error: unknown) => later(callback, rootOf(error as Error)),
        )
    } catch (error) {
      callback(rootOf(error as Error))
    }
  }
  const duplex = new Duplex({
    ...options,
    objectMode: packets,
    read: () => process.readMore(),
    // A stream of bytes has made text into bytes by now, one of objects has not.
    write: (chunk: string | Uint8Array, encoding, callback) =>
      send(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, callback),
    ...(packets ? {} : { writev: (chunks, callback) => send(Buffer.concat(chunks.map(bytesOf)), callback) }),
    final: callback => {
      try {
        process.sendEof()
        callback()
      } catch (error) {
        callback(error as Error)
      }
    },
    destroy: (error, callback) => {
      process.delete()
      callback(error)
    },
  })
  // Of a failure that was before there was a stream nobody can hear in this tick: node:http listens in the next one.
  let taken = false
  process.takeOver({
    raw: true,
    halfOpen: true,
    onOutput: output => duplex.push(output),
    onEnding: end => end(),
    onEnd: () => {
      duplex.push(null)
      // Whoever only writes asks for nothing, and has to see the end all the same.
      duplex.read(0)
    },
    onOver: failure => {
      const destroy = () => duplex.destroy(failure as Error | undefined)
      if (taken || failure === undefined) destroy()
      else later(destroy)
    },
    get hasUnread() {
      return duplex.readableLength > 0
    },
    takeUnread: () => [],
    senders: () => [],
  })
  taken = true
  return duplex
}

const bytesOf = ({ chunk }: { chunk: Uint8Array }) => chunk
// That a process is not running says less than why.
const rootOf = (error: Error) => (error.cause instanceof Error ? error.cause : error)
