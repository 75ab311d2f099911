// Coding systems by name: what a name resolves to, what follows from it, and Emacs's own list.

import assert from 'node:assert/strict'
import {
  asUnibyte,
  codingSystem,
  codingSystemAliases,
  codingSystemBases,
  inheritedEncoding,
  withLineEnds,
  Decoder,
  Encoder,
} from '../../dist/coding/index.js'
import { emacs, needsEmacs } from './emacs.js'

describe('codingSystem()', () => {
  it('keeps the name that was given, and knows its base and line ends', () => {
    assert.deepEqual(codingSystem('latin-1-dos'), {
      name: 'latin-1-dos',
      base: 'iso-latin-1',
      eol: 'dos',
      unibyte: false,
    })
    assert.deepEqual(codingSystem('binary'), {
      name: 'binary',
      base: 'no-conversion',
      eol: 'unix',
      unibyte: true,
    })
    assert.deepEqual(codingSystem('raw-text'), {
      name: 'raw-text',
      base: 'raw-text',
      eol: undefined,
      unibyte: true,
    })
  })

  for (const nil of [undefined, null, false] as const) {
    it(`takes ${String(nil)} for undecided without a name`, () => {
      assert.deepEqual(codingSystem(nil), {
        name: undefined,
        base: 'undecided',
        eol: undefined,
        unibyte: false,
      })
    })
  }

  for (const name of [
    'utf8',
    'UTF-8',
    '',
    '-unix',
    'binary-unix',
    'utf-8-unix-dos',
    'iso-2022-jp',
    'toString',
  ]) {
    it(`refuses ${JSON.stringify(name)} by name`, () => {
      assert.throws(
        () => codingSystem(name),
        (error: Error & { code?: string }) => {
          assert(error instanceof TypeError)
          assert.equal(error.code, 'ERR_UNKNOWN_CODING_SYSTEM')
          assert(error.message.includes(':coding') && error.message.includes(JSON.stringify(name)))
          return true
        },
      )
    })
  }

  for (const value of [5, true, {}, ['utf-8']]) {
    it(`refuses ${JSON.stringify(value)}, which is no name`, () => {
      assert.throws(() => codingSystem(value as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    })
  }

  it('has a codec for every name', () => {
    for (const base of codingSystemBases) {
      for (const name of codingSystemAliases(codingSystem(base))) {
        assert.equal(codingSystem(name).base, base)
        assert.equal(Buffer.from(new Encoder(codingSystem(name)).encode('a')).includes('a'), true, name)
        assert.equal(new Decoder(codingSystem(name)).decode(Buffer.from('\0a'), true).length > 0, true, name)
      }
    }
  })
})

describe('withLineEnds()', () => {
  it('sets undecided line ends, under the base name', () => {
    assert.equal(withLineEnds(codingSystem('latin-1'), 'dos').name, 'iso-latin-1-dos')
    assert.equal(withLineEnds(codingSystem(null), 'unix').name, 'undecided-unix')
  })

  it('leaves decided line ends as they are', () => {
    for (const name of ['latin-1-mac', 'binary']) {
      assert.equal(withLineEnds(codingSystem(name), 'dos').name, name)
    }
    assert.equal(withLineEnds(codingSystem('latin-1'), undefined).name, 'latin-1')
  })
})

describe('asUnibyte()', () => {
  const cases = [
    ['utf-8', 'raw-text'],
    ['utf-8-dos', 'raw-text-dos'],
    ['latin-1-mac', 'raw-text-mac'],
    ['undecided-unix', 'raw-text-unix'],
    ['raw-text-dos', 'raw-text-dos'],
    ['binary', 'binary'],
    [null, 'raw-text'],
  ] as const
  for (const [name, unibyte] of cases) {
    it(`makes ${unibyte} of ${name ?? 'nil'}`, () => {
      assert.equal(asUnibyte(codingSystem(name)).name, unibyte)
    })
  }
})

describe('inheritedEncoding()', () => {
  const cases = [
    [null, 'undecided', 'utf-8-dos', 'utf-8-dos'],
    [null, 'undecided', 'utf-8', 'utf-8-unix'],
    [null, 'undecided', 'undecided-unix', 'undecided-unix'],
    [null, null, 'undecided', 'undecided-unix'],
    [null, 'undecided', 'no-conversion', 'no-conversion'],
    [null, 'latin-1', 'latin-1', undefined],
    ['undecided', 'undecided', 'utf-8-dos', 'undecided'],
    ['latin-1', 'undecided', 'utf-8', 'latin-1'],
  ] as const
  for (const [encoding, before, after, inherited] of cases) {
    it(`makes ${inherited ?? 'nil'} of ${encoding ?? 'nil'} when ${before ?? 'nil'} becomes ${after}`, () => {
      const { name } = inheritedEncoding(codingSystem(encoding), codingSystem(before), codingSystem(after))
      assert.equal(name, inherited)
    })
  }
})

describe('Emacs', () => {
  before(needsEmacs)

  it('has the same names and aliases', () => {
    const names = emacs(`(dolist (base '(${codingSystemBases.join(' ')}))
      (line (format "%s %s %s" (coding-system-base base) (coding-system-aliases base)
        (vectorp (coding-system-eol-type base)))))`)
    for (const [index, base] of codingSystemBases.entries()) {
      const aliases = codingSystemAliases(codingSystem(base))
      const variants = base === 'no-conversion' ? 'nil' : 't'
      assert.equal(names[index]?.toString(), `${base} (${aliases.join(' ')}) ${variants}`)
    }
  })
})
