// Callbacks that throw, close, send, stop, replace themselves and wait inside, on every transport: nothing that is
// pending is lost, and no other process is affected.

import assert from 'node:assert/strict'
import { acceptProcessOutput, type Filter, type NetworkProcess, type Sentinel } from 'make-network-process'
import { changed, cleanUp, settled, uncaught, until, witness } from '../process/support.js'
import { over, overEvery } from '../process/transports.js'

afterEach(cleanUp)

const thrown = { 'an Error': new Error('thrown'), undefined: undefined, null: null, 'a string': 'text' }
const sent = Array.from({ length: 20 }, (_, i) => `${i}`)

describe('a filter', () => {
  overEvery(
    () => true,
    transport => {
      /** Sends twenty messages at once to a peer with this filter. */
      const deliver = async (filterOf: (heard: string[]) => Filter) => {
        const { client, peer, ...rest } = await transport.pair()
        const heard: string[] = []
        peer.stop()
        peer.filter = filterOf(heard)
        sent.forEach(message => client.send(message))
        peer.continue()
        return { client, peer, heard, ...rest }
      }

      for (const [what, value] of Object.entries(thrown))
        it(`may throw ${what}: an uncaught exception each time, and nothing is lost`, async () => {
          let calls = 0
          const errors = await uncaught(async errors => {
            const { heard, peer } = await deliver(heard => (_, data) => {
              heard.push(String(data))
              calls++
              changed()
              throw value
            })
            await until(() => heard.join('') === sent.join('') && errors.length === calls, 'all messages')
            assert.equal(peer.status, 'open')
          })
          assert.equal(errors.length, calls)
          assert.ok(errors.every(error => error === value))
        })

      it('may delete its process, and is not called again', async () => {
        let calls = 0
        const { peer, atServer } = await deliver(() => process => {
          calls++
          process.delete()
        })
        await until(() => peer.status === 'closed', 'end')
        await settled()
        assert.equal(calls, 1)
        assert.equal(atServer.events.filter(event => event === 'deleted\n').length, 1)
      })

      it('may replace itself: the next message goes to the new filter', async () => {
        const heard: string[] = []
        const second: Filter = (process, data) => {
          heard.push(`second ${String(data)}`)
          process.filter = first
          changed()
        }
        const first: Filter = (process, data) => {
          heard.push(`first ${String(data)}`)
          process.filter = second
          changed()
        }
        await deliver(() => first)
        if (transport.keepsBounds) {
          await until(() => heard.length === sent.length, 'messages')
          assert.deepEqual(
            heard,
            sent.map((message, i) => `${i % 2 ? 'second' : 'first'} ${message}`),
          )
        } else await until(() => heard.join('').replaceAll(/first |second /g, '') === sent.join(''), 'text')
      })

      it('may set the filter to true, which holds back the rest', async () => {
        const { peer, heard, atServer } = await deliver(heard => (process, data) => {
          heard.push(String(data))
          process.filter = true
          changed()
        })
        await until(() => heard.length > 0, 'message')
        await settled()
        assert.equal(heard.length, 1)
        peer.filter = atServer.callbacks.filter
        await until(() => heard.join('') + atServer.text === sent.join(''), 'rest')
      })

      it('may stop and continue its process', async () => {
        const { heard } = await deliver(heard => (process, data) => {
          heard.push(String(data))
          process.stop().continue()
          changed()
        })
        await until(() => heard.join('') === sent.join(''), 'messages')
      })

      it('may stop its process and continue it later', async () => {
        const { heard } = await deliver(heard => (process, data) => {
          heard.push(String(data))
          process.stop()
          setImmediate(() => process.continue())
          changed()
        })
        await until(() => heard.join('') === sent.join(''), 'messages')
      })

      it('may delete its peer', async () => {
        const atClient: { process?: NetworkProcess } = {}
        const { client, heard, peer } = await deliver(heard => (_, data) => {
          heard.push(String(data))
          atClient.process?.delete()
          changed()
        })
        atClient.process = client
        await until(() => heard.join('') === sent.join(''), 'messages')
        assert.equal(client.status, 'closed')
        if (transport.connects) await until(() => peer.status === 'closed', 'end')
      })

      it('may wait inside, as deep as there are messages, and all come', async () => {
        const { heard } = await deliver(heard => process => {
          acceptProcessOutput(process, 0)
          heard.push('x')
          changed()
        })
        if (transport.keepsBounds) await until(() => heard.length === sent.length, 'messages')
        else await until(() => heard.length > 0, 'text')
      })

      it('may delete its process after a wait inside', async () => {
        let calls = 0
        const { peer, client } = await deliver(() => process => {
          calls++
          if (calls < 5 && client.status === 'open') client.send('more')
          acceptProcessOutput(process, 0)
          process.delete()
        })
        await until(() => peer.status === 'closed', 'end')
        await settled()
        assert.ok(calls > 0)
      })

      if (transport.answers)
        it('may answer its sender, which answers back, again and again', async () => {
          const { client, peer, atClient } = await transport.pair()
          peer.filter = (process, data) => void process.send(data)
          let turns = 0
          client.filter = (process, data) => {
            atClient.callbacks.filter(process, data)
            if (++turns < 200) process.send('x')
          }
          client.send('x')
          await until(() => turns === 200, '200 turns')
        })

      it('may make and delete other processes', async () => {
        const { heard } = await deliver(heard => (_, data) => {
          const server = transport.server()
          transport.client(server).delete()
          server.delete()
          heard.push(String(data))
          changed()
        })
        await until(() => heard.join('') === sent.join(''), 'messages')
      })
    },
  )

  it('that throws does not keep other processes from messages of the same wake-up', async () => {
    const transport = over('seqpacket', 'local')
    const pairs = await Promise.all(Array.from({ length: 10 }, () => transport.pair()))
    const errors = await uncaught(async errors => {
      pairs.forEach(({ peer }, i) => {
        if (i % 2) return
        peer.filter = () => {
          throw i
        }
      })
      pairs.forEach(({ client }) => client.send('x'))
      await until(
        () => errors.length === 5 && pairs.every(({ atServer }, i) => i % 2 === 0 || atServer.text === 'x'),
        'all',
      )
    })
    assert.deepEqual((errors as number[]).sort(), [0, 2, 4, 6, 8])
  })

  it('that deletes all processes is the last one called in its wake-up', async () => {
    const transport = over('seqpacket', 'local')
    const pairs = await Promise.all(Array.from({ length: 10 }, () => transport.pair()))
    let calls = 0
    for (const { peer } of pairs)
      peer.filter = () => {
        calls++
        pairs.forEach(other => other.peer.delete())
        // A new process may have the id of one that has been deleted.
        transport.server()
        changed()
      }
    pairs.forEach(({ client }) => client.send('x'))
    await until(() => calls > 0, 'call')
    await settled()
    assert.equal(calls, 1)
  })

  it('has its ticks and promises run when it returns', async () => {
    const { client, peer } = await over('seqpacket', 'local').pair()
    const order: string[] = []
    peer.filter = (_, data) => {
      order.push(`filter ${String(data)}`)
      process.nextTick(() => order.push(`tick ${String(data)}`))
      void Promise.resolve().then(() => {
        order.push(`promise ${String(data)}`)
        changed()
      })
    }
    client.send('1')
    await until(() => order.length === 3, 'promise')
    assert.deepEqual(order, ['filter 1', 'tick 1', 'promise 1'])
  })
})

describe('a sentinel', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      for (const [what, value] of Object.entries(thrown))
        it(`may throw ${what} for every event`, async () => {
          const events: string[] = []
          const sentinel: Sentinel = (_, event) => {
            events.push(event)
            changed()
            throw value
          }
          const errors = await uncaught(async errors => {
            const server = transport.server({ sentinel })
            const client = transport.client(server, { nowait: true, sentinel })
            await until(() => errors.length === 2, 'open')
            client.delete()
            await until(() => errors.length === 4, 'end')
            server.delete()
            await until(() => errors.length === 5, 'deleted')
            assert.equal(client.status, 'closed')
          })
          assert.deepEqual(events.map(event => event.split(' ')[0]).sort(), [
            'connection',
            'deleted\n',
            'deleted\n',
            'open',
            'open\n',
          ])
          assert.ok(errors.every(error => error === value))
        })

      it('may delete the connection that has just opened', async () => {
        const events: string[] = []
        const server = transport.server({
          sentinel: (process, event) => {
            events.push(event.trim())
            if (event.startsWith('open')) process.delete()
          },
        })
        const seen = witness()
        transport.client(server, seen.callbacks)
        await seen.event('connection broken by remote peer\n')
        assert.equal(events.length, 2)
        assert.equal(events[1], 'deleted')
      })

      it('may delete its process again, and is not called again', async () => {
        const { client } = await transport.pair()
        let calls = 0
        client.sentinel = process => {
          calls++
          process.delete()
        }
        client.delete()
        assert.equal(calls, 1)
      })

      it('may replace itself', async () => {
        const seen: string[] = []
        const server = transport.server()
        const client = transport.client(server, {
          nowait: true,
          sentinel: (process, event) => {
            seen.push(`first ${event}`)
            process.sentinel = (_, event) => void seen.push(`second ${event}`)
            changed()
          },
        })
        await until(() => seen.length === 1, 'open')
        client.delete()
        assert.deepEqual(seen, ['first open\n', 'second deleted\n'])
      })

      it('may connect again when the peer has gone', async () => {
        const atServer = witness()
        const server = transport.server({
          ...atServer.callbacks,
          log: (server, client, message) => {
            atServer.callbacks.log(server, client, message)
            if (atServer.clients.length < 5) client?.delete()
          },
        })
        const again: Sentinel = () => void transport.client(server, { sentinel: again }).send('x')
        transport.client(server, { sentinel: again })
        await until(() => atServer.clients.length === 5 && atServer.text.length > 0, 'fifth connection')
      })

      it('may delete the server that is accepting', async () => {
        const server = transport.server({
          sentinel: (_, event) => {
            if (event.startsWith('open')) server.delete()
            changed()
          },
        })
        const seen = witness()
        const clients = [1, 2, 3].map(() => transport.client(server, seen.callbacks))
        await until(() => server.status === 'closed', 'end')
        // Connections that are not wanted are closed, and not left to hang.
        await until(() => seen.events.length === 2, 'ends')
        assert.equal(clients.filter(({ status }) => status === 'open').length, 1)
      })
    },
  )
})

describe('a log', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      for (const [what, value] of Object.entries(thrown))
        it(`may throw ${what}, and the connection stays open`, async () => {
          const seen = witness()
          const errors = await uncaught(async () => {
            const server = transport.server({
              ...seen.callbacks,
              log: () => {
                throw value
              },
            })
            for (let i = 0; i < 5; i++) transport.client(server).send('x')
            await until(() => seen.text === 'xxxxx', 'text')
          })
          assert.equal(errors.length, 5)
          assert.ok(errors.every(error => error === value))
          assert.equal(seen.events.length, 5)
        })

      it('may delete the connection, whose sentinel is called for both events', async () => {
        const seen = witness()
        const server = transport.server({ ...seen.callbacks, log: (_, client) => client?.delete() })
        transport.client(server)
        await until(() => seen.events.length === 2, 'events')
        assert.deepEqual(seen.all, [`sentinel deleted`, `sentinel ${(seen.events[1] as string).trim()}`])
        assert.match(seen.events[1] as string, /^open from /)
      })

      it('may delete the server', async () => {
        const seen = witness()
        const server = transport.server({ ...seen.callbacks, log: server => server.delete() })
        const client = transport.client(server)
        client.send('x')
        await until(() => seen.text === 'x', 'text')
        assert.equal(server.status, 'closed')
      })

      it('may set the connection up: filter, plist, stop', async () => {
        const seen = witness()
        const server = transport.server({
          log: (_, client) => {
            if (client === undefined) return
            Object.assign(client, { filter: seen.callbacks.filter, plist: { mine: true } })
            client.stop()
            seen.clients.push(client)
            changed()
          },
        })
        transport.client(server).send('x')
        const connection = await seen.connection()
        await settled()
        assert.deepEqual([connection.status, connection.plist, seen.data], ['stop', { mine: true }, []])
        connection.continue()
        await until(() => seen.text === 'x', 'text')
      })
    },
  )
})
