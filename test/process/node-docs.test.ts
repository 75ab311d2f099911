// The programs of docs/node.md and docs/messages.md: each runs as it is, and prints what it says.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

for (const name of ['node', 'messages'])
  describe(`docs/${name}.md`, () => {
    const page = readFileSync(`${root}/docs/${name}.md`, 'utf8')
    for (const [, title = '', section = ''] of page.matchAll(/^## (.*)\n([^]*?)(?=^## |$(?![^]))/gm))
      for (const [, program = ''] of section.matchAll(/```js\n([^]*?)```/g))
        it(title, () => {
          const { status, stdout, stderr } = spawnSync(
            process.execPath,
            ['--input-type=module', '--eval', program],
            { cwd: root, encoding: 'utf8', timeout: 10_000 },
          )
          const expected = [...program.matchAll(/\/\/ → (.*)/g)].map(([, line = '']) => `${line}\n`)
          assert.ok(expected.length > 0)
          assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: expected.join(''), stderr: '' })
        })
  })
