// What a codec is: it decodes and encodes the characters of one coding system, and preserves invalid bytes. It owns no
// state. Line ends, signatures, detection and what is carried from one block to the next belong to the decoder and the
// encoder, and no codec may know of them.

import { isAscii } from 'node:buffer'
import { endianness } from 'node:os'

/**
 * Added to a byte from 0x80 to 0xFF it gives the lone surrogate that stands for that byte where it is not valid text.
 *
 * Emacs has special characters for such bytes ("eight-bit"); here they are U+DC80…U+DCFF.
 */
export const rawByte = 0xdc00

/** Whether a lone surrogate stands for a byte. */
export const isRawByte = (unit: number): boolean => unit >= 0xdc80 && unit <= 0xdcff

/** The unit for a byte that belongs to no character: a raw byte or, below 0x80, ASCII. */
export const unitOfByte = (byte: number): number => (byte < 0x80 ? byte : rawByte | byte)

/** A decoded block. The bytes from `used` on begin a character that the block cuts off. */
export interface Decoded {
  readonly text: string
  readonly used: number
}

/** The characters of a coding system and their bytes. A codec holds no state, so that all decoders share it. */
export interface Codec {
  /** Whether texts begin with a byte order mark, which is not part of them. */
  readonly signature: boolean
  /** Decodes a block. At the end of a text nothing is left over: a character cut off there comes as raw bytes. */
  decode(bytes: Uint8Array, end: boolean): Decoded
  /** Encodes whole characters. A raw byte becomes that byte; a character that the coding system lacks is substituted. */
  encode(text: string): Uint8Array
}

/** The same memory as a Buffer, whose decoders are native. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A block as text if it is ASCII, at the speed of a copy. */
export const asciiText = (bytes: Uint8Array): string | undefined =>
  isAscii(bytes) ? asBuffer(bytes).toString('latin1') : undefined

// Blocks are mostly no larger than one read; a larger one gets memory of its own, which is not kept.
const shared = new Uint16Array(65536)
const isLittleEndian = endianness() === 'LE'

/** Room for `count` UTF-16 units, until the next call: a codec fills it and makes a string of it at once. */
export const scratch = (count: number): Uint16Array =>
  count <= shared.length ? shared : new Uint16Array(count)

/** The string of the first `count` units, which are in the machine's byte order. */
export function textOf(units: Uint16Array, count: number): string {
  const bytes = Buffer.from(units.buffer, 0, count * 2)
  return (isLittleEndian ? bytes : Buffer.from(bytes).swap16()).toString('utf16le')
}

/** `String.prototype.isWellFormed`, which every supported Node has, but TypeScript's ES2023 does not. */
export const isWellFormed = (text: string): boolean =>
  (text as string & { isWellFormed(): boolean }).isWellFormed()
