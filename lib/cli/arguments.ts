// The command line: keywords and their values as the manual writes them, and the command's own switches. It turns words
// into `makeNetworkProcess`'s argument list, and leaves it to the library to check values.
//
// Switches begin with a dash and keywords with a colon. A keyword takes the next word, whatever that begins with.

import { parseArgs } from 'node:util'
import { formOf } from './keywords.js'
import { Cons, LispSyntaxError, listItems, readLisp, type LispValue } from './lisp.js'

/** An error in the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What a command line asks for. */
export interface Command {
  /** The argument list for `makeNetworkProcess`, but for the functions. */
  readonly keywords: readonly unknown[]
  readonly server: boolean
  /** Raw sockets carry datagrams too. */
  readonly type: 'stream' | 'datagram' | 'seqpacket'
  /** Whether a client goes on sending after its peer has ended. */
  readonly halfOpen: boolean
  readonly echo: boolean
  /** Which part of standard input is one message. */
  readonly input: 'lines' | 'raw' | 'once'
  readonly output: 'text' | 'hex' | 'json'
  readonly quiet: boolean
  /** How long to wait for another answer after the last datagram, in milliseconds. */
  readonly wait: number
}

/** How the values of `:type` behave; all others are streams, or errors of the library. */
const types = new Map<unknown, Command['type']>([
  ['datagram', 'datagram'],
  ['raw', 'datagram'],
  ['seqpacket', 'seqpacket'],
])

/**
 * Reads a command line.
 *
 * @throws {@link UsageError} with a message for the user.
 * @example parseCommandLine([':family', 'local', ':service', '/tmp/echo.sock', '--hex'])
 */
export function parseCommandLine(argv: readonly string[]): Command | 'help' | 'version' {
  const words = [...argv]
  const switches: string[] = []
  const pairs: Pair[] = []
  for (let word; (word = words.shift()) !== undefined;) {
    if (word === '--help' || word === '-h') return 'help'
    if (word === '--version') return 'version'
    // Its value may begin with a dash too.
    if (word === '--wait') switches.push(`--wait=${words.shift() ?? 'the end'}`)
    else if (word.startsWith('-')) switches.push(word)
    else if (word.startsWith('(')) pairs.push(...listOfPairs(readWords(word, words)))
    else pairs.push([knownKeyword(word), valueOfWord(word, words)])
  }
  const known = parseSwitches(switches)
  if (pairs.length === 0) throw new UsageError('expected keywords, such as :host localhost :service 7000')
  return makeCommand(pairs.filter(isForLibrary), known)
}

type Pair = [keyword: string, value: unknown]

const isKeyword = (word: string) => /^:[^:]/.test(word)

function knownKeyword(word: string): string {
  if (!isKeyword(word)) throw new UsageError(`expected a keyword such as :host, found ${word}`)
  if (formOf(word) === undefined) throw new UsageError(`there is no keyword ${word}`)
  return word
}

function makeCommand(pairs: Pair[], switches: ReturnType<typeof parseSwitches>): Command {
  const { echo, hex, json, raw, once, quiet } = switches
  // As in Emacs, the first of several equal keywords counts.
  const find = (keyword: string) => pairs.find(([key]) => key === keyword)
  const isSet = (keyword: string) => (find(keyword)?.[1] ?? null) !== null
  const server = isSet(':server')
  if (echo && !server) throw new UsageError('--echo is for servers: it needs :server t')
  const defaults: Pair[] = []
  if (!find(':name')) defaults.push([':name', server ? 'server' : 'client'])
  // By default bytes pass through unchanged; only JSON needs text.
  if (!find(':coding') && !json) defaults.push([':coding', 'binary'])
  return {
    keywords: [...pairs, ...defaults].flat(),
    server,
    type: types.get(find(':type')?.[1]) ?? 'stream',
    halfOpen: isSet(':half-open'),
    echo,
    input: raw ? 'raw' : once ? 'once' : 'lines',
    output: hex ? 'hex' : json ? 'json' : 'text',
    quiet,
    wait: switches.wait,
  }
}

function parseSwitches(args: string[]) {
  const flag = { type: 'boolean', default: false } as const
  let values
  try {
    ;({ values } = parseArgs({
      args,
      options: {
        echo: flag,
        hex: flag,
        json: flag,
        raw: flag,
        once: flag,
        quiet: { ...flag, short: 'q' },
        wait: { type: 'string', default: '0.5' },
      },
    }))
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. .*/s, ''))
  }
  if (values.hex && values.json) throw new UsageError('--hex and --json exclude each other')
  if (values.raw && values.once) throw new UsageError('--raw and --once exclude each other')
  const wait = /^\d*\.?\d+$/.test(values.wait) ? Number(values.wait) * 1000 : NaN
  // The longest time that a timer of Node's takes; with a longer one it fires at once.
  if (!(wait < 2 ** 31)) throw new UsageError(`--wait: expected seconds, found ${values.wait}`)
  return { ...values, wait }
}

/** The value of a keyword that stands alone on the command line. */
function valueOfWord(keyword: string, words: string[]): unknown {
  const word = words.shift()
  if (word === undefined) throw new UsageError(`${keyword}: expected a value, found the end`)
  if (isKeyword(word)) throw new UsageError(`${keyword}: expected a value, found the keyword ${word}`)
  const form = formOf(keyword)
  const isText = form === 'text' || (form === 'address' && !/^[[(]/.test(word))
  if (isText && !/^(?:nil|t|".*)$/s.test(word))
    return keyword === ':service' && /^\d+$/.test(word) ? Number(word) : word
  return valueOfLisp(keyword, readWords(word, words, keyword))
}

/**
 * Reads a Lisp value that begins with `word`. The shell splits an unquoted value at its blanks: as long as brackets are
 * open, the following words belong to the value.
 */
function readWords(word: string, words: string[], keyword?: string): LispValue {
  for (let text = word; ; text += ` ${words.shift()!}`) {
    try {
      return readLisp(text)
    } catch (error) {
      if (!(error instanceof LispSyntaxError)) throw error
      if (error.incomplete && words.length > 0) continue
      const where = `${text}\n${' '.repeat(error.position)}^`.replace(/^/gm, '  ')
      throw new UsageError(`${keyword === undefined ? '' : `${keyword}: `}${error.message}\n${where}`)
    }
  }
}

/** The keywords and values of a list as pasted from Lisp, with or without the function's name before them. */
function listOfPairs(list: LispValue): Pair[] {
  const items = listItems(list)
  if (items?.[0] === Symbol.for('make-network-process')) items.shift()
  const pairs = cutIntoPairs(items, 'the list')
  return pairs.map(([word, value]) => [knownKeyword(word), valueOfLisp(word, value)])
}

/** The argument of `makeNetworkProcess` for a Lisp value. */
function valueOfLisp(keyword: string, value: LispValue): unknown {
  const plain = unquoted(value)
  if (keyword !== ':plist' || plain === null) return toArgument(plain)
  const pairs = cutIntoPairs(listItems(plain), keyword)
  return Object.fromEntries(pairs.map(([key, item]) => [key, toArgument(item)]))
}

function toArgument(quoted: LispValue): unknown {
  const value = unquoted(quoted)
  if (typeof value === 'symbol') return Symbol.keyFor(value)
  if (Array.isArray(value)) return value.map(toArgument)
  if (!(value instanceof Cons)) return value
  const items = listItems(value)
  if (items) return items.map(toArgument)
  const [car, cdr] = [toArgument(value.car), toArgument(value.cdr)]
  return typeof car === 'number' ? { family: car, data: cdr } : [car, cdr]
}

/** Removes the quote of an expression pasted from Lisp: the command line evaluates nothing. */
function unquoted(value: LispValue): LispValue {
  const [head, quoted, ...rest] = listItems(value) ?? []
  return head === Symbol.for('quote') && quoted !== undefined && rest.length === 0 ? quoted : value
}

function cutIntoPairs(items: LispValue[] | undefined, where: string): [string, LispValue][] {
  if (!items) throw new UsageError(`${where}: expected a list of keys and values`)
  return items.flatMap((key, index): [string, LispValue][] => {
    if (index % 2 === 1) return []
    const value = items[index + 1]
    const name = typeof key === 'symbol' ? Symbol.keyFor(key)! : undefined
    if (name === undefined) throw new UsageError(`${where}: expected a symbol as key number ${index / 2 + 1}`)
    if (value === undefined) throw new UsageError(`${where}: expected a value after ${name}`)
    return [[name, value]]
  })
}

/** Drops functions that are nil, since the command has its own; `:filter t`, which stops reading, stays. */
function isForLibrary([keyword, value]: Pair): boolean {
  if (formOf(keyword) !== 'function') return true
  if (value === null) return false
  if (keyword === ':filter' && value === true) return true
  throw new UsageError(`${keyword}: a function cannot be given here, the command has its own`)
}
