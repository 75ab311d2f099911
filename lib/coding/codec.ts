// What a codec is: the two directions of one coding system's characters, and how a byte that is no character is kept.
// It owns no state. Line ends, signatures, detection and what is carried from one block to the next belong to the
// decoder and the encoder, and no codec may know of them.

import { isAscii } from 'node:buffer'
import { endianness } from 'node:os'

/**
 * Added to a byte from 0x80 to 0xFF it gives the lone surrogate that stands for that byte where it is not valid text.
 *
 * Emacs has characters of their own for such bytes ("eight-bit"); JavaScript's strings have U+DC80…U+DCFF.
 */
export const rawByte = 0xdc00

/** Whether a lone surrogate stands for a byte. */
export const isRawByte = (unit: number): boolean => unit >= 0xdc80 && unit <= 0xdcff

/** What a byte that belongs to no character comes as. Those below 0x80 need no raw byte, for they are ASCII. */
export const unitOfByte = (byte: number): number => (byte < 0x80 ? byte : rawByte | byte)

/** What a codec made of a block. The bytes from `used` on begin a character that the block cuts off. */
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
  /** Encodes whole characters; a raw byte becomes that byte, and what the coding system lacks its substitute. */
  encode(text: string): Uint8Array
}

/** The same memory as a Buffer, whose decoders are native. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A block as text if it is ASCII, at the speed of a copy. */
export const asciiText = (bytes: Uint8Array): string | undefined =>
  isAscii(bytes) ? asBuffer(bytes).toString('latin1') : undefined

// Blocks are mostly no larger than one read; a larger one gets memory of its own that goes with it.
const shared = new Uint16Array(65536)
const isLittleEndian = endianness() === 'LE'

/** Room for so many UTF-16 units, until the next call: a codec fills it and makes a string of it at once. */
export const scratch = (count: number): Uint16Array =>
  count <= shared.length ? shared : new Uint16Array(count)

/** The string of the first so many units, which are in the processor's order of bytes. */
export function textOf(units: Uint16Array, count: number): string {
  const bytes = Buffer.from(units.buffer, 0, count * 2)
  return (isLittleEndian ? bytes : Buffer.from(bytes).swap16()).toString('utf16le')
}

/** `String.prototype.isWellFormed`, which every Node we run on has and TypeScript's ES2023 has not. */
export const isWellFormed = (text: string): boolean =>
  (text as string & { isWellFormed(): boolean }).isWellFormed()
