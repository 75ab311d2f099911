// For observers of the whole program, not of one process: diagnostics channels, which cost nothing without subscribers,
// and with `NODE_DEBUG=make-network-process` a line of text for each message on them.
import { channel, subscribe } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'
import type { Data, MessageInfo, OutgoingMessage } from './message.js'
import type { NetworkProcess } from './network-process.js'

/** What the diagnostics channels publish, by the name of the channel. */
export interface DiagnosticsMessages {
  /** A client has connected, or a server listens. */
  'make-network-process:connect': {
    /** The client, or the server. */
    process: NetworkProcess
  }
  /** A server has accepted `process`. */
  'make-network-process:accept': {
    /** The connection. */
    process: NetworkProcess
    /** The server that has accepted it. */
    server: NetworkProcess
  }
  /** `send`, `sendMany` or `sendMessage` was called, and has not thrown. */
  'make-network-process:send': {
    /** The sender. */
    process: NetworkProcess
    /** What the call was given. */
    data: Data | readonly Data[] | OutgoingMessage
    /** What the call returns. */
    drained: boolean
  }
  /**
   * Output, decoded unless a stream gets it, right before it is delivered. Lent bytes are valid until the subscriber
   * returns.
   */
  'make-network-process:receive': {
    /** The receiver. */
    process: NetworkProcess
    /** A message, or a piece of a stream. */
    data: string | Uint8Array
    /** What came beside it, if the filter asks for that. */
    info: MessageInfo | undefined
  }
  /** A process has ended, and its sentinel was told. */
  'make-network-process:close': {
    /** The process that has ended. */
    process: NetworkProcess
    /** What failed, if anything. */
    error: unknown
  }
}

type Name = keyof DiagnosticsMessages

interface TypedChannel<N extends Name> {
  readonly hasSubscribers: boolean
  publish(message: DiagnosticsMessages[N]): void
}

const typed = <N extends Name>(name: N): TypedChannel<N> => channel(name)

/** @internal */
export const channels = {
  connect: typed('make-network-process:connect'),
  accept: typed('make-network-process:accept'),
  send: typed('make-network-process:send'),
  receive: typed('make-network-process:receive'),
  close: typed('make-network-process:close'),
}

const debug = debuglog('make-network-process')
if (debug.enabled) {
  for (const name of Object.keys(channels) as (keyof typeof channels)[]) {
    subscribe(`make-network-process:${name}`, message => {
      const { process, ...rest } = message as { process: NetworkProcess }
      debug('%s %o %o', name, process, rest)
    })
  }
}
