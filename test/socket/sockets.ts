// What the tests of the raw layer share: sockets that are closed after each test, connected pairs over any
// transport, waiting by poll(2), and scripts that run in a Node of their own. Nothing here asserts a behaviour.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, fstatSync, readdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { constants, encodeAddress, poll, Socket } from 'make-network-process/socket'
import type { Transport } from '../support/transports.js'

const { POLLIN, POLLOUT } = constants
const open = new Set<Socket>()
afterEach(() => {
  for (const socket of open) socket.close()
  open.clear()
})

/** Has a socket closed after the test. */
export function own(socket: Socket): Socket {
  open.add(socket)
  return socket
}

export function aSocket(domain: number, type: number, protocol?: number): Socket {
  return own(new Socket(domain, type, protocol))
}

/** A socket with a name, which takes connections where there are any. */
export function aServer({ domain, type, connected, anAddress }: Transport): Socket {
  const server = aSocket(domain, type)
  server.bind(encodeAddress(anAddress()))
  if (connected) server.listen(8)
  return server
}

/** A client that is connected to a server, and what the server has for it. Both have names. */
export function aPair(transport: Transport): [client: Socket, server: Socket] {
  const client = aSocket(transport.domain, transport.type)
  client.bind(encodeAddress(transport.anAddress()))
  const server = aServer(transport)
  connect(client, server.getsockname())
  if (transport.connected) return [client, own(server.accept().socket)]
  server.connect(client.getsockname())
  return [client, server]
}

/** Connects, and waits until that is done. */
export function connect(client: Socket, address: Uint8Array): void {
  try {
    client.connect(address)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EINPROGRESS') throw error
    until(client, POLLOUT)
  }
}

/** Waits until there is something to receive, or `events`; gives what poll(2) found. */
export function until(socket: Socket, events: number = POLLIN): number {
  const entry = { socket, events, revents: 0 }
  assert.equal(poll([entry], 60_000), 1, `nothing came to ${String(socket.fd)} within a minute`)
  return entry.revents
}

/** Waits for a message, or for bytes of a stream. */
export function receive(socket: Socket, flags = 0): string {
  until(socket)
  const buffer = Buffer.alloc(65536)
  return buffer.toString('latin1', 0, socket.recv(buffer, flags))
}

/** Receives from a stream until `length` bytes are there. */
export function receiveAll(socket: Socket, length: number): string {
  let all = ''
  while (all.length < length) {
    const some = receive(socket)
    assert.notEqual(some, '', 'the stream has ended')
    all += some
  }
  return all
}

/** What the kernel says when there is no room: BSDs say ENOBUFS for a datagram that their peer's queue does not hold. */
export const noRoom = /^(EAGAIN|ENOBUFS)$/

/** Sends until the kernel takes no more; gives how many bytes it took. */
export function fill(socket: Socket): number {
  const some = Buffer.alloc(1024)
  let sent = 0
  try {
    for (;;) sent += socket.send(some)
  } catch (error) {
    assert.match(String((error as { code?: string }).code), noRoom)
    return sent
  }
}

/** What a function throws. */
export function thrownBy(call: () => unknown, name = 'the call'): Error & Record<string, unknown> {
  try {
    call()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  assert.fail(`${name} has thrown nothing`)
}

/** What is enumerable of an error, and its message. */
export function contents(error: Error): Record<string, unknown> {
  return { ...Object.fromEntries(Object.entries(error)), message: error.message }
}

/** A view of memory that has been given away. */
export function detached<View>(View: new (memory: ArrayBuffer) => View): View {
  const memory = new ArrayBuffer(16)
  const view = new View(memory)
  structuredClone(memory, { transfer: [memory] })
  return view
}

/** A view that is out of bounds, because its memory has shrunk. */
export function outOfBounds<View>(
  View: new (memory: ArrayBuffer, offset: number, length: number) => View,
): View {
  const options = { maxByteLength: 16 } as object // TypeScript does not know it yet.
  const memory: ArrayBuffer & { resize?(length: number): void } = Reflect.construct(ArrayBuffer, [
    16,
    options,
  ])
  const view = new View(memory, 8, 1)
  memory.resize?.(4)
  return view
}

/** What this process has open, by descriptor; skips the test where no file system lists it. */
export function descriptors(context: Mocha.Context): Map<number, string> {
  const folder = ['/proc/self/fd', '/dev/fd'].find(existsSync)
  if (folder === undefined) return context.skip()
  const found = new Map<number, string>()
  for (const entry of readdirSync(folder)) {
    const fd = Number(entry)
    try {
      const { dev, ino } = fstatSync(fd)
      found.set(fd, folder.startsWith('/proc') ? readlinkSync(`${folder}/${fd}`) : `${dev}:${ino}`)
    } catch {
      // The descriptor by which the folder was read is gone.
    }
  }
  return found
}

export interface Ended {
  /** The exit status, or the signal that ended it. */
  status: number | string | null
  stdout: string
  stderr: string
}

/** Runs an ES module in a Node of its own, with everything that the raw layer exports at hand. */
export function runScript(script: string, ...options: string[]): Promise<Ended> {
  const names = 'Socket, constants, decodeAddress, encodeAddress, poll, socketpair'
  const source = `import { ${names} } from 'make-network-process/socket'\n${script}`
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      [...options, '--input-type=module', '--eval', source],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: 60_000 },
      (error, stdout, stderr) =>
        resolve({ status: child.exitCode ?? child.signalCode ?? error?.message ?? null, stdout, stderr }),
    )
  })
}
