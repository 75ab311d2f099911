// Families that Emacs has no words for: netlink and packet sockets, by `{ family, data }` addresses.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { endianness, networkInterfaces } from 'node:os'
import type { Filter, RawAddress } from 'make-network-process'
import { constants, ifNameToIndex, sockaddr, Socket } from 'make-network-process/socket'
import { native } from '../../dist/native.js'
import { changed, cleanUp, make, noting, settled, until, witness, type Witness } from './support.js'

afterEach(cleanUp)

const family = constants.AF_NETLINK ?? -1
// pad, pid 0 (the kernel), groups 0
const kernel = { family, data: new Uint8Array(10) }
const little = endianness() === 'LE'
const read16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
const read32 = (bytes: Buffer, at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))

/** RTM_GETLINK for all interfaces. */
function question(): Buffer {
  const bytes = Buffer.alloc(32)
  const words = new DataView(bytes.buffer, bytes.byteOffset)
  words.setUint32(0, 32, little)
  words.setUint16(4, 18, little)
  words.setUint16(6, 0x301, little)
  words.setUint32(8, 1, little)
  return bytes
}

/** The names in RTM_NEWLINK messages; undefined until NLMSG_DONE has come. */
function answer({ bytes }: Witness): string[] | undefined {
  const names: string[] = []
  for (let at = 0; at + 16 <= bytes.length; at += (read32(bytes, at) + 3) & ~3) {
    if (read16(bytes, at + 4) === 3) return names.sort()
    const end = at + read32(bytes, at)
    for (let a = at + 32; a + 4 <= end; a += (read16(bytes, a) + 3) & ~3)
      if (read16(bytes, a + 2) === 3) names.push(bytes.toString('latin1', a + 4, a + read16(bytes, a) - 1))
  }
  return undefined
}

describe('netlink', () => {
  before(function () {
    try {
      new Socket(family, constants.SOCK_DGRAM).close()
    } catch {
      this.skip()
    }
  })

  const interfaces = () => readdirSync('/sys/class/net').sort()

  it('answers a client', async () => {
    const seen = witness()
    const client = make({ name: 'c', type: 'datagram', remote: kernel, coding: 'binary', ...seen.callbacks })
    assert.equal(client.status, 'open')
    assert.deepEqual(client.contact('remote'), { family, data: Buffer.alloc(10) })
    client.send(question())
    await until(() => answer(seen), 'answer')
    assert.deepEqual(answer(seen), interfaces())
    assert.deepEqual(client.datagramAddress, { family, data: Buffer.alloc(10) })
  })

  for (const ending of ['', ', after it is deleted'])
    it(`does not poll a peer that does not read${ending}`, async () => {
      const seen = witness()
      const usersock = { type: 'datagram', protocol: constants.NETLINK_USERSOCK } as const
      const reader = make({
        name: 'r',
        server: true,
        local: kernel,
        stop: true,
        ...usersock,
        ...seen.callbacks,
      })
      const writer = make({ name: 'w', remote: reader.contact('local'), ...usersock })
      const sent: string[] = []
      do sent.push(`${sent.length}`.padEnd(4000))
      while (writer.send(sent.at(-1)!))
      if (ending !== '') writer.delete()
      // The epoll set reports nothing, though netlink sockets are always writable.
      assert.equal(native.wait(0, undefined), 0)
      reader.continue()
      await seen.messages(sent.length)
      assert.deepEqual(seen.data, sent)
    })

  it('sends a message to a group once, though the kernel refuses what it has delivered', async () => {
    const seen = witness()
    const usersock = { type: 'datagram', protocol: constants.NETLINK_USERSOCK } as const
    const data = new Uint8Array(10)
    new DataView(data.buffer).setUint32(6, 1, little)
    make({ name: 'r', server: true, local: { family, data }, ...usersock, ...seen.callbacks })
    const atWriter = witness()
    const writer = make({ name: 'w', remote: { family, data }, ...usersock, ...atWriter.callbacks })
    writer.send('one')
    writer.sendMany(['two', 'three'])
    assert.throws(() => writer.sendMessage({ data: 'four', address: { family, data } }))
    await settled()
    assert.deepEqual(seen.data, ['one', 'two', 'three', 'four'])
    assert.deepEqual(atWriter.events, Array(3).fill('datagram failed with code 111\n'))
  })

  it('answers a server, whose address the kernel assigns', async () => {
    const seen = witness()
    const server = make({
      name: 's',
      type: 'datagram',
      server: true,
      local: kernel,
      coding: 'binary',
      ...seen.callbacks,
    })
    const local = server.contact('local') as { family: number; data: Buffer }
    assert.equal(local.family, family)
    assert.equal(local.data.length, 10)
    assert.notEqual(read32(local.data, 2), 0)
    server.datagramAddress = { family, data: Array.from(kernel.data) }
    server.send(question())
    await until(() => answer(seen), 'answer')
    assert.deepEqual(answer(seen), interfaces())
    assert.deepEqual(server.datagramAddress, { family, data: Buffer.alloc(10) })
  })

  it('is the peer of a server that names it by :remote', async () => {
    const seen = witness()
    const server = make({
      name: 's',
      type: 'datagram',
      server: true,
      local: kernel,
      remote: kernel,
      coding: 'binary',
      ...seen.callbacks,
    })
    server.send(question())
    await until(() => answer(seen), 'answer')
  })

  it('cannot be looked up by host and service', () => {
    assert.throws(() => make({ name: 'c', type: 'datagram', family, service: 9 }), { syscall: 'getaddrinfo' })
  })
})

describe('a packet socket', () => {
  before(function () {
    try {
      new Socket(constants.AF_PACKET ?? -1, constants.SOCK_DGRAM).close()
    } catch {
      this.skip()
    }
  })

  /** Watches with `filter` how 16 datagrams of `size` bytes go over the loopback interface, one after the other. */
  function watch(filter: Filter, size: number): Witness {
    const loopback = Object.entries(networkInterfaces()).find(([, addresses]) => addresses?.[0]?.internal)![0]
    const seen = witness()
    const ETH_P_ALL = 3
    make({
      name: 'packets',
      server: true,
      type: 'datagram',
      local: sockaddr.packet({ protocol: ETH_P_ALL, ifindex: ifNameToIndex(loopback) }),
      coding: 'binary',
      filter,
      sentinel: seen.callbacks.sentinel,
    })
    let sent = 0
    const send = () => sent++ < 16 && client.send(Buffer.alloc(size, mark))
    const server = make({ name: 's', server: true, type: 'datagram', service: true, filter: send })
    const client = make({ name: 'c', type: 'datagram', remote: server.contact('local') })
    send()
    return seen
  }

  const mark = `packets ${process.pid}`

  it('tells its filter the link-layer address of a packet', async () => {
    const { filter, received } = noting()
    const seen = watch(filter, 100)
    const marked = () => received.find(({ data }) => (data as Buffer).includes(mark))
    await until(marked, 'packet')
    const { family, data } = marked()!.info.address as RawAddress
    assert.ok(sockaddr.packet.read({ family, data }).ifindex > 0)
    assert.deepEqual(seen.events, [])
  })

  it('loses no packet that is longer than the rest of a slab', async () => {
    const lengths: number[] = []
    const filter: Filter = (_, data) => {
      if ((data as Buffer).includes(mark)) lengths.push(data.length)
      changed()
    }
    const seen = watch(filter, 30_000)
    await until(() => lengths.length === 32, 'packets') // each goes out, and comes in
    assert.equal(new Set(lengths).size, 1)
    assert.deepEqual(seen.events, [])
  })
})

it('a family given by its number behaves like one given by its name', () => {
  const server = make({ name: 's', server: true, family: constants.AF_INET6, service: true })
  assert.equal((server.contact('local') as number[]).length, 9)
  assert.throws(() => make({ name: 's', server: true, family: constants.AF_UNIX, service: true }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
})
