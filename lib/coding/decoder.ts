// Decoding what a process receives: finds out what is open in its coding system, carries over what a block cuts off,
// takes signatures away and turns line ends into LF. It owns the state of one stream and knows nothing of sockets.

import { asBuffer, type Codec } from './codec.js'
import { codecOf } from './codecs.js'
import { cutsSignature, detectorOf } from './detect.js'
import { LineEnds } from './line-ends.js'
import { codingSystem, withLineEnds, type CodingSystem } from './names.js'

/** No codec leaves more than four bytes, and so four more always finish the character that these begin. */
const longestRest = 4

const nothing = Buffer.alloc(0)

/**
 * Decodes a stream block by block, or datagrams one by one, as `process-coding-system`'s car says.
 *
 * Bytes that are not valid come as lone surrogates U+DC80…U+DCFF, each on its own, and an `Encoder` makes the same
 * bytes of them.
 *
 * @example
 * const decoder = new Decoder(codingSystem('utf-8'))
 * decoder.decode(Buffer.from([0xe2, 0x82])) // ''
 * decoder.decode(Buffer.from([0xac, 0x0d, 0x0a])) // '€\n'
 * decoder.system.name // 'utf-8-dos'
 */
export class Decoder {
  #system: CodingSystem
  #codec: Codec
  readonly #lineEnds: LineEnds
  #carry: Uint8Array
  /** Whether nothing of a text has been decoded, so that a signature may come. */
  #atStart = true
  /** Whether the coding system itself, not only its line ends, has to be found out. */
  #detecting: boolean

  /** @param rest what another decoder of the same stream has held back: it comes before the first block */
  constructor(system: CodingSystem, rest: Uint8Array = nothing) {
    this.#carry = rest
    this.#system = system
    this.#codec = codecOf(system.base)
    this.#lineEnds = new LineEnds(system.eol)
    this.#detecting = detectorOf(system.base) !== undefined
  }

  /** The coding system as far as it is known by now: what `process-coding-system` says of decoding. */
  get system(): CodingSystem {
    return this.#system
  }

  /** Whether it holds something back that is decoded with the next block. */
  get pending(): boolean {
    return this.#carry.length > 0 || this.#lineEnds.pending
  }

  /** The bytes that it holds back. */
  get rest(): Uint8Array {
    return this.#lineEnds.pending ? Buffer.concat([this.#codec.encode('\r'), this.#carry]) : this.#carry
  }

  /**
   * Decodes a block. The result is bytes where the coding system is unibyte by now.
   *
   * @param bytes are only read; the result may be a view of them.
   * @param end whether nothing of the same text follows: always for a datagram. Bytes of a character that is cut off
   * then come as raw bytes, and the next block begins another text, in the coding system that was found.
   */
  decode(bytes: Uint8Array, end = false): string | Uint8Array {
    if ((this.#detecting || this.#system.unibyte) && this.#carry.length > 0) {
      bytes = Buffer.concat([this.#carry, bytes])
      this.#carry = nothing
    }
    if (this.#detecting && bytes.length > 0 && !this.#detect(bytes, end)) {
      this.#carry = new Uint8Array(bytes)
      return ''
    }
    const decoded = this.#system.unibyte ? this.#convertBytes(bytes, end) : this.#decodeText(bytes, end)
    this.#system = withLineEnds(this.#system, this.#lineEnds.eol)
    if (end) {
      this.#atStart = true
      this.#detecting = detectorOf(this.#system.base) !== undefined
    }
    return decoded
  }

  /** Ends the text: what was held back comes, as raw bytes or as the line end that it was. */
  flush(): string | Uint8Array {
    return this.decode(nothing, true)
  }

  /** Decides on the coding system as far as the bytes tell; false where more of them are needed to begin. */
  #detect(bytes: Uint8Array, end: boolean): boolean {
    const detector = detectorOf(this.#system.base)!
    if (!end && cutsSignature(bytes, detector)) return false
    // Emacs: nil becomes undecided with the first block.
    if (this.#system.name === undefined) this.#system = codingSystem(this.#system.base)
    const base = detector.detect(bytes, end)
    if (base === undefined) return true
    this.#detecting = false
    if (base === this.#system.base) return true
    const { eol } = this.#system
    this.#system = codingSystem(base)
    if (base === 'no-conversion') this.#lineEnds.pass()
    else this.#system = withLineEnds(this.#system, eol)
    this.#codec = codecOf(base)
    this.#atStart = true
    return true
  }

  #convertBytes(bytes: Uint8Array, end: boolean): Uint8Array {
    if (this.#lineEnds.passes) return bytes
    const text = asBuffer(bytes).toString('latin1')
    const converted = this.#lineEnds.convert(text, end)
    return converted === text ? bytes : Buffer.from(converted, 'latin1')
  }

  #decodeText(bytes: Uint8Array, end: boolean): string {
    let text = this.#decodeCharacters(bytes, end)
    if (this.#atStart && text !== '') {
      this.#atStart = false
      // Where it is still open whether there are signatures, there may be one.
      const signature = this.#codec.signature || this.#detecting
      if (signature && text.startsWith('\ufeff')) text = text.slice(1)
    }
    return this.#lineEnds.convert(text, end)
  }

  /** Only the character that a block cuts off is copied to join its two parts, never a block. */
  #decodeCharacters(bytes: Uint8Array, end: boolean): string {
    let head = ''
    let rest = bytes
    if (this.#carry.length > 0) {
      const carried = this.#carry.length
      const joined = Buffer.concat([this.#carry, bytes.subarray(0, longestRest)])
      const whole = bytes.length <= longestRest
      const { text, used } = this.#codec.decode(joined, end && whole)
      if (whole) {
        this.#carry = joined.subarray(used)
        return text
      }
      head = text
      rest = bytes.subarray(used - carried)
    }
    const { text, used } = this.#codec.decode(rest, end)
    this.#carry = used < rest.length ? new Uint8Array(rest.subarray(used)) : nothing
    return head + text
  }
}
