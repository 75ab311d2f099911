// GB 18030: one, two or four bytes for every character of Unicode. The two-byte codes are iconv-lite's table, except
// where Emacs follows the edition of 2022. The four-byte codes need no table of iconv-lite's: they are, in order, the
// characters that had no two-byte code in the first edition.
//
// Emacs 28 counts that order wrongly from U+1E40 on; we keep to the standard.

import { asciiText, isRawByte, rawByte, scratch, textOf, type Codec } from './codec.js'
import { bytesIn, doubleByteUnits, inverse, space } from './tables.js'

/** Characters that later editions moved to a two-byte code, whose former character got their four-byte code. */
const moved: readonly (readonly [code: number, unit: number])[] = [
  [0xa8bc, 0x1e3f],
  [0xa6d9, 0xfe10],
  [0xa6da, 0xfe12],
  [0xa6db, 0xfe11],
  [0xa6dc, 0xfe13],
  [0xa6dd, 0xfe14],
  [0xa6de, 0xfe15],
  [0xa6df, 0xfe16],
  [0xa6ec, 0xfe17],
  [0xa6ed, 0xfe18],
  [0xa6f3, 0xfe19],
  [0xfe59, 0x9fb4],
  [0xfe61, 0x9fb5],
  [0xfe66, 0x9fb6],
  [0xfe67, 0x9fb7],
  [0xfe6d, 0x9fb8],
  [0xfe7e, 0x9fb9],
  [0xfe90, 0x9fba],
  [0xfea0, 0x9fbb],
]

/** Four-byte codes count from 81 30 81 30; the characters above U+FFFF begin at 90 30 81 30. */
const aboveBmp = (0x90 - 0x81) * 12600

/** The number of a four-byte code, or -1. */
function fourByteIndex(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [
    bytes[at]! - 0x81,
    bytes[at + 1]! - 0x30,
    bytes[at + 2]! - 0x81,
    bytes[at + 3]! - 0x30,
  ]
  return a >= 0 && a < 126 && b >= 0 && b < 10 && c >= 0 && c < 126 && d >= 0 && d < 10
    ? ((a * 10 + b) * 126 + c) * 10 + d
    : -1
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
const isLead = (byte: number): boolean => byte >= 0x81 && byte <= 0xfe

/** Whether the bytes from `at` to the end could be a character whose rest is still to come. */
function isCutOff(bytes: Uint8Array, at: number): boolean {
  const left = bytes.length - at
  if (left === 1) return true
  return left < 4 && isDigit(bytes[at + 1]!) && (left === 2 || isLead(bytes[at + 2]!))
}

/** The codec of `chinese-gb18030`. */
export function gb18030Codec(): Codec {
  const twoByte = new Uint16Array(65536)
  const trails = bytesIn([
    [0x40, 0x7e],
    [0x80, 0xfe],
  ])
  for (const [lead, trail, unit = 0] of doubleByteUnits('gb18030', bytesIn([[0x81, 0xfe]]), trails)) {
    twoByte[(lead << 8) | trail] = unit
  }
  // iconv-lite decodes A3A0 to a second ideographic space, which would leave U+E5E5 without a code.
  twoByte[0xa3a0] = 0xe5e5
  twoByte[0xa8bc] = 0xe7c7

  const hasTwo = inverse(twoByte.entries())
  const fourByte = Uint16Array.from(
    Array.from({ length: 0x10000 - 0x80 }, (_, index) => 0x80 + index).filter(
      unit => hasTwo[unit] === 0 && (unit & 0xf800) !== 0xd800,
    ),
  )
  for (const [code, unit] of moved) {
    fourByte[fourByte.indexOf(unit)] = twoByte[code]!
    twoByte[code] = unit
  }
  const toTwo = inverse([...twoByte.entries()].filter(([, unit]) => unit !== 0))
  const toFour = inverse(fourByte.entries())

  const decode: Codec['decode'] = (bytes, end) => {
    const ascii = asciiText(bytes)
    if (ascii !== undefined) return { text: ascii, used: bytes.length }
    const length = bytes.length
    const units = scratch(length)
    let count = 0
    let at = 0
    while (at < length) {
      const lead = bytes[at]!
      if (lead < 0x80) {
        units[count++] = lead
        at += 1
        continue
      }
      if (isLead(lead)) {
        if (!end && isCutOff(bytes, at)) break
        const unit = at + 1 < length ? twoByte[(lead << 8) | bytes[at + 1]!]! : 0
        if (unit !== 0) {
          units[count++] = unit
          at += 2
          continue
        }
        const index = at + 3 < length ? fourByteIndex(bytes, at) : -1
        const above = index - aboveBmp
        if (index >= 0 && index < fourByte.length) {
          units[count++] = fourByte[index]!
          at += 4
          continue
        }
        if (above >= 0 && above < 0x100000) {
          units[count++] = 0xd800 | (above >> 10)
          units[count++] = 0xdc00 | (above & 0x3ff)
          at += 4
          continue
        }
      }
      units[count++] = rawByte | lead
      at += 1
    }
    return { text: textOf(units, count), used: at }
  }

  const encode: Codec['encode'] = text => {
    const bytes = Buffer.allocUnsafe(text.length * 4)
    let count = 0
    for (let at = 0; at < text.length; at++) {
      const character = text.codePointAt(at)!
      if (character < 0x80) {
        bytes[count++] = character
        continue
      }
      const two = character < 0x10000 ? toTwo[character]! : 0
      if (two !== 0) {
        bytes[count++] = (two - 1) >> 8
        bytes[count++] = (two - 1) & 0xff
        continue
      }
      if ((character & 0x1ff800) === 0xd800) {
        bytes[count++] = isRawByte(character) ? character & 0xff : space
        continue
      }
      if (character > 0xffff) at += 1
      const index = character > 0xffff ? character - 0x10000 + aboveBmp : toFour[character]! - 1
      bytes[count++] = 0x81 + Math.floor(index / 12600)
      bytes[count++] = 0x30 + (Math.floor(index / 1260) % 10)
      bytes[count++] = 0x81 + (Math.floor(index / 10) % 126)
      bytes[count++] = 0x30 + (index % 10)
    }
    return bytes.subarray(0, count)
  }

  return { signature: false, decode, encode }
}
