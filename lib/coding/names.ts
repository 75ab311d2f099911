// Coding systems by name: Emacs's names and aliases, the variants for line ends, and what follows from a name alone.
// It must not know how any of them decodes; a test checks that every name has a codec.

/** How lines end: LF, CRLF, or CR. */
export type LineEnd = 'unix' | 'dos' | 'mac'

/** A coding system of Emacs, as `process-coding-system` names it. */
export interface CodingSystem {
  /** The name as it was given, until detection or an encoder's completion decides on another; `undefined` is nil. */
  readonly name: string | undefined
  /** `coding-system-base`: the name without alias and line ends, `iso-latin-1` for `latin-1-dos`. */
  readonly base: string
  /** How lines end; `undefined` while that is not decided. */
  readonly eol: LineEnd | undefined
  /** Whether decoding gives bytes (a unibyte string in Emacs). */
  readonly unibyte: boolean
}

/** Every base and its aliases. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  'no-conversion': ['binary'],
  'raw-text': [],
  undecided: [],
  'prefer-utf-8': [],
  'utf-8': ['mule-utf-8', 'cp65001'],
  'utf-8-auto': [],
  'utf-8-with-signature': [],
  'utf-8-emacs': [],
  'utf-16': [],
  'utf-16be': [],
  'utf-16le': [],
  'utf-16be-with-signature': ['utf-16-be'],
  'utf-16le-with-signature': ['utf-16-le'],
  'us-ascii': ['iso-safe', 'ascii'],
  'iso-latin-1': ['iso-8859-1', 'latin-1'],
  'iso-latin-2': ['iso-8859-2', 'latin-2'],
  'iso-latin-3': ['iso-8859-3', 'latin-3'],
  'iso-latin-4': ['iso-8859-4', 'latin-4'],
  'iso-latin-5': ['iso-8859-9', 'latin-5'],
  'iso-latin-6': ['iso-8859-10', 'latin-6'],
  'iso-latin-7': ['iso-8859-13', 'latin-7'],
  'iso-latin-8': ['iso-8859-14', 'latin-8'],
  'iso-latin-9': ['iso-8859-15', 'latin-9', 'latin-0'],
  'iso-latin-10': ['iso-8859-16', 'latin-10'],
  'cyrillic-iso-8bit': ['iso-8859-5'],
  'iso-8859-6': [],
  'greek-iso-8bit': ['iso-8859-7'],
  'hebrew-iso-8bit': ['iso-8859-8', 'iso-8859-8-e', 'iso-8859-8-i'],
  'iso-8859-11': [],
  'windows-1250': ['cp1250'],
  'windows-1251': ['cp1251'],
  'windows-1252': ['cp1252'],
  'windows-1253': ['cp1253'],
  'windows-1254': ['cp1254'],
  'windows-1255': ['cp1255'],
  'windows-1256': ['cp1256'],
  'windows-1257': ['cp1257'],
  'windows-1258': ['cp1258'],
  cp437: ['ibm437'],
  cp737: [],
  cp775: ['ibm775'],
  cp850: ['ibm850'],
  cp852: ['ibm852'],
  cp855: ['ibm855'],
  cp857: ['ibm857'],
  cp858: [],
  cp860: ['ibm860'],
  cp861: ['ibm861'],
  cp862: ['ibm862'],
  cp863: ['ibm863'],
  cp865: ['ibm865'],
  cp866: [],
  cp869: ['ibm869'],
  cp874: ['ibm874'],
  cp1125: ['ruscii', 'cp866u'],
  'cyrillic-koi8': ['koi8-r', 'koi8', 'cp878'],
  'koi8-u': [],
  'koi8-t': [],
  'cyrillic-alternativnyj': ['alternativnyj'],
  mik: [],
  'georgian-academy': [],
  'georgian-ps': [],
  'hp-roman8': ['roman8'],
  'mac-roman': ['macintosh'],
  pt154: [],
  'thai-tis620': ['th-tis620', 'tis620', 'tis-620'],
  'vietnamese-tcvn': ['tcvn', 'tcvn-5712'],
  'vietnamese-vscii': ['vscii'],
  'vietnamese-viscii': ['viscii'],
  'japanese-shift-jis': ['shift_jis', 'sjis'],
  'japanese-cp932': ['cp932'],
  'japanese-iso-8bit': ['euc-japan-1990', 'euc-japan', 'euc-jp'],
  'korean-iso-8bit': ['euc-kr', 'euc-korea', 'ks_c_5601-1987'],
  'korean-cp949': ['cp949'],
  'chinese-iso-8bit': ['cn-gb-2312', 'euc-china', 'euc-cn', 'cn-gb', 'gb2312'],
  'chinese-gbk': ['gbk', 'cp936', 'windows-936'],
  'chinese-gb18030': ['gb18030'],
  'chinese-big5': ['big5', 'cn-big5', 'cp950'],
}

const bases = new Map(
  Object.entries(aliases).flatMap(([base, others]) => [base, ...others].map(name => [name, base] as const)),
)

const unibyteBases: ReadonlySet<string> = new Set(['no-conversion', 'raw-text'])

/**
 * The bases of all supported coding systems (`coding-system-list` with a non-nil argument).
 */
export const codingSystemBases: readonly string[] = Object.keys(aliases)

/** The names of a coding system, the base first (`coding-system-aliases`). */
export const codingSystemAliases = (system: CodingSystem): readonly string[] => [
  system.base,
  ...(aliases[system.base] ?? []),
]

/**
 * The coding system of a name: a base or an alias, alone or with `-unix`, `-dos` or `-mac`. nil is `undecided` without
 * a name.
 *
 * @throws {TypeError} `ERR_UNKNOWN_CODING_SYSTEM` for an unknown name (Emacs: `coding-system-error`);
 * `ERR_INVALID_ARG_TYPE` for anything but a string or nil.
 * @example codingSystem('latin-1-dos') // { name: 'latin-1-dos', base: 'iso-latin-1', eol: 'dos', unibyte: false }
 */
export function codingSystem(name: string | false | null | undefined): CodingSystem {
  if (name === undefined || name === null || name === false) {
    return { name: undefined, base: 'undecided', eol: undefined, unibyte: false }
  }
  if (typeof name !== 'string') {
    throw Object.assign(new TypeError(':coding must be the name of a coding system, or nil'), {
      code: 'ERR_INVALID_ARG_TYPE',
    })
  }
  const [, stem = name, suffix] = /^(.+)-(unix|dos|mac)$/.exec(name) ?? []
  const base = bases.get(stem)
  // no-conversion does not convert line ends, so it has no variants.
  if (base === undefined || (base === 'no-conversion' && suffix !== undefined)) {
    throw Object.assign(
      new TypeError(
        `:coding names no coding system: ${JSON.stringify(name)}; such are utf-8-unix, latin-1, binary`,
      ),
      { code: 'ERR_UNKNOWN_CODING_SYSTEM' },
    )
  }
  const eol = base === 'no-conversion' ? 'unix' : (suffix as LineEnd | undefined)
  return { name, base, eol, unibyte: unibyteBases.has(base) }
}

/**
 * The same coding system with line ends decided, if they were not (`coding-system-change-eol-conversion`).
 *
 * @example withLineEnds(codingSystem('latin-1'), 'unix').name // 'iso-latin-1-unix'
 */
export const withLineEnds = (system: CodingSystem, eol: LineEnd | undefined): CodingSystem =>
  system.eol !== undefined || eol === undefined ? system : codingSystem(`${system.base}-${eol}`)

/** The coding system that gives undecoded bytes with the line ends converted, as for `:filter-multibyte nil`. */
export const asUnibyte = (system: CodingSystem): CodingSystem =>
  system.unibyte ? system : codingSystem(system.eol === undefined ? 'raw-text' : `raw-text-${system.eol}`)

/**
 * The coding system for sending after a block was received. If it is nil and the decoder has changed its coding system,
 * it becomes the decoder's, with the line ends that were detected, or LF. Otherwise it stays.
 *
 * @param before the decoder's coding system before it decoded a block.
 * @param after the same afterwards.
 */
export const inheritedEncoding = (
  encoding: CodingSystem,
  before: CodingSystem,
  after: CodingSystem,
): CodingSystem =>
  encoding.name !== undefined || before.name === after.name ? encoding : withLineEnds(after, 'unix')
