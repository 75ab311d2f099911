// What the scripts that build and check native/ share: where its files and Node's headers are, how the addon is
// compiled, which tool is installed, and a way to run that tool on many files at once.

import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The value for `--nodedir`: the folder above the bin/ of the Node that runs, if uv.h is in its include/node. */
export function nodeRoot() {
  const nodeRoot = path.resolve(process.execPath, '../..')
  return existsSync(path.join(nodeRoot, 'include/node/uv.h')) ? nodeRoot : undefined
}

/** The compiler flags for the addon, as in binding.gyp but without warnings. */
export function addonFlags() {
  const headers = nodeRoot()
  if (headers === undefined) throw new Error(`no Node headers beside ${process.execPath}`)
  return [
    ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fPIC', '-fvisibility=hidden'],
    ...['-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
    '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    ...['-isystem', path.join(root, 'node_modules/node-addon-api')],
    ...['-isystem', path.join(headers, 'include/node')],
  ]
}

/** The files below `folder`, relative to the project, whose names end in one of `extensions`. */
export function filesBelow(folder, ...extensions) {
  if (!existsSync(path.join(root, folder))) return []
  return readdirSync(path.join(root, folder), { recursive: true })
    .filter(name => extensions.includes(path.extname(name)))
    .map(name => path.join(folder, name))
    .sort()
}

/** The first of `candidates`, names on PATH or paths, whose major version is `version`, by `--version`. */
export async function findTool(version, ...candidates) {
  for (const tool of candidates) {
    const { output } = await run(tool, ['--version'])
    if (new RegExp(`version ${version}\\.`).test(output)) return tool
  }
  return undefined
}

/** Runs a command in the project's folder; never rejects. `output` is what it wrote on both streams. */
export async function run(command, args, env = {}) {
  const options = { cwd: root, env: { ...process.env, ...env }, maxBuffer: 1 << 26 }
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, options)
    return { ok: true, output: stdout + stderr }
  } catch (error) {
    return { ok: false, output: (error.stdout ?? '') + (error.stderr || String(error.message)) }
  }
}

/** Calls `check` on the items, as many at once as there are cores; returns how many were not `ok`. */
export async function countFailures(items, check) {
  const queue = items.values()
  let failures = 0
  const worker = async () => {
    for (const item of queue) {
      const { ok, output } = await check(item)
      if (ok) continue
      failures++
      process.stderr.write(`${output.trimEnd()}\n`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return failures
}
