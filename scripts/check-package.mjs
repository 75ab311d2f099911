// npm run check:package: packs what would be published, and checks that with publint and "are the types wrong?". It says
// which addons are in the package; `npm run prebuilds` makes them, and `-- --release` requires all of them.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root, run } from './native.mjs'
import { prebuilds } from './zig.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'check-package-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const bin = name => path.join(root, 'node_modules/.bin', name)
let failures = 0
const check = (what, { ok, output }) => {
  console.log(`${what}: ${ok ? 'ok' : 'FAILED'}`)
  if (ok) return
  console.error(output)
  failures++
}

// The scripts of the package are not run: the files are packed as they are.
const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder])
check('npm pack', packed)
const [tarball] = readdirSync(folder)
if (tarball === undefined) process.exit(1)
const file = path.join(folder, tarball)

const { output: listing } = await run('tar', ['-tf', file])
const files = listing
  .trimEnd()
  .split('\n')
  .map(name => name.replace(/^package\//, ''))
const strangers = files.filter(
  name => !/^(dist|lib|prebuilds)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(name),
)
check('only what is meant to be there', { ok: strangers.length === 0, output: strangers.join('\n') })
const missing = Object.keys(prebuilds).filter(name => !files.includes(`prebuilds/${name}.node`))
console.log(
  `addons: ${
    Object.keys(prebuilds)
      .filter(name => !missing.includes(name))
      .join(', ') || 'none'
  }`,
)
if (process.argv.includes('--release'))
  check('every addon', { ok: missing.length === 0, output: `no ${missing.join(', ')}: npm run prebuilds` })

check('publint', await run(bin('publint'), ['run', file, '--strict']))
// ES modules only: Node's require() loads them too, and TypeScript's node10 resolution ignores `exports`.
check('types', await run(bin('attw'), [file, '--profile', 'esm-only', '--no-emoji']))
process.exitCode = failures === 0 ? 0 : 1
