// Buffers: text that processes insert into. The interface is what a process needs of one; TextBuffer is our own.
import { typeError, valueError } from '../socket/errors.js'

/** What a process needs of a buffer. Positions are offsets in UTF-16 code units, from 0. */
export interface ProcessBuffer {
  /** The buffer's name. */
  readonly name: string
  /** False once the buffer has been killed: nothing is inserted any more. */
  readonly live: boolean
  /** Its length in UTF-16 code units. */
  readonly length: number
  /** Inserts text at a position, which may be the end. */
  insert(position: number, text: string): void
}

/** Whether a value looks like a buffer. */
export function isBuffer(value: unknown): value is ProcessBuffer {
  return typeof value === 'object' && value !== null && 'insert' in value
}

const buffers = new Map<string, TextBuffer>()
const killHooks = new Set<(buffer: TextBuffer) => void>()

/**
 * A text that processes insert into.
 *
 * @example
 * ```ts
 * import { makeNetworkProcess, TextBuffer } from 'make-network-process'
 * const buffer = TextBuffer.named('log')
 * const server = makeNetworkProcess({ name: 'log', server: true, service: true, buffer })
 * ```
 */
export class TextBuffer implements ProcessBuffer {
  /** Its name, which no other live buffer of this thread has. */
  readonly name: string
  #text = ''
  #live = true

  private constructor(name: string) {
    if (typeof name !== 'string') throw typeError("a buffer's name", 'a string', name)
    if (name === '') throw valueError("a buffer's name", 'a string that is not empty', name)
    this.name = name
    buffers.set(name, this)
  }

  /** The buffer of that name, made if there is none. Corresponds to `get-buffer-create`. */
  static named(name: string): TextBuffer {
    return buffers.get(name) ?? new TextBuffer(name)
  }

  /** The buffer of that name, if there is one. Corresponds to `get-buffer`. */
  static get(name: string): TextBuffer | undefined {
    return buffers.get(name)
  }

  /** A new buffer with a name that no other has: `NAME`, `NAME<2>` … Corresponds to `generate-new-buffer`. */
  static new(name: string): TextBuffer {
    if (!buffers.has(name)) return new TextBuffer(name)
    for (let i = 2; ; i++) if (!buffers.has(`${name}<${i}>`)) return new TextBuffer(`${name}<${i}>`)
  }

  get live(): boolean {
    return this.#live
  }

  /** Its length in UTF-16 code units. */
  get length(): number {
    return this.#text.length
  }

  /** Inserts text; a position beyond the end is the end. */
  insert(position: number, text: string): void {
    if (this.#live) this.#text = this.#text.slice(0, position) + text + this.#text.slice(position)
  }

  /** Kills the buffer; its processes are deleted first, while it still has its text. Corresponds to `kill-buffer`. */
  kill(): void {
    if (!this.#live) return
    for (const hook of killHooks) hook(this)
    this.#live = false
    this.#text = ''
    buffers.delete(this.name)
  }

  toString(): string {
    return this.#text
  }
}

/** Calls `hook` with each buffer that is about to be killed. @internal */
export function onKill(hook: (buffer: TextBuffer) => void): void {
  killHooks.add(hook)
}
