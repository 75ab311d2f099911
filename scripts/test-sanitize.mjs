// Builds native/ with the address and undefined-behaviour sanitizers into build/sanitize/, and runs the C++
// tests and the whole mocha suite on it. Fails if a test fails, a sanitizer reports anything, or the addon
// leaks a block. Arguments go to mocha: `npm run test:sanitize -- test/socket/address.test.ts`.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { nodeRoot, root } from './native.mjs'
import { readLog } from './sanitizer-log.mjs'

const require = createRequire(import.meta.url)
const compiler = process.env.CXX ?? 'g++'
const build = path.join(root, 'build/sanitize')
const logs = path.join(build, 'log')

// Node is not instrumented, so the runtime has to be in the process before the addon is loaded. gcc answers
// with a bare name if it has no such file.
const { stdout } = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' })
const runtime = stdout?.trim() ?? ''
if (!path.isAbsolute(runtime)) {
  console.error(
    `test:sanitize: ${compiler} has no libasan.so; it comes with gcc (Debian: apt-get install g++)`,
  )
  process.exit(1)
}

// cmake-js downloads Node's headers if npm's configuration does not say where they are.
const headers = nodeRoot() === undefined ? {} : { npm_config_nodedir: nodeRoot() }
const buildOptions = ['--log-level=warn', '--debug', '--out', build, '--CDSANITIZE=address,undefined']
const ubsanOptions = 'print_stacktrace=1:halt_on_error=1'

let failures = 0
step(process.execPath, [require.resolve('cmake-js/bin/cmake-js'), 'compile', ...buildOptions], {
  CXX: compiler,
  ...headers,
})
if (failures > 0) process.exit(1)

step('ctest', ['--test-dir', build, '--output-on-failure'], { UBSAN_OPTIONS: ubsanOptions })

rmSync(logs, { recursive: true, force: true })
mkdirSync(logs)
mocha(process.argv.slice(2), { ASAN_OPTIONS: 'detect_leaks=0' })
// Looking for leaks takes seconds in each child process, so it is done only in tests that have none.
const childless = Object.entries({
  socket: 'address control errors look-up memory options poll transfer',
  process: 'buffers contact datagrams delivery descriptors families make nowait options sending state wait',
}).flatMap(([layer, names]) => names.split(' ').map(name => `test/${layer}/${name}.test.ts`))
if (process.argv.length === 2)
  mocha(childless, {
    ASAN_OPTIONS: 'detect_leaks=1',
    LSAN_OPTIONS: 'exitcode=0:fast_unwind_on_malloc=0',
  })

let others = 0
for (const name of readdirSync(logs)) {
  const log = readFileSync(path.join(logs, name), 'utf8')
  const report = readLog(log)
  others += report.others
  if (report.isError) console.error(log)
  else if (report.leaks.length > 0) console.error(report.leaks.join('\n\n'))
  if (report.isError || report.leaks.length > 0) failures++
}
console.log(`test:sanitize: ${failures === 0 ? 'clean' : 'FAILED'} (${others} leaks outside the addon)`)
process.exitCode = failures === 0 ? 0 : 1

function mocha(args, options) {
  step(process.execPath, [require.resolve('mocha/bin/mocha.js'), ...args], {
    MAKE_NETWORK_PROCESS_ADDON: path.join(build, 'Debug/make_network_process.node'),
    LD_PRELOAD: runtime,
    ...options,
    ASAN_OPTIONS: `${options.ASAN_OPTIONS}:log_path=${path.join(logs, 'asan')}`,
    UBSAN_OPTIONS: ubsanOptions,
  })
}

function step(command, args, env) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) console.error(String(error))
  if (status !== 0) failures++
}
