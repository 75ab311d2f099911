// The encoder's state: what it completes, when it writes a signature, and which memory it gives.

import assert from 'node:assert/strict'
import { codingSystem, Encoder } from '../../dist/coding/index.js'

const bytes = (string: string): Buffer => Buffer.from(string, 'latin1')
const encoder = (name: string | null): Encoder => new Encoder(codingSystem(name))

describe('Encoder#encode()', () => {
  it('gives nothing for no data, and decides nothing by it', () => {
    const utf16 = encoder('utf-16')
    assert.equal(utf16.encode('').length, 0)
    assert.equal(utf16.system.name, 'utf-16')
    assert.deepEqual(utf16.encode('a'), bytes('\xfe\xff\0a'))
    assert.equal(utf16.encode(new Uint8Array(0)).length, 0)
  })

  it('completes its coding system when it first encodes text that is not ASCII', () => {
    const latin1 = encoder('latin-1')
    latin1.encode(bytes('\xe9\n'))
    latin1.encode('\n')
    assert.equal(latin1.system.name, 'latin-1')
    latin1.encode('é')
    assert.equal(latin1.system.name, 'iso-latin-1-unix')
    for (const data of ['\n', bytes('\n')]) {
      const euc = encoder('euc-jp')
      euc.encode(data)
      assert.equal(euc.system.name, 'japanese-iso-8bit-unix')
    }
    const nil = encoder(null)
    nil.encode('é')
    assert.equal(nil.system.name, 'utf-8-unix')
  })

  it('gives bytes without a copy where there is nothing to convert', () => {
    const plain = bytes('a\xff\n')
    for (const name of ['utf-16', 'latin-1-unix', 'binary', null])
      assert.equal(encoder(name).encode(plain), plain)
    const line = bytes('a\xff')
    assert.equal(encoder('latin-1-dos').encode(line), line)
  })

  it('does not change the bytes that it is given', () => {
    const plain = bytes('a\n')
    assert.deepEqual(encoder('latin-1-dos').encode(plain), bytes('a\r\n'))
    assert.deepEqual(plain, bytes('a\n'))
  })

  it('writes a signature in every datagram, and once in a stream', () => {
    const datagrams = encoder('utf-16-le')
    const stream = encoder('utf-16-le')
    for (const signature of ['\xff\xfe', '']) {
      assert.deepEqual(datagrams.encode('é', true), bytes('\xff\xfe\xe9\0'))
      assert.deepEqual(Buffer.from(stream.encode('é')), bytes(`${signature}\xe9\0`))
    }
  })

  it('encodes a pair of surrogates as one character, and a raw byte as its byte, wherever they stand', () => {
    for (const name of ['us-ascii', 'latin-1', 'sjis', 'gb18030', 'utf-8', 'utf-16be']) {
      const one = encoder(name)
      const [pair, raw] = [one.encode('\u{1f4ff}'), one.encode('\udcff')]
      assert.deepEqual(Buffer.from(raw), bytes('\xff'))
      assert.deepEqual(
        Buffer.from(one.encode('\udcff\u{1f4ff}\udcff\udcff')),
        Buffer.concat([raw, pair, raw, raw]),
        name,
      )
    }
  })
})
