// Encoding what a process sends: completes its coding system, inserts line ends and signatures, and encodes. It owns
// the state of one stream's sending side and knows nothing of sockets.

import { asBuffer } from './codec.js'
import { codecOf } from './codecs.js'
import { codingSystem, withLineEnds, type CodingSystem, type LineEnd } from './names.js'

const lineEnds = { unix: '\n', dos: '\r\n', mac: '\r' } as const

/** Turns each LF into a line end, even after a CR: for `dos`, CRLF becomes CR CR LF. */
const withLines = (text: string, eol: LineEnd | undefined): string =>
  eol === undefined || eol === 'unix' ? text : text.replaceAll('\n', lineEnds[eol])

/**
 * Text beyond ASCII completes a coding system. Emacs completes it for multibyte strings, and ASCII is mostly unibyte in
 * Lisp. Those of ISO 2022 it completes for any string.
 */
const beyondAscii = /[^\0-\x7f]/
const alwaysCompleted = new Set(['japanese-iso-8bit', 'korean-iso-8bit', 'chinese-iso-8bit'])

/** The coding system to encode text in, with everything decided that the given one leaves open. */
function completed(system: CodingSystem): CodingSystem {
  if (system.base !== 'undecided' && system.base !== 'prefer-utf-8') return withLineEnds(system, 'unix')
  return codingSystem(`utf-8-${system.eol ?? 'unix'}`)
}

/**
 * Encodes strings and bytes for sending, as `process-coding-system`'s cdr says.
 *
 * @example
 * const encoder = new Encoder(codingSystem('latin-1'))
 * encoder.encode('é') // <Buffer e9>
 * encoder.system.name // 'iso-latin-1-unix'
 */
export class Encoder {
  #system: CodingSystem
  /** Whether the next text begins with a signature, if the coding system has one. */
  #atStart = true

  constructor(system: CodingSystem) {
    this.#system = system
  }

  /** The coding system as far as it is decided: what `process-coding-system` gives for encoding. */
  get system(): CodingSystem {
    return this.#system
  }

  /**
   * Encodes what one call sends.
   *
   * Of bytes (a unibyte string in Emacs) only line ends are converted, and text that follows them begins with a
   * signature again. Characters that the coding system lacks become a space, in us-ascii `?`.
   *
   * @param end whether this is the end of the text: for datagrams, each of which gets a signature.
   */
  encode(text: string | Uint8Array, end = false): Uint8Array {
    if (typeof text !== 'string') {
      this.#atStart = true
      if (alwaysCompleted.has(this.#system.base)) this.#system = completed(this.#system)
      return this.#convertBytes(text)
    }
    if (text === '') return new Uint8Array(0)
    const system = completed(this.#system)
    if (system !== this.#system && (alwaysCompleted.has(system.base) || beyondAscii.test(text)))
      this.#system = system
    const codec = codecOf(system.base)
    const signature = codec.signature && this.#atStart ? '\ufeff' : ''
    this.#atStart = end
    return codec.encode(signature + withLines(text, system.eol))
  }

  #convertBytes(bytes: Uint8Array): Uint8Array {
    const { eol } = this.#system
    if (eol === undefined || eol === 'unix' || !bytes.includes(0x0a)) return bytes
    return Buffer.from(withLines(asBuffer(bytes).toString('latin1'), eol), 'latin1')
  }
}
