// Real Emacs, where it is installed: runs a piece of Lisp in the locale whose detection we follow.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const env = { ...process.env, LC_ALL: 'C.UTF-8' }

/** Skips a suite where there is no Emacs. */
export function needsEmacs(this: Mocha.Context): void {
  if (spawnSync('emacs', ['-Q', '--batch', '--eval', '(princ 1)']).stdout?.toString() !== '1') this.skip()
}

/** What `text` returns in place of Emacs's own characters above U+10FFFF. */
export const emacsOnly = '\uffff'

/**
 * What a program prints, as bytes. `(line STRING)` prints a line of a unibyte string; `(units STRING)` makes one of a
 * multibyte string, for `text` here.
 */
export function emacs(program: string): Buffer[] {
  const prelude = `
    (defun line (string) (princ (base64-encode-string string t)) (terpri))
    (defun units (string)
      (encode-coding-string
        (mapconcat (lambda (char)
                     (string (cond ((>= char #x3fff80) (+ #xdc80 (- char #x3fff80)))
                                   ((> char #x10ffff) #xffff)
                                   (t char))))
                   string "")
        'utf-16le-unix))`
  const folder = mkdtempSync(join(tmpdir(), 'mnp-coding-'))
  try {
    const file = join(folder, 'program.el')
    writeFileSync(file, `${prelude}\n${program}`)
    const { stdout, stderr, status } = spawnSync('emacs', ['-Q', '--batch', '-l', file], {
      cwd: folder,
      env,
      encoding: 'latin1',
      maxBuffer: 1 << 28,
    })
    assert.equal(status, 0, stderr)
    return stdout
      .split('\n')
      .slice(0, -1)
      .map(line => Buffer.from(line, 'base64'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The string that `(units STRING)` printed. */
export const text = (line: Buffer | undefined): string => line?.toString('utf16le') ?? ''

/** A Lisp form of a multibyte string, where lone surrogates U+DC80…U+DCFF are raw bytes. */
export const lispText = (string: string): string => {
  const codes = Array.from(string, character => character.codePointAt(0)!)
  const characters = codes.map(code => (code >= 0xdc80 && code <= 0xdcff ? code - 0xdc80 + 0x3fff80 : code))
  return `(string-to-multibyte (concat '(${characters.join(' ')})))`
}

/** Bytes as Emacs reads them. */
export const lispBytes = (bytes: Uint8Array): string =>
  `"${Array.from(bytes, byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`
