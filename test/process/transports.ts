// Servers and clients on the transports of test/support: a process layer's view of the matrix.

import type { NetworkProcess, NetworkProcessOptions } from 'make-network-process'
import { constants, Socket } from 'make-network-process/socket'
import {
  forEachTransport,
  has,
  skip,
  transports,
  type Transport as RawTransport,
} from '../support/transports.js'
import { make, settled, witness, type Witness } from './support.js'

export interface Pair {
  server: NetworkProcess
  client: NetworkProcess
  /** What answers the client: the server's connection, or the server itself where nothing is accepted. */
  peer: NetworkProcess
  /** What the server and its connections hear. */
  atServer: Witness
  /** What the client hears. */
  atClient: Witness
}

const { SOL_SOCKET, SO_RCVBUF, SO_SNDBUF } = constants
const longest = 200_000
const roomOf = new Map<RawTransport, NetworkProcessOptions['sockopts']>()

/** The options that let the longest packets of the tests through, where the kernel's defaults do not, as on BSDs. */
function roomFor(raw: RawTransport): Pick<NetworkProcessOptions, 'sockopts'> {
  if (raw.kind === 'datagram' && !roomOf.has(raw)) {
    const socket = new Socket(raw.domain, raw.type)
    const [room = 0] = new Int32Array(Uint8Array.from(socket.getsockopt(SOL_SOCKET, SO_SNDBUF)).buffer)
    socket.close()
    const more = [SO_SNDBUF, SO_RCVBUF].map((name, i) => [SOL_SOCKET, name, (i + 1) * longest] as const)
    roomOf.set(raw, room < longest ? more : undefined)
  }
  return roomOf.get(raw) === undefined ? {} : { sockopts: roomOf.get(raw) }
}

export class Transport {
  readonly #raw: RawTransport

  constructor(raw: RawTransport) {
    this.#raw = raw
  }

  get name(): string {
    return this.#raw.name
  }

  get type() {
    return this.#raw.kind
  }

  get family() {
    return this.#raw.family
  }

  /** Whether servers accept connections. */
  get connects(): boolean {
    return this.#raw.connected
  }

  /** Whether message boundaries are kept. */
  get keepsBounds(): boolean {
    return this.#raw.bounded
  }

  /** Whether a server can answer: a local datagram client has no name to answer to. */
  get answers(): boolean {
    return this.connects || !this.isLocal
  }

  get isLocal(): boolean {
    return this.family === 'local'
  }

  /** The keywords of a server on an address that is free. */
  get serverKeywords(): NetworkProcessOptions {
    const address = this.#raw.anAddress()
    const service = typeof address === 'string' ? address : true
    return {
      name: 'server',
      server: 64,
      type: this.type,
      family: this.family,
      service,
      ...roomFor(this.#raw),
    }
  }

  /** The keywords of a client of that server. */
  clientKeywords(server: NetworkProcess): NetworkProcessOptions {
    return {
      name: 'client',
      type: this.type,
      family: this.family,
      service: server.contact('service'),
      ...roomFor(this.#raw),
    }
  }

  server(options: Partial<NetworkProcessOptions> = {}): NetworkProcess {
    return make({ ...this.serverKeywords, ...options })
  }

  client(server: NetworkProcess, options: Partial<NetworkProcessOptions> = {}): NetworkProcess {
    return make({ ...this.clientKeywords(server), ...options })
  }

  /** A server, a client, and what the server accepted; a datagram server learns of the client by a first message. */
  async pair(
    serverOptions: Partial<NetworkProcessOptions> = {},
    clientOptions: Partial<NetworkProcessOptions> = {},
  ): Promise<Pair> {
    const atServer = witness()
    const atClient = witness()
    const server = this.server({ ...atServer.callbacks, ...serverOptions })
    const client = this.client(server, { ...atClient.callbacks, ...clientOptions })
    if (this.connects) return { server, client, peer: await atServer.connection(), atServer, atClient }
    client.send('hello')
    if (serverOptions.filter === undefined) await atServer.messages(1)
    else await settled()
    atServer.data.length = atServer.all.length = 0
    return { server, client, peer: server, atServer, atClient }
  }
}

/** Describes a behaviour over every transport that this kernel has and `which` lets through. */
export function overEvery(
  which: (transport: Transport) => boolean,
  describeIt: (transport: Transport) => void,
): void {
  forEachTransport(raw => {
    const transport = new Transport(raw)
    if (which(transport)) describe(raw.name, () => describeIt(transport))
  })
}

/** The first transport of a type and family. Skips the test if this kernel does not have it. */
export function over(type: Transport['type'], family: Transport['family']): Transport {
  const raw = transports.find(raw => raw.kind === type && raw.family === family) as RawTransport
  return has(raw) ? new Transport(raw) : skip()
}
