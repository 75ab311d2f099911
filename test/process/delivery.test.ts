// What filters get: whole messages of every size, as text, bytes and lent bytes; characters that are cut between
// reads; bytes that are not valid text.

import assert from 'node:assert/strict'
import { cleanUp, settled, until, witness, type Witness } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

const ways = {
  bytes: { coding: 'binary' },
  text: {},
  'lent bytes': { coding: 'binary', lend: true },
} as const

describe('a filter', () => {
  for (const [what, keywords] of Object.entries(ways)) {
    describe(`that gets ${what}`, () => {
      overEvery(
        transport => transport.keepsBounds,
        transport => {
          const largest = transport.isLocal ? 200_000 : 65_000
          const letters = (length: number, i: number) => Buffer.alloc(length, 97 + (i % 26))
          const bytesOf = (seen: Witness) => seen.data.map(one => Buffer.from(one))

          it('gets large messages whole', async () => {
            const { client, atServer } = await transport.pair(keywords)
            for (let i = 0; i < 8; i++) {
              client.send(letters(largest - i, i))
              await atServer.messages(i + 1)
            }
            bytesOf(atServer).forEach((one, i) =>
              assert.ok(one.equals(letters(largest - i, i)), `message ${i}`),
            )
          })

          it('gets large and small and empty messages in turn', async () => {
            const { client, atServer } = await transport.pair(keywords)
            const sizes = [1, largest, 0, 3, 8191, 8192, 8193, 0, largest, largest - 1, 65_000, 64, 4096, 0]
            for (const [i, size] of sizes.entries()) {
              client.send(letters(size, i))
              if (i % 2) await atServer.messages(i + 1)
            }
            await atServer.messages(sizes.length)
            bytesOf(atServer).forEach((one, i) =>
              assert.ok(one.equals(letters(sizes[i] as number, i)), `message ${i}: ${one.length}`),
            )
          })

          it('gets each of many messages of one wake-up on its own', async () => {
            const { client, peer, atServer } = await transport.pair(keywords)
            peer.stop()
            const count = transport.isLocal ? 500 : 100
            for (let i = 0; i < count; i++) client.send(`${i}${'-'.repeat(i)}`)
            peer.continue()
            await atServer.messages(count)
            assert.deepEqual(
              bytesOf(atServer).map(String),
              Array.from({ length: count }, (_, i) => `${i}${'-'.repeat(i)}`),
            )
          })

          if (transport.connects)
            it('gets an empty message that is the last before the end', async () => {
              const { client, atServer } = await transport.pair(keywords)
              client.send('')
              client.delete()
              await atServer.event('connection broken by remote peer\n')
              assert.deepEqual(bytesOf(atServer), [Buffer.alloc(0)])
            })

          if (transport.connects)
            it('gets what follows an empty message when the peer has closed by then', async () => {
              const { client, peer, atServer } = await transport.pair(keywords)
              peer.stop()
              for (const message of ['', 'a', '', '', 'b']) client.send(message)
              client.delete()
              peer.continue()
              await atServer.event('connection broken by remote peer\n')
              assert.deepEqual(bytesOf(atServer).map(String), ['', 'a', '', '', 'b'])
            })
        },
      )
    })
  }

  it('may keep the bytes that it gets', async () => {
    for (const type of ['stream', 'seqpacket', 'datagram'] as const) {
      const kept: Buffer[] = []
      const { client, peer } = await over(type, 'local').pair({
        coding: 'binary',
        filter: (_, data) => void kept.push(data as Buffer),
      })
      kept.length = 0
      const before = peer.bytesRead
      const sent: Buffer[] = []
      for (let i = 0; i < 400; i++) {
        sent.push(Buffer.alloc(i % 7 ? 900 + i : 20_000, i))
        client.send(sent.at(-1) as Buffer)
        if (i % 3 === 0) await settled()
      }
      while (Buffer.concat(kept).length < Buffer.concat(sent).length) await settled()
      assert.ok(Buffer.concat(kept).equals(Buffer.concat(sent)), type)
      assert.equal(peer.bytesRead - before, Buffer.concat(sent).length)
    }
  })

  it('gets lent bytes that stay intact while it runs, even if it waits inside', async () => {
    const { acceptProcessOutput } = await import('make-network-process')
    let depth = 0
    const right: boolean[] = []
    const { client } = await over('seqpacket', 'local').pair({
      coding: 'binary',
      lend: true,
      filter: (process, data) => {
        const copy = Buffer.from(data)
        depth++
        if (depth < 5) {
          client.send(Buffer.alloc(3000, depth + 1))
          acceptProcessOutput(process, 5)
        }
        right.push(copy.equals(data as Buffer))
      },
    })
    client.send(Buffer.alloc(3000, 1))
    while (right.length < 5) await settled()
    assert.deepEqual(right, [true, true, true, true, true])
  })

  // Newer versions of Node refuse some of these transfers, and older ones copy.
  const transfers: Record<string, (bytes: Buffer) => unknown> = {
    'structuredClone()': bytes => structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] }),
    'a stream of bytes': bytes =>
      new ReadableStream({ type: 'bytes', start: controller => controller.enqueue(bytes) }),
    'transfer()': ({ buffer }) => 'transfer' in buffer && (buffer.transfer as () => unknown)(),
  }
  for (const [what, transfer] of Object.entries(transfers))
    for (const lend of [false, true])
      it(`gets the next message whole when ${what} has taken the ${lend ? 'lent ' : ''}bytes of the last`, async () => {
        const { client, peer, atServer } = await over('seqpacket', 'local').pair({ coding: 'binary', lend })
        const taken: unknown[] = []
        peer.filter = (process, bytes) => {
          atServer.callbacks.filter(process, bytes)
          try {
            taken.push(transfer(bytes as Buffer))
          } catch (error) {
            taken.push(error)
          }
        }
        for (let i = 0; i < 3; i++) {
          client.send(`${i}`)
          await atServer.messages(i + 1)
        }
        assert.equal(atServer.text, '012')
        assert.equal(taken.length, 3)
      })

  for (const [what, transfer] of Object.entries(transfers))
    it(`loses no connection that arrives together with bytes that ${what} takes`, async () => {
      const { client, peer, atServer } = await over('seqpacket', 'local').pair({ coding: 'binary' })
      peer.filter = (process, bytes) => {
        atServer.callbacks.filter(process, bytes)
        try {
          transfer(bytes as Buffer)
        } catch {
          // See above.
        }
      }
      const seen = witness()
      const server = over('stream', 'local').server(seen.callbacks)
      client.send('taken')
      over('stream', 'local').client(server)
      const connection = await seen.connection()
      assert.equal(connection.status, 'open')
      assert.equal(atServer.text, 'taken')
    })

  it('keeps its coding system when an invalid one is set', async () => {
    const { client } = await over('stream', 'local').pair()
    for (const wrong of [null, 5, true, {}, ['utf-8'], ['utf-8', 5]])
      assert.throws(() => (client.codingSystem = wrong as never), {
        code: 'ERR_INVALID_ARG_TYPE',
        message: /^codingSystem must be a coding system/,
      })
    assert.throws(() => (client.codingSystem = 'utf-9'), { code: 'ERR_UNKNOWN_CODING_SYSTEM' })
    assert.deepEqual(client.codingSystem, ['utf-8-unix', 'utf-8-unix'])
  })

  it('gets bytes with :filter-multibyte nil', async () => {
    const { client, atServer } = await over('stream', 'local').pair({ filterMultibyte: null })
    client.send('ä')
    await until(() => atServer.bytes.equals(Buffer.from('ä')), 'bytes')
    assert.ok(Buffer.isBuffer(atServer.data[0]))
  })
})

describe('text', () => {
  const characters = 'aäß€漢𝄞🚀'

  overEvery(
    transport => transport.type === 'stream',
    transport => {
      it('is put together again when characters are split between reads', async () => {
        const { client, atServer } = await transport.pair()
        for (const byte of Buffer.from(characters)) {
          client.send(Uint8Array.of(byte))
          await settled()
        }
        assert.equal(atServer.text, characters)
        assert.deepEqual(atServer.data, Array.from(characters))
      })

      for (const [what, unit] of Object.entries({
        ASCII: 'forty characters, and a number behind them:',
        'other text': characters,
        'bytes that are no text': '\udcff€\udce2\udc82',
      }))
        it(`that is long arrives complete, in pieces: ${what}`, async () => {
          const { client, peer, atServer } = await transport.pair()
          peer.stop()
          const all = Array.from({ length: 2_000_000 / unit.length }, (_, i) => `${unit}${i}`).join('')
          client.send(all)
          await settled()
          peer.continue()
          await until(() => atServer.text.length >= all.length, 'all text')
          assert.ok(atServer.text === all)
          assert.ok(atServer.data.every(piece => piece.length > 0 && piece.length <= 64 * 1024))
        })

      it('that ends inside a character delivers its bytes before the sentinel is called', async () => {
        const { client, atServer } = await transport.pair()
        client.send(Buffer.from('ok\xf0\x9d\x84', 'latin1'))
        client.delete()
        await atServer.event('connection broken by remote peer\n')
        assert.equal(atServer.text, 'ok\udcf0\udc9d\udc84')
        assert.equal(atServer.all.at(-1), 'sentinel connection broken by remote peer')
      })

      it('that is cut inside a character continues in the coding system that is set meanwhile', async () => {
        const { client, peer, atServer } = await transport.pair()
        const parts = ['x\xe2\x82', '\xacy\xe2', '\x82\xac', '\xe2\x82', '\xac']
        const codings = ['latin-1-unix', 'utf-8-unix', 'utf-8-dos', 'binary', 'utf-8-unix']
        for (const [i, part] of parts.entries()) {
          client.send(Buffer.from(part, 'latin1'))
          await settled()
          peer.codingSystem = codings[i] as string
        }
        assert.deepEqual(atServer.data, [
          'x',
          'â\x82¬yâ',
          '\udc82\udcac',
          Buffer.from('\xe2\x82\xac', 'latin1'),
        ])
      })

      it('that ends inside a character is flushed in the coding system that is set meanwhile', async () => {
        const { client, peer, atServer } = await transport.pair()
        client.send(Buffer.from('x\xe2', 'latin1'))
        await settled()
        peer.codingSystem = 'binary'
        client.delete()
        await atServer.event('connection broken by remote peer\n')
        assert.deepEqual(atServer.data, ['x', Buffer.from('\xe2', 'latin1')])
      })

      it('is the same wherever it is cut', async () => {
        const { client, atServer } = await transport.pair()
        const bytes = Buffer.concat([
          Buffer.from(characters),
          Buffer.from('\xff\xc3(\xe2\x82', 'latin1'),
          Buffer.from(characters),
        ])
        for (let cut = 1; cut < bytes.length; cut++) {
          const before = atServer.text.length
          client.send(bytes.subarray(0, cut))
          await settled()
          client.send(bytes.subarray(cut))
          await settled()
          assert.equal(
            atServer.text.slice(before),
            `${characters}\udcff\udcc3(\udce2\udc82${characters}`,
            `cut at ${cut}`,
          )
        }
      })
    },
  )

  overEvery(
    transport => transport.keepsBounds,
    transport => {
      it('is decoded message by message', async () => {
        const { client, atServer } = await transport.pair()
        for (const part of ['\xc3', '\xa4', '\xc3\xa4']) client.send(Buffer.from(part, 'latin1'))
        assert.deepEqual(await atServer.messages(3), ['\udcc3', '\udca4', 'ä'])
      })
    },
  )

  overEvery(
    transport => transport.answers,
    transport => {
      it('keeps invalid bytes through a round trip', async () => {
        const { client, atClient } = await transport.pair(
          { filter: (process, data) => process.send(data) },
          { coding: 'binary' },
        )
        const all = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 167 + (i >> 3)) & 255))
        const utf16 = Buffer.from(
          'ed a0 80 ed b0 80 ed b2 80 c0 80 f8 88 80 80 80 f4 90 80 80'.replaceAll(' ', ''),
          'hex',
        )
        const sent = Buffer.concat([all, utf16, Buffer.from('ä')])
        const before = atClient.bytes.length
        await until(() => transport.connects || atClient.text === 'hello', 'greeting')
        client.send(sent)
        const start = transport.connects ? before : 5
        await until(() => atClient.bytes.length >= start + sent.length, 'answer')
        assert.deepEqual(atClient.bytes.subarray(start), sent)
      })
    },
  )

  it('keeps a byte order mark', async () => {
    const { client, atServer } = await over('stream', 'local').pair()
    client.send('\ufeffa')
    await until(() => atServer.text === '\ufeffa', 'text')
  })

  it('is decoded correctly when one wake-up brings both ASCII and other text', async () => {
    const { client, peer, atServer } = await over('seqpacket', 'local').pair()
    peer.stop()
    const sent = Array.from({ length: 60 }, (_, i) => (i % 3 ? `plain ${i}` : `ünïcödé 🚀 ${i}`))
    sent.forEach(message => client.send(message))
    peer.continue()
    await atServer.messages(sent.length)
    assert.deepEqual(atServer.data, sent)
  })

  it('reaches the right process when one wake-up brings text for several', async () => {
    const transport = over('stream', 'local')
    const pairs = await Promise.all(Array.from({ length: 20 }, () => transport.pair()))
    pairs.forEach(({ client }, i) => client.send(i % 2 ? `a${i}` : `ä${i}`))
    await until(() => pairs.every(({ atServer }) => atServer.data.length > 0), 'texts')
    assert.deepEqual(
      pairs.map(({ atServer }) => atServer.text),
      pairs.map((_, i) => (i % 2 ? `a${i}` : `ä${i}`)),
    )
  })
})
