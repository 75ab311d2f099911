// Asks before a signal ends the program while processes are active. It owns the handlers of the two signals, and the
// terminal while it asks.
import { constants } from 'node:os'
import { createInterface, type Interface } from 'node:readline/promises'
import { formatNetworkAddress, printable } from './format-address.js'
import { isNil } from '../lisp.js'
import type { NetworkProcess } from './network-process.js'
import { processList } from './registry.js'

/** Where {@link confirmExit} asks. */
export interface ConfirmExitOptions {
  /** Where the answer comes from. By default standard input. */
  input?: NodeJS.ReadStream | undefined
  /** Where the question goes. By default standard output. */
  output?: NodeJS.WriteStream | undefined
}

const signals = ['SIGINT', 'SIGTERM'] as const
const question = 'Active processes exist; kill them and exit anyway? (y or n) '

/**
 * Asks before SIGINT or SIGTERM ends the program, as Emacs does before it exits: when there are processes with
 * {@link NetworkProcess.queryOnExit}, it lists them and asks whether to kill them and exit. On `y` it deletes all
 * processes, whose sentinels hear `deleted\n`, and exits with 128 plus the signal's number; on any other answer the
 * program goes on.
 *
 * Without such processes, without a terminal for both input and output, and on a second signal while it asks, it
 * deletes and exits at once. It does not ask about a process that is still connecting. Signals are handled by the event
 * loop: while {@link acceptProcessOutput} waits, they neither ask nor end the program. Corresponds to what Emacs does
 * under `confirm-kill-processes`.
 *
 * @returns a function that removes the handlers, which `using` calls too
 * @example
 * ```ts
 * confirmExit()
 * makeNetworkProcess({ name: 'echo', server: true, service: 7000, filter: (client, text) => client.send(text) })
 * ```
 */
export function confirmExit(options: ConfirmExitOptions = {}): (() => void) & Disposable {
  let asking: Interface | undefined

  async function onSignal(signal: NodeJS.Signals): Promise<void> {
    const { input = process.stdin, output = process.stdout } = options
    const processes = processList().filter(isAskedAbout)
    // Input that has ended gives no answer: asking would keep the program from ever ending.
    const canAsk = input.isTTY && output.isTTY && input.readable
    if (asking !== undefined || !canAsk || processes.length === 0) return endProgram(signal)
    const { isRaw, readableFlowing } = input
    // With the terminal's own line editing, Ctrl-C is still a signal.
    if (isRaw) input.setRawMode(false)
    asking = createInterface({ input, output, terminal: false })
    output.write(`\n${table(processes)}\n`)
    const answer = await ask(asking)
    asking.close()
    asking = undefined
    if (isRaw) input.setRawMode(true)
    if (readableFlowing) input.resume()
    if (/^\s*y(es)?\s*$/i.test(answer)) endProgram(signal)
  }

  const handler = (signal: NodeJS.Signals) => void onSignal(signal)
  const remove = () => {
    for (const signal of signals) process.off(signal, handler)
    asking?.close()
  }
  for (const signal of signals) process.on(signal, handler)
  return Object.assign(remove, { [Symbol.dispose]: remove })
}

// A closed terminal and an end of file count as an empty answer.
function ask(terminal: Interface): Promise<string> {
  return new Promise(resolve => {
    terminal.once('close', () => resolve(''))
    terminal.question(question).then(resolve, () => resolve(''))
  })
}

function isAskedAbout({ queryOnExit, status }: NetworkProcess): boolean {
  return queryOnExit && (status === 'open' || status === 'listen' || status === 'stop')
}

function endProgram(signal: NodeJS.Signals): never {
  for (const one of processList()) one.delete()
  process.exit(128 + constants.signals[signal])
}

function table(processes: readonly NetworkProcess[]): string {
  const rows = processes.map(one => [one.name, one.status, addressOf(one)].map(printable))
  rows.unshift(['Process', 'Status', 'Address'])
  const widths = [0, 1].map(column => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

function addressOf(one: NetworkProcess): string {
  const key = isNil(one.contact('server', true)) ? 'remote' : 'local'
  return formatNetworkAddress(one.contact(key, true)) || '-'
}
