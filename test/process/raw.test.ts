// Raw sockets: messages without connections, as datagrams are, from protocols that have no other type of socket.

import assert from 'node:assert/strict'
import { constants, encodeAddress, sockaddr, Socket } from 'make-network-process/socket'
import { aSocket } from '../socket/sockets.js'
import { cleanUp, make, until, witness } from './support.js'

afterEach(cleanUp)

const { AF_INET, AF_NETLINK, IPPROTO_ICMP, NETLINK_ROUTE, SOCK_RAW } = constants

/** Skips the tests unless the system gives such a socket to this user. */
function needs(family: number | undefined, protocol: number | undefined) {
  before(function () {
    try {
      new Socket(family ?? -1, SOCK_RAW, protocol).close()
    } catch {
      this.skip()
    }
  })
}

describe('a raw netlink socket', () => {
  needs(AF_NETLINK, NETLINK_ROUTE)

  const kernel = () => sockaddr.netlink({ pid: 0 })
  const bytes = (...words: number[]) => Buffer.from(Uint32Array.from(words).buffer)
  /** A message that the kernel acknowledges: NLMSG_NOOP with NLM_F_REQUEST and NLM_F_ACK, which is header and nothing else. */
  const question = () => {
    const flagsFirst = new Uint8Array(Uint16Array.of(0x11, 0x5).buffer)
    const message = bytes(16, 0, 1, 0)
    message.set(flagsFirst, 4)
    return message
  }
  const answered = (seen: ReturnType<typeof witness>) => until(() => seen.bytes.length >= 36, 'answer')

  it('is a client', async () => {
    const seen = witness()
    make({ name: 'c', type: 'raw', remote: kernel(), coding: 'binary', ...seen.callbacks }).send(question())
    await answered(seen)
  })

  it('is a server, which does not listen', async () => {
    const seen = witness()
    const options = { name: 's', type: 'raw', server: true, coding: 'binary' } as const
    const server = make({ ...options, local: kernel(), remote: kernel(), ...seen.callbacks })
    assert.equal(server.status, 'open')
    server.send(question())
    await answered(seen)
    assert.deepEqual(server.datagramAddress, kernel())
  })

  it('can be adopted without being connected', async () => {
    const socket = new Socket(AF_NETLINK!, SOCK_RAW, NETLINK_ROUTE)
    socket.bind(encodeAddress(kernel()))
    const seen = witness()
    const options = { name: 's', type: 'raw', server: true, coding: 'binary' } as const
    const server = make({ ...options, adopt: socket.detach(), ...seen.callbacks })
    server.datagramAddress = kernel()
    server.send(question())
    await answered(seen)
  })

  it('is open at once under :nowait, as datagrams are', () => {
    assert.equal(make({ name: 'c', type: 'raw', remote: kernel(), nowait: true }).status, 'open')
  })
})

describe('a raw IP socket', () => {
  needs(AF_INET, IPPROTO_ICMP)

  /** ICMP's echo request, which the system answers. */
  const echo = Buffer.of(8, 0, 0xf7, 0xff, 0, 0, 0, 0)

  it('exchanges messages with its host', async () => {
    const seen = witness()
    const options = { name: 'ping', type: 'raw', host: '127.0.0.1', protocol: IPPROTO_ICMP } as const
    const client = make({ ...options, coding: 'binary', ...seen.callbacks })
    assert.deepEqual(client.contact('remote'), [127, 0, 0, 1, 0])
    client.datagramAddress = [127, 0, 0, 2, 0]
    assert.deepEqual(client.datagramAddress, [127, 0, 0, 2, 0])
    client.datagramAddress = [127, 0, 0, 1, 0]
    client.send(echo)
    await until(() => seen.bytes.length >= 56, 'answer') // What was sent comes too: it goes to this machine.
    assert.deepEqual([seen.bytes[20], seen.bytes[48]], [8, 0])
  })

  it('is a server on an address without a port', async () => {
    const seen = witness()
    const options = {
      name: 's',
      type: 'raw',
      server: true,
      host: '127.0.0.1',
      protocol: IPPROTO_ICMP,
    } as const
    make({ ...options, coding: 'binary', ...seen.callbacks })
    aSocket(AF_INET, SOCK_RAW, IPPROTO_ICMP).sendto(echo, 0, encodeAddress([127, 0, 0, 1, 0]))
    await until(() => seen.bytes.length >= 56, 'echo')
  })

  it('can be adopted when it is connected, though its peer has no port', async () => {
    const socket = new Socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
    socket.connect(encodeAddress([127, 0, 0, 1, 0]))
    const seen = witness()
    make({ name: 'ping', adopt: socket.detach(), coding: 'binary', ...seen.callbacks }).send(echo)
    await until(() => seen.bytes.length >= 56, 'answer')
  })
})

// A raw protocol needs one; a stream of TCP does not make a raw socket.
it('a raw socket without a protocol is refused by the kernel', () => {
  assert.throws(() => make({ name: 'c', type: 'raw', host: '127.0.0.1' }), { syscall: 'socket' })
})
