// UTF-8, strictly: surrogates, overlong forms and what is above U+10FFFF are no characters but raw bytes, each on its
// own. One loop of our own decodes all that is not ASCII: it is several times faster than Node's decoders, which
// besides put U+FFFD in the place of what they cannot read.

import {
  asciiText,
  isRawByte,
  isWellFormed,
  rawByte,
  scratch,
  textOf,
  type Codec,
  type Decoded,
} from './codec.js'

/** The six bits of a continuation byte; 0x40 or more for any other byte, and past the end. */
const continuation = (bytes: Uint8Array, at: number): number => (at < bytes.length ? bytes[at]! ^ 0x80 : 0x40)

/**
 * How many bytes Emacs reads, as long as they continue, before it judges a byte that is not ASCII: it has characters of
 * five bytes. So a byte that begins none may wait for the next block, too.
 */
const lengthBeforeJudged = (lead: number): number =>
  lead < 0xc0 ? 5 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 5

/** Whether the bytes from `at` to the end wait for what follows them. */
export function isCutOff(bytes: Uint8Array, at: number): boolean {
  if (at + lengthBeforeJudged(bytes[at]!) <= bytes.length) return false
  for (let next = at + 1; next < bytes.length; next++) if (continuation(bytes, next) >= 0x40) return false
  return true
}

function decode(bytes: Uint8Array, end: boolean): Decoded {
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
    const second = continuation(bytes, at + 1)
    if (lead < 0xe0) {
      if (lead >= 0xc2 && second < 0x40) {
        units[count++] = ((lead & 0x1f) << 6) | second
        at += 2
        continue
      }
    } else if (second < 0x40) {
      const third = continuation(bytes, at + 2)
      if (lead < 0xf0) {
        const unit = ((lead & 0x0f) << 12) | (second << 6) | third
        if (third < 0x40 && unit >= 0x800 && (unit & 0xf800) !== 0xd800) {
          units[count++] = unit
          at += 3
          continue
        }
      } else if (third < 0x40 && lead < 0xf5) {
        const fourth = continuation(bytes, at + 3)
        const above = (((lead & 0x07) << 18) | (second << 12) | (third << 6) | fourth) - 0x10000
        if (fourth < 0x40 && above >= 0 && above < 0x100000) {
          units[count++] = 0xd800 | (above >> 10)
          units[count++] = 0xdc00 | (above & 0x3ff)
          at += 4
          continue
        }
      }
    }
    if (!end && isCutOff(bytes, at)) break
    units[count++] = rawByte | lead
    at += 1
  }
  return { text: textOf(units, count), used: at }
}

/** A lone surrogate that stands for no byte takes three bytes, as in Emacs. Buffer would send U+FFFD for it. */
function encodeIllFormed(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(text.length * 3)
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!
    if (code < 0x80) bytes[count++] = code
    else if (isRawByte(code)) bytes[count++] = code & 0xff
    else {
      if (code < 0x800) bytes[count++] = 0xc0 | (code >> 6)
      else {
        if (code < 0x10000) bytes[count++] = 0xe0 | (code >> 12)
        else {
          at += 1
          bytes[count++] = 0xf0 | (code >> 18)
          bytes[count++] = 0x80 | ((code >> 12) & 0x3f)
        }
        bytes[count++] = 0x80 | ((code >> 6) & 0x3f)
      }
      bytes[count++] = 0x80 | (code & 0x3f)
    }
  }
  return bytes.subarray(0, count)
}

/** UTF-8 (`utf-8`, and what Emacs keeps in memory, `utf-8-emacs`). */
export const utf8: Codec = {
  signature: false,
  decode,
  encode: text => (isWellFormed(text) ? Buffer.from(text, 'utf8') : encodeIllFormed(text)),
}

/** UTF-8 whose texts begin with EF BB BF (`utf-8-with-signature`). */
export const utf8WithSignature: Codec = { ...utf8, signature: true }
