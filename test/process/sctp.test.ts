// Sequenced packets over IP: SCTP in its one-to-many style, where one socket has the messages of all peers. Few kernels
// have it; the kernel lab (scripts/test-lab.mjs) does.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import type { NetworkProcess } from 'make-network-process'
import { constants, Socket } from 'make-network-process/socket'
import { cleanUp, make, noting, settled, thrown, until, witness, type Received } from './support.js'

afterEach(cleanUp)

const { AF_INET, SOCK_SEQPACKET } = constants
const protocol = constants.IPPROTO_SCTP ?? -1
const oneToMany = { name: 's', server: true, type: 'seqpacket', service: true, protocol } as const

describe('SCTP, one-to-many', () => {
  before(function () {
    try {
      new Socket(AF_INET, SOCK_SEQPACKET, protocol).close()
    } catch {
      this.skip()
    }
  })

  for (const family of ['ipv4', 'ipv6'] as const)
    it(`receives every peer's messages, and answers each, over ${family}`, async () => {
      const server = make({
        ...oneToMany,
        family,
        filter: (process, text) => process.send(`${String(text)} has port ${portOf(process)}`),
      })
      assert.equal(server.status, 'open')
      const remote = server.contact('local') as number[]
      assert.equal(server.contact('service'), remote.at(-1))
      const heard = [witness(), witness(), witness()] as const
      const peers = [
        make({ ...oneToMany, name: 'one', family, remote, ...heard[0].callbacks }),
        make({ ...oneToMany, name: 'two', family, remote, ...heard[1].callbacks }),
        make({ name: 'connection', remote, protocol, ...heard[2].callbacks }),
      ]
      for (const peer of peers) peer.send(peer.name)
      for (const [i, peer] of peers.entries()) {
        const expected = `${peer.name} has port ${(peer.contact('local') as number[]).at(-1)}`
        await until(() => heard[i]?.text === expected, expected)
      }
    })

  it('keeps message boundaries, and stays open when a peer has gone', async () => {
    const seen = witness()
    const server = make({ ...oneToMany, family: 'ipv4', ...seen.callbacks })
    const remote = server.contact('local') as number[]
    for (const name of ['first', 'second']) {
      const peer = make({ ...oneToMany, name, family: 'ipv4', remote })
      peer.sendMany([name, 'é', '-'.repeat(60_000)])
      await seen.messages(3)
      assert.deepEqual(seen.data, [name, 'é', '-'.repeat(60_000)])
      seen.data.length = 0
      peer.delete()
      await settled()
    }
    assert.equal(server.status, 'open')
    assert.deepEqual(seen.events, [])
  })

  it('reports the sender of each message, and sends each to the address that it is given', async () => {
    const { filter, received } = noting()
    const server = make({ ...oneToMany, family: 'ipv4', coding: 'binary', filter })
    const seen = witness()
    const peer = make({ ...oneToMany, name: 'peer', family: 'ipv4', ...seen.callbacks })
    const [address, back] = [server, peer].map(one => one.contact('local') as number[])
    peer.sendMessage({ data: 'question', address: address })
    await until(() => received.length === 1, 'the question')
    assert.deepEqual(received[0]?.info.address, back)
    server.sendMessage({ data: 'answer', address: back })
    await until(() => seen.text === 'answer', 'the answer')
  })

  it('marks the last piece of a long message that comes in pieces', async () => {
    const { filter, received } = noting()
    const server = make({ ...oneToMany, family: 'ipv4', coding: 'binary', filter })
    const remote = server.contact('local') as number[]
    const peer = make({ ...oneToMany, name: 'peer', family: 'ipv4', remote })
    const data = Buffer.alloc(150_000, 'abcdefg')
    peer.send(data)
    const isLast = ({ info }: Received) => (info.flags & (constants.MSG_EOR ?? 0)) !== 0
    await until(() => received.some(isLast), 'the last piece')
    assert.equal(received.findIndex(isLast), received.length - 1)
    assert.ok(Buffer.concat(received.map(piece => Buffer.from(piece.data))).equals(data))
  })

  it('marks notifications, for a socket that has asked for them', async () => {
    const { filter, received } = noting()
    // The second field of sctp_event_subscribe: associations that come and go.
    const sockopts = [[protocol, constants.SCTP_EVENTS ?? -1, Uint8Array.of(0, 1)]] as const
    const server = make({ ...oneToMany, family: 'ipv4', sockopts, coding: 'binary', filter })
    const remote = server.contact('local') as number[]
    const peer = make({ ...oneToMany, name: 'peer', family: 'ipv4', remote })
    peer.send('a message')
    await until(() => received.length === 2, 'association and message')
    peer.delete()
    await until(() => received.length === 3, 'the end of the association')
    const notifies = ({ info }: Received) => (info.flags & (constants.MSG_NOTIFICATION ?? 0)) !== 0
    assert.deepEqual(received.map(notifies), [true, false, true])
    assert.equal(Buffer.from(received[1]?.data ?? '').toString(), 'a message')
  })

  it('throws when there is no peer to send to, and stays open', async () => {
    const seen = witness()
    const server = make({ ...oneToMany, family: 'ipv4', ...seen.callbacks })
    assert.equal(thrown(() => server.send('nobody')).code, 'EPIPE')
    assert.equal(server.status, 'open')
    const remote = server.contact('local') as number[]
    make({ ...oneToMany, name: 'peer', family: 'ipv4', remote }).send('somebody')
    await until(() => seen.text === 'somebody', 'a message')
    server.send('an answer')
  })

  it('refuses clients, and closes their descriptors', async () => {
    const server = make({ ...oneToMany, family: 'ipv4' })
    const remote = server.contact('local') as number[]
    const before = readdirSync('/proc/self/fd').length
    for (const nowait of [false, true])
      assert.throws(() => make({ name: 'c', type: 'seqpacket', remote, protocol, nowait }), {
        code: 'ERR_INCOMPATIBLE_KEYWORDS',
        message: /^:type seqpacket over IP/,
      })
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })
})

const portOf = (process: NetworkProcess) => (process.datagramAddress as number[]).at(-1)
