#!/usr/bin/env node
// The command `make-network-process`: makes a session of the command line, and ends it as the shell expects.
//
// It never calls `process.exit`: what is still to be written to a pipe would be lost. The exit status is set, everything
// that keeps Node running is let go, and Node ends by itself.

import { lstatSync, readFileSync, unlinkSync } from 'node:fs'
import { isatty } from 'node:tty'
import { parseCommandLine, UsageError, type Command } from './arguments.js'
import { help } from './help.js'
import { Meter } from './meter.js'
import { Output, toBytes } from './output.js'
import { Session } from './session.js'

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  let command
  try {
    command = parseCommandLine(argv)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return refuse(error.message)
  }
  if (typeof command === 'string') {
    process.stdout.write(command === 'help' ? help : `make-network-process ${version()}\n`)
    return 0
  }
  return converse(command)
}

async function converse(command: Command): Promise<number> {
  const { stdout, stderr } = process
  const meter = new Meter(stderr)
  const output = new Output(
    { ...command, endLines: command.packets && command.input !== 'raw' },
    meter,
    stdout,
    stderr,
  )
  let session: Session
  try {
    session = new Session(command, output, meter)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('ERR_')) return refuse(message)
    output.failure(message)
    return 1
  }
  if (command.server) removeSocketFileAtExit(session.process.contact('local'))
  // Only once: whoever presses Ctrl-C twice means it.
  process.once('SIGINT', () => session.end(130))
  process.once('SIGTERM', () => session.end(143))
  // Whoever reads us has had enough.
  stdout.on('error', () => session.end(0))
  // Where somebody types, a line that is drawn again and again would be in the way.
  if (command.echo || !isatty(0)) meter.start()
  session.start(() => process.stdin)
  const status = await session.ended
  meter.stop()
  return status
}

/** Says what is wrong with the command line, or with a keyword on it. */
function refuse(message: string): number {
  process.stderr.write(`make-network-process: ${message}\nmake-network-process --help says what there is.\n`)
  return 2
}

/** Removes a socket file that this run has made, unless somebody has put another one in its place. */
function removeSocketFileAtExit(address: unknown): void {
  // An abstract name and an address of another family are no files.
  if (typeof address !== 'string' || address === '' || address.startsWith('\0')) return
  const path = Buffer.from(toBytes(address))
  const made = lstatSync(path)
  process.once('exit', () => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.ino === made.ino && found.dev === made.dev) unlinkSync(path)
  })
}

function version(): string {
  const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return description.version
}
