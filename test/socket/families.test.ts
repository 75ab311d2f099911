// Families that Node does not know, through nothing but Socket: bytes in, bytes out. What the kernel lacks is
// skipped, except for the error that it gives.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import {
  constants,
  decodeAddress,
  encodeAddress,
  familyOf,
  ifNameToIndex,
  Socket,
} from 'make-network-process/socket'
import { aSocket, contents, own, thrownBy, until } from './sockets.js'

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } = constants
const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** A socket of a family that this kernel may lack, or that only root may use. */
function ifThere(context: Mocha.Context, family: string, type: number, protocol = 0): Socket {
  const domain = constants[family]
  if (domain === undefined) return context.skip()
  try {
    return own(new Socket(domain, type, protocol))
  } catch (error) {
    assert.match(
      (error as { code: string }).code,
      /^(EAFNOSUPPORT|EPROTONOSUPPORT|ESOCKTNOSUPPORT|EPERM|EACCES)$/,
    )
    return context.skip()
  }
}

describe('a family', () => {
  it('that the kernel lacks throws EAFNOSUPPORT', () => {
    for (const family of [0x7fff, 0]) {
      const error = thrownBy(() => new Socket(family, SOCK_STREAM))
      assert.deepEqual(contents(error), {
        code: 'EAFNOSUPPORT',
        errno: error.errno,
        syscall: 'socket',
        message: 'socket EAFNOSUPPORT',
      })
      assert.ok(Number(error.errno) < 0)
    }
  })

  it('that has no such type is an error', () => {
    assert.throws(() => own(new Socket(AF_UNIX, 99)), { syscall: 'socket' })
  })
})

describe('netlink', () => {
  const RTM_NEWLINK = 16
  const RTM_GETLINK = 18
  const NLMSG_DONE = 3
  const NLM_F_REQUEST = 1
  const NLM_F_DUMP = 0x300
  const IFLA_IFNAME = 3

  const read16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const read32 = (bytes: Buffer, at: number) => (little ? bytes.readInt32LE(at) : bytes.readInt32BE(at))

  it('gives its sockets an address', function () {
    const socket = ifThere(this, 'AF_NETLINK', SOCK_RAW)
    socket.bind(encodeAddress({ family: constants.AF_NETLINK!, data: Buffer.alloc(10) }))
    const name = decodeAddress(socket.getsockname())
    assert.ok(typeof name === 'object' && 'family' in name)
    assert.equal(name.family, constants.AF_NETLINK)
    assert.equal(name.data.length, 10)
    assert.notEqual(read32(Buffer.from(name.data), 2), 0)
  })

  it('lists every interface', function () {
    const socket = ifThere(this, 'AF_NETLINK', SOCK_RAW)
    const request = Buffer.alloc(32)
    const fields = new DataView(request.buffer, request.byteOffset)
    fields.setUint32(0, request.length, little)
    fields.setUint16(4, RTM_GETLINK, little)
    fields.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, little)
    fields.setUint32(8, 7, little)
    const kernel = encodeAddress({ family: constants.AF_NETLINK!, data: Buffer.alloc(10) })
    assert.equal(socket.sendto(request, 0, kernel), request.length)

    const found = new Map<string, number>()
    for (let done = false; !done;) {
      until(socket)
      const buffer = Buffer.alloc(65536)
      const { length, truncated, address } = socket.recvmsg(buffer)
      assert.equal(truncated, false)
      assert.equal(familyOf(address), constants.AF_NETLINK)
      for (let at = 0; at + 16 <= length;) {
        const size = read32(buffer, at)
        const type = read16(buffer, at + 4)
        if (type === NLMSG_DONE) done = true
        if (type === RTM_NEWLINK) {
          const index = read32(buffer, at + 20)
          for (let attribute = at + 32; attribute + 4 <= at + size;) {
            const end = attribute + read16(buffer, attribute)
            if (read16(buffer, attribute + 2) === IFLA_IFNAME)
              found.set(buffer.toString('utf8', attribute + 4, end - 1), index)
            attribute = (end + 3) & ~3
          }
        }
        at += (size + 3) & ~3
      }
    }
    for (const name of Object.keys(networkInterfaces()))
      assert.equal(found.get(name), ifNameToIndex(name), name)
    assert.ok(found.size > 0)
  })
})

describe('AF_PACKET', () => {
  const calls: Record<string, (socket: Socket, buffer: Buffer) => { length: number; address?: Uint8Array }> =
    {
      recvfrom: (socket, buffer) => socket.recvfrom(buffer),
      // Packet sockets do not know MSG_CMSG_CLOEXEC, which makes descriptors close-on-exec.
      recvmsg: (socket, buffer) => socket.recvmsg(buffer, 64),
      recvmmsg: (socket, buffer) => socket.recvmmsg([buffer])[0]!,
    }
  for (const [name, receive] of Object.entries(calls))
    it(`sees packets on the loopback interface, by ${name}`, function () {
      const ETH_P_IP = 0x0800
      const protocol = little ? 0x0008 : ETH_P_IP
      const socket = ifThere(this, 'AF_PACKET', SOCK_DGRAM, protocol)
      const loopback = Object.entries(networkInterfaces()).find(([, addresses]) =>
        addresses?.some(({ internal }) => internal),
      )
      if (loopback === undefined) return this.skip()
      const index = ifNameToIndex(loopback[0])
      const data = Buffer.alloc(18)
      data.writeUInt16BE(ETH_P_IP, 0)
      new DataView(data.buffer, data.byteOffset).setInt32(2, index, little)
      socket.bind(encodeAddress({ family: constants.AF_PACKET!, data }))

      const server = aSocket(AF_INET, SOCK_DGRAM)
      server.bind(encodeAddress([127, 0, 0, 1, 0]))
      const mark = `mnp ${process.pid} ${Math.random()}`
      aSocket(AF_INET, SOCK_DGRAM).sendto(Buffer.from(mark), 0, server.getsockname())
      const buffer = Buffer.alloc(65536)
      for (;;) {
        until(socket)
        const { length, address } = receive(socket, buffer)
        assert.equal(familyOf(address!), constants.AF_PACKET)
        if (buffer.toString('latin1', 0, length).includes(mark)) break
      }
    })
})

describe('AF_ALG', () => {
  it('computes a digest', function () {
    const socket = ifThere(this, 'AF_ALG', SOCK_SEQPACKET)
    const data = Buffer.alloc(86)
    data.write('hash', 0)
    data.write('sha256', 22)
    try {
      socket.bind(encodeAddress({ family: constants.AF_ALG!, data }))
    } catch {
      return this.skip()
    }
    const operation = own(socket.accept().socket)
    operation.send(Buffer.from('abc'))
    // poll(2) does not report a digest: it is computed when it is received.
    const digest = Buffer.alloc(32)
    assert.equal(operation.recv(digest), 32)
    assert.equal(digest.toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('AF_VSOCK', () => {
  it('gives its sockets an address', function () {
    const socket = ifThere(this, 'AF_VSOCK', SOCK_STREAM)
    const name = decodeAddress(socket.getsockname())
    assert.ok(typeof name === 'object' && 'family' in name && name.family === constants.AF_VSOCK)
  })
})
