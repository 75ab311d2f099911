// Strict UTF-8: the bytes of surrogates, overlong forms and code points above U+10FFFF become raw bytes, one by one.
// The addon decodes: it is several times faster than Node's decoders, which moreover replace invalid bytes by U+FFFD.

import { native } from '../native.js'
import { asciiText, isRawByte, isWellFormed, type Codec, type Decoded } from './codec.js'

function decode(bytes: Uint8Array, end: boolean): Decoded {
  const ascii = asciiText(bytes)
  if (ascii !== undefined) return { text: ascii, used: bytes.length }
  const used = end ? bytes.length : bytes.length - native.incompleteTail(bytes)
  return { text: native.decodeUtf8(bytes.subarray(0, used)), used }
}

/** A lone surrogate that stands for no byte is encoded in three bytes, as in Emacs. Buffer would encode U+FFFD. */
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
