#!/usr/bin/env node
// The command `make-network-process`: makes a session from the command line, and ends it as the shell expects.
//
// It calls `process.exit` only for a signal or when its output has failed, because what is still to be written or sent
// would be lost. Otherwise it sets the exit status and releases everything that keeps Node running, and Node ends.

import { lstatSync, readFileSync, unlinkSync } from 'node:fs'
import { isatty } from 'node:tty'
import { parseCommandLine, UsageError, type Command } from './arguments.js'
import { help } from './help.js'
import { Meter } from './meter.js'
import { Output, toBytes } from './output.js'
import { Session } from './session.js'

const { stdout, stderr } = process
// An error usually means that nobody reads the stream any more. converse() decides what that means for a session.
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
    // The reader of our output has ended. Do not wait until all is sent: the receiver may wait for us to read.
    leave(error.code === 'EPIPE' ? 0 : 1)
  })
  // Not where the user types: a line that is redrawn each second would be in the way.
  if (command.echo || !isatty(0)) meter.start()
  session.start(() => process.stdin)
  const status = await session.ended
  meter.stop()
  return status
}

/** Reports an error in the command line, or in a keyword on it. Returns the exit status. */
function refuse(message: string): number {
  stderr.write(`make-network-process: ${message}\nmake-network-process --help says what there is.\n`)
  return 2
}

/** Removes the socket file that this run has made, unless it has been replaced by another one. */
function removeSocketFileAtExit(address: unknown): void {
  // Abstract names and addresses of other families are not files.
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
