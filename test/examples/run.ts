// Runs an example as a user does: Node, in a process of its own, from the root of the package. It asserts nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  /** The exit status, or the signal that ended it. */
  status: number | string | null
  stdout: string
  stderr: string
}

/** Runs a program to its end. `environment` is added to our own; a name whose value is undefined is left out. */
export async function run(
  program: string,
  args: readonly string[],
  environment: Record<string, string | undefined> = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (written[stream] += text))
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { status: status ?? signal, ...written }
}

/** Runs an example by its name. */
export function example(
  name: string,
  args: readonly string[] = [],
  environment: Record<string, string | undefined> = {},
): Promise<Ended> {
  return run(process.execPath, [`examples/${name}.mjs`, ...args], environment)
}
