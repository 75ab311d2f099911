// Tables between bytes and characters, made from iconv-lite's when a coding system is first used. It owns the way from
// iconv-lite to a table, a table's inverse, and the encoder over it. It must not know which coding systems there are.
//
// iconv-lite itself answers U+FFFD, and with no hint which byte, for what it cannot decode. So we ask it once for every
// code there is, and decode by the table.

import iconv from 'iconv-lite'
import { isRawByte, rawByte } from './codec.js'

const replacement = '\uFFFD'

/** The unit of each of the 256 bytes of an 8-bit character set; raw bytes for those that are none. */
export function singleByteUnits(encoding: string): Uint16Array {
  const text = iconv.decode(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), encoding)
  return Uint16Array.from(text, (character, byte) =>
    character === replacement ? rawByte | byte : character.charCodeAt(0),
  )
}

/** A run of bytes, first and last. */
export type ByteRange = readonly [first: number, last: number]

/** Every byte of some runs. */
export const bytesIn = (ranges: readonly ByteRange[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))

/** The units of all codes of two bytes, with a common prefix; `undefined` for what iconv-lite has not. */
export function* doubleByteUnits(
  encoding: string,
  leads: readonly number[],
  trails: readonly number[],
  prefix: readonly number[] = [],
): Generator<[lead: number, trail: number, unit: number | undefined]> {
  // One call for all: a line for every code, for no trail byte is a line feed.
  const codes = leads.flatMap(lead => trails.map(trail => [lead, trail] as const))
  const lines = iconv
    .decode(Buffer.from(codes.flatMap(code => [...prefix, ...code, 0x0a])), encoding)
    .split('\n')
  for (const [index, [lead, trail]] of codes.entries()) {
    const line = lines[index]!
    yield [lead, trail, line.length === 1 && line !== replacement ? line.charCodeAt(0) : undefined]
  }
}

/** From a UTF-16 unit to its code and 1; 0 where it has none. */
export type EncodingTable = Uint16Array

/** The inverse of a table of units. Of several codes for a unit the first is sent. */
export function inverse(codes: Iterable<readonly [code: number, unit: number]>): EncodingTable {
  const table = new Uint16Array(65536)
  for (const [code, unit] of codes) if (table[unit] === 0) table[unit] = code + 1
  return table
}

/** What Emacs sends for a character that a coding system has not. */
export const space = 0x20

/**
 * Encodes by a table of codes of one or two bytes.
 *
 * @param prefix the byte before those codes of two bytes whose first one's high bit is clear, and is set behind it.
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
