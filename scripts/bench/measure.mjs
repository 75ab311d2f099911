// One measurement: starts a subject and the driver against it, and reads the driver's result.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { texts } from './cases.mjs'
import { Child } from './child.mjs'
import { driver } from './peers.mjs'

const sockets = mkdtempSync(path.join(tmpdir(), 'make-network-process-bench-'))
process.on('exit', () => rmSync(sockets, { recursive: true, force: true }))
let made = 0

// Milliseconds beyond the time asked for, after which something must be hanging.
const patience = 10_000

/** The subject's role in a workload, where it has another name. */
const roles = { connections: 'echo', receive: 'sink', send: 'source' }

// The fraction of the window in which the two have to be at work: with less, another process had the CPU.
const undisturbed = 0.93

/**
 * Measures one subject in one case, and again if it was disturbed, `attempts` times at most. Returns `rate` (messages or
 * connections per second) and `cpu` (the subject's microseconds per message), or `bytes` (memory of an idle connection).
 */
export async function measure(one, command, settings) {
  let best
  for (let attempt = 0; attempt < settings.attempts; attempt++) {
    const { busy, ...sample } = await attemptTo(one, command, settings)
    if (best === undefined || busy > best.busy) best = { busy, sample }
    if (busy === undefined || busy >= undisturbed) break
  }
  return best.sample
}

async function attemptTo(one, command, settings) {
  const { workload, size } = one
  const fill = texts[one.text]
  const times = { 'warm-up': settings.warmUp, measure: settings.measure }
  const limit = settings.warmUp + settings.measure + patience
  const children = []
  const start = (...words) => children[children.push(new Child(words)) - 1]
  try {
    if (workload === 'decode') {
      const subject = start(...command, ...options({ size, fill, ...times }))
      return sample(await subject.output(limit))
    }
    const { transport } = one
    const isIdle = workload === 'idle'
    const count = isIdle ? Math.min(one.count, settings.idle) : one.count
    const descriptors = isIdle ? ['prlimit', `--nofile=${count + 500}`] : []
    const place = path.join(sockets, String(++made))
    const asked = { role: roles[workload] ?? workload, transport, size, path: place }
    const program = isIdle ? withGarbageCollector(command) : command
    const subject = start(...descriptors, ...program, ...options(asked))
    const address = await subject.said(/^listening (.+)$/, patience)
    const load = { workload, transport, address, pid: subject.pid, size, count, fill, ...times }
    const output = start(...descriptors, driver, ...options(load)).output(limit)
    return sample(await Promise.race([output, subject.death()]))
  } catch (error) {
    // If the subject fails, the driver may be the first to report an error.
    const [subject] = children
    if (!error.message.includes(subject.complaint)) error.message += `; the subject: ${subject.complaint}`
    throw error
  } finally {
    await Promise.all(children.map(child => child.kill()))
  }
}

const options = values =>
  Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]))

const withGarbageCollector = ([program, ...rest]) =>
  program === process.execPath ? [program, '--expose-gc', ...rest] : [program, ...rest]

function sample(line) {
  const { messages, seconds, cpu, busy, bytes } = JSON.parse(line)
  return bytes === undefined ? { rate: messages / seconds, cpu: (cpu / messages) * 1e6, busy } : { bytes }
}
