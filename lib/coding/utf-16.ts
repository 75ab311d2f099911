// UTF-16 in both byte orders. A lone surrogate stays as it is, so that it is encoded unchanged; one that would be taken
// for a raw byte is decoded to its two bytes. An odd last byte becomes a raw byte or, below 0x80, ASCII.

import { asBuffer, isRawByte, isWellFormed, unitOfByte, type Codec, type Decoded } from './codec.js'

const loneRawBytes = /[\uDC80-\uDCFF]/gu

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800

function utf16(littleEndian: boolean, signature: boolean): Codec {
  const high = littleEndian ? 1 : 0
  const low = 1 - high

  const bytesOf = (unit: number): [number, number] =>
    littleEndian ? [unit & 0xff, unit >> 8] : [unit >> 8, unit & 0xff]

  const inOrder = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'utf16le')
    return littleEndian ? bytes : bytes.swap16()
  }

  const decode = (bytes: Uint8Array, end: boolean): Decoded => {
    let used = bytes.length & ~1
    if (!end && used > 0 && isHighSurrogate(bytes[used - 2 + high]! << 8)) used -= 2
    const whole = bytes.subarray(0, used)
    const text = littleEndian
      ? asBuffer(whole).toString('utf16le')
      : Buffer.from(whole).swap16().toString('utf16le')
    const kept = isWellFormed(text)
      ? text
      : text.replace(loneRawBytes, unit =>
          String.fromCharCode(...bytesOf(unit.charCodeAt(0)).map(unitOfByte)),
        )
    if (!end || used === bytes.length) return { text: kept, used }
    return { text: kept + String.fromCharCode(unitOfByte(bytes[used]!)), used: bytes.length }
  }

  const encode = (text: string): Uint8Array => {
    if (isWellFormed(text)) return inOrder(text)
    const bytes = Buffer.allocUnsafe(text.length * 2)
    let count = 0
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (isRawByte(unit)) {
        bytes[count++] = unit & 0xff
        continue
      }
      bytes[count + high] = unit >> 8
      bytes[count + low] = unit & 0xff
      count += 2
      // The second unit of a pair is no raw byte, whatever its value.
      if (text.codePointAt(at)! > 0xffff) {
        const partner = text.charCodeAt(++at)
        bytes[count + high] = partner >> 8
        bytes[count + low] = partner & 0xff
        count += 2
      }
    }
    return bytes.subarray(0, count)
  }

  return { signature, decode, encode }
}

/** `utf-16be`. */
export const utf16be = utf16(false, false)
/** `utf-16le`. */
export const utf16le = utf16(true, false)
/** `utf-16be-with-signature`, whose texts begin with FE FF; `utf-16` writes it too. */
export const utf16beWithSignature = utf16(false, true)
/** `utf-16le-with-signature`, whose texts begin with FF FE. */
export const utf16leWithSignature = utf16(true, true)
