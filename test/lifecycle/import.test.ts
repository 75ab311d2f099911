// What importing the package must not do.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

const url = (file: string) => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url))

describe('importing the package', () => {
  for (const file of ['index.js', 'emacs.js', 'socket/index.js'])
    it(`leaves standard input blocking: ${file}`, async () => {
      const program = `await import(${url(file)})
        const { readSync, writeSync } = await import('node:fs')
        const bytes = Buffer.alloc(16)
        writeSync(2, 'ready')
        writeSync(1, bytes.toString('latin1', 0, readSync(0, bytes)))`
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' })
      // It is about to read when it says so, and has to wait for what is written now.
      child.stderr.once('data', () => setImmediate(() => child.stdin.end('late')))
      const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
      assert.deepEqual([output, status], ['late', 0])
    })
})
