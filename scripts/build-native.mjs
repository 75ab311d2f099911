// Builds the addon that ships, build/Release/make_network_process.node, with node-gyp. Arguments are passed
// on: `npm run build:native -- --debug` makes build/Debug/make_network_process.node.
//
// node-gyp downloads Node's headers unless it is told where they are. Official archives, version managers and
// distributions have them beside the Node that runs; those fit it best, and take precedence over npm's
// configuration.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { nodeRoot, root } from './native.mjs'

const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
const headers = nodeRoot()
const args = [nodeGyp, 'configure', 'build', '--jobs=max', ...process.argv.slice(2)]
if (headers !== undefined) args.push(`--nodedir=${headers}`)

const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
if (error) throw error
process.exitCode = status ?? 1
