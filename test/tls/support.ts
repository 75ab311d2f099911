// What the tests of TLS share besides certificates and peers: the two ends of a connection of our own, and much data.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo, Server, Socket } from 'node:net'
import tls from 'node:tls'
import {
  makeNetworkProcess,
  type NetworkProcess,
  type NetworkProcessOptions,
  type TlsParameters,
} from 'make-network-process'
import { finallyDo, witness, type Witness } from '../process/support.js'
import { authority, type Identity } from './certificates.js'

export const host = '127.0.0.1'

/** 10 MB of lines, no two alike: gnutls-serv echoes lines, and stops at NUL. */
export const tenMegabytes = (() => {
  const data = Buffer.allocUnsafe(10_000_000)
  let state = 1
  for (let at = 0; at < data.length; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    data[at] = at % 4000 === 3999 ? 10 : 33 + ((state >> 16) % 90)
  }
  return data
})()

/** A client's parameters that trust the tests' authority. */
export const trusting = (more: TlsParameters = {}): TlsParameters => ({
  hostname: 'localhost',
  trustfiles: [authority.trust],
  ...more,
})

export const showingKeys = (...identities: Identity[]): TlsParameters => ({
  keylist: identities.map(({ key, certificate }) => [key, certificate]),
})

/** A server of ours, and its port. */
export function serve(
  more: Partial<NetworkProcessOptions> = {},
  parameters: TlsParameters = showingKeys(authority.server),
): { server: NetworkProcess; port: number; seen: Witness } {
  const seen = witness()
  const server = makeNetworkProcess({
    name: 'server',
    server: true,
    host,
    service: true,
    coding: 'binary',
    tlsParameters: parameters,
    ...seen.callbacks,
    ...more,
  })
  return { server, port: server.contact('service') as number, seen }
}

/** A client of ours; without `nowait` it blocks until the handshake is over. */
export function join(
  port: number,
  parameters: TlsParameters = trusting(),
  more: Partial<NetworkProcessOptions> = {},
): { client: NetworkProcess; seen: Witness } {
  const seen = witness()
  const client = makeNetworkProcess({
    name: 'client',
    host,
    service: port,
    coding: 'binary',
    tlsParameters: parameters,
    ...seen.callbacks,
    ...more,
  })
  return { client, seen }
}

/** A server of Node's, which echoes unless it is told what to do. */
export async function nodeServer(
  identity: Identity,
  options: tls.TlsOptions = {},
  connected: (socket: tls.TLSSocket) => void = socket => socket.pipe(socket),
): Promise<number> {
  const server = tls.createServer({
    key: readFileSync(identity.key),
    cert: readFileSync(identity.certificate),
    ...options,
  })
  const sockets = new Set<tls.TLSSocket>()
  server.on('secureConnection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    connected(socket)
  })
  server.on('tlsClientError', () => {})
  return listening(server, sockets)
}

/** The port on which a server of Node's listens until the test is over, when its sockets end too. */
export async function listening(server: Server, sockets: Set<Socket>): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  finallyDo(() => {
    server.close()
    sockets.forEach(socket => socket.destroy())
  })
  return (server.address() as AddressInfo).port
}

/** A client of Node's. */
export function nodeClient(port: number, options: tls.ConnectionOptions = {}): tls.TLSSocket {
  const socket = tls.connect({
    port,
    host,
    servername: 'localhost',
    ca: readFileSync(authority.trust),
    ...options,
  })
  finallyDo(() => socket.destroy())
  return socket
}
