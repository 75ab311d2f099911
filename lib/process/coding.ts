// The coding systems of one process, and who does the work: the addon, for UTF-8 and for bytes without line ends; a
// decoder and an encoder of lib/coding for everything else.
import {
  asUnibyte,
  codingSystem,
  Decoder,
  Encoder,
  inheritedEncoding,
  type CodingSystem,
} from '../coding/index.js'
import { native } from '../native.js'
import { typeError } from '../socket/errors.js'
import { Delivery } from '../socket/hub.js'

// What the addon does by itself.
function isPlainSystem({ base, eol, unibyte }: CodingSystem): boolean {
  return eol === 'unix' && (unibyte || base === 'utf-8')
}

/** How a process decodes what it receives, and encodes what it sends. */
export class Coding {
  // One datagram or packet is one text.
  readonly #messages: boolean
  readonly #multibyte: boolean
  #decoding: CodingSystem
  #encoding!: CodingSystem
  readonly #decoder: Decoder | undefined
  #encoder: Encoder | undefined

  /** @param rest what was received before, and waits to be decoded */
  constructor(
    decoding: CodingSystem,
    encoding: CodingSystem,
    multibyte: boolean,
    messages: boolean,
    rest?: Uint8Array,
  ) {
    this.#multibyte = multibyte
    this.#messages = messages
    this.#decoding = multibyte ? decoding : asUnibyte(decoding)
    this.#decoder =
      isPlainSystem(this.#decoding) && !rest?.length ? undefined : new Decoder(this.#decoding, rest)
    this.#encodeBy(encoding)
  }

  get decoding(): CodingSystem {
    return this.#decoding
  }

  get encoding(): CodingSystem {
    return this.#encoding
  }

  /** The same for another stream, with a state of its own where there is one. */
  fork(): Coding {
    return this.#decoder === undefined && this.#encoder === undefined
      ? this
      : new Coding(this.#decoding, this.#encoding, this.#multibyte, this.#messages)
  }

  /** The same with other coding systems, which go on where these have stopped. */
  with(decoding: CodingSystem, encoding: CodingSystem): Coding {
    return new Coding(decoding, encoding, this.#multibyte, this.#messages, this.#decoder?.rest)
  }

  #encodeBy(encoding: CodingSystem): void {
    this.#encoding = encoding
    this.#encoder = isPlainSystem(encoding) ? undefined : new Encoder(encoding)
  }

  /** How the hub is to hand over what it reads. @param lend - bytes that the filter gets may be lent */
  delivery(lend: boolean): number {
    if (this.#decoder !== undefined) return Delivery.bytes
    if (!this.#decoding.unibyte) return Delivery.text
    return lend ? Delivery.lent : Delivery.bytes
  }

  /** Whether the addon can send strings and bytes as they are. */
  get isPlain(): boolean {
    return this.#encoder === undefined
  }

  /** What the filter gets of what the hub has read; undefined: nothing yet. */
  decode(data: string | Uint8Array): string | Uint8Array | undefined {
    const decoder = this.#decoder
    const { unibyte } = this.#decoding
    if (decoder === undefined && (typeof data === 'string') !== unibyte) return data
    // A callback may have changed the coding system since this was read: back to the bytes, which loses none.
    const bytes = typeof data === 'string' ? native.encodeUtf8(data) : data
    if (decoder === undefined) return unibyte ? bytes : native.decodeUtf8(bytes)
    const before = decoder.system
    const decoded = decoder.decode(bytes, this.#messages)
    if (decoder.system !== before) this.#noteDetected(before, decoder.system)
    return decoded.length > 0 || this.#messages ? decoded : undefined
  }

  #noteDetected(before: CodingSystem, after: CodingSystem): void {
    this.#decoding = after
    const encoding = inheritedEncoding(this.#encoding, before, after)
    if (encoding !== this.#encoding) this.#encodeBy(encoding)
  }

  /** Whether a part of a character waits for the rest. */
  get pending(): boolean {
    return this.#decoder?.pending ?? false
  }

  /** What the end has cut off, as it is; undefined: nothing. */
  flush(): string | Uint8Array | undefined {
    const rest = this.#decoder?.flush()
    return rest === undefined || rest.length === 0 ? undefined : rest
  }

  encode(data: string | Uint8Array): Uint8Array {
    if (this.#encoder === undefined) return typeof data === 'string' ? native.encodeUtf8(data) : data
    const encoded = this.#encoder.encode(data, this.#messages)
    this.#encoding = this.#encoder.system
    return encoded
  }
}

/**
 * What decodes and what encodes.
 *
 * @param name - what the value is called in errors
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; `ERR_UNKNOWN_CODING_SYSTEM`
 * @internal
 */
export function codingPair(name: string, value: unknown): [CodingSystem, CodingSystem] {
  const pair: unknown = typeof value === 'string' ? [value, value] : value
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(one => one == null || typeof one === 'string'))
    throw typeError(name, 'a coding system, or [decoding, encoding]', value)
  const [decoding, encoding] = pair as [string | null, string | null]
  return [codingSystem(decoding), codingSystem(encoding)]
}
