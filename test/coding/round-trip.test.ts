// Properties of every coding system: where a block ends makes no difference, text comes back as it was, and so do
// bytes, whatever they are.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codingSystem, codingSystemBases, Decoder, Encoder } from '../../dist/coding/index.js'

const decode = (name: string, ...blocks: Uint8Array[]): string => {
  const decoder = new Decoder(codingSystem(name))
  const parts = [...blocks.map(block => decoder.decode(block)), decoder.flush()]
  return parts.map(part => (typeof part === 'string' ? part : Buffer.from(part).toString('latin1'))).join('')
}

const encode = (name: string, data: string | Uint8Array): Buffer =>
  Buffer.from(new Encoder(codingSystem(name)).encode(data))

const isUnibyte = (base: string): boolean => codingSystem(base).unibyte

/** All ways to cut bytes in two, and the way to cut them into single bytes. */
function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
}

const samples = Array.from({ length: 0x10000 / 7 }, (_, index) => index * 7 + 3)
  .filter(code => code < 0xd800 || code >= 0xe000)
  .concat(0x1f600, 0x20bb7, 0x10ffff)
  .map(code => String.fromCodePoint(code))

/** Text of characters that a coding system has. */
function textIn(base: string): fc.Arbitrary<string> {
  const has = samples.filter(
    character => decode(`${base}-unix`, encode(`${base}-unix`, character)) === character,
  )
  // Not too many line ends, but of every kind: those of two characters, and halves of such.
  const units = [fc.constantFrom(...has), fc.constantFrom('\n', '\r\n', '\r', ' ', 'a')]
  return fc.array(fc.oneof(...units), { maxLength: 24 }).map(characters => characters.join(''))
}

const texts = codingSystemBases.filter(base => !isUnibyte(base))

describe('text', () => {
  for (const base of texts) {
    const text = textIn(base)
    for (const eol of ['unix', 'dos', 'mac']) {
      const name = `${base}-${eol}`

      it(`comes back unchanged in ${name}, wherever it is cut`, () => {
        const property = fc.property(text, any => {
          // A CR is a line end here, so the text has none of its own.
          const given = eol === 'mac' ? any.replaceAll('\r', '') : any
          const bytes = encode(name, given)
          // UTF-16 is detected by its signature; other undecided text may be detected as something else.
          assert.equal(decode(name, bytes), given)
          if (base === 'undecided' || base === 'prefer-utf-8') return
          for (const blocks of cuts(bytes)) assert.equal(decode(name, ...blocks), given)
          assert.deepEqual(encode(name, decode(name, bytes)), bytes)
        })
        fc.assert(property, { numRuns: 50 })
      })
    }
  }
})

describe('bytes', () => {
  const signatures: Readonly<Record<string, readonly number[]>> = {
    'utf-8-with-signature': [0xef, 0xbb, 0xbf],
    'utf-16': [0xfe, 0xff],
    'utf-16be-with-signature': [0xfe, 0xff],
    'utf-16le-with-signature': [0xff, 0xfe],
  }
  // Bytes that are lead bytes, trail bytes, or neither, more often than others.
  const byte = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0x80, max: 0xff }),
    fc.constantFrom(0x30, 0x39, 0x40, 0x7e, 0x80, 0x8e, 0x8f, 0xa0, 0xd8, 0xdb, 0xdc, 0xdf, 0xfe, 0xff),
  )
  const anyBytes = fc.array(byte, { maxLength: 16 }).map(bytes => Uint8Array.from(bytes))

  for (const base of texts.filter(base => base !== 'undecided' && base !== 'prefer-utf-8')) {
    it(`survive in ${base}, wherever they are cut`, () => {
      const property = fc.property(anyBytes, any => {
        // Half a UTF-16 unit that is an ASCII byte cannot become a raw byte.
        const even = base.startsWith('utf-16') ? any.subarray(0, any.length & ~1) : any
        const bytes = Buffer.from([...(signatures[base] ?? []), ...even])
        if (base === 'utf-8-auto' && bytes.indexOf('\ufeff') === 0) return
        const text = decode(`${base}-unix`, bytes)
        if (text !== '') {
          const sent = encode(`${base}-unix`, text)
          // cp932 has two or three codes for some characters, of which one is sent, as by Emacs. It may begin with what
          // completes a raw byte before it, so the text is looked at in pieces that end with their raw bytes.
          if (base === 'japanese-cp932') {
            for (const piece of text.split(/(?<=[\udc80-\udcff])(?![\udc80-\udcff])/))
              assert.equal(
                decode(`${base}-unix`, piece === '' ? sent.subarray(0, 0) : encode(`${base}-unix`, piece)),
                piece,
              )
          } else assert.deepEqual(sent, bytes)
        }
        for (const blocks of cuts(bytes)) assert.equal(decode(`${base}-unix`, ...blocks), text)
      })
      fc.assert(property, { numRuns: 200 })
    })
  }

  it('of a cp932 character become those that Emacs sends for it, even behind a raw byte', () => {
    const text = decode('japanese-cp932-unix', Buffer.from([0x81, 0xfa, 0x4a]))
    assert.equal(text, '\udc81Ⅰ')
    assert.deepEqual([...encode('japanese-cp932-unix', text)], [0x81, 0x87, 0x54])
  })

  for (const name of ['binary', 'raw-text-unix', 'raw-text-dos', 'raw-text-mac']) {
    it(`are the same in ${name}, wherever they are cut, except for line ends`, () => {
      const property = fc.property(anyBytes, bytes => {
        const whole = decode(name, bytes)
        for (const blocks of cuts(bytes)) assert.equal(decode(name, ...blocks), whole)
        if (!name.endsWith('mac'))
          assert.deepEqual(encode(name, Buffer.from(whole, 'latin1')), encode(name, bytes))
        if (name === 'binary') assert.deepEqual(Buffer.from(whole, 'latin1'), Buffer.from(bytes))
      })
      fc.assert(property, { numRuns: 200 })
    })
  }
})
