// Runs a program that uses the package in a process of its own, and says how it ended.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { aFolder } from '../support/transports.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
// When a program that has not ended by itself is killed, in milliseconds.
const limit = 60_000

export interface Ending {
  /** The exit status, or the signal that ended it. */
  status: number | NodeJS.Signals
  stdout: string
  stderr: string
}

const prelude = `
import { makeNetworkProcess, acceptProcessOutput, processList } from 'make-network-process'
const socketFile = () => process.env.MNP_FOLDER + '/' + Math.random()
const pair = (server = {}, client = {}) => new Promise(resolve => {
  const service = socketFile()
  const listener = makeNetworkProcess({ name: 's', server: true, family: 'local', service, ...server,
    log: (_, peer) => resolve({ listener, peer, one }) })
  const one = makeNetworkProcess({ name: 'c', family: 'local', service, ...client })
})
`

/** Runs a module's text; \`pair()\` and \`socketFile()\` are there, and what the package exports. @param before - a command that runs Node */
export async function run(program: string, before: string[] = []): Promise<Ending> {
  const command = [...before, process.execPath, '--input-type=module', '-e', prelude + program]
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: root,
    env: { ...process.env, MNP_FOLDER: aFolder() },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit,
  })
  const [[status, signal], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ])
  return { status: (status ?? signal) as Ending['status'], stdout, stderr }
}
