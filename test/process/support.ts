// What the tests of processes share: a witness that notes what callbacks hear, waiting for what it notes, the
// uncaught exceptions of a test, and cleaning up. It waits for events and never for time.

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import {
  makeNetworkProcess,
  processList,
  type Filter,
  type Log,
  type MessageInfo,
  type NetworkProcess,
  type NetworkProcessOptions,
  type Sentinel,
} from 'make-network-process'
import { constants, poll, Socket, socketpair } from 'make-network-process/socket'

// ---- waiting --------------------------------------------------------------------------------------------

const changes = new EventEmitter().setMaxListeners(0)
const deadline = 30_000 // Shorter than mocha's, which says less.

/** Signals a change to those who wait in {@link until}; they look when the caller is done. */
export function changed(): void {
  queueMicrotask(() => changes.emit('change'))
}

/** Waits until a change makes `condition` true; the error after the deadline says how things stand. */
export function until(condition: () => unknown, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        if (!condition()) return
        resolve()
      } catch (error) {
        reject(error)
      }
      clearTimeout(timer)
      changes.off('change', look)
    }
    const timer = setTimeout(() => {
      changes.off('change', look)
      reject(
        new Error(
          `no ${what} in ${deadline} ms. Processes: ${inspect(processList())}. Seen: ${inspect(witnesses)}`,
        ),
      )
    }, deadline)
    changes.on('change', look)
    look()
  })
}

/** Waits until everything that is there by now has been delivered: a message that we send ourselves comes last. */
export async function settled(): Promise<void> {
  const seen = witness()
  const file = socketFile()
  makeNetworkProcess({
    name: 'settled',
    type: 'datagram',
    server: true,
    family: 'local',
    service: file,
    ...seen.callbacks,
  })
  const sender = makeNetworkProcess({ name: 'settling', type: 'datagram', family: 'local', service: file })
  // The second comes with a wake-up of its own, after whatever the first one's has left for later.
  for (const turn of [1, 2, 3]) {
    sender.send('settled')
    await until(() => seen.data.length === turn, 'end of what is there')
  }
}

// ---- what callbacks hear ----------------------------------------------------------------------------------

/** What the callbacks of one process, or of a server and its connections, have heard. */
export class Witness {
  /** What filters got. */
  readonly data: (string | Buffer)[] = []
  /** What sentinels got. */
  readonly events: string[] = []
  /** What the log got. */
  readonly log: string[] = []
  /** Everything in the order in which it came. */
  readonly all: string[] = []
  /** The connections that the log heard of. */
  readonly clients: NetworkProcess[] = []
  /** The processes that sentinels and filters were called for, in that order. */
  readonly processes: NetworkProcess[] = []

  /** What of the data has been joined, with room behind it. */
  #bytes = Buffer.alloc(0)
  #length = 0
  #joined = 0

  readonly callbacks = {
    filter: ((process, data) => {
      this.data.push(typeof data === 'string' ? data : Buffer.from(data))
      this.#note(`filter ${typeof data === 'string' ? data : Buffer.from(data).toString('hex')}`, process)
    }) satisfies Filter,
    sentinel: ((process, event) => {
      this.events.push(event)
      this.#note(`sentinel ${event.trim()}`, process)
    }) satisfies Sentinel,
    log: ((_server, client, message) => {
      if (client !== undefined) this.clients.push(client)
      this.log.push(message)
      this.#note(`log ${message.trim()}`, client)
    }) satisfies Log,
  }

  #note(what: string, process: NetworkProcess | undefined): void {
    this.all.push(what)
    if (process !== undefined) this.processes.push(process)
    changed()
  }

  /** All text so far. */
  get text(): string {
    return this.data.join('')
  }

  /** All bytes so far: asked for with each message, it copies what is new. */
  get bytes(): Buffer {
    for (const one of this.data.slice(this.#joined)) {
      const bytes = Buffer.from(one)
      const length = this.#length + bytes.length
      if (length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * length)
      bytes.copy(this.#bytes, this.#length)
      this.#length = length
    }
    this.#joined = this.data.length
    return this.#bytes.subarray(0, this.#length)
  }

  /** The connection that a server has accepted first. */
  async connection(index = 0): Promise<NetworkProcess> {
    await until(() => this.clients.length > index, 'connection')
    return this.clients[index] as NetworkProcess
  }

  async messages(count: number): Promise<(string | Buffer)[]> {
    await until(() => this.data.length >= count, `${count} messages`)
    return this.data
  }

  async event(event: string): Promise<void> {
    await until(() => this.events.includes(event), `event ${JSON.stringify(event)}`)
  }

  [inspect.custom](): string {
    return inspect(this.all.map(one => (one.length > 60 ? `${one.slice(0, 60)}…` : one)))
  }
}

const witnesses: Witness[] = []

export function witness(): Witness {
  const seen = new Witness()
  witnesses.push(seen)
  return seen
}

/** A message, and what came with it. */
export interface Received {
  data: string | Uint8Array
  info: MessageInfo
}

/** A filter that notes what comes with the data too. */
export function noting(): { filter: Filter; received: Received[] } {
  const received: Received[] = []
  return {
    received,
    filter: (_process, data, info) => {
      received.push({ data, info })
      changed()
    },
  }
}

// ---- making and cleaning up -------------------------------------------------------------------------------

let folder: string | undefined
let files = 0
const closers: (() => void)[] = []

/** The path of a socket, in a folder that goes with the test. */
export function socketFile(): string {
  folder ??= mkdtempSync(path.join(tmpdir(), 'mnp-'))
  return path.join(folder, `${++files}.sock`)
}

/** Makes a process that {@link cleanUp} deletes. */
export function make(options: NetworkProcessOptions): NetworkProcess {
  return makeNetworkProcess(options)
}

/** Runs `close` when the test is over. */
export function finallyDo(close: () => void): void {
  closers.push(close)
}

/** Ends what a test has made: for afterEach. */
export function cleanUp(): void {
  for (const process of processList()) {
    process.sentinel = () => {}
    process.delete()
  }
  closers.splice(0).forEach(close => close())
  witnesses.length = 0
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  folder = undefined
}

// ---- looking closer ---------------------------------------------------------------------------------------

/** A Socket on a duplicate of a process's descriptor: the kernel makes it, as we send it to ourselves. */
export function socketOf(process: NetworkProcess): Socket {
  const [left, right] = socketpair(constants.AF_UNIX, constants.SOCK_STREAM)
  left.sendmsg({ data: Buffer.alloc(1), fds: [process.fd] })
  const { fds } = right.recvmsg(Buffer.alloc(1))
  left.close()
  right.close()
  const socket = Socket.fromFd(fds?.[0] as number)
  finallyDo(() => socket.close())
  return socket
}

/** An option of a process's socket, read from the kernel, as 32-bit numbers. */
export function readOption(
  process: NetworkProcess,
  level: number,
  name: number | undefined,
  length = 4,
): number[] {
  assert.ok(name !== undefined)
  const bytes = socketOf(process).getsockopt(level, name, length)
  return [...new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))]
}

const { SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE = 0, SOF_TIMESTAMPING_TX_SOFTWARE = 0 } = constants

/**
 * The option with which the kernel puts the time at which something was sent into the error queue, and reports that as an
 * error; undefined where there is none.
 */
export const stampsOfSending: [level: number, name: number, value: number] | undefined =
  SO_TIMESTAMPING === undefined
    ? undefined
    : [constants.SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE]

/** Waits until the error queue of a socket is empty: what is still being sent may add to it. */
export async function errorsTaken(socket: Socket): Promise<void> {
  do await settled()
  while (poll([{ socket, events: 0 }], 0) > 0)
}

/** Calls `note` for every timer that is set from now on. Returns what ends that. */
export function watchTimers(note: (run: () => void, milliseconds: number) => void): () => void {
  const { setTimeout } = globalThis
  const noting = (run: () => void, milliseconds: number) => {
    note(run, milliseconds)
    return setTimeout(run, milliseconds)
  }
  globalThis.setTimeout = Object.assign(noting, setTimeout)
  return () => void (globalThis.setTimeout = setTimeout)
}

/** Takes the uncaught exceptions while `work` runs, instead of mocha. */
export async function uncaught(work: (errors: unknown[]) => Promise<void> | void): Promise<unknown[]> {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => {
    errors.push(error)
    changed()
  })
  try {
    await work(errors)
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  }
  return errors
}

/** The error that `call` throws. */
export function thrown(call: () => unknown): Error & Record<string, unknown> {
  try {
    call()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new assert.AssertionError({ message: 'nothing was thrown', stackStartFn: thrown })
}
