// A process as a Node stream: of bytes for a stream, of objects for packets. It owns how the rules of both translate:
// what the peer's end of file, our own, and an error mean on either side.
import { NetworkDuplex } from './network-duplex.js'
import type { NetworkProcess } from './network-process.js'

/** Options of {@link NetworkProcess.duplex}. */
export interface DuplexOptions {
  /** How many bytes, or packets, each direction buffers before it counts as full. Default: Node's. */
  highWaterMark?: number | undefined
  /** The same for what was received; the rest stays in the kernel. */
  readableHighWaterMark?: number | undefined
  /** The same for what is to be sent. */
  writableHighWaterMark?: number | undefined
  /**
   * Whether the stream stays writable after the peer's end of file. Default: the process's `halfOpen`. Under node:tls
   * it has to be true: TLS may still have something to send then.
   */
  allowHalfOpen?: boolean | undefined
}

type Callback = (error?: Error | null) => void

// Not inside a promise's reaction: what a listener throws has to be an uncaught exception, not a rejection. (Node's
// `process` is not imported, because that would touch standard input: see eslint.config.js.)
const later = (callback: Callback, error?: Error) => {
  globalThis.process.nextTick(callback, error)
}

/** @param packets - whether the stream is in object mode, each object a packet @internal */
export function duplexOf(
  process: NetworkProcess,
  packets: boolean,
  options: DuplexOptions & { allowHalfOpen: boolean },
): NetworkDuplex {
  const send = (data: Uint8Array, callback: Callback) => {
    duplex.touch()
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
  const duplex = new NetworkDuplex(process, {
    ...options,
    objectMode: packets,
    read: () => process.readMore(),
    // In object mode text arrives here as it is; otherwise Duplex has encoded it.
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
  // If the process failed before the stream was made, nobody listens for that yet: node:http adds its listeners in the
  // next tick.
  let taken = false
  process.takeOver({
    raw: true,
    halfOpen: true,
    onOutput: (output, sender) => {
      duplex.touch()
      process.answerTo(sender)
      return duplex.push(output)
    },
    onEnding: end => end(),
    onEnd: () => {
      duplex.push(null)
      // A user who only writes never reads, and has to see the end all the same.
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
// The error of a process that is not running says less than its cause.
const rootOf = (error: Error) => (error.cause instanceof Error ? error.cause : error)
