// The decoder's state: blocks and datagrams, what is carried over, and what becomes of memory that is lent.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codingSystem, Decoder, Encoder } from '../../dist/coding/index.js'

const bytes = (string: string): Buffer => Buffer.from(string, 'latin1')
const decoder = (name: string | null): Decoder => new Decoder(codingSystem(name))

describe('Decoder#decode()', () => {
  it('gives nothing for an empty block', () => {
    assert.equal(decoder('utf-8').decode(bytes('')), '')
    assert.equal(decoder('utf-8-auto').decode(bytes(''), true), '')
    assert.deepEqual(decoder('binary').decode(bytes('')), bytes(''))
  })

  it('decides nothing by an empty block', () => {
    for (const name of ['utf-8-auto', 'utf-16', 'undecided', null]) {
      const empty = decoder(name)
      empty.decode(bytes(''), true)
      assert.equal(empty.system.name, name ?? undefined)
    }
  })

  it('never gives U+FFFD for bytes that are not valid', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    for (const name of ['utf-8', 'us-ascii', 'windows-1252', 'sjis', 'euc-jp', 'euc-kr', 'gbk', 'big5']) {
      const text = decoder(name).decode(all, true) as string
      assert(!text.includes('\ufffd') && /[\udc80-\udcff]/.test(text), name)
    }
  })

  it('does not change the bytes, nor keep a view of them', () => {
    for (const [name, block] of [
      ['utf-8', 'h\xc3\xa9\r\n\xe2\x82'],
      ['latin-1', 'h\xe9\r\n'],
      ['utf-16', '\xfe\xff\0h\0\xe9\0'],
      ['sjis', '\x82\xa0\x82'],
      ['gb18030', '\x81\x30\x81\x30\x81\x30'],
    ] as const) {
      const lent = bytes(block)
      const one = decoder(name)
      const text = one.decode(lent)
      assert.deepEqual(lent, bytes(block))
      const copy = decoder(name)
      copy.decode(bytes(block))
      lent.fill(0x2e)
      assert.equal(text, decoder(name).decode(bytes(block)))
      assert.equal(one.flush(), copy.flush(), 'what is carried over is no view of what was lent')
    }
  })

  it('takes blocks of any size', () => {
    const text = '漢字 kana ひらがな\n'.repeat(20000)
    for (const name of ['utf-8-unix', 'sjis-unix', 'gb18030-unix', 'utf-16-unix']) {
      assert.equal(decoder(name).decode(new Encoder(codingSystem(name)).encode(text)), text)
    }
  })

  it('continues from what another decoder has left', () => {
    for (const [before, first, after, second, result] of [
      ['utf-8-unix', 'x\xe2\x82', 'latin-1-unix', '\xac', 'â\x82¬'],
      ['utf-8-unix', 'x\xe2\x82', 'binary', '\xac', bytes('\xe2\x82\xac')],
      ['utf-8-unix', '\x80\x80\x80\x80', 'utf-16be', 'ab', '肀肀慢'],
      ['latin-1-dos', 'a\r', 'utf-8-unix', '\nb', '\r\nb'],
      ['latin-1-dos', 'a\r', 'utf-8-dos', '\nb', '\nb'],
      ['utf-16le-dos', 'a\0\r\0\xe9', 'latin-1-unix', '!', '\r\0é!'],
      ['undecided', '\xff', 'latin-1', '\xfe', 'ÿþ'],
    ] as const) {
      const one = decoder(before)
      one.decode(bytes(first))
      assert.deepEqual(new Decoder(codingSystem(after), one.rest).decode(bytes(second)), result)
    }
  })

  it('gives bytes without a copy where there is nothing to convert', () => {
    const block = bytes('a\n\xff')
    assert.equal(decoder('binary').decode(block), block)
    assert.equal(decoder('raw-text-unix').decode(block), block)
  })

  it('keeps a CR that it held back when text turns out to be bytes', () => {
    const one = decoder('undecided-dos')
    assert.equal(one.decode(bytes('a\r')), 'a')
    assert.deepEqual(Buffer.from(one.decode(bytes('\0\n'))), bytes('\r\0\n'))
    const other = decoder('undecided')
    assert.equal(other.decode(bytes('a\r')), 'a')
    assert.deepEqual(Buffer.from(other.decode(bytes('\n\x80\r\n'))), bytes('\n\x80\n'))
    assert.equal(other.system.name, 'raw-text-dos')
  })

  it('finds the same line ends wherever they are cut, if all are of one kind', () => {
    const lines = fc.array(fc.constantFrom('', 'a', 'é', '漢字'), { minLength: 1, maxLength: 5 })
    const property = fc.property(lines, fc.constantFrom('\n', '\r\n', '\r'), fc.nat(), (texts, eol, cut) => {
      const whole = Buffer.from(texts.map(text => text + eol).join(''))
      const at = cut % (whole.length + 1)
      const one = decoder('utf-8')
      const parts = [one.decode(whole.subarray(0, at)), one.decode(whole.subarray(at)), one.flush()]
      assert.equal(parts.join(''), texts.map(text => text + '\n').join(''))
      assert.equal(one.system.eol, { '\n': 'unix', '\r\n': 'dos', '\r': 'mac' }[eol])
    })
    fc.assert(property)
  })
})

describe('Decoder#decode(…, true)', () => {
  it('carries nothing from one datagram to the next', () => {
    const utf8 = decoder('utf-8-unix')
    assert.equal(utf8.decode(bytes('a\xe2\x82'), true), 'a\udce2\udc82')
    assert.equal(utf8.decode(bytes('\xacb'), true), '\udcacb')
    const dos = decoder('latin-1-dos')
    assert.equal(dos.decode(bytes('a\r'), true), 'a\r')
    assert.equal(dos.decode(bytes('\nb'), true), '\nb')
  })

  it('removes the signature of every datagram', () => {
    const utf8 = decoder('utf-8-with-signature-unix')
    const utf16 = decoder('utf-16-unix')
    for (let count = 0; count < 2; count++) {
      assert.equal(utf8.decode(bytes('\xef\xbb\xbfa'), true), 'a')
      assert.equal(utf16.decode(bytes('\xff\xfea\0'), true), 'a')
    }
    assert.equal(utf16.system.name, 'utf-16le-with-signature-unix')
  })

  it('remembers what it has detected', () => {
    const undecided = decoder('undecided')
    assert.equal(undecided.decode(bytes('\xe9t\xe9\r\n'), true), 'été\n')
    assert.equal(undecided.decode(bytes('\xc3\xa9\r\n'), true), 'Ã©\n')
    assert.equal(undecided.system.name, 'iso-latin-1-dos')
  })

  it('detects UTF-8 and UTF-16 only in datagrams that end with a whole character', () => {
    const latin1 = decoder('undecided')
    assert.equal(latin1.decode(bytes('caf\xe9'), true), 'café')
    const odd = decoder('undecided')
    assert.deepEqual(odd.decode(bytes('\xff\xfea\0b'), true), bytes('\xff\xfea\0b'))
    assert.equal(odd.system.name, 'no-conversion')
  })

  it('looks for a UTF-16 signature in every datagram anew', () => {
    const utf16 = decoder('utf-16-unix')
    assert.equal(utf16.decode(bytes('\0a'), true), 'a')
    assert.equal(utf16.system.name, 'utf-16-unix')
    assert.equal(utf16.decode(bytes('\xff\xfea\0'), true), 'a')
  })
})

describe('Decoder#flush()', () => {
  it('gives what was held back, decoded', () => {
    const cases = [
      ['utf-8', 'a\xf0\x9f\x98', '\udcf0\udc9f\udc98'],
      ['utf-8-auto', '\xef\xbb', '\udcef\udcbb'],
      ['utf-16', '\xff', '\udcff'],
      ['utf-16le', 'a\0\0\xd8', '\ud800'],
      ['utf-16be', '\0ab', 'b'],
      ['sjis-unix', '\x82', '\udc82'],
      ['euc-jp-unix', '\x8f\xb0', '\udc8f\udcb0'],
      ['gb18030-unix', '\x81\x30\x81', '\udc810\udc81'],
      ['latin-1-dos', 'a\r', '\r'],
      ['latin-1', 'a\r', '\n'],
      ['utf-8', '', ''],
    ] as const
    for (const [name, block, rest] of cases) {
      const one = decoder(name)
      one.decode(bytes(block))
      assert.equal(one.flush(), rest, name)
      assert.equal(one.flush(), '', name)
    }
  })
})
