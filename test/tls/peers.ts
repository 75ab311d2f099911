// Other programs that speak TLS, as child processes: gnutls-serv, gnutls-cli, openssl s_server and s_client. Known here
// is how each is started, when it is ready and how it shows what it received, and nothing of what is tested.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { connect } from 'node:net'
import { changed, finallyDo, until } from '../process/support.js'
import { authority, environment, type Identity } from './certificates.js'

/** A program that runs until the test is over. */
export class Peer {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #out: Buffer[] = []
  #errors = ''
  #length = 0
  port = 0

  constructor(command: string, args: string[]) {
    this.#child = spawn(command, args, { env: environment })
    this.#child.stdout.on('data', (piece: Buffer) => {
      this.#out.push(piece)
      this.#length += piece.length
      changed()
    })
    this.#child.stderr.on('data', (piece: Buffer) => {
      this.#errors += piece.toString('latin1')
      changed()
    })
    this.#child.on('close', changed)
    // A program that has ended takes no more input; what matters is what it wrote before.
    this.#child.stdin.on('error', () => {})
    finallyDo(() => this.#child.kill('SIGKILL'))
  }

  /** What it has written to standard output. */
  get output(): Buffer {
    return Buffer.concat(this.#out)
  }

  get length(): number {
    return this.#length
  }

  /** What it has written to standard output and to standard error. */
  get words(): string {
    return this.output.toString('latin1') + this.#errors
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Writes to its standard input. */
  say(data: string | Uint8Array): void {
    this.#child.stdin.write(data)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null
    await until(() => {
      found = pattern.exec(this.words)
      return found !== null || this.ended
    }, `${pattern} from ${this.#child.spawnfile}`)
    if (found === null) throw new Error(`${this.#child.spawnfile} ended without ${pattern}: ${this.words}`)
    return found
  }
}

/** A port of the loopback interface that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = net.createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

// Tries to connect until the program listens.
async function listens(peer: Peer, port: number): Promise<Peer> {
  peer.port = port
  for (;;) {
    const probe = connect(port, '127.0.0.1')
    const answered = await once(probe, 'connect').then(
      () => true,
      () => false,
    )
    probe.destroy()
    if (answered) return peer
    if (peer.ended) throw new Error(`no server: ${peer.words}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

export type Version = '1.2' | '1.3'

/** Echoes what it gets. */
export async function gnutlsServ(version: Version, ...more: string[]): Promise<Peer> {
  const { key, certificate } = authority.server
  const port = await freePort()
  const priority = `NORMAL:-VERS-ALL:+VERS-TLS${version}`
  const files = ['--x509keyfile', key, '--x509certfile', certificate, '--priority', priority]
  return listens(new Peer('gnutls-serv', ['--echo', '-q', '--port', String(port), ...files, ...more]), port)
}

/** The same, without a certificate. */
export async function gnutlsServAnonymous(): Promise<Peer> {
  const port = await freePort()
  const priority = ['--priority', 'NORMAL:-KX-ALL:+ANON-ECDH:+ANON-DH:-VERS-TLS1.3']
  return listens(new Peer('gnutls-serv', ['--echo', '-q', '--port', String(port), ...priority]), port)
}

/** Sends its standard input to the client, and writes what the client sends to standard output. */
export async function opensslServer(version: Version, ...more: string[]): Promise<Peer> {
  const { key, certificate } = authority.server
  const port = await freePort()
  const options = [
    '-accept',
    `127.0.0.1:${port}`,
    '-key',
    key,
    '-cert',
    certificate,
    `-tls${version.replace('.', '_')}`,
  ]
  return listens(new Peer('openssl', ['s_server', ...options, ...more]), port)
}

/** Clients send their standard input, and write what the server sends to standard output. */
export function gnutlsClient(port: number, version: Version, ...more: string[]): Peer {
  const priority = `NORMAL:-VERS-ALL:+VERS-TLS${version}`
  const options = ['--x509cafile', authority.trust, '--priority', priority, '--port', String(port)]
  return new Peer('gnutls-cli', ['--logfile=/dev/null', ...options, ...more, 'localhost'])
}

export function opensslClient(port: number, version: Version, ...more: string[]): Peer {
  const options = ['-CAfile', authority.trust, '-verify_return_error', '-servername', 'localhost']
  const protocol = `-tls${version.replace('.', '_')}`
  return new Peer('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, protocol, ...options, ...more])
}

/** The arguments by which each presents a certificate of its own. */
export const showing = {
  gnutls: ({ key, certificate }: Identity) => ['--x509keyfile', key, '--x509certfile', certificate],
  openssl: ({ key, certificate }: Identity) => ['-key', key, '-cert', certificate],
}
