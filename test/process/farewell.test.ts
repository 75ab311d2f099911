// What happens to a socket when its process is deleted: what was accepted is still sent, and no other socket is touched.

import assert from 'node:assert/strict'
import { acceptProcessOutput, type NetworkProcess } from 'make-network-process'
import { constants, decodeAddress, encodeAddress, poll, Socket } from 'make-network-process/socket'
import * as built from '../../dist/socket/hub.js'
import type * as source from '../../lib/socket/hub.js'
import { cleanUp, finallyDo, make, settled, socketFile, witness } from './support.js'

afterEach(cleanUp)

// It is internal, and so without a declaration.
const { wait } = built as unknown as typeof source

const datagrams = { type: 'datagram', family: 'local', server: true } as const

/** Sends until something is queued. */
function fill(process: NetworkProcess, message: string | Buffer): void {
  while (process.writableLength === 0) process.send(message)
}

describe('a process that is deleted with a queue', () => {
  it('closes no other socket when it gives up its peer', () => {
    const listener = new Socket(constants.AF_INET, constants.SOCK_STREAM)
    listener.bind(encodeAddress([127, 0, 0, 1, 0]))
    listener.listen(1)
    finallyDo(() => listener.close())
    const remote = decodeAddress(listener.getsockname())
    const client = make({ name: 'client', remote, linger: 1 })
    const peer = listener.accept().socket
    finallyDo(() => peer.close())
    fill(client, Buffer.alloc(65536))
    // Until the kernel has taken everything, and its own queue is full.
    for (const room = Buffer.alloc(65536); client.writableLength > 0; acceptProcessOutput(null, 0.001))
      if (poll([{ socket: peer, events: constants.POLLIN }], 0) > 0) peer.recv(room)
    const { fd } = client
    client.delete()
    const others: NetworkProcess[] = []
    // The peer is given up when another process has got the same descriptor.
    for (let after = 0; after < 20; after += others.some(other => other.fd === fd) ? 1 : 0) {
      acceptProcessOutput(null, 0.002)
      others.push(make({ name: 'other', server: true, service: true }))
    }
    const fds = others.map(other => other.fd)
    assert.ok(!fds.includes(-1))
    assert.equal(new Set(fds).size, fds.length)
  })

  it('does not spin while the receiver of its local datagrams is busy', async () => {
    const [one, other] = [socketFile(), socketFile()]
    const seen = witness()
    const receiver = make({ name: 'receiver', ...datagrams, service: other, stop: true, ...seen.callbacks })
    const sender = make({ name: 'sender', ...datagrams, service: one, remote: other })
    const sent = Array.from({ length: 30 }, (_, i) => `${i}`)
    sent.forEach(message => sender.send(message))
    sender.delete()
    await settled()
    assert.equal(wait(0), 0)
    receiver.continue()
    await seen.messages(sent.length)
    assert.deepEqual(seen.data, sent)
  })

  it('still sends to other receivers when one has gone', async () => {
    const [one, other, service] = [socketFile(), socketFile(), socketFile()]
    const seen = witness()
    const gone = make({ name: 'gone', ...datagrams, service: one, stop: true })
    make({ name: 'there', ...datagrams, service: other, ...seen.callbacks })
    const sender = make({ name: 'sender', ...datagrams, service, remote: one })
    fill(sender, 'x')
    sender.datagramAddress = other
    sender.send('for the other')
    sender.delete()
    gone.delete()
    assert.deepEqual(await seen.messages(1), ['for the other'])
  })
})
