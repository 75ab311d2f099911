#!/usr/bin/env node
// The command `make-network-process`: makes a session of the command line, and ends it as the shell expects.
//
// It calls `process.exit` for a signal only: what is still to be written to a pipe, or to be sent, would be lost. The
// exit status is set, everything that keeps Node running is let go, and Node ends by itself.

import { lstatSync, readFileSync, unlinkSync } from 'node:fs'
import { isatty } from 'node:tty'
import { parseCommandLine, UsageError, type Command } from './arguments.js'
import { help } from './help.js'
import { Meter } from './meter.js'
import { Output, toBytes } from './output.js'
import { Session } from './session.js'

const { stdout, stderr } = process
// Nobody reads it any more. What that means for a session is in converse().
for (const stream of [stdout, stderr]) stream.on('error', () => {})
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
    stdout.write(command === 'help' ? help : `make-network-process ${version()}\n`)
    return 0
  }
  return converse(command)
}

async function converse(command: Command): Promise<number> {
  const meter = new Meter(stderr)
  const output = new Output(
    { ...command, endLines: command.type !== 'stream' && command.input !== 'raw' },
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
  const leave = (status: number) => {
    session.end(status)
    process.exit(status)
  }
  for (const [signal, status] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, () => leave(status))
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') output.failure(error.message)
    // Whoever reads us has had enough. What is still to be sent is not waited for, as its receiver may wait for us to read.
    leave(error.code === 'EPIPE' ? 0 : 1)
  })
  // Where somebody types, a line that is drawn again and again would be in the way.
  if (command.echo || !isatty(0)) meter.start()
  session.start(() => process.stdin)
  const status = await session.ended
  meter.stop()
  return status
}

/** Says what is wrong with the command line, or with a keyword on it. */
function refuse(message: string): number {
  stderr.write(`make-network-process: ${message}\nmake-network-process --help says what there is.\n`)
  return 2
}

/** Removes a socket file that this run has made, unless somebody has put another one in its place. */
function removeSocketFileAtExit(address: unknown): void {
  // An abstract name and an address of another family are no files.
  if (typeof address !== 'string' || address === '' || address.startsWith('\0')) return
  const path = Buffer.from(toBytes(address))
  const look = () => lstatSync(path, { throwIfNoEntry: false })
  const made = look()
  process.once('exit', () => {
    const found = look()
    if (found && found.ino === made?.ino && found.dev === made.dev) unlinkSync(path)
  })
}

function version(): string {
  const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return description.version
}
