// Who owns the descriptors that come with messages: whether the filter takes them or not, none leaks and none is closed
// twice. Tests count this program's descriptors, or hand over a socket whose other end sees when the last copy is closed.

import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { acceptProcessOutput, type NetworkProcess } from 'make-network-process'
import { constants, Socket } from 'make-network-process/socket'
import { changed, cleanUp, finallyDo, make, settled, thrown, uncaught, until } from './support.js'
import { overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

const isLocal = (transport: Transport) => transport.isLocal
const openDescriptors = () => readdirSync('/dev/fd').length
const aFile = () => openSync('package.json', 'r')

/** A socket to hand over, and whether its last copy has been closed. */
function telltale(): { end: Socket; isGone: () => boolean } {
  const [left, end] = Socket.pair(constants.AF_UNIX, constants.SOCK_STREAM)
  let gone = false
  left.watch({ readable: true }, () => {
    gone = left.recv(Buffer.alloc(1)) === 0
    left.close()
    changed()
  })
  finallyDo(() => left.close())
  return { end, isGone: () => gone }
}

describe('received descriptors', () => {
  overEvery(isLocal, transport => {
    it('are closed where the filter leaves them, and stay open where it takes them', async () => {
      const before = openDescriptors()
      const taken: number[] = []
      let text = ''
      const { client } = await transport.pair({
        filter: (_process, data, info) => {
          text += String(data)
          if (String(data).includes('take')) taken.push(...info.fds)
          changed()
        },
      })
      for (const word of ['leave', 'take', 'leave', 'take']) {
        const fd = aFile()
        const length = text.length
        client.sendMessage({ data: word, fds: [fd, fd] })
        closeSync(fd)
        await until(() => text.length === length + word.length, word)
      }
      assert.equal(taken.length, 4)
      taken.forEach(fd => assert.ok(fstatSync(fd).isFile()))
      taken.forEach(closeSync)
      cleanUp()
      assert.equal(openDescriptors(), before)
    })

    it('are not closed again when the filter has closed them: the number may be in use again', async () => {
      let mine: number | undefined
      const { client } = await transport.pair({
        filter: (_process, _data, { fds: [fd = -1] }) => {
          if (fd < 0) return
          closeSync(fd)
          mine = aFile()
          assert.equal(mine, fd)
          changed()
        },
      })
      const fd = aFile()
      client.sendMessage({ data: 'x', fds: [fd] })
      await until(() => mine !== undefined, 'the message')
      closeSync(fd)
      cleanUp()
      await settled()
      assert.ok(fstatSync(mine as number).isFile())
      closeSync(mine as number)
    })

    it('are closed when the filter throws before it takes them, and are left to it when it throws after', async () => {
      for (const takes of [false, true]) {
        const before = openDescriptors()
        const taken: number[] = []
        const { client } = await transport.pair({
          filter: (_process, data, info) => {
            if (!String(data).includes('throw')) return
            if (takes) taken.push(...info.fds)
            throw new Error('in a filter')
          },
        })
        const errors = await uncaught(async errors => {
          const fd = aFile()
          client.sendMessage({ data: 'throw', fds: [fd] })
          closeSync(fd)
          await until(() => errors.length > 0, 'the error')
        })
        assert.equal((errors[0] as Error).message, 'in a filter')
        assert.equal(taken.length, takes ? 1 : 0)
        taken.forEach(closeSync)
        cleanUp()
        assert.equal(openDescriptors(), before)
      }
    })

    it('can be taken by a filter that has just deleted the process', async () => {
      const taken: number[] = []
      const { client } = await transport.pair({
        filter: (process: NetworkProcess, data, info) => {
          if (!String(data).includes('take')) return
          process.delete()
          taken.push(...info.fds)
          changed()
        },
      })
      const fd = aFile()
      client.sendMessage({ data: 'take', fds: [fd] })
      closeSync(fd)
      await until(() => taken.length === 1, 'the descriptor')
      assert.ok(fstatSync(taken[0] as number).isFile())
      taken.forEach(closeSync)
    })

    it('stay open for a process that stopped while another filter was waiting for it', async () => {
      const taken: number[] = []
      const reading = await transport.pair({
        filter: (process, data, { fds }) => {
          if (String(data).includes('stop')) process.stop()
          taken.push(...fds)
          changed()
        },
      })
      const waiting = await transport.pair({
        filter: () => {
          acceptProcessOutput(reading.peer, 0, 0, true)
          changed()
        },
      })
      waiting.client.send('wait')
      reading.client.send('stop')
      const fd = aFile()
      reading.client.sendMessage({ data: 'x', fds: [fd] })
      closeSync(fd)
      await until(() => reading.peer.status === 'stop', 'message')
      reading.peer.continue()
      await until(() => taken.length === 1, 'the descriptor')
      assert.ok(fstatSync(taken[0] as number).isFile())
      taken.forEach(closeSync)
    })

    it('are closed in a for-await loop, which has no way to take them', async () => {
      const { client, peer } = await transport.pair()
      const { end, isGone } = telltale()
      peer.filter = null
      const loop = peer[Symbol.asyncIterator]()
      const next = loop.next()
      client.sendMessage({ data: 'x', fds: [end.fd] })
      end.close()
      assert.equal((await next).value, 'x')
      await until(isGone, 'the end')
      await loop.return()
    })

    if (transport.connects)
      it('of later messages are closed when the filter has deleted the process, which still flushes its queue', async () => {
        const { client, peer } = await transport.pair({
          filter: (process, _data, info) => {
            info.fds.forEach(closeSync)
            while (process.writableLength === 0) process.send('x'.repeat(1000))
            process.delete()
            changed()
          },
        })
        const { end, isGone } = telltale()
        client.stop()
        for (let i = 0; i < 20; i++) client.sendMessage({ data: 'x', fds: [end.fd] })
        end.close()
        await until(() => peer.status === 'closed', 'the first message')
        client.delete()
        await until(isGone, 'the end')
      })

    it('are closed when they are pidfds of the sender that the process has not asked for', async function () {
      const before = openDescriptors()
      const { client, peer } = await transport.pair({ filter: true }, { filter: true })
      const socket = Socket.fromFd(peer.detach())
      const { SOL_SOCKET, SO_PASSPIDFD = -1 } = constants
      try {
        socket.setsockopt(SOL_SOCKET, SO_PASSPIDFD, true)
      } catch {
        this.skip()
      } finally {
        finallyDo(() => socket.close())
      }
      let text = ''
      const adopted = make({
        name: 'adopted',
        adopt: socket.detach(),
        server: !transport.connects,
        filter: (_process, data, info) => {
          assert.deepEqual(info.fds, [])
          text += String(data)
          changed()
        },
      })
      for (const word of ['one', 'two', 'three']) client.send(word)
      client.sendEof()
      await until(() => text.endsWith('onetwothree'), 'three words')
      if (transport.connects) await adopted.closed
      cleanUp()
      assert.equal(openDescriptors(), before)
    })

    it('are closed with a process that has not read them', async () => {
      const { client, peer } = await transport.pair({
        filter: (...message) => assert.notEqual(message[1], 'x'),
      })
      const { end, isGone } = telltale()
      peer.stop()
      client.sendMessage({ data: 'x', fds: [end.fd] })
      end.close()
      await settled()
      assert.equal(isGone(), false)
      peer.delete()
      await until(isGone, 'the end')
    })
  })
})

describe('sent descriptors', () => {
  overEvery(isLocal, transport => {
    it('stay the sender’s own, whether the message is sent, queued or refused', async () => {
      const before = openDescriptors()
      const { client, peer } = await transport.pair()
      const fd = aFile()
      client.sendMessage({ data: 'sent', fds: [fd] })
      assert.throws(() => client.sendMessage({ data: 'refused', fds: [fd, 99_999] }), { code: 'EBADF' })
      if (transport.keepsBounds)
        assert.equal(
          thrown(() => client.sendMessage({ data: Buffer.alloc(1 << 26), fds: [fd] })).code,
          'EMSGSIZE',
        )
      peer.stop()
      while (client.send('-'.repeat(1000)));
      client.sendMessage({ data: 'queued', fds: [fd] })
      assert.ok(fstatSync(fd).isFile())
      peer.continue()
      while (client.writableLength > 0) await settled()
      closeSync(fd)
      cleanUp()
      assert.equal(openDescriptors(), before)
    })
  })
})
