// Ancillary data: descriptors, credentials, and control messages of any other kind. Descriptors are counted, because
// a leaked one is lost for good.

import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { constants, controlSpace, encodeAddress, Socket } from 'make-network-process/socket'
import * as built from '../../dist/socket/control.js'
import type * as source from '../../lib/socket/control.js'
import { aFolder, forEachTransport, needsAddress } from '../support/transports.js'
import { aPair, aServer, aSocket, descriptors, detached, own, receive, thrownBy, until } from './sockets.js'

// They are internal, and so without a declaration.
const { decodeControl, encodeControl } = built as unknown as typeof source
const { AF_INET, AF_UNIX, MSG_CTRUNC, SCM_RIGHTS, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } = constants
const aLocalPair = (type: number = SOCK_DGRAM) => Socket.pair(AF_UNIX, type).map(own) as [Socket, Socket]
const data = Buffer.from('x')

// A file of the test's own, open for reading.
function aFile(text: string): number {
  const file = path.join(aFolder(), 'file')
  writeFileSync(file, text)
  return openSync(file, 'r')
}
function textOf(fd: number): string {
  const buffer = Buffer.alloc(64)
  return buffer.toString('latin1', 0, readSync(fd, buffer, 0, 64, 0))
}

describe('controlSpace()', () => {
  it('is the sum of what the messages need', () => {
    assert.equal(controlSpace(), 0)
    assert.equal(controlSpace(4, 12), controlSpace(4) + controlSpace(12))
    assert.ok(controlSpace(0) >= 12)
    assert.ok(controlSpace(1) > controlSpace(0))
    assert.equal(controlSpace(1), controlSpace(4))
  })

  it('is exactly what the kernel fills', () => {
    for (const count of [1, 2, 3, 4]) {
      const [sender, receiver] = aLocalPair()
      sender.sendmsg({ data, fds: new Array<number>(count).fill(0) })
      const { fds, controlTruncated } = receiver.recvmsg(Buffer.alloc(1), controlSpace(4 * count))
      fds?.forEach(closeSync)
      assert.deepEqual([fds?.length, controlTruncated], [count, false])
    }
  })
})

describe('descriptors', () => {
  forEachTransport(
    transport =>
      describe(transport.name, () => {
        it('are passed to the receiver', function () {
          const before = descriptors(this)
          const [client, server] = aPair(transport)
          const fd = aFile('handed over')
          client.sendmsg({ data, fds: [fd] })
          closeSync(fd)
          until(server)
          const { fds = [], length, controlTruncated, credentials, others } = server.recvmsg(Buffer.alloc(8))
          assert.deepEqual([fds.length, length, controlTruncated], [1, 1, false])
          assert.deepEqual([credentials, others], [undefined, undefined])
          assert.equal(textOf(fds[0]!), 'handed over')
          fds.forEach(closeSync)
          client.close()
          server.close()
          for (const [open, what] of descriptors(this)) if (!before.has(open)) assert.match(what, /^socket:/)
        })

        it('are passed in order, many with one message', function () {
          const [client, server] = aPair(transport)
          const texts = Array.from({ length: 32 }, (_, i) => `file ${i}`)
          const files = texts.map(aFile)
          const before = descriptors(this).size
          client.sendmsg({ data, fds: files })
          until(server)
          const { fds = [], controlTruncated } = server.recvmsg(Buffer.alloc(1))
          assert.equal(controlTruncated, false)
          assert.deepEqual(fds.map(textOf), texts)
          assert.equal(descriptors(this).size, before + 32)
          for (const fd of [...files, ...fds]) closeSync(fd)
        })
      }),
    ({ family }) => family === 'local',
  )

  it('are close-on-exec when they are received', function () {
    const [sender, receiver] = aLocalPair()
    sender.sendmsg({ data, fds: [0] })
    const { fds } = receiver.recvmsg(Buffer.alloc(1))
    const fd = fds![0]!
    try {
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
      assert.ok(parseInt(/flags:\s+(\d+)/.exec(info)![1]!, 8) & 0o2000000)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      this.skip()
    } finally {
      closeSync(fd)
    }
  })

  it('may be sockets, which stay connected', () => {
    const [sender, receiver] = aLocalPair()
    const [one, other] = aLocalPair(SOCK_STREAM)
    sender.sendmsg({ data, fds: [other.fd] })
    other.close()
    const { fds } = receiver.recvmsg(Buffer.alloc(1))
    const again = own(Socket.fromFd(fds![0]!))
    one.send(Buffer.from('still connected'))
    assert.equal(receive(again), 'still connected')
  })

  it('are closed by the kernel where there is no room, and the message says so', function () {
    const [sender, receiver] = aLocalPair()
    const before = descriptors(this)
    for (const room of [0, 1, controlSpace(0)]) {
      sender.sendmsg({ data, fds: [0, 0, 0] })
      const message = receiver.recvmsg(Buffer.alloc(1), room)
      assert.deepEqual([message.controlTruncated, message.flags & MSG_CTRUNC], [true, MSG_CTRUNC])
      assert.equal(message.fds?.length ?? 0, 0)
      assert.deepEqual(descriptors(this), before)
    }
  })

  it('come as far as there is room for them, and the message says that some are gone', function () {
    const [sender, receiver] = aLocalPair()
    const before = descriptors(this).size
    sender.sendmsg({ data, fds: [0, 0, 0, 0, 0] })
    const { fds = [], controlTruncated } = receiver.recvmsg(Buffer.alloc(1), controlSpace(8))
    assert.deepEqual([controlTruncated, fds.length], [true, 2])
    assert.equal(descriptors(this).size, before + 2)
    fds.forEach(closeSync)
  })

  it('are closed by the kernel when the call does not ask for them', function () {
    const [sender, receiver] = aLocalPair()
    const before = descriptors(this)
    const receives: (() => unknown)[] = [
      () => receiver.recv(Buffer.alloc(1)),
      () => receiver.recvfrom(Buffer.alloc(1)),
      () => assert.equal(receiver.recvmmsg([Buffer.alloc(1)])[0]?.controlTruncated, true),
    ]
    for (const call of receives) {
      sender.sendmsg({ data, fds: [0, 0] })
      call()
      assert.deepEqual(descriptors(this), before)
    }
  })

  it('are closed by the kernel when their message is never received', function () {
    const before = descriptors(this)
    const [sender, receiver] = Socket.pair(AF_UNIX, SOCK_DGRAM)
    sender.sendmsg({ data, fds: [0, 0] })
    sender.close()
    receiver.close()
    assert.deepEqual(descriptors(this), before)
  })

  it('may be an empty array', () => {
    const [sender, receiver] = aLocalPair()
    sender.sendmsg({ data, fds: [] })
    assert.equal(receiver.recvmsg(Buffer.alloc(1)).fds, undefined)
  })

  it('throw EBADF when they are not open, and an error when they are too many', () => {
    const [sender] = aLocalPair()
    assert.throws(() => sender.sendmsg({ data, fds: [0x7fffffff] }), { code: 'EBADF', syscall: 'sendmsg' })
    assert.throws(() => sender.sendmsg({ data, fds: new Array<number>(1000).fill(0) }), {
      syscall: 'sendmsg',
    })
  })

  it('are refused when they are not numbers', () => {
    const [sender] = aLocalPair()
    for (const [wrong, code] of [
      ['0', 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [-1, 'ERR_OUT_OF_RANGE'],
      [NaN, 'ERR_OUT_OF_RANGE'],
      [2 ** 53, 'ERR_OUT_OF_RANGE'],
    ] as const) {
      const error = thrownBy(() => sender.sendmsg({ data, fds: [0, wrong as number] }))
      assert.equal(error.code, code)
      assert.match(error.message, /^fds\[1\] must be /)
    }
    for (const wrong of [5, 'abc', null, { length: 3 }, new Set([0])]) {
      const error = thrownBy(() => sender.sendmsg({ data, fds: wrong as number[] }))
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
      assert.match(error.message, /^fds must be an array, not /)
    }
  })

  it('are refused when one is missing in the array, which is not taken for descriptor 0', () => {
    const [sender] = aLocalPair()
    const fds: number[] = []
    fds[1] = 0
    const error = thrownBy(() => sender.sendmsg({ data, fds }))
    assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
    assert.match(error.message, /^fds\[0\] must be /)
  })
})

describe('credentials', () => {
  const { SCM_CREDENTIALS, SO_PASSCRED } = constants
  const mine = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() }

  before(function () {
    if (SCM_CREDENTIALS === undefined || SO_PASSCRED === undefined) this.skip()
  })

  forEachTransport(
    transport =>
      it(`come with every message when they are asked for: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        server.setsockopt(SOL_SOCKET, SO_PASSCRED!, true)
        client.send(data)
        until(server)
        assert.deepEqual(server.recvmsg(Buffer.alloc(1)).credentials, mine)
      }),
    ({ family }) => family === 'local',
  )

  it('can be sent when they are the sender’s own', () => {
    const [sender, receiver] = aLocalPair()
    receiver.setsockopt(SOL_SOCKET, SO_PASSCRED!, true)
    sender.sendmsg({ data, credentials: mine, fds: [0] })
    const { credentials, fds, others } = receiver.recvmsg(Buffer.alloc(1))
    fds?.forEach(closeSync)
    assert.deepEqual(credentials, mine)
    assert.equal(fds?.length, 1)
    assert.equal(others, undefined)
  })

  it('throw EPERM when they are false and the sender is not privileged', function () {
    if (process.getuid!() === 0) this.skip()
    const [sender] = aLocalPair()
    assert.throws(() => sender.sendmsg({ data, credentials: { ...mine, uid: 0 } }), { code: 'EPERM' })
  })

  it('are refused when they are not whole numbers', () => {
    const [sender] = aLocalPair()
    for (const wrong of [NaN, 1.5, 2 ** 53, '0', undefined, null]) {
      const credentials = { ...mine, uid: wrong as number }
      const error = thrownBy(() => sender.sendmsg({ data, credentials }), `uid ${wrong}`)
      assert.match(String(error.code), /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/)
    }
  })
})

describe('a control message of another kind', () => {
  it('comes as bytes: SO_TIMESTAMP', function () {
    const { SO_TIMESTAMP, SCM_TIMESTAMP } = constants
    if (SO_TIMESTAMP === undefined || SCM_TIMESTAMP === undefined) return this.skip()
    const [sender, receiver] = aLocalPair()
    receiver.setsockopt(SOL_SOCKET, SO_TIMESTAMP, 1)
    const before = Math.floor(Date.now() / 1000)
    sender.send(data)
    const { others = [], fds, credentials } = receiver.recvmsg(Buffer.alloc(1))
    assert.deepEqual([others.length, fds, credentials], [1, undefined, undefined])
    assert.deepEqual([others[0]!.level, others[0]!.type], [SOL_SOCKET, SCM_TIMESTAMP])
    const seconds = new DataView(new Uint8Array(others[0]!.data).buffer)
    const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
    const now =
      others[0]!.data.length === 16 ? Number(seconds.getBigInt64(0, little)) : seconds.getInt32(0, little)
    assert.ok(now >= before && now <= before + 60)
  })

  it('comes as bytes: IP_PKTINFO, and goes out as bytes', function () {
    const { IP_PKTINFO, IPPROTO_IP } = constants
    if (IP_PKTINFO === undefined) return this.skip()
    for (const last of [5, 9]) needsAddress([127, 0, 0, last, 0])
    const receiver = aSocket(AF_INET, SOCK_DGRAM)
    receiver.bind(encodeAddress([0, 0, 0, 0, 0]))
    receiver.setsockopt(IPPROTO_IP, IP_PKTINFO, 1)
    const port = receiver.getsockname().readUInt16BE(2)
    const sender = aSocket(AF_INET, SOCK_DGRAM)
    // The source address to send from: an interface (any), then the address itself.
    const info = {
      level: IPPROTO_IP,
      type: IP_PKTINFO,
      data: Uint8Array.of(0, 0, 0, 0, 127, 0, 0, 9, 0, 0, 0, 0),
    }
    sender.sendmsg({ data, address: encodeAddress([127, 0, 0, 5, port]), others: [info] })
    until(receiver)
    const { others = [], address } = receiver.recvmsg(Buffer.alloc(1))
    assert.deepEqual([others.length, others[0]?.level, others[0]?.type], [1, IPPROTO_IP, IP_PKTINFO])
    // in_pktinfo: the interface, the local address, the destination address of the packet.
    assert.deepEqual([...others[0]!.data.subarray(8, 12)], [127, 0, 0, 5])
    assert.deepEqual([...address.subarray(4, 8)], [127, 0, 0, 9])
  })

  it('is not overwritten by the next message', function () {
    const { SO_TIMESTAMP } = constants
    if (SO_TIMESTAMP === undefined) return this.skip()
    const [sender, receiver] = aLocalPair()
    receiver.setsockopt(SOL_SOCKET, SO_TIMESTAMP, 1)
    sender.send(data)
    const first = receiver.recvmsg(Buffer.alloc(1)).others![0]!.data
    const copy = Buffer.from(first)
    sender.send(data)
    receiver.recvmsg(Buffer.alloc(1))
    assert.deepEqual(Buffer.from(first), copy)
  })

  it('is refused when it is malformed', () => {
    const [sender] = aLocalPair()
    const sends = (other: object) => () => sender.sendmsg({ data, others: [other as never] })
    assert.throws(sends({ level: 'x', type: 1, data }), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(sends({ level: 1, type: NaN, data }), { code: 'ERR_OUT_OF_RANGE' })
    assert.throws(sends({ level: 1, type: 1, data: 'x' }), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(sends({ level: 1, type: 1, data: detached(Uint8Array) }), { code: 'ERR_INVALID_ARG_VALUE' })
    for (const wrong of [null, 5, {}]) {
      const error = thrownBy(sends(wrong as object))
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
      assert.match(error.message, /^others\[0\]\.level must be /)
    }
  })

  it('makes sendmsg(2) fail when the kernel does not know it', () => {
    const server = aServer({
      domain: AF_INET,
      type: SOCK_DGRAM,
      connected: false,
      anAddress: () => [127, 0, 0, 1, 0],
    } as never)
    const other = { level: SOL_SOCKET, type: 0x7777, data }
    assert.throws(() => server.sendmsg({ data, address: server.getsockname(), others: [other] }), {
      code: 'EINVAL',
      syscall: 'sendmsg',
    })
  })
})

describe('the bytes of control messages', () => {
  const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
  const others = fc.array(
    fc.record(
      {
        level: int32.filter(level => level !== SOL_SOCKET),
        type: int32,
        data: fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      },
      { noNullPrototype: true },
    ),
    { minLength: 1, maxLength: 4 },
  )
  const fds = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 1, maxLength: 40 })
  const id = fc.nat({ max: 0xffffffff })
  const credentials = fc.record(
    { pid: fc.nat({ max: 0x7fffffff }), uid: id, gid: id },
    { noNullPrototype: true },
  )

  it('are read as they were written', () => {
    const known = constants.SCM_CREDENTIALS === undefined ? { others, fds } : { others, fds, credentials }
    fc.assert(
      fc.property(fc.record(known, { requiredKeys: [], noNullPrototype: true }), generated => {
        const control = generated as source.Control
        const bytes = encodeControl(control)
        if (bytes === undefined) {
          assert.deepEqual(control, {})
          return
        }
        assert.equal(
          bytes.length,
          controlSpace(
            ...(control.fds ? [4 * control.fds.length] : []),
            ...(control.credentials ? [12] : []),
            ...(control.others ?? []).map(other => other.data.length),
          ),
        )
        assert.deepEqual(decodeControl(bytes), control)
      }),
    )
  })

  it('are read without throwing, whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), bytes => void decodeControl(Buffer.from(bytes))))
  })

  it('are read as far as they are complete', () => {
    const whole = encodeControl({
      fds: [1, 2, 3],
      others: [{ level: 7, type: 8, data: Buffer.of(1, 2, 3) }],
    })!
    for (let length = 0; length <= whole.length; length++) {
      const { fds: found = [] } = decodeControl(whole.subarray(0, length))
      assert.deepEqual(found, [1, 2, 3].slice(0, found.length))
    }
    assert.equal(SCM_RIGHTS, 1)
  })
})
