// npm run test:nodes: runs the tests on other Nodes than this one, with the same addon: Node-API promises that one binary
// works on all of them. The Nodes are npm packages of the binaries, in ~/.cache/make-network-process-nodes;
// MAKE_NETWORK_PROCESS_NODES names another folder.
//
//   npm run test:nodes [-- 22 26]

import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import path from 'node:path'
import { root } from './native.mjs'

const cache =
  process.env.MAKE_NETWORK_PROCESS_NODES ?? path.join(homedir(), '.cache/make-network-process-nodes')
const wanted = process.argv.slice(2)
const versions = wanted.length > 0 ? wanted : ['22', '24', '26']

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
  if (error) console.error(String(error))
  return status === 0
}

function testOn(version) {
  const name = `node-${process.platform}-${process.arch}`
  const folder = path.join(cache, version)
  if (!run('npm', ['install', '--silent', '--prefix', folder, `${name}@${version}`])) return false
  const node = path.join(folder, 'node_modules', name, 'bin/node')
  console.log(`\ntest:nodes: ${version}`)
  return run(node, ['--version']) && run(node, ['node_modules/mocha/bin/mocha.js'])
}

const failed = versions.filter(version => !testOn(version))
console.log(failed.length > 0 ? `test:nodes: failed on ${failed.join(', ')}` : 'test:nodes: passed')
process.exitCode = failed.length > 0 ? 1 : 0
