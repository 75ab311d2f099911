// Detection: which coding system a block of bytes is in. As in Emacs, by priority and validity, not by statistics, and
// with Emacs's priorities in a UTF-8 locale. It knows bytes and names; it neither decodes nor keeps state.
//
// Those of Emacs's categories that have no codec here are left out: emacs-mule and ISO 2022's escape sequences.

import { isAscii } from 'node:buffer'
import { native } from '../native.js'

/** Whether the bytes have the form of UTF-8, whose last character may be cut off if this is not the end. */
function looksLikeUtf8(bytes: Uint8Array, end: boolean): boolean {
  const tail = native.incompleteTail(bytes)
  if (tail > 0 && end) return false
  for (let at = 0; at < bytes.length - tail; at++) {
    const lead = bytes[at]!
    if (lead < 0x80) continue
    if (lead < 0xc0 || lead >= 0xf8) return false
    for (let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0; more--) {
      at += 1
      if ((bytes[at]! & 0xc0) !== 0x80) return false
    }
  }
  return true
}

/** Of the bytes from 0x80 to 0x9F, Emacs accepts in Latin-1 those that are quotes and dashes in windows-1252. */
const looksLikeLatin1 = (bytes: Uint8Array): boolean =>
  bytes.every(byte => byte < 0x80 || byte >= 0xa0 || (byte >= 0x91 && byte <= 0x96))

function looksLikeShiftJis(bytes: Uint8Array, end: boolean): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at]!
    if (lead < 0x80 || (lead >= 0xa0 && lead < 0xe0)) continue
    if (lead === 0x80 || lead > 0xef) return false
    at += 1
    if (at === bytes.length) return !end
    const trail = bytes[at]!
    if (trail < 0x40 || trail === 0x7f || trail > 0xfc) return false
  }
  return true
}

const startsWith = (bytes: Uint8Array, signature: readonly number[]): boolean =>
  signature.every((byte, index) => bytes[index] === byte)

/** Byte order marks, and the coding systems that they stand for. */
const utf16Signatures: readonly (readonly [readonly number[], string])[] = [
  [[0xff, 0xfe], 'utf-16le-with-signature'],
  [[0xfe, 0xff], 'utf-16be-with-signature'],
]
const utf8Signatures: typeof utf16Signatures = [[[0xef, 0xbb, 0xbf], 'utf-8-with-signature']]

const bySignature = (bytes: Uint8Array, signatures: typeof utf16Signatures): string | undefined =>
  signatures.find(([signature]) => startsWith(bytes, signature))?.[1]

function detectAny(bytes: Uint8Array, end: boolean): string | undefined {
  // An odd number of bytes is no whole text in UTF-16.
  const utf16 = end && bytes.length % 2 === 1 ? undefined : bySignature(bytes, utf16Signatures)
  if (bytes.includes(0)) return utf16 ?? 'no-conversion'
  if (isAscii(bytes)) return undefined
  if (looksLikeUtf8(bytes, end)) return 'utf-8'
  if (looksLikeLatin1(bytes)) return 'iso-latin-1'
  if (utf16 !== undefined) return utf16
  return looksLikeShiftJis(bytes, end) ? 'japanese-shift-jis' : 'raw-text'
}

/** The detection for a coding system that leaves something open. */
interface Detector {
  /** Signatures that decide; a block that ends within one of them decides nothing. */
  readonly signatures: typeof utf16Signatures
  /** The base of the coding system of the bytes; `undefined` while that is open. */
  readonly detect: (bytes: Uint8Array, end: boolean) => string | undefined
}

const undecided: Detector = { signatures: utf16Signatures, detect: detectAny }

const detectors: ReadonlyMap<string, Detector> = new Map([
  ['undecided', undecided],
  ['prefer-utf-8', undecided],
  [
    'utf-8-auto',
    {
      signatures: utf8Signatures,
      detect: (bytes, end) =>
        looksLikeUtf8(bytes, end) ? (bySignature(bytes, utf8Signatures) ?? 'utf-8') : undefined,
    },
  ],
  // Without a mark it is big-endian, and still called utf-16.
  [
    'utf-16',
    { signatures: utf16Signatures, detect: bytes => bySignature(bytes, utf16Signatures) ?? 'utf-16' },
  ],
])

/** The detector of a coding system's base, if there is something to detect. */
export const detectorOf = (base: string): Detector | undefined => detectors.get(base)

/** Whether a block ends within a signature. */
export const cutsSignature = (bytes: Uint8Array, { signatures }: Detector): boolean =>
  signatures.some(
    ([signature]) => bytes.length < signature.length && startsWith(bytes, signature.slice(0, bytes.length)),
  )
