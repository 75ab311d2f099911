// What is measured: this package, its peers, and the program in C. Compiles, installs or looks for each, and says how it is
// started. What cannot be made ready is left out, and reported with the reason.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeRoot, root } from '../native.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Where compiled programs and installed peers are: neither in the package nor in the repository. */
const folder = path.join(root, '.bench')

/** The peers from npm, in the versions that are compared. */
const packages = { 'node-unix-socket': '0.2.7', 'unix-dgram': '2.0.7' }

/** The load driver. */
export const driver = path.join(folder, 'driver')

/** Loads a peer from where it was installed. */
export const requirePeer = name => createRequire(path.join(folder, 'package.json'))(name)

const script = (file, mode) => ({
  command: [
    process.execPath,
    path.join(here, 'subjects', file),
    ...(mode === undefined ? [] : ['--mode', mode]),
  ],
})
const fromNpm = (name, file) => ({ ...script(file), needs: name })
const reference = mode => ({ command: [path.join(folder, 'reference'), '--mode', mode], needs: 'reference' })

/** How each subject is started, by the name that the results show. */
const subjects = {
  'ours, text': script('make-network-process.mjs', 'text'),
  'ours, bytes': script('make-network-process.mjs', 'bytes'),
  'ours, lent': script('make-network-process.mjs', 'lent'),
  'ours, sendMany': script('make-network-process.mjs', 'many'),
  'node:dgram': script('node-dgram.mjs'),
  'node:net': script('node-net.mjs'),
  'node:net, setEncoding': script('node-net.mjs', 'text'),
  'node-unix-socket': fromNpm('node-unix-socket', 'node-unix-socket.mjs'),
  'unix-dgram': fromNpm('unix-dgram', 'unix-dgram.mjs'),
  asyncio: { command: [path.join(here, 'subjects/python_asyncio.py')], needs: 'python3' },
  'C, plain': reference('plain'),
  'C, drained': reference('drained'),
  'C, batched': reference('batched'),
  'ours, native': script('decoding.mjs', 'native'),
  'ours, Decoder': script('decoding.mjs', 'Decoder'),
  'Buffer.toString': script('decoding.mjs', 'Buffer.toString'),
  TextDecoder: script('decoding.mjs', 'TextDecoder'),
}

/** Makes the subjects of these names ready. Returns `commands` by name, and in `missing` the reasons by name. */
export function prepare(names) {
  mkdirSync(folder, { recursive: true })
  compile('driver')
  const reasons = new Map()
  const ready = { reference: () => compile('reference'), python3: findPython }
  for (const name of Object.keys(packages)) ready[name] = () => install(name)
  const needs = new Set(names.map(name => subjects[name].needs).filter(Boolean))
  let python
  for (const need of needs) {
    try {
      const found = ready[need]()
      if (need === 'python3') python = found
    } catch (error) {
      reasons.set(need, error.message)
    }
  }
  const commands = {}
  const missing = {}
  for (const name of names) {
    const { command, needs } = subjects[name]
    if (reasons.has(needs)) missing[name] = reasons.get(needs)
    else commands[name] = needs === 'python3' ? [python, ...command] : command
  }
  return { commands, missing }
}

/** The versions of what is compared, for the results. */
export function versions() {
  const output = (...command) => run(...command).stdout.trim()
  const python = attempt(() =>
    output(findPython(), '-c', 'import platform; print(platform.python_version())'),
  )
  const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version
  return {
    'make-network-process': own,
    node: process.versions.node,
    libuv: process.versions.uv,
    ...packages,
    ...(python === undefined ? {} : { python }),
    cc: output('cc', '--version').split('\n')[0],
  }
}

function attempt(what) {
  try {
    return what()
  } catch {
    return undefined
  }
}

function run(program, ...args) {
  const result = spawnSync(program, args, { encoding: 'utf8', cwd: root })
  if (result.error) throw new Error(`${program}: ${result.error.message}`)
  if (result.status === 0) return result
  const lines = (result.stderr || result.stdout).trim().split('\n')
  throw new Error(`${program} failed: ${lines.find(line => /error/i.test(line)) ?? lines.at(-1)}`)
}

function compile(name) {
  run('cc', '-O2', '-std=c11', '-o', path.join(folder, name), path.join(here, `${name}.c`))
}

// The real executable: a shim, such as pyenv's, would otherwise run anew for every measurement.
function findPython() {
  return run('python3', '-c', 'import asyncio, sys; print(sys.executable)').stdout.trim()
}

// Installs without scripts, and builds here: npm 12 runs no scripts, and node-gyp has to use the headers of this Node.
function install(name) {
  const where = path.join(folder, 'node_modules', name)
  const installed = attempt(() => JSON.parse(readFileSync(path.join(where, 'package.json'), 'utf8')).version)
  if (installed !== packages[name]) {
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1', '--loglevel=error']
    run('npm', 'install', '--prefix', folder, ...quiet, `${name}@${packages[name]}`)
  }
  if (existsSync(path.join(where, 'binding.gyp')) && !existsSync(path.join(where, 'build/Release'))) {
    const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
    const headers = nodeRoot() === undefined ? [] : [`--nodedir=${nodeRoot()}`]
    run(process.execPath, nodeGyp, 'rebuild', `--directory=${where}`, ...headers)
  }
  run(process.execPath, '-e', `require(${JSON.stringify(where)})`)
}
