// npm run bench: measures this package against its peers and against a program in C, case by case.
//
//   npm run bench -- [--only REGEX] [--repeats N] [--warm-up MS] [--measure MS] [--idle N] [--json FILE] [--list] [--smoke]
//
// In each repeat every subject of a case is measured once, in rotated order, and ratios are taken within a repeat. --smoke
// is one short pass, which shows that everything runs but measures nothing. The exit status is 1 if a subject has failed.
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { cases } from './cases.mjs'
import { cpu } from './child.mjs'
import { measure } from './measure.mjs'
import { prepare, versions } from './peers.mjs'
import { rotated } from './statistics.mjs'
import { caseTable, summary } from './table.mjs'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    repeats: { type: 'string' },
    'warm-up': { type: 'string' },
    measure: { type: 'string' },
    idle: { type: 'string' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
})

const usual = values.smoke
  ? { repeats: 1, warmUp: 5, measure: 20, idle: 200, attempts: 1 }
  : { repeats: 5, warmUp: 1000, measure: 250, idle: 10_000, attempts: 3 }
const settings = {
  repeats: number('repeats', usual.repeats),
  warmUp: number('warm-up', usual.warmUp),
  measure: number('measure', usual.measure),
  idle: number('idle', usual.idle),
  attempts: usual.attempts,
}
const only = new RegExp(values.only, 'i')
const chosen = cases.filter(one => only.test(one.title))

function number(name, usual) {
  const value = Number(values[name] ?? usual)
  if (Number.isInteger(value) && value > 0) return value
  console.error(`--${name} wants a positive integer, not ${values[name]}`)
  process.exit(2)
}

if (process.platform !== 'linux') {
  console.error('The benchmarks need epoll, taskset and /proc: they run on Linux.')
  process.exit(2)
}
if (chosen.length === 0) {
  console.error(`No case matches ${values.only}; --list shows them.`)
  process.exit(2)
}
if (values.list) {
  for (const one of chosen) console.log(`${one.title}: ${one.subjects.join('; ')}`)
  process.exit()
}

const { commands, missing } = prepare([...new Set(chosen.flatMap(one => one.subjects))])
for (const [name, reason] of Object.entries(missing)) console.log(`left out: ${name}: ${reason}`)

let done = 0
const all = chosen.reduce((sum, one) => sum + present(one).length, 0) * settings.repeats
const began = performance.now()

function present(one) {
  return one.subjects.filter(name => name in commands)
}

function showProgress(text) {
  if (!process.stderr.isTTY) return
  const left =
    done === 0 ? '' : `, ${Math.round((((performance.now() - began) / done) * (all - done)) / 1000)} s left`
  process.stderr.write(text === undefined ? '\r\x1b[K' : `\r\x1b[K${done}/${all}${left}  ${text}`)
}

const failures = []
const results = []
for (const one of chosen) {
  const samples = Object.fromEntries(present(one).map(name => [name, []]))
  for (let repeat = 0; repeat < settings.repeats; repeat++) {
    for (const name of rotated(present(one), repeat)) {
      showProgress(`${one.title}: ${name}`)
      samples[name][repeat] = await measure(one, commands[name], settings).catch(error => {
        failures.push(`${one.title}: ${name}: ${error.message}`)
        return null
      })
      done++
    }
  }
  const { title, workload, transport, size, count, text, peer, goals } = one
  const result = { title, workload, transport, size, count, text, peer, goals, samples }
  results.push(result)
  showProgress()
  console.log(values.smoke ? title : `\n${caseTable(result)}`)
}

if (!values.smoke) console.log(`\n${summary(results)}`)
for (const failure of failures) console.error(`failed: ${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1

if (values.json !== undefined) {
  const machine = {
    cpu: cpus()[cpu]?.model ?? 'unknown',
    cpus: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${type()} ${release()}`,
  }
  const date = new Date().toISOString().slice(0, 10)
  const rounded = (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)
  const head = { date, machine, versions: versions(), settings, missing }
  const body = results.map(result => JSON.stringify(result, rounded)).join(',\n')
  writeFileSync(values.json, `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cases": [\n${body}\n]}\n`)
}
