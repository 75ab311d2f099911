// The command line's words, and what they become: makeNetworkProcess's argument list and the command's switches.

import assert from 'node:assert/strict'
import { parseCommandLine } from '../../dist/cli/arguments.js'
import type { Command } from '../../dist/cli/arguments.js'

function parse(...argv: string[]): Command {
  const command = parseCommandLine(argv)
  assert.ok(typeof command === 'object')
  return command
}

/** The value that the word or words after `keyword` give. */
function value(keyword: string, ...words: string[]): unknown {
  return parse(keyword, ...words).keywords[1]
}

describe('parseCommandLine()', () => {
  it('gives keywords in their order, with a name and binary coding where none are given', () => {
    assert.deepEqual(
      parse(':type', 'seqpacket', ':server', 't', ':family', 'local', ':service', '/tmp/echo.sock').keywords,
      [
        ...[':type', 'seqpacket', ':server', true, ':family', 'local', ':service', '/tmp/echo.sock'],
        ...[':name', 'server', ':coding', 'binary'],
      ],
    )
    assert.deepEqual(parse(':service', '7', ':name', 'n', ':coding', 'utf-8').keywords, [
      ...[':service', 7, ':name', 'n', ':coding', 'utf-8'],
    ])
    assert.deepEqual(parse(':service', '7').keywords.slice(2), [':name', 'client', ':coding', 'binary'])
  })

  it('leaves the coding system to the library for JSON, which needs text', () => {
    assert.deepEqual(parse(':service', '7', '--json').keywords, [':service', 7, ':name', 'client'])
  })

  it('keeps keywords given twice', () => {
    assert.deepEqual(parse(':service', '1', ':service', '2').keywords.slice(0, 4), [
      ...[':service', 1, ':service', 2],
    ])
  })

  const values: [keyword: string, words: string[], value: unknown][] = [
    [':name', ['a b'], 'a b'],
    [':name', ['5'], '5'],
    [':name', ['"a\\tb"'], 'a\tb'],
    [':host', ['127.0.0.1'], '127.0.0.1'],
    [':host', ['::1'], '::1'],
    [':host', ['local'], 'local'],
    [':host', ['nil'], null],
    [':host', ['"nil"'], 'nil'],
    [':service', ['http'], 'http'],
    [':service', ['t'], true],
    [':service', ['7000'], 7000],
    [':service', ['"7000"'], '7000'],
    [':service', ['-1'], '-1'],
    [':service', ['--help'], '--help'],
    [':service', ['"\\0name"'], '\0name'],
    [':service', ['/tmp/(a'], '/tmp/(a'],
    [':bindtodevice', ['lo'], 'lo'],
    [':local', ['/tmp/a'], '/tmp/a'],
    [':local', ['[127 0 0 1 80]'], [127, 0, 0, 1, 80]],
    [':local', ['[127', '0', '0', '1', '80]'], [127, 0, 0, 1, 80]],
    [':remote', ['(16 . [0 0])'], { family: 16, data: [0, 0] }],
    [':family', ['ipv6'], 'ipv6'],
    [':family', ['16'], 16],
    [':priority', ['-1'], -1],
    [':linger', ['nil'], null],
    [':coding', ['(utf-8 . latin-1)'], ['utf-8', 'latin-1']],
    [':coding', ['(nil . latin-1)'], [null, 'latin-1']],
    [':type', ["'datagram"], 'datagram'],
    [':plist', ['(a 1 :b (2 c) d nil)'], { a: 1, ':b': [2, 'c'], d: null }],
    [':plist', ["'(a 'b)"], { a: 'b' }],
    [':tls-parameters', ['(a "b" [c])'], ['a', 'b', ['c']]],
  ]
  for (const [keyword, words, expected] of values)
    it(`takes ${[keyword, ...words].join(' ')}`, () => assert.deepEqual(value(keyword, ...words), expected))

  it('takes a whole argument list as Lisp', () => {
    const list = '(make-network-process :name "n" :type \'datagram :local [127 0 0 1 0] :coding nil)'
    const expected = [':name', 'n', ':type', 'datagram', ':local', [127, 0, 0, 1, 0], ':coding', null]
    assert.deepEqual(parse(list).keywords, expected)
    assert.deepEqual(parse(list.replace('make-network-process ', '')).keywords, expected)
    assert.deepEqual(parse(...list.split(' '), '--hex').keywords, expected)
  })

  it('drops functions that are nil and keeps a filter that is t', () => {
    assert.deepEqual(parse(':service', '7', ':filter', 'nil', ':log', 'nil', ':sentinel', 'nil').keywords, [
      ...[':service', 7, ':name', 'client', ':coding', 'binary'],
    ])
    assert.deepEqual(parse(':service', '7', ':filter', 't').keywords.slice(2, 4), [':filter', true])
  })

  it('takes switches anywhere between keywords', () => {
    const { keywords, ...rest } = parse(
      '--echo',
      ':server',
      't',
      '-q',
      '--wait',
      '1.5',
      ':type',
      'datagram',
      '--hex',
    )
    assert.deepEqual(keywords.slice(0, 4), [':server', true, ':type', 'datagram'])
    assert.deepEqual(rest, {
      server: true,
      type: 'datagram',
      halfOpen: false,
      echo: true,
      input: 'lines',
      output: 'hex',
      quiet: true,
      wait: 1500,
    })
    assert.deepEqual(
      { ...parse(':service', '7', '--raw', '--json'), keywords: [] },
      {
        keywords: [],
        server: false,
        type: 'stream',
        halfOpen: false,
        echo: false,
        input: 'raw',
        output: 'json',
        quiet: false,
        wait: 500,
      },
    )
    assert.equal(parse(':service', '7', '--once').input, 'once')
    assert.equal(parse(':service', '7', '--wait=0').wait, 0)
  })

  it('gives help and the version whatever else there is', () => {
    assert.equal(parseCommandLine(['--foo', '--help']), 'help')
    assert.equal(parseCommandLine([':service', '7', '-h']), 'help')
    assert.equal(parseCommandLine(['--version']), 'version')
  })

  const errors: [words: string[], message: string | RegExp][] = [
    [[], 'expected keywords, such as :host localhost :service 7000'],
    [['--echo'], 'expected keywords, such as :host localhost :service 7000'],
    [['--foo'], "Unknown option '--foo'"],
    [['localhost'], 'expected a keyword such as :host, found localhost'],
    [[':host', 'a', 'b'], 'expected a keyword such as :host, found b'],
    [[':familly', 'local', ':service', '/tmp/a'], 'there is no keyword :familly'],
    [['(:familly local :service "/tmp/a")'], 'there is no keyword :familly'],
    [[':host'], ':host: expected a value, found the end'],
    [[':server', ':type', 'datagram'], ':server: expected a value, found the keyword :type'],
    [
      [':local', '[127 0 0', ':server', 't'],
      ':local: expected a value or "]" at character 19, found the end\n  [127 0 0 :server t\n                    ^',
    ],
    [[':family', '16)'], ':family: expected nothing more at character 3, found ")"\n  16)\n    ^'],
    [[':sentinel', 'ignore'], ':sentinel: a function cannot be given here, the command has its own'],
    [[':plist', '5'], ':plist: expected a list of keys and values'],
    [[':plist', '(a)'], ':plist: expected a value after a'],
    [[':plist', '("a" 1)'], ':plist: expected a symbol as key number 1'],
    [['(:host)'], 'the list: expected a value after :host'],
    [['(host "a")'], 'expected a keyword such as :host, found host'],
    [[':service', '7', '--echo'], '--echo is for servers: it needs :server t'],
    [[':service', '7', '--hex', '--json'], '--hex and --json exclude each other'],
    [[':service', '7', '--raw', '--once'], '--raw and --once exclude each other'],
    [[':service', '7', '--foo'], "Unknown option '--foo'"],
    [[':service', '7', '--hex=1'], /--hex/],
    [[':service', '7', '--wait'], '--wait: expected seconds, found the end'],
    [[':service', '7', '--wait', 'x'], '--wait: expected seconds, found x'],
    [[':service', '7', '--wait', '-1'], '--wait: expected seconds, found -1'],
    [[':service', '7', '--wait', '--hex'], '--wait: expected seconds, found --hex'],
    [[':service', '7', '--wait', '9999999'], '--wait: expected seconds, found 9999999'],
  ]
  for (const [words, message] of errors)
    it(`refuses ${JSON.stringify(words.join(' '))}`, () =>
      assert.throws(() => parseCommandLine(words), { name: 'UsageError', message }))
})
