// The coding systems of one process, and what does the work: the addon for UTF-8 and for bytes, if line ends stay as
// they are; a decoder and an encoder of lib/coding for everything else.
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

// Whether the addon can do it by itself.
function isPlainSystem({ base, eol, unibyte }: CodingSystem): boolean {
  return eol === 'unix' && (unibyte || base === 'utf-8')
}

/** How a process decodes what it receives, and encodes what it sends. */
export class Coding {
  // Each datagram or packet is a text of its own.
  readonly #messages: boolean
  readonly #multibyte: boolean
  #decoding: CodingSystem
  #encoding!: CodingSystem
  readonly #decoder: Decoder | undefined
  #encoder: Encoder | undefined

  /** @param rest bytes that were received before and are not decoded yet */
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

  /** The same coding systems for another stream, which shares no state with this one. */
  fork(): Coding {
    return this.#decoder === undefined && this.#encoder === undefined
      ? this
      : new Coding(this.#decoding, this.#encoding, this.#multibyte, this.#messages)
  }

  /** Other coding systems for the same stream; they go on with the bytes that these have not decoded yet. */
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

  /**
   * Decodes what the hub has read into what the filter gets; undefined: nothing yet but a part of a character.
   *
   * @param beside - whether ancillary data came with it, which must not wait: a peer may hold the rest back
   */
  decode(data: string | Uint8Array, beside: boolean): string | Uint8Array | undefined {
    const decoder = this.#decoder
    const { unibyte } = this.#decoding
    if (decoder === undefined && (typeof data === 'string') !== unibyte) return data
    // A callback may have changed the coding system since the hub read this. Encoding restores the very same bytes.
    const bytes = typeof data === 'string' ? native.encodeUtf8(data) : data
    if (decoder === undefined) return unibyte ? bytes : native.decodeUtf8(bytes)
    const before = decoder.system
    const decoded = decoder.decode(bytes, this.#messages)
    if (decoder.system !== before) this.#noteDetected(before, decoder.system)
    return decoded.length > 0 || this.#messages || beside ? decoded : undefined
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

  /** The end of the stream: what is left of a character that it has cut off; undefined: nothing. */
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
 * The coding systems for decoding and for encoding.
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
