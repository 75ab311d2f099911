// The codec of a coding system, by its base. Tables are made when a coding system is first used, and kept.

import type { Codec } from './codec.js'
import { doubleByteCodec, doubleByteNames } from './double-byte.js'
import { gb18030Codec } from './gb18030.js'
import { singleByteCodec, singleByteNames } from './single-byte.js'
import { utf16be, utf16beWithSignature, utf16le, utf16leWithSignature } from './utf-16.js'
import { utf8, utf8WithSignature } from './utf-8.js'

const makers = new Map<string, (name: string) => Codec>([
  // Text sent in these goes out in Emacs's internal encoding. Bytes received in these are not decoded.
  ['no-conversion', () => utf8],
  ['raw-text', () => utf8],
  // While the coding system is undecided, all that was received is ASCII, and text is sent as UTF-8.
  ['undecided', () => utf8],
  ['prefer-utf-8', () => utf8],
  ['utf-8', () => utf8],
  ['utf-8-emacs', () => utf8],
  ['utf-8-auto', () => utf8],
  ['utf-8-with-signature', () => utf8WithSignature],
  ['utf-16', () => utf16beWithSignature],
  ['utf-16be', () => utf16be],
  ['utf-16le', () => utf16le],
  ['utf-16be-with-signature', () => utf16beWithSignature],
  ['utf-16le-with-signature', () => utf16leWithSignature],
  ['chinese-gb18030', gb18030Codec],
  ...singleByteNames.map(name => [name, singleByteCodec] as const),
  ...doubleByteNames.map(name => [name, doubleByteCodec] as const),
])

const codecs = new Map<string, Codec>()

/** The codec of a coding system, by its base. */
export function codecOf(base: string): Codec {
  let codec = codecs.get(base)
  if (codec === undefined) {
    codec = makers.get(base)!(base)
    codecs.set(base, codec)
  }
  return codec
}

/** Bytes as text that encodes to the same bytes again (`string-to-multibyte`): bytes above ASCII become raw bytes. */
export function bytesAsText(bytes: Uint8Array): string {
  return codecOf('us-ascii').decode(bytes, true).text
}
