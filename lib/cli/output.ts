// What the command writes: messages to standard output in one of three forms, events to standard error. Everything goes
// through here, because the live line has to be removed first. It does not know what an event means.

import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { NetworkProcess } from '../index.js'
import { Cons, printLisp, type LispValue } from './lisp.js'
import type { Meter } from './meter.js'

/** The forms in which messages are printed. */
export interface OutputOptions {
  readonly output: 'text' | 'hex' | 'json'
  /** Whether a message that has no newline at its end gets one. */
  readonly endLines: boolean
  /** Whether not to print events. */
  readonly quiet: boolean
}

/** The command's standard output and standard error. */
export class Output {
  readonly #options: OutputOptions
  readonly #meter: Meter
  readonly #stdout: Writable
  readonly #stderr: Writable
  #drained: Promise<void> | undefined

  constructor(options: OutputOptions, meter: Meter, stdout: Writable, stderr: Writable) {
    this.#options = options
    this.#meter = meter
    this.#stdout = stdout
    this.#stderr = stderr
  }

  /** Prints a message. Returns a promise if the reader of our output has to catch up before more is printed. */
  message(process: NetworkProcess, data: string | Uint8Array): Promise<void> | undefined {
    this.#meter.hide()
    if (this.#stdout.write(this.#format(process, data))) return undefined
    this.#drained ??= new Promise(resolve => {
      this.#stdout.once('drain', () => {
        this.#drained = undefined
        resolve()
      })
    })
    return this.#drained
  }

  /** Prints an event of a process. @param isError - print it even with `quiet` */
  event(name: string, text: string, isError = false): void {
    if (this.#options.quiet && !isError) return
    this.#meter.hide()
    this.#stderr.write(`${styleText('dim', `${name}:`, { stream: this.#stderr })} ${text.trimEnd()}\n`)
  }

  /** Prints an error, even with `quiet`. */
  failure(text: string): void {
    this.#meter.hide()
    this.#stderr.write(`${styleText('red', 'make-network-process:', { stream: this.#stderr })} ${text}\n`)
  }

  #format(process: NetworkProcess, data: string | Uint8Array): string | Uint8Array {
    if (this.#options.output === 'json') return `${JSON.stringify(jsonLine(process, data))}\n`
    const bytes = toBytes(data)
    if (this.#options.output === 'hex') {
      const title = `${process.name} ${peerOf(process) ?? '-'} ${bytes.length} bytes`
      return `${styleText('dim', title, { stream: this.#stdout })}\n${hexDump(bytes)}`
    }
    const isCut = this.#options.endLines && bytes.at(-1) !== 0x0a
    return isCut ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes
  }
}

function jsonLine(process: NetworkProcess, data: string | Uint8Array): object {
  const line = { time: new Date().toISOString(), process: process.name, address: peerOf(process) ?? null }
  if (typeof data === 'string') return { ...line, data }
  return { ...line, data: Buffer.from(data).toString('base64'), encoding: 'base64' }
}

/** The bytes that text was decoded from: lone surrogates stand for invalid bytes. */
export function toBytes(data: string | Uint8Array): Uint8Array {
  if (typeof data !== 'string') return data
  const pieces = data.split(/([\udc80-\udcff])/u)
  return Buffer.concat(
    pieces.map((piece, index) => (index % 2 ? Buffer.of(piece.charCodeAt(0) & 0xff) : Buffer.from(piece))),
  )
}

/** A dump with sixteen bytes per line: their offset, their values, and the ASCII characters among them. */
export function hexDump(bytes: Uint8Array): string {
  let dump = ''
  for (let start = 0; start < bytes.length; start += 16) {
    const row = bytes.subarray(start, start + 16)
    const values = Array.from(row, byte => byte.toString(16).padStart(2, '0'))
    const halves = `${values.slice(0, 8).join(' ')}  ${values.slice(8).join(' ')}`
    const text = String.fromCharCode(...row).replace(/[^ -~]/g, '.')
    dump += `${start.toString(16).padStart(8, '0')}  ${halves.padEnd(48)}  |${text}|\n`
  }
  return dump
}

/** The address of a process's peer, or of its last sender; `undefined` if it has none. */
export function peerOf(process: NetworkProcess): string | undefined {
  // `true`: do not block until there is a socket. Before the first datagram, the remote address of a datagram server
  // is of family 0.
  const address = process.contact('remote', true)
  const isNobody = typeof address === 'object' && 'family' in address && address.family === 0
  return address === undefined || address === '' || isNobody ? undefined : formatAddress(address)
}

/** An address as text: `127.0.0.1:7000`, `[::1]:7000`, a path, or Lisp for any other. */
export function formatAddress(address: unknown): string {
  if (typeof address === 'string') return /\p{C}/u.test(address) ? printLisp(address) : address
  if (!Array.isArray(address)) return printLisp(toLisp(address as { family: number; data: Iterable<number> }))
  const numbers = address as number[]
  const port = numbers.at(-1)!
  if (numbers.length === 5) return `${numbers.slice(0, 4).join('.')}:${port}`
  const groups = numbers.slice(0, 8).map(group => group.toString(16))
  // The URL parser shortens IPv6 addresses.
  return `${new URL(`http://[${groups.join(':')}]`).hostname}:${port}`
}

function toLisp({ family, data }: { family: number; data: Iterable<number> }): LispValue {
  return new Cons(family, Array.from(data))
}
