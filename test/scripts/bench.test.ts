// The benchmarks' arithmetic and tables, and that the pages show what the results give. That everything can be measured is
// shown by `npm run bench:smoke`.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cases } from '../../scripts/bench/cases.mjs'
import { fillMarkers } from '../../scripts/bench/markers.mjs'
import { median, medianOf, pairedRatio, rotated } from '../../scripts/bench/statistics.mjs'
import { caseTable, formatNumber, ratioTable, rows, summary, verdicts } from '../../scripts/bench/table.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A case in which we are twice as fast as the peer in each repeat, while the machine gets four times as fast. */
const measured = (goals = {}) => ({
  title: 'seqpacket echo',
  peer: 'peer',
  goals: { 'ours, bytes': goals },
  samples: {
    'ours, bytes': [
      { rate: 200, cpu: 2 },
      { rate: 400, cpu: 1 },
      { rate: 800, cpu: 0.5 },
    ],
    peer: [
      { rate: 100, cpu: 6 },
      { rate: 200, cpu: 3 },
      { rate: 400, cpu: 1.5 },
    ],
    'C, plain': [{ rate: 250, cpu: 1 }, null, { rate: 1600, cpu: 0.25 }],
    'C, batched': [{ rate: 400, cpu: 1 }, { rate: 800, cpu: 0.5 }, null],
    failed: [null, null, null],
  },
})

const rate = (sample: { rate: number }) => sample.rate
const first = (one: { samples: object; peer: string; goals: object }) => rows(one)[0]!

describe('the benchmarks', () => {
  describe('statistics', () => {
    it('takes the median of an odd and of an even number of values, and none of no values', () => {
      assert.equal(median([10, 9, 100]), 10)
      assert.equal(median([4, 1, 3, 100]), 3.5)
      assert.equal(median([]), undefined)
    })

    it('leaves the values in their order', () => {
      const values = [3, 1, 2]
      median(values)
      assert.deepEqual(values, [3, 1, 2])
    })

    it('takes medians only of what was measured', () => {
      assert.equal(medianOf([null, { rate: 5 }, { rate: 7 }], rate), 6)
    })

    it('pairs values within a repeat, with the best of that repeat', () => {
      const { samples } = measured()
      assert.equal(pairedRatio(samples['ours, bytes'], [samples.peer], rate), 2)
      const ofC = [samples['C, plain'], samples['C, batched']]
      assert.equal(pairedRatio(samples['ours, bytes'], ofC, rate), 0.5)
      assert.equal(pairedRatio(samples['ours, bytes'], [samples.failed], rate), undefined)
    })

    it('has every subject in every place', () => {
      const order = ['a', 'b', 'c']
      const repeats = order.map((_, repeat) => rotated(order, repeat) as string[])
      for (const place of [0, 1, 2])
        assert.deepEqual(repeats.map(repeat => repeat[place]).sort(), ['a', 'b', 'c'])
    })
  })

  describe('rows', () => {
    it('have the ratios to the peer, in rate and CPU time, and to the best of C', () => {
      const ours = first(measured())
      assert.deepEqual(
        {
          rate: ours.rate,
          cpu: ours.cpu,
          peer: ours.peer,
          cpuOfPeer: ours.cpuOfPeer,
          reference: ours.reference,
        },
        { rate: 400, cpu: 1, peer: 2, cpuOfPeer: 3, reference: 0.5 },
      )
    })

    it('leave out a subject that was never measured', () => {
      assert.deepEqual(
        rows(measured()).map(row => row.subject),
        ['ours, bytes', 'peer', 'C, plain', 'C, batched'],
      )
    })

    it('say whether the goal is reached, and whether the aim is', () => {
      const verdict = (goals: object) => first(measured(goals)).verdict
      assert.equal(verdict({}), undefined)
      assert.equal(verdict({ peer: [2, 2] }), 'aim')
      assert.equal(verdict({ peer: [1.5, 2.5] }), 'reached')
      assert.equal(verdict({ peer: [2.1, 3] }), 'short')
      assert.equal(verdict({ peer: [1, 2], reference: [0.6] }), 'short')
      assert.equal(verdict({ peer: [1, 2], reference: [undefined, 0.6] }), 'reached')
      assert.equal(verdict({ cpu: [3] }), 'aim')
    })

    it('have no verdict where there is no peer to compare with', () => {
      const one = { ...measured({ peer: [3, 4] }), peer: 'not installed' }
      assert.equal(first(one).verdict, undefined)
    })

    it('count less memory as better', () => {
      const samples = { 'ours, bytes': [{ bytes: 500 }], peer: [{ bytes: 2000 }] }
      const ours = first({ samples, peer: 'peer', goals: { 'ours, bytes': { peer: [2, 5] } } })
      assert.deepEqual([ours.bytes, ours.peer, ours.verdict, ours.rate], [500, 4, 'reached', undefined])
    })
  })

  describe('tables', () => {
    it('write three significant digits', () => {
      assert.deepEqual([0.1234, 12.34, 123.4, 9994, 12_340, 999_499, 999_500, undefined].map(formatNumber), [
        '0.123',
        '12.3',
        '123',
        '9994',
        '12.3k',
        '999k',
        '1.00M',
        '',
      ])
    })

    it('have aligned columns in a terminal, without empty ones', () => {
      assert.equal(
        caseTable(measured({ peer: [2.5, 3] })),
        `seqpacket echo   (peer: peer)
  subject      a second  µs CPU  × peer    CPU    × C  at least  aim
  ours, bytes       400    1.00   2.00×  3.00×  0.50×  2.5×      3×   short
  peer              200    3.00   1.00×  1.00×  0.25×
  C, plain          925    0.63   3.25×  6.00×  0.81×
  C, batched        600    0.75   4.00×  6.00×  1.00×`,
      )
    })

    it('are Markdown on pages, with our rows only', () => {
      assert.equal(
        ratioTable([measured({ peer: [2, 3], cpu: [2] })])
          .split('\n')
          .at(-1),
        '| seqpacket echo | bytes | 400 | 1.00 | peer | 2.00× | 3.00× | 0.50× | 2×, CPU 2× | 3× | ✔ |',
      )
    })

    it('count the goals, and name those that are not reached', () => {
      const all = [measured({ peer: [1, 3] }), measured({ peer: [1, 2] }), measured({ peer: [3, 4] })]
      const { asked, reached, aim } = verdicts(all)
      assert.deepEqual({ asked, reached, aim }, { asked: 3, reached: 2, aim: 1 })
      assert.match(summary(all), /^2 of 3 goals[^]*seqpacket echo, bytes: 2.00×; at least 3× \(C: 4.00×\)$/)
    })
  })

  describe('markers', () => {
    const page = 'before\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nafter\n'

    it('are filled, and nothing else is changed', () => {
      const filled = 'before\n<!-- bench:one -->\n$& new\n<!-- /bench:one -->\nafter\n'
      assert.equal(fillMarkers(page, { one: '$& new' }), filled)
      assert.equal(fillMarkers(filled, { one: '$& new' }), filled)
    })

    it('have to be known, and have to exist', () => {
      assert.throws(() => fillMarkers(page, {}), /bench:one/)
      assert.throws(() => fillMarkers(page, { one: '', two: '' }), /two/)
    })
  })

  it('have a name for each case', () => {
    assert.equal(new Set(cases.map(one => one.title)).size, cases.length)
  })

  it('set goals only for subjects that are measured', () => {
    for (const one of cases) {
      assert.ok(one.subjects.includes(one.peer), one.title)
      for (const subject of Object.keys(one.goals)) assert.ok(one.subjects.includes(subject), one.title)
    }
  })

  it('are shown on the pages and charts as they were measured', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/bench/charts.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    })
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  })
})
