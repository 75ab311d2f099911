// Lisp values as text: a reader and a printer for the data that Emacs's `read` and `prin1` exchange, as far as
// network processes need it. It knows the syntax and nothing of keywords, sockets or the command line.
//
// Each Lisp type has a JavaScript type of its own, so that values stay distinct: a Lisp symbol is a registered
// JavaScript symbol (`Symbol.for('local')`), because it must not be taken for a string. But JavaScript has one number
// type: 1.0 and 1 are the same value here.

/** A Lisp value: nil is `null`, t is `true`, a vector is an array, an integer beyond 2⁵³ is a `bigint`. */
export type LispValue = null | true | number | bigint | string | symbol | Cons | readonly LispValue[]

/** A pair; a list is a chain of them that ends in nil. */
export class Cons {
  readonly car: LispValue
  readonly cdr: LispValue

  constructor(car: LispValue, cdr: LispValue) {
    this.car = car
    this.cdr = cdr
  }
}

/** The error for text that is not Lisp: says what was expected, and where. */
export class LispSyntaxError extends SyntaxError {
  /** The position of the error, in UTF-16 units from 0. */
  readonly position: number
  /** Whether the text ended too early, so that more of it could make it right. */
  readonly incomplete: boolean

  constructor(expected: string, text: string, position: number) {
    const found = text.codePointAt(position)
    const what = found === undefined ? 'the end' : `"${String.fromCodePoint(found)}"`
    super(`expected ${expected} at character ${position + 1}, found ${what}`)
    this.name = 'LispSyntaxError'
    this.position = position
    this.incomplete = found === undefined
  }
}

/** The list of `items` that ends in `tail`. */
export function makeList(items: readonly LispValue[], tail: LispValue = null): LispValue {
  return items.reduceRight<LispValue>((rest, item) => new Cons(item, rest), tail)
}

/** The items of a list that ends in nil; `undefined` for anything else. */
export function listItems(value: LispValue): LispValue[] | undefined {
  const items: LispValue[] = []
  for (; value instanceof Cons; value = value.cdr) items.push(value.car)
  return value === null ? items : undefined
}

/**
 * Reads one value, as Emacs's `read`; nothing but blanks and comments may follow it.
 *
 * @throws {@link LispSyntaxError} if the text is not Lisp, or uses syntax that network processes do not need
 * (backquotes, records, hash tables, characters with modifier keys).
 * @example readLisp('(16 . [0 0])') // new Cons(16, [0, 0])
 */
export function readLisp(text: string): LispValue {
  return new Reader(text).whole()
}

const blank = /(?:[\0- \u00a0]|;[^\n]*)*/y
const constituents = /(?:\\[^]|[^\0- \u00a0"';()[\]#`,\\])*/y
const delimiterOrEnd = /(?=[\0- \u00a0"';()[\]#`,]|$)/y
const dotInList = /\.(?=[\0- \u00a0"';()[\]#`,?]|$)/y
const integer = /^[+-]?\d+(?=\.?$)/
const float = /^([+-]?)(?:\d+\.?\d*|\.\d+)(?:e(?:[+-]?\d+|\+(INF|NaN)))?$/
const hexEscape = /x([\da-fA-F]+)|u([\da-fA-F]{4})|U([\da-fA-F]{8})|N\{U\+([\da-fA-F]+)\}/y
const namedEscapes = new Map(
  Object.entries({ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, e: 27, s: 32, d: 127 }),
)

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): LispValue {
    const value = this.#value('a value')
    this.#match(blank)
    if (this.#at < this.#text.length) this.#fail('nothing more')
    return value
  }

  #value(expected: string): LispValue {
    this.#match(blank)
    switch (this.#text[this.#at]) {
      case '(':
        return this.#list()
      case '[':
        return this.#vector()
      case '"':
        return this.#string()
      case '?':
        return this.#character()
      case '#':
        return this.#hash()
      case "'":
        this.#at++
        return makeList([Symbol.for('quote'), this.#value('a value after the quote')])
      case undefined:
      case ')':
      case ']':
      case '`':
      case ',':
        return this.#fail(expected)
      default:
        return this.#atom(expected)
    }
  }

  #list(): LispValue {
    this.#at++
    const items: LispValue[] = []
    while (!this.#closes(')')) {
      if (items.length > 0 && this.#match(dotInList)) {
        const tail = this.#value('a value after the dot')
        if (!this.#closes(')')) this.#fail('")" after the value that follows the dot')
        return makeList(items, tail)
      }
      items.push(this.#value('a value or ")"'))
    }
    return makeList(items)
  }

  #vector(): LispValue {
    this.#at++
    const items: LispValue[] = []
    while (!this.#closes(']')) items.push(this.#value('a value or "]"'))
    return items
  }

  #atom(expected: string): LispValue {
    const start = this.#at
    const written = this.#match(constituents)![0]
    // Only a lone backslash at the very end is neither a constituent nor a delimiter.
    if (this.#text[this.#at] === '\\') this.#fail('a character after the backslash', this.#text.length)
    const whole = integer.exec(written)
    if (whole) return narrow(BigInt(whole[0].replace('+', '')))
    const parts = float.exec(written)
    if (parts) return parts[2] === 'NaN' ? NaN : parts[2] ? Number(`${parts[1]}Infinity`) : Number(written)
    if (/^\.(?:$|\?)/.test(written)) this.#fail(expected, start)
    const name = written.replace(/\\([^])/g, '$1')
    return name === 'nil' ? null : name === 't' ? true : Symbol.for(name)
  }

  #string(): string {
    this.#at++
    let text = ''
    for (;;) {
      text += this.#match(/[^"\\]*/y)![0]
      if (this.#match(/"/y)) return text
      if (this.#match(/\\[ \n]/y)) continue
      if (this.#at === this.#text.length) this.#fail('a closing double quote')
      const { code, byte } = this.#escape()
      // A byte beyond ASCII is kept as a lone surrogate, as everywhere in this package.
      text +=
        byte && code >= 0x80 && code <= 0xff ? String.fromCharCode(0xdc00 + code) : String.fromCodePoint(code)
    }
  }

  #character(): number {
    this.#at++
    const code = this.#oneCharacter('a character after "?"')
    if (!this.#match(delimiterOrEnd)) this.#fail('a blank or a bracket after the character')
    return code
  }

  /** The code of a character that stands for itself or is escaped. */
  #oneCharacter(expected: string): number {
    const code = this.#text.codePointAt(this.#at)
    if (code === undefined) return this.#fail(expected)
    if (code === 0x5c) return this.#escape().code
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  /** The escape sequence at a backslash in a string or character; `byte` if it was written as the number of a byte. */
  #escape(): { code: number; byte: boolean } {
    const start = this.#at++
    if (this.#match(/C-|\^/y)) return { code: this.#control(), byte: false }
    const octal = this.#match(/[0-7]{1,3}/y)
    if (octal) return { code: parseInt(octal[0], 8), byte: true }
    const numeric = this.#match(hexEscape)
    if (numeric) {
      const code = parseInt(numeric.slice(1).join(''), 16)
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) this.#fail('a character of Unicode', start)
      return { code, byte: numeric[1] !== undefined }
    }
    if (this.#match(/(?=[xuUN])/y)) this.#fail('the hexadecimal number of a character', this.#at + 1)
    if (this.#match(/(?=[MSHA])/y)) this.#fail('a character without modifier keys')
    const code = this.#text.codePointAt(this.#at)
    if (code === undefined || code === 10) return this.#fail('a character after the backslash')
    const letter = String.fromCodePoint(code)
    this.#at += letter.length
    return { code: namedEscapes.get(letter) ?? code, byte: false }
  }

  #control(): number {
    const start = this.#at
    const code = this.#oneCharacter('a character after the control prefix')
    if (code === 0x3f) return 127
    const letter = code >= 0x61 && code <= 0x7a ? code - 0x20 : code
    if (letter < 0x40 || letter > 0x5f)
      this.#fail('a letter or one of "@[\\]^_?" after the control prefix', start)
    return letter - 0x40
  }

  #hash(): LispValue {
    const start = this.#at
    const number = this.#match(/#(?:([box])|(\d+)r)([+-]?)([\da-z]*)/iy)
    if (number) {
      const [, letter, digits, sign, text = ''] = number
      const radix = letter ? { b: 2, o: 8, x: 16 }[letter.toLowerCase()]! : Number(digits)
      const values = Array.from(text, digit => parseInt(digit, 36))
      if (radix < 2 || radix > 36) this.#fail('a radix from 2 to 36', start + 1)
      const wrong = values.findIndex(value => value >= radix)
      if (wrong >= 0 || values.length === 0)
        this.#fail(`a digit of radix ${radix}`, wrong < 0 ? this.#at : this.#at - text.length + wrong)
      const magnitude = values.reduce((sum, value) => sum * BigInt(radix) + BigInt(value), 0n)
      return narrow(sign === '-' ? -magnitude : magnitude)
    }
    if (this.#match(/#'/y)) return makeList([Symbol.for('function'), this.#value("a function after #'")])
    if (this.#match(/##/y)) return Symbol.for('')
    return this.#fail('one of "box\'#" or a radix after "#"', start + 1)
  }

  #closes(bracket: string): boolean {
    this.#match(blank)
    if (this.#text[this.#at] !== bracket) return false
    this.#at++
    return true
  }

  /** Matches a sticky pattern at the current position, and moves past what it matched. */
  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found) this.#at += found[0].length
    return found
  }

  #fail(expected: string, position = this.#at): never {
    throw new LispSyntaxError(expected, this.#text, position)
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/**
 * Prints a value so that {@link readLisp}, and Emacs's `read`, give it back, as Emacs's `prin1` does.
 *
 * Unlike `prin1` it writes control characters as escapes, because its output goes to terminals.
 *
 * @example printLisp(new Cons(16, [0, 0])) // '(16 . [0 0])'
 */
export function printLisp(value: LispValue): string {
  if (value === null) return 'nil'
  if (value === true) return 't'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return printNumber(value)
  if (typeof value === 'string') return printString(value)
  if (typeof value === 'symbol') return printSymbol(Symbol.keyFor(value) ?? value.description ?? '')
  if (value instanceof Cons) return printList(value)
  return `[${value.map(printLisp).join(' ')}]`
}

function printNumber(value: number): string {
  if (Number.isNaN(value)) return '0.0e+NaN'
  if (!Number.isFinite(value)) return value > 0 ? '1.0e+INF' : '-1.0e+INF'
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  // Beyond 2⁵³ a number is a float here; without the point it would be read as an integer.
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? text : `${text}.0`
}

function printString(value: string): string {
  const escape = (character: string) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    if (character === '"' || character === '\\') return `\\${character}`
    if (character >= '\x80' && character <= '\x9f') return `\\u00${character.charCodeAt(0).toString(16)}`
    return `\\${(character.charCodeAt(0) & 0xff).toString(8).padStart(3, '0')}`
  }
  return `"${value.replace(/["\\\p{Cc}\udc80-\udcff]/gu, escape)}"`
}

function printSymbol(name: string): string {
  if (name === '') return '##'
  const text = name.replace(/[\0- \u00a0"';()[\]#`,\\]|^[?]|^\.$/g, '\\$&')
  return integer.test(name) || float.test(name) ? `\\${text}` : text
}

function printList(list: Cons): string {
  const items: string[] = []
  let rest: LispValue = list
  for (; rest instanceof Cons; rest = rest.cdr) items.push(printLisp(rest.car))
  return rest === null ? `(${items.join(' ')})` : `(${items.join(' ')} . ${printLisp(rest)})`
}
