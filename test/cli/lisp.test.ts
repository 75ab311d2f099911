// The reader and printer of Lisp values: by example, by property, and against Emacs itself where it is installed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { Cons, LispSyntaxError, listItems, makeList, printLisp, readLisp } from '../../dist/cli/lisp.js'
import type { LispValue } from '../../dist/cli/lisp.js'

const symbol = Symbol.for
const byte = (value: number) => String.fromCharCode(0xdc00 + value)

describe('readLisp()', () => {
  const cases: [text: string, value: LispValue][] = [
    ['nil', null],
    ['t', true],
    ['()', null],
    ['80', 80],
    ['+80', 80],
    ['-0', 0],
    ['007', 7],
    ['5.', 5],
    ['9007199254740993', 9007199254740993n],
    ['#x1f', 31],
    ['#X-1F', -31],
    ['#o17', 15],
    ['#b101', 5],
    ['#24r1k', 44],
    ['1.5', 1.5],
    ['-.5', -0.5],
    ['1e3', 1000],
    ['1.0e+INF', Infinity],
    ['-1.0e+INF', -Infinity],
    ['0.0e+NaN', NaN],
    ['-0.0', -0],
    ['?a', 97],
    ['?é', 233],
    ['?😀', 0x1f600],
    ['?\\n', 10],
    ['?\\s', 32],
    ['?\\e', 27],
    ['?\\d', 127],
    ['?\\(', 40],
    ['?\\\\', 92],
    ['?\\C-a', 1],
    ['?\\^I', 9],
    ['?\\C-?', 127],
    ['?\\x41', 65],
    ['?\\101', 65],
    ['?\\u00e9', 233],
    ['?\\U0001F600', 0x1f600],
    ['?\\N{U+1F600}', 0x1f600],
    ['?\\377', 255],
    ['seqpacket', symbol('seqpacket')],
    [':reuseaddr', symbol(':reuseaddr')],
    ['utf-8-unix', symbol('utf-8-unix')],
    ['127.0.0.1', symbol('127.0.0.1')],
    ['1+', symbol('1+')],
    ['-', symbol('-')],
    ['...', symbol('...')],
    ['\\80', symbol('80')],
    ['a\\ b\\(', symbol('a b(')],
    ['##', symbol('')],
    ['"a b"', 'a b'],
    ['"a\\"b\\\\"', 'a"b\\'],
    ['"\\0name"', '\0name'],
    ['"\\t\\n\\z"', '\t\nz'],
    ['"a\\\nb\\ c"', 'abc'],
    ['"a\nb"', 'a\nb'],
    ['"\\x41\\ b"', 'Ab'],
    ['"\\377\\x80"', byte(255) + byte(128)],
    ['"é\\351\\u00e9"', `é${byte(0xe9)}é`],
    ['"\\x100"', 'Ā'],
    ['[127 0 0 1 80]', [127, 0, 0, 1, 80]],
    ['[]', []],
    ['[[1]"a"b]', [[1], 'a', symbol('b')]],
    ['[?a ?b]', [97, 98]],
    ['(16 . [0 0])', new Cons(16, [0, 0])],
    ['(a b . c)', makeList([symbol('a'), symbol('b')], symbol('c'))],
    ['(a . (b))', makeList([symbol('a'), symbol('b')])],
    ['(a .(b))', makeList([symbol('a'), symbol('b')])],
    ['(1 .5)', makeList([1, 0.5])],
    ['(a.b)', makeList([symbol('a.b')])],
    ['(nil . utf-8)', new Cons(null, symbol('utf-8'))],
    ["'local", makeList([symbol('quote'), symbol('local')])],
    ["#'ignore", makeList([symbol('function'), symbol('ignore')])],
    [' ; a comment\n(a;b\n) ; the end', makeList([symbol('a')])],
  ]
  for (const [text, value] of cases)
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(readLisp(text), value))

  const errors: [text: string, message: string][] = [
    ['', 'expected a value at character 1, found the end'],
    ['  ;', 'expected a value at character 4, found the end'],
    ['[1 2', 'expected a value or "]" at character 5, found the end'],
    ['(1 2', 'expected a value or ")" at character 5, found the end'],
    ['(1]', 'expected a value or ")" at character 3, found "]"'],
    ['[1 . 2]', 'expected a value or "]" at character 4, found "."'],
    ['(. 1)', 'expected a value or ")" at character 2, found "."'],
    ['(1 .)', 'expected a value after the dot at character 5, found ")"'],
    ['(1 . 2 3)', 'expected ")" after the value that follows the dot at character 8, found "3"'],
    ['1 2', 'expected nothing more at character 3, found "2"'],
    ['a)', 'expected nothing more at character 2, found ")"'],
    ['"abc', 'expected a closing double quote at character 5, found the end'],
    ['"abc\\', 'expected a character after the backslash at character 6, found the end'],
    ['abc\\', 'expected a character after the backslash at character 5, found the end'],
    ['"\\uD800"', 'expected a character of Unicode at character 2, found "\\"'],
    ['"\\x110000"', 'expected a character of Unicode at character 2, found "\\"'],
    ['"\\u12"', 'expected the hexadecimal number of a character at character 4, found "1"'],
    ['?', 'expected a character after "?" at character 2, found the end'],
    ['?ab', 'expected a blank or a bracket after the character at character 3, found "b"'],
    ['?\\M-a', 'expected a character without modifier keys at character 3, found "M"'],
    ['?\\C-%', 'expected a letter or one of "@[\\]^_?" after the control prefix at character 5, found "%"'],
    ['#xfg', 'expected a digit of radix 16 at character 4, found "g"'],
    ['#b', 'expected a digit of radix 2 at character 3, found the end'],
    ['#37r1', 'expected a radix from 2 to 36 at character 2, found "3"'],
    ['#s(a)', 'expected one of "box\'#" or a radix after "#" at character 2, found "s"'],
    ['`a', 'expected a value at character 1, found "`"'],
    ["'", 'expected a value after the quote at character 2, found the end'],
  ]
  for (const [text, message] of errors)
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => readLisp(text), { name: 'LispSyntaxError', message }))

  it('says where it went wrong, and whether more text could help', () => {
    const failure = (text: string) => {
      try {
        readLisp(text)
      } catch (error) {
        if (error instanceof LispSyntaxError)
          return { position: error.position, incomplete: error.incomplete }
      }
      return undefined
    }
    assert.deepEqual(failure('[1 2'), { position: 4, incomplete: true })
    assert.deepEqual(failure('[1 )'), { position: 3, incomplete: false })
  })

  it('reads any text or refuses it with a LispSyntaxError', () => {
    fc.assert(
      fc.property(lispLookingText, text => {
        try {
          readLisp(text)
        } catch (error) {
          assert.ok(error instanceof LispSyntaxError, String(error))
          assert.ok(error.position >= 0 && error.position <= text.length)
        }
      }),
    )
  })
})

describe('printLisp()', () => {
  const cases: [value: LispValue, text: string][] = [
    [null, 'nil'],
    [true, 't'],
    [[127, 0, 0, 1, 80], '[127 0 0 1 80]'],
    [new Cons(16, [0, 0]), '(16 . [0 0])'],
    [makeList([symbol('a'), 'b'], 5), '(a "b" . 5)'],
    ['\0name\n\x1b"\\é', '"\\000name\\n\\033\\"\\\\é"'],
    [byte(0xff), '"\\377"'],
    ['\u009b', '"\\u009b"'],
    [symbol('80'), '\\80'],
    [symbol('?a b'), '\\?a\\ b'],
    [symbol(''), '##'],
    [symbol('.'), '\\.'],
    [2 ** 60, '1152921504606847000.0'],
    [2n ** 60n, '1152921504606846976'],
    [1e300, '1e+300'],
    [-0, '-0.0'],
    [-Infinity, '-1.0e+INF'],
  ]
  for (const [value, text] of cases) it(`prints ${text}`, () => assert.equal(printLisp(value), text))

  it('prints what readLisp() reads back', () => {
    fc.assert(fc.property(lispValue, value => assert.deepEqual(readLisp(printLisp(value)), value)))
  })
})

describe('listItems()', () => {
  it('gives the items of a list, and undefined for anything else', () => {
    assert.deepEqual(listItems(null), [])
    assert.deepEqual(listItems(makeList([1, 2])), [1, 2])
    assert.equal(listItems(new Cons(1, 2)), undefined)
    assert.equal(listItems([1, 2]), undefined)
  })
})

describe('readLisp() and printLisp() compared with Emacs', () => {
  before(function () {
    if (spawnSync('emacs', ['--batch', '--eval', '(princ 1)']).stdout?.toString() !== '1') this.skip()
  })

  /** What Emacs prints after it has read each text; `null` where it reads no value, or does not read all of it. */
  function readAndPrint(texts: readonly string[]): (string | null)[] {
    const program = `
      (let ((print-escape-nonascii t) (coded ""))
        (while (not (equal "." (setq coded (read-string ""))))
          (let* ((text (decode-coding-string (base64-decode-string coded) 'utf-8-unix))
                 (found (ignore-errors (read-from-string text)))
                 (whole (condition-case nil (and (read-from-string text (cdr found)) nil)
                          (end-of-file t) (error nil)))
                 (printed (and found whole (prin1-to-string (car found)))))
            (princ (base64-encode-string (encode-coding-string (or printed "") 'utf-8-unix) t))
            (terpri))))`
    const { stdout, status, stderr } = spawnSync('emacs', ['--batch', '--eval', program], {
      input: [...texts.map(text => Buffer.from(text).toString('base64')), '.', ''].join('\n'),
      maxBuffer: 1 << 26,
    })
    assert.equal(status, 0, stderr.toString())
    const lines = stdout.toString().split('\n').slice(0, -1)
    assert.equal(lines.length, texts.length, stderr.toString())
    return lines.map(line => Buffer.from(line, 'base64').toString() || null)
  }

  it('prints what Emacs reads as the same value', () => {
    const values = fc.sample(lispValue, { numRuns: 500, seed: 1 })
    const printed = readAndPrint(values.map(printLisp))
    for (const [index, value] of values.entries())
      assert.deepEqual(readLisp(printed[index] ?? ''), value, printLisp(value))
  })

  it('reads every text that it takes as Emacs does', () => {
    const texts = fc.sample(lispLookingText, { numRuns: 2000, seed: 2 })
    const printed = readAndPrint(texts)
    let both = 0
    for (const [index, text] of texts.entries()) {
      let value: LispValue
      try {
        value = readLisp(text)
      } catch {
        continue
      }
      const there = printed[index]
      assert.ok(typeof there === 'string', `Emacs refuses ${JSON.stringify(text)}`)
      assert.deepEqual(readLisp(there), value, `${JSON.stringify(text)} is ${there} in Emacs`)
      both++
    }
    assert.ok(both > 200, `only ${both} texts were values`)
  })
})

// Text that stands for a value is rare among random text; of these pieces it is common.
const lispLookingText = fc
  .array(
    fc.constantFrom(
      ...['(', ')', '[', ']', ' . ', '.', ' ', '\n', ';', "'", '#', '#x', '#b', '##', '"', '"ab"', '\\', '?'],
      ...[
        '?a',
        '?\\',
        'C-',
        '^',
        'x4',
        'u00e9',
        '101',
        '377',
        'a',
        'nil',
        't',
        ':k',
        '1',
        '-',
        '+',
        '2.5',
        'e3',
      ],
      ...['(a . b)', '[1 2]', '"\\n"', '"\\377"', '?\\n', 'é'],
    ),
    { maxLength: 6 },
  )
  .map(pieces => pieces.join(''))

const lispText = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.integer({ min: 128, max: 255 }).map(byte)))
  .map(pieces => pieces.join(''))

const { value: lispValue } = fc.letrec<{ value: LispValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<LispValue>(null, true),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
    fc.double(),
    lispText,
    fc
      .string({ unit: 'binary' })
      .filter(name => name !== 'nil' && name !== 't')
      .map(name => symbol(name)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .tuple(fc.array(tie('value'), { minLength: 1, maxLength: 4 }), tie('value'))
      .map(([items, tail]) => makeList(items, tail)),
  ),
}))
