// The 8-bit character sets that both Emacs and iconv-lite have: a table of 256 units each, and the few bytes where
// Emacs's table differs from iconv-lite's. iconv-lite lacks EBCDIC, cp851, lao, next and adobe-standard-encoding.

import { asBuffer, asciiText, isRawByte, rawByte, scratch, textOf, type Codec } from './codec.js'
import { encodeByTable, inverse, singleByteUnits, space } from './tables.js'

/** Differences between Emacs's table and iconv-lite's: the bytes, and their characters in Emacs. */
interface Corrections {
  readonly bytes: readonly number[]
  /** The characters of `bytes`, in order; if there are fewer, the remaining bytes are invalid. */
  readonly characters: string
}

/** iconv-lite's name of each set, by Emacs's. */
const encodings: Readonly<Record<string, string | readonly [string, Corrections]>> = {
  'us-ascii': 'ascii',
  'iso-latin-1': 'iso-8859-1',
  'iso-latin-2': 'iso-8859-2',
  'iso-latin-3': 'iso-8859-3',
  'iso-latin-4': 'iso-8859-4',
  'iso-latin-5': 'iso-8859-9',
  'iso-latin-6': 'iso-8859-10',
  'iso-latin-7': 'iso-8859-13',
  'iso-latin-8': 'iso-8859-14',
  'iso-latin-9': 'iso-8859-15',
  'iso-latin-10': 'iso-8859-16',
  'cyrillic-iso-8bit': 'iso-8859-5',
  'iso-8859-6': 'iso-8859-6',
  'greek-iso-8bit': 'iso-8859-7',
  'hebrew-iso-8bit': 'iso-8859-8',
  'iso-8859-11': 'iso-8859-11',
  'windows-1250': 'windows-1250',
  'windows-1251': 'windows-1251',
  'windows-1252': 'windows-1252',
  'windows-1253': 'windows-1253',
  'windows-1254': 'windows-1254',
  'windows-1255': ['windows-1255', { bytes: [0xca], characters: '' }],
  'windows-1256': 'windows-1256',
  'windows-1257': 'windows-1257',
  'windows-1258': 'windows-1258',
  cp437: 'cp437',
  cp737: 'cp737',
  cp775: 'cp775',
  cp850: 'cp850',
  cp852: 'cp852',
  cp855: 'cp855',
  cp857: 'cp857',
  cp858: 'cp858',
  cp860: 'cp860',
  cp861: 'cp861',
  cp862: 'cp862',
  cp863: 'cp863',
  cp865: 'cp865',
  cp866: 'cp866',
  cp869: 'cp869',
  cp874: 'windows-874',
  cp1125: 'cp1125',
  'cyrillic-koi8': 'koi8-r',
  'koi8-u': 'koi8-u',
  'koi8-t': 'koi8-t',
  'cyrillic-alternativnyj': [
    'cp866',
    {
      bytes: [0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb],
      characters: '\u2019\u2018\u0301\u0300\u203a\u2039\u2191\u2193\u00b1\u00f7',
    },
  ],
  mik: ['mik', { bytes: [0xe1, 0xe6, 0xed, 0xee], characters: '\u03b2\u03bc\u2205\u2208' }],
  'georgian-academy': 'georgian-academy',
  'georgian-ps': 'georgian-ps',
  'hp-roman8': 'hp-roman8',
  'mac-roman': ['macroman', { bytes: [0xbd, 0xc6, 0xdb, 0xf0], characters: '\u03a9\u0394\u20ac\ue01e' }],
  pt154: 'pt154',
  'thai-tis620': [
    'tis620',
    {
      bytes: [0xa0, 0xdb, 0xdc, 0xdd, 0xde, 0xfc, 0xfd, 0xfe, 0xff],
      characters: '\u0e00\u0e3b\u0e3c\u0e3d\u0e3e\u0e5c\u0e5d\u0e5e\u0e5f',
    },
  ],
  'vietnamese-tcvn': 'tcvn',
  'vietnamese-vscii': 'tcvn',
  'vietnamese-viscii': 'viscii',
}

/** Emacs's names of the supported 8-bit coding systems. */
export const singleByteNames: readonly string[] = Object.keys(encodings)

const beyondLatin1 = /[\u0100-\uffff]/

/** The codec of an 8-bit coding system, by Emacs's name. */
export function singleByteCodec(name: string): Codec {
  const entry = encodings[name]!
  const [encoding, { bytes: corrected, characters }] =
    typeof entry === 'string' ? [entry, { bytes: [], characters: '' }] : entry
  const units = singleByteUnits(encoding)
  for (const [index, byte] of corrected.entries()) {
    units[byte] = index < characters.length ? characters.charCodeAt(index) : rawByte | byte
  }
  const table = inverse([...units.entries()].filter(([, unit]) => !isRawByte(unit)))
  // The Vietnamese sets have letters in the place of control characters.
  const hasAscii = units.subarray(0, 128).every((unit, byte) => unit === byte)
  // us-ascii substitutes `?`, all others a space.
  const substitute = name === 'us-ascii' ? 0x3f : space

  const codec: Codec = {
    signature: false,
    decode: bytes => {
      const ascii = hasAscii ? asciiText(bytes) : undefined
      if (ascii !== undefined) return { text: ascii, used: bytes.length }
      const length = bytes.length
      const out = scratch(length)
      for (let at = 0; at < length; at++) out[at] = units[bytes[at]!]!
      return { text: textOf(out, length), used: length }
    },
    encode: text => encodeByTable(text, table, substitute),
  }
  if (name !== 'iso-latin-1') return codec
  // The bytes of Latin-1 are the first 256 characters of Unicode, and Node converts both ways natively.
  return {
    signature: false,
    decode: bytes => ({ text: asBuffer(bytes).toString('latin1'), used: bytes.length }),
    encode: text => (beyondLatin1.test(text) ? codec.encode(text) : Buffer.from(text, 'latin1')),
  }
}
