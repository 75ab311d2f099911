// One run of the command: the network process, standard input going to it, what comes from it going out, and how it
// ends. It knows nothing of command lines and signals.

import { makeNetworkProcess, processList, type NetworkProcess } from '../index.js'
import type { Command } from './arguments.js'
import { readMessages } from './input.js'
import type { Meter } from './meter.js'
import { formatAddress, peerOf, type Output } from './output.js'

/** A network process and the conversation over it. */
export class Session {
  /** The process that the keywords made: a client, or a server whose clients have processes of their own. */
  readonly process: NetworkProcess
  /** The exit status, once it is over: 0 if it ended well, 1 after an error, or what {@link end} was given. */
  readonly ended: Promise<number>

  readonly #command: Command
  readonly #output: Output
  readonly #meter: Meter
  readonly #isDatagram: boolean
  readonly #holds = new Map<NetworkProcess, number>()
  #resolve!: (status: number) => void
  #input: NodeJS.ReadStream | undefined
  #isInputOver = false
  #isPeerDone = false
  #lingering: NodeJS.Timeout | undefined
  #stir = () => {}

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
    this.process = makeNetworkProcess(
      ...command.keywords,
      ':filter',
      (process: NetworkProcess, data: string | Uint8Array) => this.#receive(process, data),
      ':sentinel',
      (process: NetworkProcess, event: string) => this.#notice(process, event),
      ':log',
      (server: NetworkProcess, _client: unknown, message: string) => output.event(server.name, message),
    )
    this.#isDatagram = this.process.contact('type') === 'datagram'
  }

  /** Says what there is now, and begins to send what comes on `input`, unless the answers are echoes. */
  start(input: () => NodeJS.ReadStream): void {
    const { name, status } = this.process
    const { server, echo } = this.#command
    const address = server ? formatAddress(this.process.contact('local')) : peerOf(this.process)
    this.#output.event(name, `${status} ${server ? 'on' : 'to'} ${address ?? '-'}`)
    if (echo) return
    this.#input = input()
    this.#pump(this.#input).catch((error: unknown) => this.#fail(error))
  }

  /** Ends it: deletes the processes and lets go of standard input. The first status given counts. */
  end(status: number): void {
    this.#resolve(status)
    clearTimeout(this.#lingering)
    this.#input?.destroy()
    for (const process of processList()) process.delete()
  }

  #receive(process: NetworkProcess, data: string | Uint8Array): void {
    this.#meter.received(data.length)
    this.#hold(process, this.#output.message(process, data))
    if (this.#command.echo) this.#hold(process, this.#send(process, data))
    this.#lingering?.refresh()
    this.#stir()
  }

  #notice(process: NetworkProcess, event: string): void {
    this.#output.event(process.name, event)
    this.#stir()
    if (this.#command.server) return
    if (event === 'end of file\n') this.#isPeerDone = true
    else if (process.status === 'failed') this.end(1)
    else if (process.status === 'closed') this.end(this.#isBroken ? 1 : 0)
    this.#endIfDone()
  }

  async #pump(input: NodeJS.ReadStream): Promise<void> {
    const { input: grouping, packets, server } = this.#command
    for await (const messages of readMessages(input, grouping, !packets))
      for (const message of messages) {
        const receivers = await this.#receivers()
        await Promise.all(receivers.map(process => this.#send(process, message)))
      }
    if (server) return
    await this.#receivers()
    this.#isInputOver = true
    if (this.#isDatagram) this.#lingering = setTimeout(() => this.end(0), this.#command.wait)
    else this.process.sendEof()
    this.#endIfDone()
  }

  /** Whom a message from standard input goes to; waits until there is somebody. */
  async #receivers(): Promise<NetworkProcess[]> {
    for (;;) {
      const receivers = this.#reachable()
      if (receivers.length > 0) return receivers
      await new Promise<void>(resolve => (this.#stir = resolve))
    }
  }

  #reachable(): NetworkProcess[] {
    const { server } = this.#command
    if (server && !this.#isDatagram) return processList().filter(process => process !== this.process)
    const isReady = server ? peerOf(this.process) !== undefined : this.process.status !== 'connect'
    return isReady ? [this.process] : []
  }

  /** Sends a message; a promise is for when the next one may follow. */
  #send(process: NetworkProcess, message: string | Uint8Array): Promise<void> | undefined {
    try {
      const isTaken = process.send(message)
      this.#meter.sent(message.length)
      return isTaken ? undefined : process.drained
    } catch (error) {
      // One of its clients being gone does not end a server.
      if (!this.#command.server) throw error
      this.#output.event(process.name, messageOf(error))
      return undefined
    }
  }

  /** Reads nothing more from a process until `pending` resolves, and everything else that it is held for. */
  #hold(process: NetworkProcess, pending: Promise<void> | undefined): void {
    if (!pending) return
    const count = (by: number) => (this.#holds.get(process) ?? 0) + by
    this.#holds.set(process, count(1))
    process.stop()
    const release = () => {
      if (count(-1) > 0) return this.#holds.set(process, count(-1))
      this.#holds.delete(process)
      process.continue()
    }
    pending.then(release, release)
  }

  #endIfDone(): void {
    if (this.#isInputOver && this.#isPeerDone) this.end(0)
  }

  #fail(error: unknown): void {
    this.#output.failure(messageOf(error))
    this.end(1)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
