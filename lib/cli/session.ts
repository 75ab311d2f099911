// One run of the command: the network process, sending standard input to it, printing what it receives, and how the run
// ends. It knows nothing of command lines and signals.

import type { Readable } from 'node:stream'
import { makeNetworkProcess, processList, type NetworkProcess } from '../index.js'
import type { Command } from './arguments.js'
import { readMessages } from './input.js'
import type { Meter } from './meter.js'
import { formatAddress, peerOf, type Output } from './output.js'

/** A network process and the conversation over it. */
export class Session {
  /** The process that the keywords made: a client, or a server, whose connections have processes of their own. */
  readonly process: NetworkProcess
  /** Resolves to the exit status when the session is over: 0, 1 after an error, or the argument of `end`. */
  readonly ended: Promise<number>

  readonly #command: Command
  readonly #output: Output
  readonly #meter: Meter
  readonly #holds = new Map<NetworkProcess, number>()
  #resolve!: (status: number) => void
  #input: Readable | undefined
  #lastCall: NodeJS.Timeout | undefined
  #status = 0
  #isOver = false
  #isInputOver = false
  #isPeerDone = false
  #lastFailure: unknown
  #wake = () => {}

  /**
   * Makes the process; blocks until it is connected unless the keywords say `:nowait`.
   *
   * @throws what `makeNetworkProcess` throws.
   */
  constructor(command: Command, output: Output, meter: Meter) {
    this.#command = command
    this.#output = output
    this.#meter = meter
    this.ended = new Promise(resolve => (this.#resolve = resolve))
    // `:half-open` lets the sentinel tell the peer's end of file from a connection that broke. It comes first, because
    // the first of two equal keywords counts.
    let isMade = false
    this.process = makeNetworkProcess(
      ':log',
      (server: NetworkProcess, _client: unknown, message: string) => output.event(server.name, message),
      ...(command.server ? [] : [':half-open', true]),
      ...command.keywords,
      ':filter',
      (process: NetworkProcess, data: string | Uint8Array) => this.#receive(process, data),
      ':sentinel',
      (process: NetworkProcess, event: string) => {
        // A blocking TLS client opens before it is returned; `start` says so.
        if (isMade || event !== opened) this.#notice(process, event)
      },
    )
    isMade = true
  }

  /** Reports the state of the process, and begins to send `input`, which an echo server does not read. */
  start(input: () => Readable): void {
    const { server, echo } = this.#command
    const { name, status } = this.process
    const place = server
      ? ` on ${formatAddress(this.process.contact('local'))}`
      : ` to ${peerOf(this.process) ?? '-'}`
    this.#output.event(name, status === 'connect' ? status : status + place)
    if (echo) return
    this.#input = input()
    this.#pump(this.#input).catch((error: unknown) => this.#fail(error))
  }

  /** Ends the session: deletes the processes and closes standard input. The first status given counts. */
  end(status = this.#status): void {
    this.#isOver = true
    this.#resolve(status)
    clearTimeout(this.#lastCall)
    this.#input?.destroy()
    for (const process of processList()) process.delete()
  }

  // ---- what comes from the process ------------------------------------------------------------------------------

  #receive(process: NetworkProcess, data: string | Uint8Array): void {
    this.#meter.received(Buffer.byteLength(data))
    this.#hold(process, this.#output.message(process, data))
    if (this.#command.echo) this.#hold(process, this.#send(process, data))
    this.#lastCall?.refresh()
    this.#wake()
  }

  #notice(process: NetworkProcess, event: string): void {
    this.#output.event(process.name, event, this.#isError(process, event))
    this.#wake()
    if (!this.#command.server) this.#noticePeer(process, event)
    // Under `:half-open` we have to end the connection: now that everything that came is answered.
    else if (event === endOfFile && this.#command.echo) process.delete()
  }

  // The end of a client's connection is an error; a server's connections come and go.
  #isError({ status }: NetworkProcess, event: string): boolean {
    if (event.startsWith(datagramFailed)) return true
    return !this.#command.server && (status === 'failed' || status === 'closed') && !this.#isOver
  }

  #noticePeer({ status }: NetworkProcess, event: string): void {
    if (status === 'failed' || status === 'closed') this.end(1)
    else if (event.startsWith(datagramFailed)) this.#status = 1
    else if (event === endOfFile) {
      this.#isPeerDone = true
      if (this.#isInputOver || !this.#command.halfOpen) this.end()
    }
  }

  /** Stops a process until `pending`, and everything else that it is held for, has settled. */
  #hold(process: NetworkProcess, pending: Promise<void> | undefined): void {
    if (!pending) return
    this.#holds.set(process, (this.#holds.get(process) ?? 0) + 1)
    process.stop()
    const release = () => {
      const left = this.#holds.get(process)! - 1
      if (left > 0) this.#holds.set(process, left)
      else if (this.#holds.delete(process)) process.continue()
    }
    pending.then(release, release)
  }

  // ---- what goes to it ------------------------------------------------------------------------------------------

  async #pump(input: Readable): Promise<void> {
    const { input: grouping, type, server } = this.#command
    for await (const messages of readMessages(input, grouping, type === 'stream'))
      for (const message of messages) {
        const receivers = await this.#receivers()
        for (const pending of receivers.map(process => this.#send(process, message))) await pending
      }
    if (server) return
    await this.#receivers()
    this.#isInputOver = true
    if (type === 'datagram') this.#lastCall = setTimeout(() => this.end(), this.#command.wait)
    else if (this.#isPeerDone) this.end()
    else this.process.sendEof()
  }

  /** The processes that a message from standard input is sent to; waits until there is one. */
  async #receivers(): Promise<NetworkProcess[]> {
    for (;;) {
      const receivers = this.#reachable()
      if (receivers.length > 0) return receivers
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  #reachable(): NetworkProcess[] {
    const { server } = this.#command
    // A server that has a datagram address has no connections, whatever its type.
    if (server && this.process.datagramAddress === undefined)
      return processList().filter(process => process !== this.process)
    const isReady = server ? peerOf(this.process) !== undefined : this.process.status !== 'connect'
    return isReady ? [this.process] : []
  }

  /** Sends a message; returns a promise if the next one has to wait. */
  #send(process: NetworkProcess, message: string | Uint8Array): Promise<void> | undefined {
    try {
      const isRoom = process.send(message)
      this.#meter.sent(Buffer.byteLength(message))
      return isRoom
        ? undefined
        : process.drained.catch((error: unknown) => this.#notSent(process, (error as Error).cause))
    } catch (error) {
      this.#notSent(process, error)
      return undefined
    }
  }

  // A datagram that cannot be sent does not end the session, nor does a server's connection that fails.
  #notSent(process: NetworkProcess, error: unknown): void {
    // All messages to a peer that has gone fail with the same error, which is reported once.
    if (error === undefined || error === this.#lastFailure) return
    this.#lastFailure = error
    if (!this.#command.server && this.#command.type !== 'datagram') return this.#fail(error)
    this.#status = 1
    this.#output.event(process.name, messageOf(error), true)
  }

  #fail(error: unknown): void {
    // After the end, errors of closed standard input and of deleted processes are expected.
    if (this.#isOver) return
    this.#output.failure(messageOf(error))
    this.end(1)
  }
}

const opened = 'open\n'
const endOfFile = 'end of file\n'
const datagramFailed = 'datagram failed'

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
