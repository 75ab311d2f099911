// sealedMemory(): memfd_create(2), and fcntl(F_ADD_SEALS).

import assert from 'node:assert/strict'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs'
import { constants, sealedMemory, Socket } from 'make-network-process/socket'
import { own } from './sockets.js'

function missing(): string | undefined {
  try {
    closeSync(sealedMemory(Buffer.alloc(0)))
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** Has a descriptor closed when `use` is done. */
function using(fd: number, use: (fd: number) => void): void {
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
}

describe('sealedMemory()', () => {
  it('refuses invalid data, and an invalid name', () => {
    assert.throws(() => sealedMemory('text' as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => sealedMemory(Buffer.of(1), 7 as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => sealedMemory(Buffer.of(1), 'a\0b'), { code: 'ERR_INVALID_ARG_VALUE' })
  })

  const code = missing()
  if (code !== undefined)
    return it(`throws where the system lacks it: ${code}`, () => {
      assert.equal(code, 'ENOSYS')
      assert.throws(() => sealedMemory(Buffer.of(1)), { syscall: 'memfd_create' })
    })

  it('holds the data, which are read from the beginning', () => {
    for (const length of [0, 1, 4096, 10_000_000]) {
      const data = Buffer.alloc(length, 'abcdefg')
      using(sealedMemory(data), fd => {
        assert.equal(fstatSync(fd).size, length)
        assert.ok(readFileSync(fd).equals(data))
      })
    }
    const view = new Uint16Array([0x6161, 0x6262, 0x6363]).subarray(1, 2)
    using(sealedMemory(view), fd => assert.equal(readFileSync(fd, 'latin1'), 'bb'))
  })

  it('cannot be changed', () => {
    using(sealedMemory(Buffer.from('as it is')), fd => {
      for (const change of [
        () => writeSync(fd, 'x', 0),
        () => ftruncateSync(fd, 3),
        () => ftruncateSync(fd, 100),
      ])
        assert.throws(change, { code: 'EPERM' })
      assert.equal(readFileSync(fd, 'latin1'), 'as it is')
    })
  })

  it('has the name that it is given', () => {
    using(sealedMemory(Buffer.of(1), 'grüße'), fd =>
      assert.match(readlinkSync(`/proc/self/fd/${fd}`), /^\/memfd:grüße /),
    )
    assert.throws(() => sealedMemory(Buffer.of(1), 'x'.repeat(250)), {
      code: 'EINVAL',
      syscall: 'memfd_create',
    })
  })

  it('can be passed with a message', () => {
    const [left, right] = Socket.pair(constants.AF_UNIX, constants.SOCK_DGRAM).map(own) as [Socket, Socket]
    using(sealedMemory(Buffer.from('handed over')), fd => left.sendmsg({ data: Buffer.alloc(0), fds: [fd] }))
    const { fds } = right.recvmsg(Buffer.alloc(1))
    using(fds?.[0] as number, fd => assert.equal(readFileSync(fd, 'latin1'), 'handed over'))
  })

  it('leaves no descriptor behind when it fails', () => {
    const before = readdirSync('/dev/fd').length
    for (let i = 0; i < 20; i++) assert.throws(() => sealedMemory(Buffer.of(1), 'x'.repeat(250)))
    assert.equal(readdirSync('/dev/fd').length, before)
  })
})
