// examples/haproxy/: the configuration and its back ends, behind a real HAProxy. Skipped where there is none.

import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { makeNetworkProcess } from 'make-network-process'
import { constants, encodeAddress, decodeAddress } from 'make-network-process/socket'
import { aFolder } from '../support/transports.js'
import { aSocket } from '../socket/sockets.js'
import { root } from './run.js'

/** A program whose lines are read as they come. */
class Program {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  #look = () => {}

  constructor(
    command: string,
    args: readonly string[],
    environment: Record<string, string> = {},
    ...fds: number[]
  ) {
    this.#child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', ...fds],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      createInterface({ input: stream! }).on('line', line => {
        this.#lines.push(line)
        this.#look()
      })
    running.push(this)
  }

  /** Waits for a line, and gives what it matched. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        const found = this.#lines.map(line => pattern.exec(line)).find(match => match !== null)
        if (found) resolve(found)
      }
      this.#child.once('close', () =>
        reject(new Error(`it ended without ${String(pattern)}:\n${this.#lines.join('\n')}`)),
      )
      this.#look()
    })
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}

const running: Program[] = []

/** A back end on a free address, and how the configuration writes that address. */
async function backEnd(name: string, address: string): Promise<[Program, string]> {
  const program = new Program(process.execPath, ['examples/haproxy/server.mjs', name, address])
  const [, listening = ''] = await program.line(/: listening on (.*)$/)
  return [program, listening]
}

/** A listening socket for HAProxy to inherit, on a free port. */
function listener() {
  const socket = aSocket(constants.AF_INET, constants.SOCK_STREAM)
  socket.bind(encodeAddress([127, 0, 0, 1, 0]))
  socket.listen(64)
  return { fd: socket.fd, address: decodeAddress(socket.getsockname()) as number[] }
}

/** What a server says to a client that talks to it, and the client's own address. */
async function conversation(remote: number[]): Promise<{ name: string; seen: string; own: string }> {
  const client = makeNetworkProcess({ name: 'client', remote, filter: true })
  const [, , , , port] = client.contact('local') as number[]
  client.send('and hears itself')
  let heard = ''
  for await (const text of client) {
    heard += text
    if (heard.endsWith('and hears itself')) break
  }
  client.delete()
  const [, name = '', seen = ''] = /^(\w+) greets (.*)\nand hears itself$/.exec(heard) ?? assert.fail(heard)
  return { name, seen, own: `127.0.0.1:${port}` }
}

describe('HAProxy before our servers', () => {
  let fronts: Record<'local' | 'tcp', number[]>
  let backEnds: Record<string, [Program, string]>

  before(async function () {
    if (spawnSync('haproxy', ['-v']).status !== 0) return this.skip()
    const folder = aFolder()
    backEnds = Object.fromEntries(
      await Promise.all(
        Object.entries({
          one: path.join(folder, 'one'),
          two: path.join(folder, 'two'),
          three: '0',
          four: '0',
        }).map(async ([name, address]) => [name, await backEnd(name, address)] as const),
      ),
    )
    const [ofLocal, ofTcp] = [listener(), listener()]
    fronts = { local: ofLocal.address, tcp: ofTcp.address }
    const environment = Object.fromEntries(
      Object.entries(backEnds).map(([name, [, address]]) => [name.toUpperCase(), address]),
    )
    const sockets = { FRONT_OF_LOCAL: 'fd@3', FRONT_OF_TCP: 'fd@4' }
    new Program(
      'haproxy',
      ['-db', '-f', 'examples/haproxy/haproxy.cfg'],
      { ...environment, ...sockets },
      ofLocal.fd,
      ofTcp.fd,
    )
    await Promise.all(
      Object.values(backEnds).map(([program]) => program.line(/: the load balancer has found us$/)),
    )
  })

  after(() => Promise.all(running.map(program => program.end())))

  for (const [front, names] of [
    ['local', ['one', 'two']],
    ['tcp', ['three', 'four']],
  ] as const)
    it(`spreads clients over the back ends, which know their addresses: ${names.join(', ')}`, async () => {
      const answers = []
      for (let i = 0; i < 6; i++) answers.push(await conversation(fronts[front]))
      for (const { seen, own } of answers) assert.equal(seen, own)
      for (const name of names) assert.equal(answers.filter(answer => answer.name === name).length, 3)
    })

  it('skips a back end that has ended', async () => {
    for (const [front, gone, left] of [
      ['local', 'one', 'two'],
      ['tcp', 'four', 'three'],
    ] as const) {
      await backEnds[gone]![0].end()
      for (let i = 0; i < 3; i++) assert.equal((await conversation(fronts[front])).name, left)
    }
  })

  it('is the only way to the back ends', async () => {
    const [program, address] = backEnds.three!
    const port = Number(address.split(':')[1])
    const client = makeNetworkProcess({ name: 'client', remote: [127, 0, 0, 1, port] })
    client.send('let me in\n')
    await client.closed
    await program.line(/^three: refused from 127\.0\.0\.1: no PROXY protocol header$/)
  })
})
