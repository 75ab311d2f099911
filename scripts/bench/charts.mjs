// npm run bench:charts: draws docs/benchmarks/*.svg, and fills in the tables of docs/performance.md and README.md, from
// docs/benchmarks/results.json, which `npm run bench -- --json docs/benchmarks/results.json` writes. With --check it only
// checks that they agree with the results. No number is typed in by hand.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { View, parse } from 'vega'
import { compile } from 'vega-lite'
import { root } from '../native.mjs'
import { fillMarkers } from './markers.mjs'
import { formatNumber, isOurs, isReference, rateTable, ratioTable, rows, summary, times } from './table.mjs'

const read = file => readFileSync(path.join(root, file), 'utf8')
const results = JSON.parse(read('docs/benchmarks/results.json'))
const { cases, date, machine, versions, settings, missing } = results

// ---- charts ----------------------------------------------------------------------------------------------

const colors = { 'make-network-process': '#2a6f97', peer: '#bc6c25', asyncio: '#b7b7a4', C: '#414833' }

const whose = subject =>
  isOurs(subject)
    ? 'make-network-process'
    : isReference(subject)
      ? 'C'
      : subject === 'asyncio'
        ? 'asyncio'
        : 'peer'

/** The rows of a case that stand for this package: those with a goal; else the one whose filter gets bytes, or the first. */
function headliners(one) {
  const ours = rows(one).filter(({ subject }) => isOurs(subject))
  const asked = ours.filter(({ goals }) => goals.peer !== undefined)
  return asked.length > 0 ? asked : [ours.find(({ subject }) => subject === 'ours, bytes') ?? ours[0]]
}

/** The ratio to the peer's rate, one bar per case, with a tick at the least that is asked for. */
function ratioChart() {
  const values = cases.flatMap(one =>
    headliners(one)
      .filter(row => row?.peer !== undefined)
      .map(row => {
        const mode = row.subject.replace('ours, ', '')
        const label = `${one.title}${['bytes', 'text', 'native'].includes(mode) ? '' : `, ${mode}`}`
        return { label, ratio: row.peer, text: times(row.peer), peer: one.peer, goal: row.goals.peer?.[0] }
      }),
  )
  const y = { field: 'label', type: 'nominal', sort: null, title: null, axis: { labelLimit: 400 } }
  const scale = { type: 'log', base: 2, nice: true }
  const title = 'times the peer’s rate (idle: less memory); ticks: the least goal'
  const x = { field: 'ratio', type: 'quantitative', scale, title, axis: { format: '~g' } }
  const legend = { labelLimit: 0, orient: 'top', title: 'against' }
  return draw({
    width: 400,
    height: { step: 15 },
    data: { values },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x,
          x2: { datum: 1 },
          y,
          color: { field: 'peer', legend, scale: { scheme: 'tableau10' } },
        },
      },
      { mark: { type: 'rule', color: 'black' }, encoding: { x: { datum: 1 } } },
      {
        mark: { type: 'tick', color: 'black', thickness: 2 },
        transform: [{ filter: 'isValid(datum.goal)' }],
        encoding: { x: { ...x, field: 'goal' }, y },
      },
      {
        mark: { type: 'text', align: 'right', fontSize: 10 },
        encoding: { x: { value: 440 }, y, text: { field: 'text' } },
      },
    ],
  })
}

/** One group of bars per transport: this package, the peer, asyncio and the best of the programs in C. Less is better. */
function groupedChart(chosen, field, title) {
  const values = chosen.flatMap(one => {
    const least = new Map()
    for (const row of [...headliners(one), ...rows(one).filter(({ subject }) => !isOurs(subject))]) {
      const who = whose(row.subject)
      if (row[field] < (least.get(who) ?? Infinity)) least.set(who, row[field])
    }
    return [...least].map(([who, value]) => ({
      who,
      value,
      text: formatNumber(value),
      transport: transportOf(one),
      workload: one.workload,
    }))
  })
  const legend = { labelLimit: 0, orient: 'top', title: null }
  const who = { field: 'who', sort: Object.keys(colors), legend }
  return draw({
    data: { values },
    facet: { column: { field: 'workload', title: null, sort: null, header: { labelFontSize: 13 } } },
    spec: {
      width: 220,
      height: { step: 13 },
      encoding: {
        y: { field: 'transport', type: 'nominal', sort: null, title: null },
        yOffset: { field: 'who', sort: Object.keys(colors) },
        x: { field: 'value', type: 'quantitative', title },
      },
      layer: [
        {
          mark: 'bar',
          encoding: {
            color: { ...who, scale: { domain: Object.keys(colors), range: Object.values(colors) } },
          },
        },
        { mark: { type: 'text', align: 'left', dx: 3, fontSize: 9 }, encoding: { text: { field: 'text' } } },
      ],
    },
  })
}

const transportOf = one => one.title.replace(/ (echo|receive|send|idle|accept|decode)\b.*/, '')

function draw(spec) {
  const whole = {
    background: 'white',
    padding: 12,
    config: { font: 'sans-serif', view: { stroke: null }, axis: { grid: false } },
    ...spec,
  }
  return new View(parse(compile(whole).spec), { renderer: 'none' }).toSVG()
}

const isSmall = ({ size, text }) => size === 64 && text === undefined
const single = ['echo', 'receive', 'send']
const charts = {
  'ratios.svg': ratioChart(),
  'cpu.svg': groupedChart(
    cases.filter(one => isSmall(one) && one.count === 1 && single.includes(one.workload)),
    'cpu',
    'µs of CPU a message of 64 B',
  ),
  'memory.svg': groupedChart(
    cases.filter(({ workload }) => workload === 'idle'),
    'bytes',
    'bytes a connection',
  ),
}

// ---- pages -----------------------------------------------------------------------------------------------

const own = versions['make-network-process']
const peers = Object.entries(versions).filter(([name]) => name !== 'make-network-process' && name !== 'cc')
const leftOut = Object.entries(missing).map(([name, reason]) => `${name} was left out: ${reason}.`)
const conditions = [
  `make-network-process ${own}, ${date}: ${machine.cpu} (${machine.cpus} CPUs, ${machine.memory}), ${machine.kernel};`,
  `${peers.map(([name, version]) => `${name} ${version}`).join(', ')}; ${versions.cc}.`,
  `${settings.repeats} repeats of ${settings.warmUp} ms warm-up and ${settings.measure} ms measured.`,
  ...leftOut,
].join('\n')

/** What `what` makes of the ratio and the peer of the case with this title. */
function say(title, what) {
  const one = cases.find(other => other.title === title)
  if (one === undefined) throw new Error(`the results have no ${title}`)
  return what(headliners(one)[0].peer.toFixed(1), one.peer)
}

const headline = [
  say(
    'seqpacket receive 64 B',
    (ratio, peer) => `it receives sequenced packets ${ratio} times as fast as ${peer}`,
  ),
  say('UDP receive 64 B', (ratio, peer) => `UDP datagrams ${ratio} times as fast as ${peer}`),
  say(
    'local stream echo 64 B, 128 connections',
    (ratio, peer) => `serves 128 local connections ${ratio} times as fast as ${peer}`,
  ),
  say(
    'local stream idle, 10000 connections',
    ratio => `and takes ${ratio} times less memory for an idle one`,
  ),
]

const pages = {
  'docs/performance.md': fillMarkers(read('docs/performance.md'), {
    conditions,
    summary: summary(cases),
    ratios: ratioTable(cases),
    rates: rateTable(cases),
  }),
  'README.md': fillMarkers(read('README.md'), {
    headline: `Measured on one CPU by \`npm run bench\` (${machine.cpu}, Node ${versions.node}, ${date}): ${headline.join(', ')}.`,
  }),
}

// ---- writing, or checking ----------------------------------------------------------------------------------

const files = Object.fromEntries([
  ...(await Promise.all(
    Object.entries(charts).map(async ([name, svg]) => [`docs/benchmarks/${name}`, `${await svg}\n`]),
  )),
  ...Object.entries(pages),
])
const stale = Object.keys(files).filter(
  name => !existsSync(path.join(root, name)) || read(name) !== files[name],
)
if (process.argv.includes('--check')) {
  for (const name of stale)
    console.error(`${name} is not what docs/benchmarks/results.json gives: npm run bench:charts`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const name of stale) writeFileSync(path.join(root, name), files[name])
  console.log(stale.length === 0 ? 'nothing has changed' : `written: ${stale.join(', ')}`)
}
