// Runs the command as a child process, and waits for what it says. Nothing is left running after a test.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** How the command is run: Node, and its argument. */
export const commandLine: [program: string, args: string[]] = [
  process.execPath,
  [fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))],
]
const running = new Set<ChildProcess>()
const folders: string[] = []

/** A program that runs. */
export class Run {
  readonly child
  /** What it has written so far. */
  readonly written = { stdout: '', stderr: '' }
  /** Its exit status, or the signal that ended it, when all that it wrote is there. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly #name: string

  constructor(program: string, args: readonly string[], input?: string | Uint8Array) {
    this.#name = [path.basename(program), ...args].join(' ')
    this.child = spawn(program, args, {
      stdio: 'pipe',
      env: { ...process.env, NO_COLOR: '1' },
      // A process group of its own, so that what it starts can be ended with it.
      detached: true,
    })
    running.add(this.child)
    for (const stream of ['stdout', 'stderr'] as const)
      this.child[stream].setEncoding('latin1').on('data', (text: string) => (this.written[stream] += text))
    // It may end before it has read all of its input.
    this.child.stdin.on('error', () => {})
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      running.delete(this.child)
      return (status ?? signal) as number | NodeJS.Signals
    })
    if (input !== undefined) this.child.stdin.end(input)
  }

  /** Waits until it has written something; gives what the pattern's first group matched. */
  async until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.written[stream])
      if (found) return found[1] ?? found[0]
      const waiting = new AbortController()
      const isOver = await Promise.race([
        once(this.child[stream], 'data', waiting).then(() => false),
        this.ended.then(() => true),
      ])
      waiting.abort()
      assert.ok(
        !isOver || pattern.test(this.written[stream]),
        `${this.#name}: no ${pattern.source} in ${this.toString()}`,
      )
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  toString(): string {
    return JSON.stringify(this.written, undefined, 2)
  }
}

/** Runs the command; `input` is all of its standard input, which otherwise stays open. */
export function run(args: readonly string[], input?: string | Uint8Array): Run {
  const [program, own] = commandLine
  return new Run(program, [...own, ...args], input)
}

/** Runs the command to its end, which must come with exit status `expected`; gives what it has written. */
export async function outcome(args: readonly string[], input: string | Uint8Array, expected = 0) {
  const ran = run(args, input)
  assert.equal(await ran.ended, expected, String(ran))
  return ran.written
}

/** A folder of the test's own. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'mnp-cli-'))
  folders.push(made)
  return made
}

/** Ends what a test has left running and removes its folders. */
export async function cleanUp(): Promise<void> {
  const closed = Array.from(running, child => once(child, 'close'))
  for (const child of running) killGroup(child)
  await Promise.all(closed)
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true })
}

function killGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL')
  } catch {
    // It has ended by itself, and only its output is still to come.
  }
}
