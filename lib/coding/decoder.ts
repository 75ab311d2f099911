// Decoding what a process receives: detects what its coding system leaves open, carries over what a block cuts off,
// removes signatures and turns line ends into LF. It owns the state of one stream and knows nothing of sockets.

import { asBuffer, type Codec } from './codec.js'
import { codecOf } from './codecs.js'
import { cutsSignature, detectorOf } from './detect.js'
import { LineEnds } from './line-ends.js'
import { codingSystem, withLineEnds, type CodingSystem } from './names.js'

/** No codec leaves more than four bytes, so four more always complete the character that they begin. */
const longestRest = 4

const nothing = Buffer.alloc(0)

/**
 * Decodes a stream block by block, or datagrams one by one, as `process-coding-system`'s car says.
 *
 * Each invalid byte becomes a lone surrogate, U+DC80…U+DCFF, which an `Encoder` turns into the same byte again.
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
  /** Whether nothing of the text has been decoded yet, so that a signature may come. */
  #atStart = true
  /** Whether the coding system itself, not only its line ends, is still to be detected. */
  #detecting: boolean

  /** @param rest the bytes that another decoder of the same stream has held back; they precede the first block */
  constructor(system: CodingSystem, rest: Uint8Array = nothing) {
    this.#carry = rest
    this.#system = system
    this.#codec = codecOf(system.base)
    this.#lineEnds = new LineEnds(system.eol)
    this.#detecting = detectorOf(system.base) !== undefined
  }

  /** The coding system as far as it is known by now: what `process-coding-system` gives for decoding. */
  get system(): CodingSystem {
    return this.#system
  }

  /** Whether it holds back something to be decoded with the next block. */
  get pending(): boolean {
    return this.#carry.length > 0 || this.#lineEnds.pending
  }

  /** The bytes that it holds back. */
  get rest(): Uint8Array {
    return this.#lineEnds.pending ? Buffer.concat([this.#codec.encode('\r'), this.#carry]) : this.#carry
  }

  /**
   * Decodes a block. The result is bytes if the coding system is unibyte by now.
   *
   * @param bytes are only read; the result may be a view of them.
   * @param end whether this is the end of the text: always for a datagram. The bytes of a character that is cut off then
   * become raw bytes, and the next block begins another text, in the coding system that was detected.
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

  /** Ends the text: gives what was held back, as raw bytes or as the line end that it was. */
  flush(): string | Uint8Array {
    return this.decode(nothing, true)
  }

  /** Decides on the coding system as far as the bytes tell; false if decoding cannot begin without more of them. */
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
      // While the coding system is not detected yet, there may be a signature.
      const signature = this.#codec.signature || this.#detecting
      if (signature && text.startsWith('\ufeff')) text = text.slice(1)
    }
    return this.#lineEnds.convert(text, end)
  }

  /** To join the two parts of a character that was cut off, only their bytes are copied, never a block. */
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
