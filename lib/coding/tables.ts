// Tables between bytes and characters, made from iconv-lite's when a coding system is first used: for decoding, their
// inverse for encoding, and the encoder that uses one. It must not know which coding systems there are.
//
// iconv-lite decodes invalid bytes to U+FFFD, without telling which they were. So it decodes every code once, into a
// table, and the table decodes everything else.

import iconv from 'iconv-lite'
import { isRawByte, rawByte } from './codec.js'

const replacement = '\uFFFD'

/** The unit of each of the 256 bytes of an 8-bit character set; a raw byte for each invalid one. */
export function singleByteUnits(encoding: string): Uint16Array {
  const text = iconv.decode(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), encoding)
  return Uint16Array.from(text, (character, byte) =>
    character === replacement ? rawByte | byte : character.charCodeAt(0),
  )
}

/** A range of bytes, first and last. */
export type ByteRange = readonly [first: number, last: number]

/** Every byte of some ranges. */
export const bytesIn = (ranges: readonly ByteRange[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))

/** The units of all codes of two bytes, after a common prefix; `undefined` for codes that iconv-lite lacks. */
export function* doubleByteUnits(
  encoding: string,
  leads: readonly number[],
  trails: readonly number[],
  prefix: readonly number[] = [],
): Generator<[lead: number, trail: number, unit: number | undefined]> {
  // One call for all codes, one on each line: no trail byte is a line feed.
  const codes = leads.flatMap(lead => trails.map(trail => [lead, trail] as const))
  const lines = iconv
    .decode(Buffer.from(codes.flatMap(code => [...prefix, ...code, 0x0a])), encoding)
    .split('\n')
  for (const [index, [lead, trail]] of codes.entries()) {
    const line = lines[index]!
    yield [lead, trail, line.length === 1 && line !== replacement ? line.charCodeAt(0) : undefined]
  }
}

/** Maps a UTF-16 unit to its code plus 1, or to 0 if it has none. */
export type EncodingTable = Uint16Array

/** The inverse of a table of units. Of several codes for a unit, the first is used. */
export function inverse(codes: Iterable<readonly [code: number, unit: number]>): EncodingTable {
  const table = new Uint16Array(65536)
  for (const [code, unit] of codes) if (table[unit] === 0) table[unit] = code + 1
  return table
}

/** What Emacs sends for a character that a coding system lacks. */
export const space = 0x20

/**
 * Encodes by a table of codes of one or two bytes.
 *
 * @param prefix the byte that precedes a code of two bytes with a clear high bit; that bit is set in what follows.
 */
export function encodeByTable(
  text: string,
  table: EncodingTable,
  substitute: number,
  prefix = 0,
): Uint8Array {
  const bytes = Buffer.allocUnsafe(text.length * (prefix === 0 ? 2 : 3))
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const code = table[unit]! - 1
    if (code < 0) {
      const character = text.codePointAt(at)!
      if (character > 0xffff) at += 1
      bytes[count++] = isRawByte(character) ? character & 0xff : substitute
    } else if (code < 0x100) bytes[count++] = code
    else if (code >= 0x8000) {
      bytes[count++] = code >> 8
      bytes[count++] = code & 0xff
    } else {
      bytes[count++] = prefix
      bytes[count++] = (code >> 8) | 0x80
      bytes[count++] = code & 0xff
    }
  }
  return bytes.subarray(0, count)
}
