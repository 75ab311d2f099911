// The East Asian character sets of one to three bytes that both Emacs and iconv-lite have, and the differences between
// their tables: iconv-lite has the vendors' extended sets, of which Emacs's are subsets. euc-tw, big5-hkscs, the
// JIS X 0213 sets and eucjp-ms are not here: iconv-lite has no table for them, or one of another edition.

import { asciiText, rawByte, scratch, textOf, unitOfByte, type Codec } from './codec.js'
import { bytesIn, doubleByteUnits, encodeByTable, inverse, space, type ByteRange } from './tables.js'

interface CharacterSet {
  /** iconv-lite's name of the set that holds this one. */
  readonly encoding: string
  readonly leads: readonly ByteRange[]
  readonly trails: readonly ByteRange[]
  /** Codes that only iconv-lite has. */
  readonly excluded?: readonly ByteRange[]
  /** Codes that stand for another character in Emacs, or that only Emacs has. */
  readonly corrected?: () => Iterable<readonly [code: number, unit: number]>
  /** Where the half-width katakana are: single bytes, or after an 8E. */
  readonly katakana?: 'single' | 'behind 8E'
  /** Whether JIS X 0212 follows 8F. */
  readonly jisX0212?: true
  /**
   * Whether Emacs decodes an unassigned code to a character of its own above U+10FFFF. Here both its bytes become raw
   * bytes together, so that the second one is not taken for a lead byte.
   */
  readonly keepsUnassigned?: true
}

/** Consecutive characters, from `unit` on, for the codes of some lead bytes in order. */
function* inOrder(
  leads: readonly ByteRange[],
  trails: readonly ByteRange[],
  unit: number,
): Generator<readonly [code: number, unit: number]> {
  for (const lead of bytesIn(leads)) for (const trail of bytesIn(trails)) yield [(lead << 8) | trail, unit++]
}

const euc: readonly ByteRange[] = [[0xa1, 0xfe]]

const shiftJisTrails: readonly ByteRange[] = [
  [0x40, 0x7e],
  [0x80, 0xfc],
]

const gbkTrails: readonly ByteRange[] = [
  [0x40, 0x7e],
  [0x80, 0xfe],
]

const big5Trails: readonly ByteRange[] = [
  [0x40, 0x7e],
  [0xa1, 0xfe],
]

const sets: Readonly<Record<string, CharacterSet>> = {
  'japanese-shift-jis': {
    encoding: 'cp932',
    leads: [
      [0x81, 0x9f],
      [0xe0, 0xef],
    ],
    trails: shiftJisTrails,
    excluded: [
      [0x8740, 0x879c],
      [0xed40, 0xeefc],
    ],
    corrected: () => [
      [0x815c, 0x2014],
      [0x8160, 0x301c],
      [0x8161, 0x2016],
      [0x817c, 0x2212],
      [0x8191, 0x00a2],
      [0x8192, 0x00a3],
      [0x81ca, 0x00ac],
    ],
    katakana: 'single',
    keepsUnassigned: true,
  },
  'japanese-cp932': {
    encoding: 'cp932',
    leads: [
      [0x81, 0x9f],
      [0xe0, 0xfc],
    ],
    trails: shiftJisTrails,
    corrected: () => inOrder([[0xf0, 0xf9]], shiftJisTrails, 0xe000),
    katakana: 'single',
  },
  'japanese-iso-8bit': {
    encoding: 'euc-jp',
    leads: euc,
    trails: euc,
    excluded: [
      [0xada1, 0xadfe],
      [0xf9a1, 0xfcfe],
    ],
    corrected: () => [
      [0xa1bd, 0x2014],
      [0xa1c1, 0x301c],
      [0xa1c2, 0x2016],
      [0xa1dd, 0x2212],
      [0xa1f1, 0x00a2],
      [0xa1f2, 0x00a3],
      [0xa2cc, 0x00ac],
    ],
    katakana: 'behind 8E',
    jisX0212: true,
    keepsUnassigned: true,
  },
  'korean-iso-8bit': {
    encoding: 'cp949',
    leads: euc,
    trails: euc,
    corrected: () => [[0xa2e8, 0x327e]],
    keepsUnassigned: true,
  },
  'korean-cp949': {
    encoding: 'cp949',
    leads: [[0x81, 0xfe]],
    trails: [
      [0x41, 0x5a],
      [0x61, 0x7a],
      [0x81, 0xfe],
    ],
  },
  'chinese-iso-8bit': {
    encoding: 'cp936',
    leads: euc,
    trails: euc,
    excluded: [
      [0xa2a1, 0xa2aa],
      [0xa6e0, 0xa6f5],
      [0xa8bb, 0xa8c0],
    ],
    corrected: () => [
      [0xa1a4, 0x30fb],
      [0xa1aa, 0x2015],
    ],
    keepsUnassigned: true,
  },
  'chinese-gbk': { encoding: 'cp936', leads: [[0x81, 0xfe]], trails: gbkTrails, keepsUnassigned: true },
  'chinese-big5': {
    encoding: 'cp950',
    leads: euc,
    trails: big5Trails,
    excluded: [
      [0xa2cc, 0xa2cc],
      [0xa2ce, 0xa2ce],
      [0xf9e9, 0xf9eb],
      [0xf9f9, 0xf9fd],
    ],
    // ETEN's symbols, where Emacs maps them.
    corrected: () => [...inOrder([[0xc6, 0xc8]], big5Trails, 0xf6b1 - 63)].filter(([code]) => code >= 0xc6a1),
    keepsUnassigned: true,
  },
}

/** Emacs's names of these coding systems. */
export const doubleByteNames: readonly string[] = Object.keys(sets)

/** In `first`, for bytes that are no characters: how many bytes follow in the code. All units are greater. */
const nothing = 0
const twoBytes = 1
const threeBytes = 2

/** In `second`: invalid codes, and codes that are assigned to no character. */
const noCode = 0
const unassigned = 1

const halfWidthKatakana = Array.from({ length: 63 }, (_, index) => [0xa1 + index, 0xff61 + index] as const)

function isExcluded(set: CharacterSet, code: number): boolean {
  return set.excluded?.some(([first, last]) => code >= first && code <= last) ?? false
}

/** The codec of one of these coding systems, by Emacs's name. */
export function doubleByteCodec(name: string): Codec {
  const set = sets[name]!
  const leads = bytesIn(set.leads)
  const trails = bytesIn(set.trails)
  const first = new Uint16Array(256)
  // Indexed by the two bytes of a code; for JIS X 0212 the high bit of the first is cleared, which all others have set.
  const second = new Uint16Array(65536)

  for (let byte = 0; byte < 0x80; byte++) first[byte] = byte
  for (const lead of leads) first[lead] = twoBytes
  for (const [lead, trail, unit = set.keepsUnassigned ? unassigned : noCode] of doubleByteUnits(
    set.encoding,
    leads,
    trails,
  )) {
    const code = (lead << 8) | trail
    second[code] = isExcluded(set, code) ? unassigned : unit
  }
  for (const [code, unit] of set.corrected?.() ?? []) second[code] = unit
  if (set.katakana === 'single') for (const [byte, unit] of halfWidthKatakana) first[byte] = unit
  if (set.katakana === 'behind 8E') {
    first[0x8e] = twoBytes
    for (const trail of trails) second[0x8e00 | trail] = unassigned
    for (const [byte, unit] of halfWidthKatakana) second[0x8e00 | byte] = unit
  }
  if (set.jisX0212) {
    first[0x8f] = threeBytes
    for (const [lead, trail, unit = unassigned] of doubleByteUnits(set.encoding, leads, trails, [0x8f])) {
      second[((lead & 0x7f) << 8) | trail] = unit
    }
  }

  const table = inverse(codesIn(first, second))
  const prefix = set.jisX0212 ? 0x8f : 0

  return {
    signature: false,
    decode: (bytes, end) => {
      const ascii = asciiText(bytes)
      if (ascii !== undefined) return { text: ascii, used: bytes.length }
      const length = bytes.length
      const units = scratch(length)
      let count = 0
      let at = 0
      while (at < length) {
        const lead = bytes[at]!
        const begins = first[lead]!
        if (lead < 0x80 || begins > threeBytes) {
          units[count++] = begins
          at += 1
          continue
        }
        if (begins !== nothing) {
          const size = begins + 1
          if (at + size > length) {
            if (!end && (at + 1 === length || first[bytes[at + 1]!] === twoBytes)) break
          } else {
            const code =
              begins === twoBytes
                ? (lead << 8) | bytes[at + 1]!
                : ((bytes[at + 1]! & 0x7f) << 8) | bytes[at + 2]!
            const unit = begins === twoBytes || bytes[at + 1]! >= 0x80 ? second[code]! : noCode
            if (unit > unassigned) {
              units[count++] = unit
              at += size
              continue
            }
            if (unit === unassigned) {
              for (const stop = at + size; at < stop; at++) units[count++] = unitOfByte(bytes[at]!)
              continue
            }
          }
        }
        units[count++] = rawByte | lead
        at += 1
      }
      return { text: textOf(units, count), used: at }
    },
    encode: text => encodeByTable(text, table, space, prefix),
  }
}

/** Every code and its unit, NEC's copies of IBM's characters in cp932 (ED and EE) last, so that IBM's are sent. */
function* codesIn(first: Uint16Array, second: Uint16Array): Generator<readonly [code: number, unit: number]> {
  const isCopy = (code: number): boolean => code >= 0xed00 && code < 0xef00
  for (const [byte, unit] of first.entries()) if (byte < 0x80 || unit > threeBytes) yield [byte, unit]
  for (const copies of [false, true]) {
    for (const [code, unit] of second.entries()) {
      if (unit > unassigned && isCopy(code) === copies) yield [code, unit]
    }
  }
}
