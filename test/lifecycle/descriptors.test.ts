// Descriptors that programs share, and those that come with messages for a program that dies. The other end of a socket
// that is passed sees its end when the last copy on this machine is closed.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { NetworkProcess } from 'make-network-process'
import { constants, poll, Socket } from 'make-network-process/socket'
import { run } from './child.js'
import { changed, cleanUp, finallyDo, make, socketFile, until } from '../process/support.js'
import { over } from '../process/transports.js'

afterEach(cleanUp)

const openDescriptors = () => readdirSync('/dev/fd').length
const program = fileURLToPath(new URL('receiver.mjs', import.meta.url))
const messages = 20

/** A server that sends messages with descriptors to a program, which is killed when it has said that it is ready. */
async function killed(receiver: 'takes some' | 'takes all' | 'reads nothing'): Promise<void> {
  over('seqpacket', 'local')
  const before = openDescriptors()
  const [left, right] = Socket.pair(constants.AF_UNIX, constants.SOCK_STREAM)
  finallyDo(() => left.close())
  const service = socketFile()
  let peer: NetworkProcess | undefined
  const server = make({
    name: 'server',
    server: true,
    type: 'seqpacket',
    family: 'local',
    service,
    log: (_server, connection) => {
      peer = connection
      changed()
    },
  })
  const child = spawn(process.execPath, [program, service, receiver, String(messages)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  finallyDo(() => child.kill('SIGKILL'))
  await until(() => peer !== undefined, 'the receiver')
  const message = { data: '-'.repeat(4096), fds: [right.fd, right.fd] }
  if (receiver === 'reads nothing') while (peer?.sendMessage(message));
  else for (let i = 0; i < messages; i++) peer?.sendMessage(message)
  right.close()
  await once(child.stdout, 'data')
  assert.equal(
    poll([{ socket: left, events: constants.POLLIN }], 0),
    0,
    'the receiver has a message, or what came beside',
  )
  child.kill('SIGKILL')
  await once(child, 'close')
  await peer?.closed
  server.delete()
  assert.equal(poll([{ socket: left, events: constants.POLLIN }], 5000), 1, 'somebody still has the socket')
  assert.equal(left.recv(Buffer.alloc(1)), 0)
  cleanUp()
  assert.equal(openDescriptors(), before)
}

describe('a server whose socket was the standard input of a child', () => {
  // Node makes it blocking for the child, and so for all that have it.
  for (const keywords of [
    `service: true`,
    `family: 'local', service: socketFile()`,
    `type: 'seqpacket', family: 'local', service: socketFile()`,
  ])
    it(`goes on accepting without blocking: ${keywords}`, async () => {
      if (keywords.includes('seqpacket')) over('seqpacket', 'local')
      const { status, stdout, stderr } = await run(`
        import { spawnSync } from 'node:child_process'
        const server = makeNetworkProcess({ name: 'server', server: true, ${keywords} })
        spawnSync('true', { stdio: [server.fd, 'ignore', 'ignore'] })
        const { type, family, service } = server.contact(true)
        for (let i = 1; i <= 4; i++) {
          const client = makeNetworkProcess({ name: 'client', type, family, service, filter: true })
          while (server.stats().accepted < i) await new Promise(setImmediate)
          client.delete()
        }
        server.delete()
        console.log('accepted')`)
      assert.deepEqual([stdout, stderr, status], ['accepted\n', '', 0])
    })
})

describe('descriptors for a program that is killed', () => {
  for (const receiver of ['takes some', 'takes all', 'reads nothing'] as const)
    it(`and ${receiver}, are all closed`, () => killed(receiver))
})
