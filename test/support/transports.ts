// The transports that a behaviour is tested over: {stream, datagram, seqpacket} x {local path, abstract name,
// IPv4, IPv6}. A kernel has a transport if two sockets can talk over it here and now; that is tried, once, and
// no platform is asked for its name. It knows addresses and folders, and nothing of what is tested.
//
//   forEachTransport(({ name, domain, type, anAddress }) => describe(name, () => { … }))

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { constants, encodeAddress, poll, Socket } from 'make-network-process/socket'

const { AF_INET, AF_INET6, AF_UNIX, POLLOUT, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } = constants

export interface Transport {
  /** `'seqpacket over an abstract name'` */
  readonly name: string
  readonly kind: 'stream' | 'datagram' | 'seqpacket'
  readonly family: 'local' | 'ipv4' | 'ipv6'
  /** The kernel's numbers, for socket(2). */
  readonly domain: number
  readonly type: number
  /** A connection comes from accept(2), and has an end. */
  readonly connected: boolean
  /** Message boundaries are kept. */
  readonly bounded: boolean
  /** An address that nobody has: a new name, or port 0 of the loopback interface, which is any free one. */
  readonly anAddress: () => string | number[]
}

const folders: string[] = []
after(() => folders.splice(0).forEach(made => rmSync(made, { recursive: true, force: true })))

/** A new folder, removed when all tests are over. */
export function aFolder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'mnp-'))
  folders.push(made)
  return made
}

let names = 0
const kinds = { stream: SOCK_STREAM, datagram: SOCK_DGRAM, seqpacket: SOCK_SEQPACKET }
const places = {
  'a local path': { family: 'local', domain: AF_UNIX, anAddress: () => path.join(aFolder(), 'socket') },
  'an abstract name': {
    family: 'local',
    domain: AF_UNIX,
    anAddress: () => `\0mnp-${process.pid}-${performance.timeOrigin}-${names++}`,
  },
  IPv4: { family: 'ipv4', domain: AF_INET, anAddress: () => [127, 0, 0, 1, 0] },
  IPv6: { family: 'ipv6', domain: AF_INET6, anAddress: () => [0, 0, 0, 0, 0, 0, 0, 1, 0] },
} as const

/** All twelve, whether the kernel has them or not. */
export const transports: readonly Transport[] = (['stream', 'datagram', 'seqpacket'] as const).flatMap(kind =>
  Object.entries(places).map(([place, rest]) => ({
    name: `${kind} over ${place}`,
    kind,
    type: kinds[kind],
    connected: kind !== 'datagram',
    bounded: kind !== 'stream',
    ...rest,
  })),
)

/** Whether two sockets can talk over the transport here and now. */
export function isThere({ domain, type, connected, anAddress }: Transport): boolean {
  const made: Socket[] = []
  const aSocket = () => {
    const socket = new Socket(domain, type)
    made.push(socket)
    return socket
  }
  try {
    const server = aSocket()
    server.bind(encodeAddress(anAddress()))
    if (connected) server.listen(1)
    const client = aSocket()
    try {
      client.connect(server.getsockname())
    } catch (error) {
      if ((error as { code?: string }).code !== 'EINPROGRESS') return false
    }
    if (poll([{ socket: client, events: POLLOUT }], 5000) !== 1) return false
    if (connected) made.push(server.accept().socket)
    client.send(Buffer.from('x'))
    return true
  } catch {
    return false
  } finally {
    for (const socket of made) socket.close()
  }
}

const there = transports.filter(isThere)

/** Whether this kernel has the transport. */
export function has(transport: Transport): boolean {
  return there.includes(transport)
}

let current: Mocha.Test | undefined
beforeEach(function () {
  current = this.currentTest
})

/** Skips the test that runs, because this kernel lacks what it needs. */
export function skip(): never {
  current?.skip()
  throw new Error('no test runs that could be skipped')
}

/** Skips the test if a full local listener refuses clients, as if nobody listened, instead of making them wait. */
export function needsWaitingClients(): void {
  const listener = new Socket(AF_UNIX, SOCK_STREAM)
  const clients: Socket[] = []
  try {
    listener.bind(encodeAddress(path.join(aFolder(), 'socket')))
    listener.listen(1)
    for (;;) {
      const client = new Socket(AF_UNIX, SOCK_STREAM)
      clients.push(client)
      client.connect(listener.getsockname())
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'EAGAIN') skip()
  } finally {
    for (const socket of [listener, ...clients]) socket.close()
  }
}

/**
 * Skips the test if nothing can be bound to an address: Linux has all of 127.0.0.0/8 and abstract names, other systems
 * have 127.0.0.1 only.
 */
export function needsAddress(address: string | readonly number[]): void {
  const socket = new Socket(typeof address === 'string' ? AF_UNIX : AF_INET, SOCK_DGRAM)
  try {
    socket.bind(encodeAddress(address))
  } catch {
    skip()
  } finally {
    socket.close()
  }
}

/** Calls `body` with every transport that this kernel has, and that is of one of `wanted` kinds or families. */
export function forEachTransport(
  body: (transport: Transport) => void,
  wanted: (transport: Transport) => boolean = () => true,
): void {
  there.filter(wanted).forEach(body)
}
