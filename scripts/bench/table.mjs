// Turns results into rows, and rows into tables for a terminal and for Markdown. It measures nothing, and knows no case by
// name: everything is in the results.
import { medianOf, pairedRatio } from './statistics.mjs'

/** What more of is better: messages per second, or connections per byte. */
const worth = sample => sample.rate ?? 1 / sample.bytes
const thrift = sample => 1 / sample.cpu

export const isReference = subject => subject.startsWith('C, ')
export const isOurs = subject => subject.startsWith('ours, ')

/**
 * One row per subject: its medians, and its paired ratios to the peer and to the best of the programs in C. `goals` has
 * for each ratio the least that is asked for and the aim, and `verdict` says whether all are reached.
 */
export function rows({ samples, peer, goals }) {
  const references = Object.keys(samples).filter(isReference)
  return Object.entries(samples)
    .filter(([, own]) => own.some(Boolean))
    .map(([subject, own]) => {
      const has = field => own.some(sample => sample?.[field] !== undefined)
      const against = (names, value) =>
        pairedRatio(
          own,
          names.map(name => samples[name] ?? []),
          value,
        )
      const row = {
        subject,
        rate: has('rate') ? medianOf(own, sample => sample.rate) : undefined,
        cpu: has('cpu') ? medianOf(own, sample => sample.cpu) : undefined,
        bytes: has('bytes') ? medianOf(own, sample => sample.bytes) : undefined,
        peer: against([peer], worth),
        cpuOfPeer: has('cpu') ? against([peer], thrift) : undefined,
        reference: against(references, worth),
        goals: goals[subject] ?? {},
      }
      return { ...row, verdict: verdict(row) }
    })
}

const ratioOf = { peer: 'peer', cpu: 'cpuOfPeer', reference: 'reference' }

/** 'aim' or 'reached' if all ratios are, else 'short'; undefined without goals, or with nothing to compare with. */
function verdict(row) {
  const asked = Object.entries(row.goals).filter(([name]) => row[ratioOf[name]] !== undefined)
  if (asked.length === 0) return undefined
  const reached = which =>
    asked.every(([name, goal]) => goal[which] == null || row[ratioOf[name]] >= goal[which])
  return reached(1) && reached(0) ? 'aim' : reached(0) ? 'reached' : 'short'
}

/** A number with three significant digits, readable. */
export function formatNumber(value) {
  if (value === undefined) return ''
  if (value >= 999_500) return `${(value / 1e6).toPrecision(3)}M`
  if (value >= 9_995) return `${(value / 1e3).toPrecision(3)}k`
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

/** A ratio. */
export const times = value => (value === undefined ? '' : `${value.toFixed(2)}×`)
const goal = (goals, which) =>
  Object.entries({ peer: 'peer', reference: 'C', cpu: 'CPU' })
    .filter(([name]) => goals[name]?.[which] != null)
    .map(([name, label]) => (label === 'peer' ? `${goals[name][which]}×` : `${label} ${goals[name][which]}×`))
    .join(', ')

const columns = [
  ['subject', row => row.subject],
  ['a second', row => formatNumber(row.rate)],
  ['µs CPU', row => (row.cpu === undefined ? '' : row.cpu.toFixed(2))],
  ['bytes', row => formatNumber(row.bytes)],
  ['× peer', row => times(row.peer)],
  ['CPU', row => times(row.cpuOfPeer)],
  ['× C', row => times(row.reference)],
  ['at least', row => goal(row.goals, 0)],
  ['aim', row => goal(row.goals, 1)],
  ['', row => row.verdict ?? ''],
]

/** The rows of one case for a terminal. */
export function caseTable(one) {
  const lines = [
    columns.map(([heading]) => heading),
    ...rows(one).map(row => columns.map(([, cell]) => cell(row))),
  ]
  const shown = columns.map((_, i) => i).filter(i => i === 0 || lines.slice(1).some(line => line[i] !== ''))
  const widths = columns.map((_, i) => Math.max(...lines.map(line => line[i].length)))
  const pad = (text, i) => (i === 0 || i >= 7 ? text.padEnd(widths[i]) : text.padStart(widths[i]))
  const text = lines.map(line => `  ${shown.map(i => pad(line[i], i)).join('  ')}`.trimEnd())
  return [`${one.title}   (peer: ${one.peer})`, ...text].join('\n')
}

const markdown = (headings, alignments, lines) =>
  [headings, alignments, ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** All ratios of this package: one line per case and mode. */
export function ratioTable(cases) {
  const headings = [
    '',
    'ours',
    'a second',
    'µs CPU',
    'peer',
    '× its rate',
    '× less CPU',
    '× C',
    'at least',
    'aim',
    '',
  ]
  const alignments = ['---', '---', '--:', '--:', '---', '--:', '--:', '--:', '---', '---', '---']
  const lines = cases.flatMap(one =>
    rows(one)
      .filter(({ subject }) => isOurs(subject))
      .map(row => [
        one.title,
        row.subject.replace('ours, ', ''),
        row.bytes === undefined ? formatNumber(row.rate) : `${formatNumber(row.bytes)} B each`,
        row.cpu?.toFixed(2) ?? '',
        one.peer,
        times(row.peer),
        times(row.cpuOfPeer),
        times(row.reference),
        goal(row.goals, 0),
        goal(row.goals, 1),
        { aim: '✔✔', reached: '✔', short: 'short' }[row.verdict] ?? '',
      ]),
  )
  return markdown(headings, alignments, lines)
}

/** The absolute figures of all subjects. */
export function rateTable(cases) {
  const lines = cases.map(one => [
    one.title,
    rows(one)
      .map(row => {
        const figure = row.bytes === undefined ? formatNumber(row.rate) : `${formatNumber(row.bytes)} B`
        const cpu = row.cpu === undefined ? '' : ` (${row.cpu.toFixed(2)})`
        return `${row.subject}: ${figure}${cpu}`
      })
      .join('; '),
  ])
  return markdown(
    ['', 'messages or connections a second (µs CPU each); bytes of an idle connection'],
    ['---', '---'],
    lines,
  )
}

/** How many goals are reached, and which are not; `ceiling` is the ratio of the best program in C to the peer. */
export function verdicts(cases) {
  const all = cases.flatMap(one => {
    const ofCase = rows(one)
    const ceilings = ofCase.filter(({ subject }) => isReference(subject)).map(({ peer }) => peer ?? 0)
    return ofCase.map(row => ({ title: one.title, ceiling: Math.max(0, ...ceilings), ...row }))
  })
  const count = wanted => all.filter(({ verdict }) => wanted.includes(verdict)).length
  return {
    asked: count(['aim', 'reached', 'short']),
    reached: count(['aim', 'reached']),
    aim: count(['aim']),
    short: all.filter(({ verdict }) => verdict === 'short'),
  }
}

/** The same as text. */
export function summary(cases) {
  const { asked, reached, aim, short } = verdicts(cases)
  const head = `${reached} of ${asked} goals are reached, ${aim} of them with the higher aim.`
  const line = row =>
    `- ${row.title}, ${row.subject.replace('ours, ', '')}: ${goal({ peer: [row.peer?.toFixed(2)], ...(row.goals.reference ? { reference: [row.reference?.toFixed(2)] } : {}), ...(row.goals.cpu ? { cpu: [row.cpuOfPeer?.toFixed(2)] } : {}) }, 0)}; at least ${goal(row.goals, 0)}${row.goals.peer && row.ceiling > 0 ? ` (C: ${times(row.ceiling)})` : ''}`
  return short.length === 0 ? head : [head, 'Not reached:', '', ...short.map(line)].join('\n')
}
