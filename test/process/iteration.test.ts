// `for await` over processes and servers, over every transport: order and message boundaries, the end, errors, and that
// a loop which is busy holds the peer back by leaving input in the kernel.

import assert from 'node:assert/strict'
import { processList, type AddressInput, type NetworkProcess, type NetworkServer } from 'make-network-process'
import { constants, encodeAddress, Socket } from 'make-network-process/socket'
import { needsAddress } from '../support/transports.js'
import { changed, cleanUp, finallyDo, make, settled, socketFile, thrown, until, witness } from './support.js'
import { over, overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

describe('what a loop has not taken', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('is not lost by detaching the process', async () => {
        const { client, peer } = await transport.pair({ filter: true })
        client.sendMany(['one', 'two'])
        for await (const first of peer) {
          assert.match(String(first), /^one/)
          await settled()
          if (transport.keepsBounds) assert.throws(() => peer.detach(), { code: 'ERR_PROCESS_BUSY' })
          break
        }
      })

      it('is connections that live on without their server', async () => {
        const seen = witness()
        const server = transport.server({ sentinel: seen.callbacks.sentinel }) as NetworkServer
        const clients = [1, 2, 3].map(() => transport.client(server))
        for await (const connection of server) {
          connection.delete()
          break
        }
        server.delete()
        clients.forEach(client => client.delete())
        const broken = () => seen.events.filter(event => event.startsWith('connection broken'))
        await until(() => broken().length === 2, 'ends')
      })

      it('is connections without buffers, which nobody would kill', async () => {
        const server = transport.server() as NetworkServer
        const clients = [1, 2, 3].map(() => transport.client(server))
        let count = 0
        for await (const connection of server) {
          connection.delete()
          assert.equal(connection.buffer, undefined)
          if (++count === clients.length) break
        }
      })
    },
  )
})

const binary = { coding: 'binary' } as const
const unread = { filter: true } as const
const isReliable = (transport: Transport) => transport.connects || transport.isLocal

/** Loops until at least `enough` bytes have come, or to the end. */
async function take(process: NetworkProcess, enough = Infinity): Promise<Buffer[]> {
  const taken: Buffer[] = []
  let length = 0
  if (enough === 0) return taken
  for await (const message of process) {
    const bytes = Buffer.from(message as string | Uint8Array)
    taken.push(bytes)
    length += bytes.length
    if (length >= enough) break
  }
  return taken
}

/** Sends numbered kilobytes until send() returns false. */
function fill(process: NetworkProcess): Buffer[] {
  const sent: Buffer[] = []
  for (;;) {
    const next = Buffer.alloc(1024, sent.length)
    next.writeUInt32LE(sent.length)
    sent.push(next)
    if (!process.send(next)) return sent
    assert.ok(sent.length < 100_000, 'the peer reads for ever')
  }
}

async function failure(work: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return work.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )
}

describe('for await over a process', () => {
  overEvery(
    () => true,
    transport => {
      it('yields messages in order, and keeps their boundaries', async () => {
        const { client, peer } = await transport.pair({}, {})
        peer.filter = null
        const messages = ['one', 'zwei', 'três', 'ünf']
        const taking = take(peer, Buffer.byteLength(messages.join('')))
        for (const message of messages) client.send(message)
        const taken = (await taking).map(String)
        if (transport.keepsBounds) assert.deepEqual(taken, messages)
        assert.equal(taken.join(''), messages.join(''))
      })

      it('leaves the process open, and its filter as it was', async () => {
        const { client, peer, atServer } = await transport.pair()
        peer.filter = true
        const taking = take(peer, 1)
        client.send('one')
        assert.equal(String((await taking)[0]), 'one')
        assert.equal(peer.filter, true)
        client.send('two')
        await settled()
        peer.filter = atServer.callbacks.filter
        await until(() => atServer.text === 'two', 'two')
      })

      it('throws what its body throws, and leaves the process open', async () => {
        const { client, peer } = await transport.pair()
        peer.filter = null
        const looping = (async () => {
          for await (const message of peer) throw new Error(String(message))
        })()
        client.send('one')
        assert.equal((await failure(looping)).message, 'one')
        assert.equal(peer.status, 'open')
      })

      it('ends when the process is deleted, and drops what it has not yielded', async () => {
        const { client, peer } = await transport.pair()
        peer.filter = null
        let count = 0
        const looping = (async () => {
          for await (const message of peer) {
            count += String(message).length > 0 ? 1 : 0
            peer.delete()
          }
        })()
        client.send('one')
        client.send('two')
        await looping
        assert.equal(count, 1)
        assert.deepEqual(await take(peer), [])
      })

      it('throws the reason of an aborted signal', async () => {
        const controller = new AbortController()
        const { client } = await transport.pair({}, { ...unread, signal: controller.signal })
        const looping = take(client)
        await settled()
        controller.abort(new Error('enough'))
        assert.equal((await failure(looping)).message, 'enough')
        assert.equal((await failure(take(client))).message, 'enough')
      })

      it('refuses a process that has a filter or a loop, and refuses a filter meanwhile', async () => {
        const { client, peer, atServer } = await transport.pair()
        assert.equal((await failure(take(peer))).code, 'ERR_FILTER_IN_USE')
        peer.filter = null
        const taking = take(peer, 3)
        assert.equal((await failure(take(peer))).code, 'ERR_FILTER_IN_USE')
        assert.equal(thrown(() => (peer.filter = atServer.callbacks.filter)).code, 'ERR_FILTER_IN_USE')
        client.send('one')
        assert.equal(String((await taking)[0]), 'one')
      })
    },
  )

  overEvery(isReliable, transport => {
    it('holds the peer back while its body is busy, and loses nothing', async () => {
      const { client, peer } = await transport.pair(binary, binary)
      peer.filter = null
      let proceed = () => {}
      const free = new Promise<void>(resolve => (proceed = resolve))
      const taken: Buffer[] = []
      client.send('begin')
      const looping = (async () => {
        for await (const message of peer) {
          await free
          taken.push(Buffer.from(message as Uint8Array))
          if (String(message).endsWith('end')) break
        }
      })()
      await settled()
      const sent: Buffer[] = []
      // The loop and the kernel take some; then they take no more.
      for (let round = 0; client.writableLength === 0; round++) {
        assert.ok(round < 20, 'the peer never waits')
        sent.push(...fill(client))
        await settled()
      }
      client.send('end')
      proceed()
      await looping
      const all = Buffer.concat(taken)
      assert.ok(all.subarray(5, 5 + 1024 * sent.length).equals(Buffer.concat(sent)))
    })

    it('leaves what it has not yielded to the filter, or to the next loop', async () => {
      const { client, peer, atServer } = await transport.pair(binary, binary)
      peer.filter = true
      const sent = fill(client)
      const all = Buffer.concat(sent)
      let next = Buffer.concat(await take(peer, 1))
      next = Buffer.concat([next, ...(await take(peer, 5000))])
      peer.filter = atServer.callbacks.filter
      await until(() => next.length + atServer.bytes.length >= all.length, 'everything')
      assert.ok(Buffer.concat([next, atServer.bytes]).equals(all))
    })
  })

  overEvery(
    ({ connects }) => connects,
    transport => {
      it('ends where the peer ends, and its body can still answer what came before', async () => {
        const { client, peer, atServer, atClient } = await transport.pair({}, { halfOpen: true })
        peer.filter = null
        const texts = ['one', 'two', 'three'].map(text => text.padEnd(8))
        for (const text of texts) client.send(text)
        client.sendEof()
        let asked = ''
        for await (const text of peer) {
          await settled()
          asked += String(text)
          peer.send(`${String(text)}!`)
        }
        assert.equal(asked, texts.join(''))
        await until(() => atClient.text.replaceAll('!', '') === asked, 'answers')
        await peer.closed
        assert.equal(atServer.events.at(-1), 'connection broken by remote peer\n')
      })

      it('ends at the end of file of a half-open process, which stays open', async () => {
        const { client, peer, atClient, atServer } = await transport.pair(
          { halfOpen: true },
          { halfOpen: true },
        )
        peer.filter = null
        client.send('ask')
        client.sendEof()
        assert.equal(Buffer.concat(await take(peer)).toString(), 'ask')
        assert.deepEqual(await take(peer), [])
        peer.send('answer')
        await atClient.messages(1)
        await atServer.event('end of file\n')
        assert.equal(peer.status, 'open')
      })

      it('throws the error of a connect that fails', async () => {
        const server = transport.server()
        const keywords = transport.clientKeywords(server)
        server.delete()
        const client = make({ ...keywords, nowait: true })
        const error = await failure(take(client))
        assert.equal(error.syscall, 'connect')
        assert.equal(await failure(client.opened), error)
      })
    },
  )

  overEvery(
    ({ type, family }) => type === 'stream' && family !== 'local',
    transport => {
      it('throws the error of a reset', async () => {
        const { client, peer } = await transport.pair({ linger: 0 }, unread)
        client.filter = null
        const looping = take(client)
        await settled()
        peer.setOption('linger', 0)
        peer.delete()
        const error = await failure(looping)
        assert.equal(error.code, 'ECONNRESET')
        assert.equal(error.syscall, 'recv')
        assert.equal(error.address, transport.family === 'ipv4' ? '127.0.0.1' : '::1')
      })
    },
  )

  overEvery(
    ({ connects, answers }) => !connects && answers,
    transport => {
      it('lets its body answer the sender of the current datagram', async () => {
        const server = transport.server()
        const seen = [witness(), witness(), witness()]
        const clients = seen.map(({ callbacks }) => transport.client(server, callbacks))
        let count = 0
        const looping = (async () => {
          for await (const text of server) {
            await settled()
            server.send(`to ${String(text)}`)
            if (++count === clients.length) break
          }
        })()
        clients.forEach((client, i) => client.send(`${i}`))
        await looping
        for (const [i, one] of seen.entries()) assert.deepEqual(await one.messages(1), [`to ${i}`])
      })
    },
  )

  it('answers the sender of its current datagram, even if another has come meanwhile', async () => {
    const server = over('datagram', 'ipv4').server()
    const seen = [witness(), witness()]
    const [one, other] = seen.map(({ callbacks }) => over('datagram', 'ipv4').client(server, callbacks))
    const looping = (async () => {
      for await (const text of server) {
        if (text === 'one') {
          other!.send('other')
          await settled()
        }
        server.send(`to ${String(text)}`)
        if (text === 'other') break
      }
    })()
    one!.send('one')
    await looping
    for (const [i, name] of ['one', 'other'].entries())
      assert.deepEqual(await seen[i]!.messages(1), [`to ${name}`])
  })

  it('answers all of more senders than the addon remembers', async () => {
    needsAddress([127, 4, 0, 0, 0])
    const server = over('datagram', 'ipv4').server()
    const to = encodeAddress(server.contact('local') as AddressInput)
    const buffer = Buffer.alloc(16)
    const count = 64
    let answered = 0
    const looping = (async () => {
      for await (const text of server) {
        server.send(String(text))
        answered++
        changed()
      }
    })()
    for (let first = 0; first < 10_000; first += count) {
      const senders = Array.from({ length: count }, (_, i) => {
        const sender = new Socket(constants.AF_INET, constants.SOCK_DGRAM)
        const number = first + i
        sender.bind(encodeAddress([127, 4, number >> 8, number & 255, 0]))
        sender.sendto(Buffer.from(`${number}`), 0, to)
        return sender
      })
      await until(() => answered === first + count, 'answers')
      for (const [i, sender] of senders.entries()) {
        assert.equal(buffer.toString('latin1', 0, sender.recv(buffer)), `${first + i}`)
        sender.close()
      }
    }
    server.delete()
    await looping
  })

  it('keeps lent bytes intact', async () => {
    const { client, peer } = await over('seqpacket', 'local').pair({ ...binary, lend: true })
    peer.filter = null
    const taking = take(peer, 10)
    for (let i = 0; i < 10; i++) client.send(String(i))
    assert.equal((await taking).join(''), '0123456789')
  })

  it('waits while the process is stopped, and continues with it', async () => {
    const { client, peer } = await over('stream', 'local').pair()
    peer.filter = null
    const taking = take(peer, 3)
    peer.stop()
    client.send('one')
    await settled()
    peer.continue()
    assert.equal((await taking).join(''), 'one')
  })
})

describe('for await over a server', () => {
  overEvery(
    ({ connects }) => connects,
    transport => {
      it('yields connections, whose data waits to be read', async () => {
        const server = transport.server({ server: 8 }) as NetworkServer
        const seen = witness()
        const clients = ['one', 'two', 'three'].map(text => {
          const client = transport.client(server, seen.callbacks)
          client.send(text)
          return client
        })
        let count = 0
        for await (const connection of server) {
          await settled()
          for await (const message of connection) {
            connection.send(`${String(message)}!`)
            break
          }
          if (++count === clients.length) break
        }
        assert.deepEqual((await seen.messages(3)).map(String).sort(), ['one!', 'three!', 'two!'])
        assert.equal(server.status, 'listen')
      })

      it('leaves the filter of the server to its connections', async () => {
        const seen = witness()
        const server = transport.server(seen.callbacks)
        transport.client(server).send('hello')
        for await (const connection of server) {
          assert.equal((connection as NetworkProcess).filter, seen.callbacks.filter)
          break
        }
        assert.deepEqual(await seen.messages(1), ['hello'])
      })

      it('stops accepting while many connections wait to be yielded', async () => {
        const server = transport.server({ server: 200, name: 'bounded' })
        const accepted = () => processList().filter(({ name }) => name.startsWith('bounded ')).length
        for (let i = 0; i < 150; i++) transport.client(server, { ...unread, nowait: true })
        let most = 0
        let count = 0
        for await (const connection of server) {
          await settled()
          most = Math.max(most, accepted() - count)
          assert.equal((connection as NetworkProcess).filter, true)
          if (++count === 150) break
        }
        assert.ok(most < 100, `${most} waited`)
      })

      it('ends with the server, whose waiting connections are still yielded', async () => {
        const server = transport.server()
        const clients = [transport.client(server), transport.client(server)]
        let count = 0
        for await (const connection of server) {
          await settled()
          server.delete()
          count++
          assert.equal((connection as NetworkProcess).status, 'open')
        }
        assert.equal(count, clients.length)
      })

      it('leaves connections that it has not yielded to the next loop, or as they are without one', async () => {
        const seen = witness()
        const server = transport.server({ sentinel: seen.callbacks.sentinel })
        const clients = [1, 2, 3].map(() => transport.client(server))
        const yielded = new Set<NetworkProcess>()
        for (let loop = 0; loop < 2; loop++)
          for await (const connection of server) {
            await settled()
            yielded.add(connection as NetworkProcess)
            break
          }
        assert.equal(yielded.size, 2)
        // The yielded connections are not read, so their end goes unnoticed; the third is read, and its data discarded.
        for (const client of clients) client.delete()
        await seen.event('connection broken by remote peer\n')
        await settled()
        assert.deepEqual(
          [...yielded].map(({ status }) => status),
          ['open', 'open'],
        )
      })
    },
  )

  it('throws the reason of an aborted signal', async () => {
    const controller = new AbortController()
    const server = make({
      name: 's',
      server: true,
      family: 'local',
      service: socketFile(),
      signal: controller.signal,
    })
    finallyDo(() => server.delete())
    const looping = take(server)
    await settled()
    controller.abort(new Error('enough'))
    assert.equal((await failure(looping)).message, 'enough')
  })
})
