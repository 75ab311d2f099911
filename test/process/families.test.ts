// Families that Emacs has no words for: the kernel is spoken to over netlink, by `{ family, data }` addresses.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { endianness } from 'node:os'
import { constants, Socket } from 'make-network-process/socket'
import { cleanUp, make, until, witness, type Witness } from './support.js'

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

/** The names that RTM_NEWLINK messages have; undefined while the last has not come. */
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

  it('answers a server, which the kernel gives an address', async () => {
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

  it('is chosen by :remote of a server', async () => {
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

  it('is no family for a name and a service', () => {
    assert.throws(() => make({ name: 'c', type: 'datagram', family, service: 9 }), { syscall: 'getaddrinfo' })
  })
})

it('a family by its number takes the same way as by its name', () => {
  const server = make({ name: 's', server: true, family: constants.AF_INET6, service: true })
  assert.equal((server.contact('local') as number[]).length, 9)
  assert.throws(() => make({ name: 's', server: true, family: constants.AF_UNIX, service: true }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
})
