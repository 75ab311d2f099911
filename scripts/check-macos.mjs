// Compiles native/ for other systems than this machine's, with warnings as errors: macOS on both processors,
// and Linux with musl. Nothing is linked or run. zig is a C++ compiler that brings the headers of all these
// systems, and comes from npm.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { addonFlags, countFailures, filesBelow, run } from './native.mjs'
import { findZig, noZig, zigEnvironment } from './zig.mjs'

const targets = ['aarch64-macos', 'x86_64-macos', 'x86_64-linux-musl']

const zig = await findZig()
if (zig === undefined) {
  console.log(`skipped: ${noZig}`)
  process.exit()
}
const flags = [...addonFlags(), '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror']

const objects = mkdtempSync(path.join(tmpdir(), 'check-macos-'))
process.on('exit', () => rmSync(objects, { recursive: true }))

const jobs = targets.flatMap(target => filesBelow('native', '.cc').map(file => ({ target, file })))
const failures = await countFailures(jobs, async ({ target, file }) => {
  const object = path.join(objects, `${target}-${file.replaceAll(path.sep, '-')}.o`)
  const args = ['c++', '-target', target, ...flags, '-c', '-o', object, file]
  const { ok, output } = await run(zig, args, zigEnvironment)
  return { ok, output: `${target} ${file}\n${output}` }
})
console.log(`${jobs.length - failures} of ${jobs.length} compilations succeeded (${targets.join(', ')})`)
process.exitCode = failures === 0 ? 0 : 1
