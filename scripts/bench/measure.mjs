// One measurement: a subject, the driver against it, both on one CPU, and what the driver says. Nothing outlives it, not
// even where this process is killed: the kernel then kills the children.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { texts } from './cases.mjs'
import { driver } from './peers.mjs'

const sockets = mkdtempSync(path.join(tmpdir(), 'make-network-process-bench-'))
const children = new Set()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(sockets, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

// Milliseconds beyond what was asked for, after which something hangs.
const patience = 10_000

/** The CPU that subject and driver share: between two, waking up costs more than what is measured. */
export const cpu = Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])

let made = 0

/**
 * Measures one subject in one case. Gives `rate` (messages, or connections, a second) and `cpu` (microseconds of the
 * subject a message), or `bytes` (memory of an idle connection).
 */
export async function measure(one, command, { warmUp, measure, idle }) {
  const isIdle = one.workload === 'idle'
  const count = isIdle ? Math.min(one.count, idle) : one.count
  const times = { 'warm-up': warmUp, measure }
  const { size } = one
  const fill = texts[one.text]
  if (one.workload === 'decode') {
    const subject = start([...command, ...options({ size, fill, ...times })], [])
    return sample(JSON.parse(await subject.output(warmUp + measure)))
  }

  const { workload, transport } = one
  const role = roles[workload] ?? workload
  const files = isIdle ? ['prlimit', `--nofile=${count + 500}`] : []
  const program = one.workload === 'idle' && command[0] === process.execPath ? exposeGc(command) : command
  const subject = start(
    [...program, ...options({ role, transport, size, path: path.join(sockets, String(++made)) })],
    files,
  )
  try {
    const address = await subject.address()
    const settings = { workload, transport, address, pid: subject.pid, size, count, fill, ...times }
    const load = start([driver, ...options(settings)], files)
    return sample(JSON.parse(await Promise.race([load.output(warmUp + measure), subject.died])))
  } finally {
    await subject.kill()
  }
}

const roles = { connections: 'echo', receive: 'sink', send: 'source' }

const options = values =>
  Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]))

const exposeGc = ([node, ...rest]) => [node, '--expose-gc', ...rest]

const sample = ({ messages, seconds, cpu, bytes }) =>
  bytes === undefined ? { rate: messages / seconds, cpu: (cpu / messages) * 1e6 } : { bytes }

/** Starts a program on the one CPU. `prefix` is a command that starts it in its turn. */
function start(command, prefix) {
  const [program, ...args] = [
    ...['setpriv', '--pdeathsig', 'KILL', 'taskset', '--cpu-list', String(cpu)],
    ...prefix,
    ...command,
  ]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let complaint = ''
  child.stderr.on('data', data => (complaint = (complaint + data).slice(-2000)))
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => {
      children.delete(child)
      resolve({ status, signal })
    })
  })
  const failure = ({ status, signal }) =>
    new Error(`${path.basename(command[0])} ended by ${signal ?? `status ${status}`}: ${complaint.trim()}`)
  const died = ended.then(end => Promise.reject(failure(end)))
  died.catch(() => {})
  const timer = milliseconds => {
    let id
    const late = new Promise((_, reject) => {
      id = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds)
    })
    return { late, clear: () => clearTimeout(id) }
  }
  const within = async (milliseconds, promise) => {
    const { late, clear } = timer(milliseconds)
    try {
      return await Promise.race([promise, late])
    } finally {
      clear()
    }
  }

  return {
    pid: child.pid,
    died,
    /** Where it listens. */
    address: () =>
      within(
        patience,
        Promise.race([
          new Promise(resolve =>
            createInterface({ input: child.stdout }).on('line', line => {
              const said = /^listening (.+)$/.exec(line)
              if (said) resolve(said[1])
            }),
          ),
          died,
        ]),
      ),
    /** All that it prints, when it has ended well. */
    output: async milliseconds => {
      let text = ''
      child.stdout.on('data', data => (text += data))
      try {
        const end = await within(milliseconds + patience, ended)
        if (end.status !== 0) throw failure(end)
        return text
      } finally {
        child.kill('SIGKILL')
      }
    },
    kill: () => {
      child.kill('SIGKILL')
      return ended
    },
  }
}
