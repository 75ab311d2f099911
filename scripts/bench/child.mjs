// A program on the one CPU of the benchmarks. None outlives this process, not even if that is killed: the kernel then
// kills the children.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** The CPU that subject and driver share: waking up another CPU would cost more than what is measured. */
export const cpu = Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])

const onTheCpu = ['setpriv', '--pdeathsig', 'KILL', 'taskset', '--cpu-list', String(cpu)]
const running = new Set()
process.on('exit', () => running.forEach(child => child.kill()))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** A running program. Waiting for it has a time limit. */
export class Child {
  #name
  #process
  #complaint = ''
  #ended

  constructor(command) {
    this.#name = path.basename(command.at(0))
    const [program, ...args] = [...onTheCpu, ...command]
    this.#process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process.stderr.on('data', data => (this.#complaint = (this.#complaint + data).slice(-2000)))
    running.add(this)
    this.#ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (status, signal) => resolve(signal ?? `status ${status}`))
    }).finally(() => running.delete(this))
    this.#ended.catch(() => {})
  }

  get pid() {
    return this.#process.pid
  }

  /** The end of what it has written to standard error. */
  get complaint() {
    return this.#complaint.trim()
  }

  /** Rejects when the program has ended. */
  async death() {
    throw this.#failure(await this.#ended)
  }

  /** What the pattern's group matches, in the first line of output that the pattern matches. */
  said(pattern, milliseconds) {
    const line = new Promise(resolve =>
      createInterface({ input: this.#process.stdout }).on('line', text => {
        const match = pattern.exec(text)
        if (match) resolve(match[1])
      }),
    )
    return within(milliseconds, Promise.race([line, this.death()]))
  }

  /** All its output, once it has ended with status 0. */
  async output(milliseconds) {
    let text = ''
    this.#process.stdout.on('data', data => (text += data))
    const how = await within(milliseconds, this.#ended)
    if (how !== 'status 0') throw this.#failure(how)
    return text
  }

  /** Kills the program, if it has not ended. */
  async kill() {
    this.#process.kill('SIGKILL')
    await this.#ended.catch(() => {})
  }

  #failure(how) {
    return new Error(`${this.#name} ended by ${how}: ${this.complaint}`)
  }
}

async function within(milliseconds, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
