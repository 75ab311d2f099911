// The state of a socket: shutdown, and being watched from Node's event loop. A callback may do anything to any
// socket while it is called, and what it throws is an uncaught exception.

import assert from 'node:assert/strict'
import { constants, Socket, type Readiness } from 'make-network-process/socket'
import { forEachTransport } from '../support/transports.js'
import {
  aPair,
  aServer,
  aSocket,
  connect,
  fill,
  own,
  receive,
  runScript,
  thrownBy,
  until,
} from './sockets.js'

const { AF_INET, AF_UNIX, SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_DGRAM, SOCK_STREAM } = constants
const aLocalPair = (type: number = SOCK_STREAM) => Socket.pair(AF_UNIX, type).map(own) as [Socket, Socket]
const data = Buffer.from('x')

/** Watches until the first callback; gives what it got. */
function ready(socket: Socket, interest: Partial<Readiness>): Promise<Readiness> {
  return new Promise(resolve =>
    socket.watch(interest, readiness => {
      socket.unwatch()
      resolve(readiness)
    }),
  )
}

/** Lets everything that is pending come: the loop polls between two of these. */
async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

describe('Socket#shutdown()', () => {
  forEachTransport(
    transport =>
      it(`ends one half, and leaves the other: ${transport.name}`, () => {
        const [client, server] = aPair(transport)
        client.send(data)
        client.shutdown(SHUT_WR)
        assert.equal(receive(server), 'x')
        assert.equal(receive(server), '')
        assert.throws(() => client.send(data), { code: 'EPIPE', syscall: 'send' })
        server.send(Buffer.from('the other half'))
        assert.equal(receive(client), 'the other half')
      }),
    ({ connected }) => connected,
  )

  forEachTransport(
    transport =>
      it(`ends both halves: ${transport.name}`, () => {
        const [client] = aPair(transport)
        client.shutdown(SHUT_RDWR)
        assert.equal(receive(client), '')
        assert.throws(() => client.send(data), { code: 'EPIPE' })
      }),
    ({ connected }) => connected,
  )

  it('ends receiving', () => {
    const [one] = aLocalPair()
    one.shutdown(SHUT_RD)
    assert.equal(receive(one), '')
  })

  it('throws ENOTCONN without a connection, and EINVAL for a half that does not exist', () => {
    assert.throws(() => aSocket(AF_INET, SOCK_STREAM).shutdown(SHUT_WR), {
      code: 'ENOTCONN',
      syscall: 'shutdown',
    })
    assert.throws(() => aLocalPair()[0].shutdown(3), { code: 'EINVAL', syscall: 'shutdown' })
  })

  it('refuses anything but a whole number', () => {
    const [one] = aLocalPair()
    assert.throws(() => one.shutdown('1' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
    for (const wrong of [NaN, 0.5, 2 ** 53])
      assert.throws(() => one.shutdown(wrong), { code: 'ERR_OUT_OF_RANGE' })
  })
})

describe('Socket#watch()', () => {
  forEachTransport(transport =>
    describe(transport.name, () => {
      it('calls back when there is something to receive', async () => {
        const [client, server] = aPair(transport)
        const readiness = ready(server, { readable: true })
        client.send(data)
        assert.deepEqual(await readiness, { readable: true, writable: false })
        assert.equal(receive(server), 'x')
      })

      it('calls back when there is room to send', async () => {
        const [client] = aPair(transport)
        assert.deepEqual(await ready(client, { writable: true }), { readable: false, writable: true })
      })

      it('does not call back while there is nothing to receive', async () => {
        const [, server] = aPair(transport)
        let calls = 0
        server.watch({ readable: true }, () => calls++)
        await turns(20)
        assert.equal(calls, 0)
      })
    }),
  )

  forEachTransport(
    transport =>
      describe(transport.name, () => {
        it('calls back when a connection is waiting', async () => {
          const server = aServer(transport)
          const readiness = ready(server, { readable: true })
          connect(aSocket(transport.domain, transport.type), server.getsockname())
          assert.equal((await readiness).readable, true)
          own(server.accept().socket)
        })

        it('calls back at the end', async () => {
          const [client, server] = aPair(transport)
          client.close()
          assert.equal((await ready(server, { readable: true })).readable, true)
          assert.equal(server.recv(Buffer.alloc(1)), 0)
        })

        it('calls back when there is room again', async () => {
          const [client, server] = aPair(transport)
          fill(client)
          let writable = false
          const readiness = ready(client, { writable: true }).then(() => (writable = true))
          await turns()
          assert.equal(writable, false)
          const drain = setInterval(() => {
            try {
              for (;;) server.recv(Buffer.alloc(65536))
            } catch {
              // There is nothing more for now.
            }
          })
          await readiness
          clearInterval(drain)
          assert.equal(client.send(data), 1)
        })
      }),
    ({ connected }) => connected,
  )

  it('calls back for both at once', async () => {
    const [one, other] = aLocalPair()
    other.send(data)
    assert.deepEqual(await ready(one, { readable: true, writable: true }), { readable: true, writable: true })
  })

  it('does not report room because the peer has ended its half', async () => {
    const [one, other] = aLocalPair()
    fill(one)
    other.shutdown(SHUT_WR)
    assert.deepEqual(await ready(one, { readable: true, writable: true }), {
      readable: true,
      writable: false,
    })
  })

  it('calls back for an error, whatever is watched for', async () => {
    for (const interest of [{ readable: true }, { writable: true }]) {
      const [one, other] = aLocalPair()
      other.send(data)
      one.send(data)
      other.close() // With unread bytes: a reset.
      const readiness = await ready(one, interest)
      assert.ok(readiness.readable || readiness.writable)
    }
  })

  it('calls back again until the condition is gone', async () => {
    const [one, other] = aLocalPair(SOCK_DGRAM)
    for (let i = 0; i < 3; i++) other.send(data)
    let calls = 0
    await new Promise<void>(resolve =>
      one.watch({ readable: true }, () => {
        if (++calls >= 3) resolve()
        one.recv(Buffer.alloc(1))
      }),
    )
    await turns()
    assert.equal(calls, 3)
  })

  it('replaces the callback and the interest', async () => {
    const [one, other] = aLocalPair()
    other.send(data)
    one.watch({ readable: true }, () => assert.fail('replaced'))
    assert.deepEqual(await ready(one, { writable: true }), { readable: false, writable: true })
  })

  it('survives a callback that closes sockets and makes new ones', async () => {
    const pairs = Array.from({ length: 8 }, () => aLocalPair())
    const called: number[] = []
    for (const [i, [one, other]] of pairs.entries()) {
      other.send(data)
      one.watch({ readable: true }, () => {
        called.push(i)
        // The first of them closes all the others, which were ready in the same wake-up.
        for (const [victim] of pairs) victim.close()
        // New sockets get their descriptors, and none of their events.
        for (let k = 0; k < pairs.length; k++) {
          const [heir, peer] = aLocalPair()
          peer.send(data)
          heir.watch({ writable: true }, ({ readable }) => {
            assert.equal(readable, false)
            heir.unwatch()
          })
        }
      })
    }
    await turns(10)
    assert.equal(called.length, 1)
  })

  it('lets a callback close, detach or unwatch its socket', async () => {
    for (const how of ['close', 'detach', 'unwatch'] as const) {
      const [one, other] = aLocalPair()
      other.send(data)
      let calls = 0
      one.watch({ readable: true }, () => {
        calls++
        const fd = one[how]()
        if (typeof fd === 'number') own(Socket.fromFd(fd))
      })
      await turns(5)
      assert.equal(calls, 1, how)
    }
  })

  it('lets a callback watch its socket anew', async () => {
    const [one, other] = aLocalPair()
    other.send(data)
    const second = await new Promise<Readiness>(resolve =>
      one.watch({ readable: true }, () => one.watch({ writable: true }, resolve)),
    )
    assert.equal(second.writable, true)
    one.unwatch()
  })

  forEachTransport(
    transport =>
      it(`does not report room that is not asked for any more: ${transport.name}`, async () => {
        const [one, other] = aPair(transport)
        await new Promise(resolve => one.watch({ readable: true, writable: true }, resolve))
        const heard: Readiness[] = []
        one.watch({ readable: true }, readiness => {
          heard.push(readiness)
          receive(one)
        })
        await turns()
        assert.deepEqual(heard, [])
        other.send(data)
        await turns(20)
        assert.deepEqual(heard, [{ readable: true, writable: false }])
        assert.equal((await ready(one, { writable: true })).writable, true)
      }),
    ({ connected }) => connected,
  )

  it('drains microtasks after a callback', async () => {
    const [one, other] = aLocalPair(SOCK_DGRAM)
    const order: string[] = []
    other.send(data)
    await new Promise<void>(resolve =>
      one.watch({ readable: true }, () => {
        one.unwatch()
        setImmediate(() => {
          order.push('later')
          resolve()
        })
        void Promise.resolve().then(() => order.push('microtask'))
        process.nextTick(() => order.push('tick'))
      }),
    )
    assert.deepEqual(order, ['tick', 'microtask', 'later'])
  })

  it('delivers nothing to a Socket that takes over the descriptor', async () => {
    const [one, other] = aLocalPair()
    one.watch({ readable: true }, () => assert.fail('closed'))
    other.send(data)
    const fd = one.detach()
    const heir = own(Socket.fromFd(fd))
    await turns(5)
    assert.equal(receive(heir), 'x')
  })

  it('refuses anything but a function, and leaves the socket as it was', async () => {
    const [one, other] = aLocalPair()
    for (const wrong of [undefined, null, {}, 'f', 1]) {
      const error = thrownBy(() => one.watch({ readable: true }, wrong as () => void))
      assert.deepEqual([error.name, error.code], ['TypeError', 'ERR_INVALID_ARG_TYPE'])
    }
    other.send(data)
    await turns()
    assert.equal(receive(one), 'x')
  })

  it('refuses an invalid interest', () => {
    const [one] = aLocalPair()
    for (const wrong of [undefined, null])
      assert.throws(() => one.watch(wrong as unknown as Readiness, () => {}), {
        code: 'ERR_INVALID_ARG_TYPE',
      })
  })

  for (const thrown of ["new Error('mine')", 'undefined', 'null', "'a string'"])
    it(`makes what its callback throws an uncaught exception: ${thrown}`, async () => {
      const { status, stdout, stderr } = await runScript(`
        const { AF_UNIX, SOCK_DGRAM } = constants
        const thrown = ${thrown}
        process.on('uncaughtException', error => console.log(error === thrown))
        const pairs = Array.from({ length: 3 }, () => socketpair(AF_UNIX, SOCK_DGRAM))
        pairs.forEach(([one, other], i) => {
          other.send(Buffer.from('x'))
          one.watch({ readable: true }, () => {
            console.log('called', i)
            one.recv(Buffer.alloc(1))
            if (i === 2) for (const pair of pairs) pair[0].unwatch()
            throw thrown
          })
        })
      `)
      assert.equal(stderr, '')
      assert.equal(stdout, 'called 0\ntrue\ncalled 1\ntrue\ncalled 2\ntrue\n')
      assert.equal(status, 0)
    })

  it('ends the process when what its callback throws is not caught', async () => {
    const { status, stdout, stderr } = await runScript(`
      const [one, other] = socketpair(constants.AF_UNIX, constants.SOCK_DGRAM)
      other.send(Buffer.from('x'))
      one.watch({ readable: true }, () => { throw new TypeError('not caught') })
      process.on('exit', () => console.log('exit'))
    `)
    assert.notEqual(status, 0)
    assert.match(stderr, /TypeError: not caught/)
    assert.equal(stdout, 'exit\n')
  })
})

describe('Socket#unwatch()', () => {
  it('ends the callbacks', async () => {
    const [one, other] = aLocalPair()
    one.watch({ readable: true, writable: true }, () => assert.fail('unwatched'))
    one.unwatch()
    other.send(data)
    await turns(5)
    assert.equal(receive(one), 'x')
  })

  it('ends those of the same wake-up', async () => {
    const [one, two] = [aLocalPair(), aLocalPair()]
    let calls = 0
    for (const [socket, peer] of [one, two]) {
      peer.send(data)
      socket.watch({ readable: true }, () => {
        calls++
        one[0].unwatch()
        two[0].unwatch()
      })
    }
    await turns(5)
    assert.equal(calls, 1)
  })

  it('may be called again, and on a socket that was never watched', () => {
    const [one] = aLocalPair()
    one.unwatch()
    one.watch({ readable: true }, () => {})
    one.unwatch()
    one.unwatch()
  })
})

describe('Socket#ref() and Socket#unref()', () => {
  // A script that ends by itself prints so; one that is kept alive prints that, and is ended.
  async function ends(body: string): Promise<boolean> {
    const { status, stdout, stderr } = await runScript(`
      const [one, other] = (globalThis.kept = socketpair(constants.AF_UNIX, constants.SOCK_STREAM))
      ${body}
      process.on('beforeExit', () => { console.log('over'); process.exit() })
      // Keeps nothing alive itself. It fires only if something else does.
      setTimeout(() => { console.log('alive'); process.exit() }, 200).unref()
    `)
    assert.equal(stderr, '')
    assert.equal(status, 0)
    assert.match(stdout, /^(over|alive)\n$/)
    return stdout === 'over\n'
  }

  it('let the process end with a socket that is not watched', async () => {
    assert.ok(await ends(''))
  })
  it('keep the process alive with one that is watched', async () => {
    assert.ok(!(await ends('one.watch({ readable: true }, () => {})')))
  })
  it('let the process end with one that is watched, after unref()', async () => {
    assert.ok(await ends('one.watch({ readable: true }, () => {}); one.unref()'))
  })
  it('keep the process alive after unref() and ref(), however often', async () => {
    assert.ok(!(await ends('one.watch({ readable: true }, () => {}); one.unref().unref().ref().ref()')))
  })
  it("keep the process alive until both of two sockets that are watched are unref'ed", async () => {
    const both =
      'one.watch({ readable: true }, () => {}); other.watch({ readable: true }, () => {}); one.unref();'
    assert.ok(!(await ends(both)))
    assert.ok(await ends(`${both} other.unref()`))
  })
  it('let the process end after unwatch(), close() and detach()', async () => {
    for (const how of ['unwatch', 'close', 'detach'])
      assert.ok(await ends(`one.watch({ readable: true }, () => {}); one.${how}()`), how)
  })
  it('let the process end after unwatch(), although ref() is called', async () => {
    assert.ok(await ends('one.watch({ readable: true }, () => {}); one.unwatch(); one.ref()'))
  })
  it('keep the process alive with one that is watched again', async () => {
    assert.ok(!(await ends('for (let i = 0; i < 2; i++) one.watch({ readable: true }, () => {})')))
    assert.ok(await ends('for (let i = 0; i < 2; i++) one.watch({ readable: true }, () => {}); one.unref()'))
  })

  it('still call back after unref()', async () => {
    const [one, other] = aLocalPair()
    const readiness = ready(one, { readable: true })
    assert.equal(one.unref(), one)
    other.send(data)
    const keep = setInterval(() => {}, 1000)
    assert.equal((await readiness).readable, true)
    clearInterval(keep)
    assert.equal(one.ref(), one)
  })
})

describe('Socket#fd', () => {
  it('is the descriptor, and -1 when the socket is closed', () => {
    const [one, other] = aLocalPair()
    assert.ok(one.fd >= 0 && one.fd !== other.fd)
    one.close()
    assert.equal(one.fd, -1)
    until(other)
  })

  it('cannot be set', () => {
    const [one] = aLocalPair()
    assert.throws(() => Object.assign(one, { fd: 0 }), TypeError)
  })
})
