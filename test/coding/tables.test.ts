// Every character set against real Emacs: what each of its codes decodes to, and what each character encodes to.

import assert from 'node:assert/strict'
import { codingSystem, codingSystemBases, Decoder, Encoder } from '../../dist/coding/index.js'
import { emacs, emacsOnly, lispBytes, lispText, needsEmacs, text } from './emacs.js'

const charsets = codingSystemBases.slice(codingSystemBases.indexOf('us-ascii'))
const wide = charsets.slice(charsets.indexOf('japanese-shift-jis'))
const narrow = charsets.filter(name => !wide.includes(name))

const decode = (name: string, bytes: Uint8Array): string =>
  new Decoder(codingSystem(`${name}-unix`)).decode(bytes, true) as string
const encode = (name: string, text: string): Uint8Array =>
  new Encoder(codingSystem(`${name}-unix`)).encode(text)

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** All characters of the basic plane but controls, separators and surrogates, and two that no set but Unicode has. */
const characters = String.fromCodePoint(...range(0x20, 0xd7ff), ...range(0xe000, 0xffff), 0x1f600, 0x2070e)

describe('8-bit character sets', () => {
  before(needsEmacs)

  it('have the characters that they have in Emacs, in both directions', () => {
    const bytes = Buffer.from(range(0, 255))
    const lines = emacs(`(let ((all ${lispText(characters)}))
      (dolist (name '(${narrow.map(name => `${name}-unix`).join(' ')}))
        (line (units (decode-coding-string ${lispBytes(bytes)} name)))
        (line (encode-coding-string all name))))`)
    for (const [index, name] of narrow.entries()) {
      assert.equal(decode(name, bytes), text(lines[index * 2]), name)
      assert.deepEqual(Buffer.from(encode(name, characters)), lines[index * 2 + 1], name)
    }
  }).timeout(60000)
})

describe('multi-byte character sets', () => {
  before(needsEmacs)

  /** The editions of 2000 and 2022 have these in the private area, Emacs in the supplementary plane. */
  const gb18030Private = new Set([0xfe51, 0xfe52, 0xfe53, 0xfe6c, 0xfe76, 0xfe91])

  for (const name of wide) {
    it(`${name} has the characters that it has in Emacs`, () => {
      const trails = range(0x40, 0xff)
      const prefixes = name === 'japanese-iso-8bit' ? ['', '\\217'] : ['']
      // A line for every pair: no trail byte is a line feed.
      const lines = emacs(`(dolist (prefix '(${prefixes.map(prefix => `"${prefix}"`).join(' ')}))
        (dotimes (lead 128)
          (line (units (decode-coding-string
            (mapconcat (lambda (trail) (concat prefix (unibyte-string (+ lead 128) trail)))
              '(${trails.join(' ')}) "\\n")
            '${name}-unix)))))`)
      let compared = 0
      for (const [index, line] of lines.entries()) {
        const prefix = index < 128 ? [] : [0x8f]
        const lead = 128 + (index % 128)
        const found = text(line).split('\n')
        assert.equal(found.length, trails.length)
        for (const [at, trail] of trails.entries()) {
          if (name === 'chinese-gb18030' && gb18030Private.has((lead << 8) | trail)) continue
          const code = Buffer.from([...prefix, lead, trail])
          // Codes for which only Emacs has a character become raw bytes here.
          const expected = found[at] === emacsOnly ? decode('us-ascii', code) : found[at]
          assert.equal(decode(name, code), expected, code.toString('hex'))
          compared += 1
        }
      }
      assert(compared > 24000)
    }).timeout(60000)

    // Emacs 28 counts GB 18030's four-byte codes wrongly.
    if (name === 'chinese-gb18030') continue

    it(`${name} encodes as Emacs does`, () => {
      // Emacs leaves EUC-JP by an escape sequence for these.
      const all =
        name === 'japanese-iso-8bit' ? characters.replace(/[¥‾㵎剝屛昻栅梎簞荆蟬驒]/g, '') : characters
      const [encoded] = emacs(`(line (encode-coding-string
        ${lispText(all)} '${name}-unix))`)
      assert.deepEqual(Buffer.from(encode(name, all)), encoded)
    }).timeout(60000)
  }
})

describe('chinese-gb18030', () => {
  it('has a code for every character of Unicode, and no two the same', () => {
    const seen = new Set<string>()
    for (let code = 0; code < 0x110000; code += code < 0x10000 ? 1 : 61) {
      if (code >= 0xd800 && code < 0xe000) continue
      const character = String.fromCodePoint(code)
      const bytes = Buffer.from(encode('chinese-gb18030', character))
      assert.equal(decode('chinese-gb18030', bytes), character)
      seen.add(bytes.toString('latin1'))
    }
    assert.equal(seen.size, 0x10000 - 0x800 + Math.ceil(0x100000 / 61))
  })

  // GB 18030-2005, annexes, and -2022 for the vertical forms.
  const cases = [
    [0x20ac, 'a2e3'],
    [0x1e3f, 'a8bc'],
    [0x1e40, '8135f438'],
    [0xe5e5, 'a3a0'],
    [0xe7c7, '8135f437'],
    [0xfe10, 'a6d9'],
    [0xe78d, '84318236'],
    [0x9fb4, 'fe59'],
    [0xffff, '8431a439'],
    [0x10000, '90308130'],
    [0x10ffff, 'e3329a35'],
  ] as const
  for (const [character, code] of cases) {
    it(`has U+${character.toString(16).toUpperCase().padStart(4, '0')} at ${code}`, () => {
      assert.equal(Buffer.from(encode('gb18030', String.fromCodePoint(character))).toString('hex'), code)
    })
  }
})
