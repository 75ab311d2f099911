// What is peculiar to datagrams: who the peer is, how it changes, and which peer a packet belongs to.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import type { AddressInput, NetworkProcess } from 'make-network-process'
import { acceptProcessOutput } from 'make-network-process'
import { constants, decodeAddress, encodeAddress, errno, poll, Socket } from 'make-network-process/socket'
import { run } from '../lifecycle/child.js'
import { inNetwork } from '../support/namespaces.js'
import { needsAddress } from '../support/transports.js'
import {
  changed,
  cleanUp,
  finallyDo,
  make,
  settled,
  socketFile,
  socketOf,
  thrown,
  until,
  witness,
} from './support.js'
import { over, overEvery, type Transport } from './transports.js'

afterEach(cleanUp)

const { AF_INET, AF_UNIX, SOCK_DGRAM } = constants

function rawSocket(domain: number, name?: AddressInput): Socket {
  const socket = new Socket(domain, SOCK_DGRAM)
  finallyDo(() => socket.close())
  if (name !== undefined) socket.bind(encodeAddress(name))
  return socket
}

describe('NetworkProcess#datagramAddress', () => {
  overEvery(
    transport => !transport.connects,
    transport => {
      it('of a client is its peer', () => {
        const server = transport.server()
        const client = transport.client(server)
        assert.deepEqual(client.datagramAddress, server.contact('local'))
      })

      it('of a server is all zeroes at first, as many as the family’s addresses have bytes', () => {
        const length = transport.family === 'ipv4' ? 14 : transport.family === 'ipv6' ? 26 : 108
        const server = transport.server()
        assert.deepEqual(server.datagramAddress, { family: 0, data: Buffer.alloc(length) })
        assert.throws(
          () => server.send('x'),
          error => ['EDESTADDRREQ', 'ENOTCONN'].includes((error as { code: string }).code),
        )
        assert.equal(server.status, 'open')
      })

      it('of a server can be set back to no peer', () => {
        const server = transport.server()
        const nobody = server.datagramAddress
        server.datagramAddress = transport.server().contact('local')
        server.datagramAddress = nobody
        assert.deepEqual(server.datagramAddress, nobody)
        assert.throws(() => server.send('x'))
      })

      it('of a client can be set, which connects it anew', async () => {
        const [one, other] = [witness(), witness()]
        const first = transport.server(one.callbacks)
        const second = transport.server(other.callbacks)
        const seen = witness()
        const client = transport.client(first, seen.callbacks)
        client.send('one')
        await one.messages(1)
        client.datagramAddress = second.contact('local')
        assert.deepEqual(client.datagramAddress, second.contact('local'))
        assert.deepEqual(client.contact('remote'), second.contact('local'))
        client.send('other')
        await other.messages(1)
        assert.deepEqual([one.data, other.data], [['one'], ['other']])
        if (!transport.answers) return
        second.send('answer')
        await until(() => seen.text === 'answer', 'answer')
        first.send('who is it?')
        await settled()
        assert.deepEqual(seen.data, ['answer'])
      })

      it('of a server can be set, and is where it sends', async () => {
        const seen = witness()
        const sender = transport.server()
        const receiver = transport.server(seen.callbacks)
        sender.datagramAddress = receiver.contact('local')
        assert.deepEqual(sender.datagramAddress, receiver.contact('local'))
        sender.send('x')
        await seen.messages(1)
        assert.deepEqual(receiver.datagramAddress, sender.contact('local'))
      })

      it('of a server is :remote at first', async () => {
        const seen = witness()
        const receiver = transport.server(seen.callbacks)
        const sender = transport.server({ remote: receiver.contact('local') as AddressInput })
        assert.deepEqual(sender.datagramAddress, receiver.contact('local'))
        sender.send('x')
        await seen.messages(1)
      })

      it('refuses an address of another family, and stays as it was', () => {
        const server = transport.server()
        const client = transport.client(server)
        const wrong = transport.family === 'ipv4' ? '/nowhere' : [127, 0, 0, 1, 9]
        for (const process of [server, client]) {
          const before = process.datagramAddress
          assert.throws(() => (process.datagramAddress = wrong), {
            code: 'ERR_INVALID_ARG_VALUE',
            message: /datagramAddress/,
          })
          assert.throws(() => (process.datagramAddress = [1, 2, 3]), { code: 'ERR_INVALID_ARG_VALUE' })
          assert.throws(() => (process.datagramAddress = undefined as never), {
            code: 'ERR_INVALID_ARG_TYPE',
          })
          assert.deepEqual(process.datagramAddress, before)
        }
      })
    },
  )

  overEvery(
    transport => transport.connects,
    transport => {
      it('is undefined for connections, and cannot be set', async () => {
        const { server, client } = await transport.pair()
        for (const process of [server, client]) {
          assert.equal(process.datagramAddress, undefined)
          assert.throws(() => (process.datagramAddress = [127, 0, 0, 1, 9]), {
            name: 'TypeError',
            code: 'ERR_NO_DATAGRAM',
          })
        }
      })
    },
  )
})

describe('a datagram client', () => {
  it('cannot change its peer while messages for the old one are queued', async () => {
    const [one, other] = [over('datagram', 'local'), over('datagram', 'local')].map(transport =>
      transport.server({ stop: true, name: 'server' }),
    ) as [NetworkProcess, NetworkProcess]
    const seen = witness()
    other.filter = seen.callbacks.filter
    const client = over('datagram', 'local').client(one)
    while (client.writableLength === 0) client.send('for the one')
    const next = other.contact('local') as AddressInput
    assert.throws(() => (client.datagramAddress = next), { code: 'ERR_PROCESS_BUSY' })
    one.continue()
    await client.drained
    client.datagramAddress = next
    client.send('for the other')
    other.continue()
    assert.deepEqual(await seen.messages(1), ['for the other'])
  })

  overEvery(
    transport => !transport.connects && transport.answers,
    transport => {
      it('receives only from its peer', async () => {
        const { client, atClient, peer } = await transport.pair()
        const stranger = transport.server()
        stranger.datagramAddress = client.contact('local')
        stranger.send('psst')
        await settled()
        peer.send('hello')
        await atClient.messages(1)
        assert.deepEqual(atClient.data, ['hello'])
        assert.deepEqual(client.datagramAddress, peer.contact('local'))
      })

      it('tells its sentinel that the peer is not there, and stays open', async () => {
        const { server, client, atClient } = await transport.pair()
        server.delete()
        client.send('x')
        await until(() => atClient.events.length > 0, 'event')
        assert.deepEqual(atClient.events, ['datagram failed with code 111\n'])
        assert.equal(client.status, 'open')
        const again = transport.server({ service: server.contact('service') as number })
        const seen = witness()
        again.filter = seen.callbacks.filter
        client.send('y')
        await until(() => seen.text === 'y', 'text')
      })
    },
  )

  overEvery(
    ({ type, isLocal }) => type === 'datagram' && !isLocal,
    transport => {
      it('sends each datagram that waits, though earlier ones are refused', async () => {
        const { server, client } = await transport.pair()
        const service = server.contact('service') as number
        server.delete()
        client.delete()
        // Each is sent by a call of its own, which reports the refusal of the one before.
        const long = 'x'.repeat(2000)
        const seen = witness()
        const waiting = transport.client(server, { service, nowait: true, ...seen.callbacks })
        for (let i = 0; i < 4; i++) waiting.send(long)
        await waiting.opened
        await seen.event('datagram failed with code 111\n')
        assert.equal(waiting.stats().messagesWritten, 4)
      })

      it('is not woken again and again by what is in its error queue', async function () {
        const { IP_RECVERR, IPPROTO_IP, IPV6_RECVERR, IPPROTO_IPV6 } = constants
        const option = transport.family === 'ipv4' ? IP_RECVERR : IPV6_RECVERR
        if (option === undefined) this.skip()
        const { server, client, atClient } = await transport.pair()
        const socket = socketOf(client)
        socket.setsockopt(transport.family === 'ipv4' ? IPPROTO_IP : IPPROTO_IPV6, option, true)
        server.delete()
        client.send('x')
        await until(() => atClient.events.length > 0, 'event')
        await settled()
        assert.equal(poll([{ socket, events: 0 }], 0), 0)
        assert.deepEqual(atClient.events, ['datagram failed with code 111\n'])
      })
    },
  )
})

describe('a local datagram client', () => {
  // The kernel tells of messages that their receiver has thrown away, by connecting to another peer, at the next call.
  for (const send of ['send', 'sendMany', 'sendMessage'] as const)
    it(`loses nothing that it sends to a new peer when the old one has dropped its messages: ${send}()`, async () => {
      const { server, atServer } = await over('datagram', 'local').pair()
      const address = server.contact('local') as string
      const [mine, theirs] = [socketFile(), socketFile()]
      const old = rawSocket(AF_UNIX, theirs)
      const own = rawSocket(AF_UNIX, mine)
      own.connect(encodeAddress(theirs))
      old.connect(encodeAddress(mine))
      const seen = witness()
      const client = make({ name: 'client', type: 'datagram', adopt: own.detach(), ...seen.callbacks })
      client.send('dropped')
      old.connect(encodeAddress(address))
      client.datagramAddress = address
      if (send === 'send') client.send('kept')
      else if (send === 'sendMany') client.sendMany(['kept'])
      else client.sendMessage({ data: 'kept', address })
      await atServer.messages(1)
      assert.deepEqual(atServer.data, ['kept'])
      await seen.event(`datagram failed with code ${errno.ECONNRESET}\n`)
    })
})

describe('a datagram server', () => {
  overEvery(
    transport => !transport.connects,
    transport => {
      it('is not woken again and again when its receiving half is shut down', async function () {
        const folder = '/proc/self/fdinfo'
        if (!existsSync(folder)) this.skip()
        const server = transport.server()
        const files = () => readdirSync(folder).map(fd => `${folder}/${fd}`)
        const sets = () => files().map(file => (existsSync(file) ? readFileSync(file, 'utf8') : ''))
        const isInSet = () => sets().some(text => new RegExp(`^tfd: +${server.fd} `, 'm').test(text))
        assert.equal(isInSet(), true)
        // Over UDP the kernel does it, although it says that there is no connection.
        const shutDown = () => socketOf(server).shutdown(constants.SHUT_RD)
        if (transport.isLocal) shutDown()
        else assert.throws(shutDown, { code: 'ENOTCONN' })
        await settled()
        assert.equal(isInSet(), false)
        assert.equal(server.status, 'open')
      })

      it('answers the last sender', async () => {
        const server = transport.server({ filter: (process, data) => void process.send(`${String(data)}!`) })
        const seen = Array.from({ length: 5 }, () => witness())
        const clients = seen.map(one =>
          transport.server({ ...one.callbacks, remote: server.contact('local') as AddressInput }),
        )
        for (let turn = 0; turn < 3; turn++) clients.forEach((client, i) => client.send(`${i}-${turn}`))
        await until(() => seen.every(one => one.data.length === 3), 'answers')
        assert.deepEqual(
          seen.map(one => one.text),
          clients.map((_, i) => `${i}-0!${i}-1!${i}-2!`),
        )
      })

      if (transport.isLocal)
        it('does not send to an earlier sender when the last one has no name', async () => {
          const seen = witness()
          const heard = witness()
          const server = transport.server(seen.callbacks)
          const named = transport.server({
            ...heard.callbacks,
            remote: server.contact('local') as AddressInput,
          })
          named.send('x')
          await seen.messages(1)
          transport.client(server).send('y')
          await seen.messages(2)
          server.send('for the one without a name')
          await seen.event('datagram failed with code 107\n')
          await settled()
          assert.deepEqual(heard.data, [])
          assert.equal(server.status, 'open')
        })

      it('answers the right sender of each message that was held while it was stopped', async () => {
        const server = transport.server({ stop: true, filter: (process, data) => void process.send(data) })
        const seen = Array.from({ length: 5 }, () => witness())
        const clients = seen.map(one =>
          transport.server({ ...one.callbacks, remote: server.contact('local') as AddressInput }),
        )
        clients.forEach((client, i) => client.send(`${i}`))
        await settled()
        server.continue()
        await until(() => seen.every(one => one.data.length > 0), 'answers')
        assert.deepEqual(
          seen.map(one => one.text),
          ['0', '1', '2', '3', '4'],
        )
      })
    },
  )

  // More senders than the address book holds, so that it has to forget some, and to give their ids out again.
  const answersThousands = (server: NetworkProcess, nameOf: (i: number) => AddressInput, domain: number) => {
    const to = encodeAddress(server.contact('local') as AddressInput)
    const buffer = Buffer.alloc(16)
    let heard = 0
    server.filter = (process, data) => {
      heard++
      assert.deepEqual(process.datagramAddress, nameOf(Number(data)))
      process.send(data)
    }
    for (let first = 0; first < 10_000; first += 8) {
      const senders = Array.from({ length: 8 }, (_, i) => {
        const sender = new Socket(domain, SOCK_DGRAM)
        const name = nameOf(first + i)
        sender.bind(encodeAddress(name))
        sender.sendto(Buffer.from(String(first + i)), 0, to)
        return sender
      })
      while (heard < first + senders.length) assert.ok(acceptProcessOutput(server, 5), `message ${heard}`)
      senders.forEach((sender, i) => {
        assert.equal(buffer.toString('latin1', 0, sender.recv(buffer)), String(first + i))
        sender.close()
      })
    }
    assert.equal(heard, 10_000)
  }

  it('tells 10,000 UDP senders apart', () => {
    needsAddress([127, 1, 0, 0, 0])
    const server = over('datagram', 'ipv4').server({ host: '0.0.0.0' })
    const port = 40_000
    const nameOf = (i: number) => [127, 1, i >> 8, i & 255, port]
    const local = make({ name: 's', type: 'datagram', server: true, host: '127.0.0.1', service: true })
    server.delete()
    answersThousands(local, nameOf, AF_INET)
  })

  it('tells 10,000 local senders apart', function () {
    const name = (i: number) => `\0mnp-${process.pid}-sender-${i}`
    try {
      rawSocket(AF_UNIX, name(-1))
    } catch {
      this.skip()
    }
    answersThousands(over('datagram', 'local').server(), name, AF_UNIX)
  })

  it('remembers its last sender, and those of held messages, when others are forgotten', async () => {
    needsAddress([127, 2, 0, 0, 0])
    const transport = over('datagram', 'ipv4')
    const held = transport.server({
      filter: process => {
        process.stop()
        changed()
      },
    })
    const quiet = transport.server()
    const seen = Array.from({ length: 3 }, () => witness())
    const clients = seen.map(one =>
      transport.server({ ...one.callbacks, remote: held.contact('local') as AddressInput }),
    )
    clients.forEach(client => client.send('x'))
    await until(() => held.stopped, 'stop')
    const friend = rawSocket(AF_INET, [127, 0, 0, 1, 0])
    const heard = witness()
    quiet.filter = heard.callbacks.filter
    friend.sendto(Buffer.from('x'), 0, encodeAddress(quiet.contact('local') as AddressInput))
    await heard.messages(1)
    answersThousands(transport.server(), i => [127, 2, i >> 8, i & 255, 40_000], AF_INET)
    assert.deepEqual(quiet.datagramAddress, decodeAddress(friend.getsockname()))
    held.filter = process => void process.send('answer')
    held.continue()
    await until(() => seen.slice(1).every(one => one.text === 'answer'), 'answers')
  })

  it('remembers the address of each queued message when others are forgotten, and reports those that fail', async () => {
    needsAddress([127, 3, 0, 0, 0])
    const transport = over('datagram', 'local')
    const [first, second, atSender] = [witness(), witness(), witness()]
    const gone = transport.server({ stop: true, ...first.callbacks })
    const there = transport.server({ stop: true, ...second.callbacks })
    const sender = transport.server(atSender.callbacks)
    const sent = Array.from({ length: 100 }, (_, i) => `${i >> 1}`)
    for (let i = 0; i < sent.length; i += 2) {
      sender.datagramAddress = there.contact('local')
      sender.sendMany(sent.slice(i, i + 2))
      sender.datagramAddress = gone.contact('local')
      sender.send('x')
    }
    assert.ok(sender.writableLength > 0)
    answersThousands(over('datagram', 'ipv4').server(), i => [127, 3, i >> 8, i & 255, 40_000], AF_INET)
    gone.delete()
    there.continue()
    await second.messages(sent.length)
    assert.deepEqual(second.data, sent)
    await until(() => sender.writableLength === 0, 'end of the queue')
    assert.ok(atSender.events.includes('datagram failed with code 111\n'))
  })
})

describe('an empty datagram', () => {
  overEvery(
    (transport: Transport) => !transport.connects,
    transport => {
      it('is a message, not the end', async () => {
        for (const coding of ['utf-8-unix', 'binary', 'latin-1'] as const) {
          const { client, server, atServer } = await transport.pair({ coding })
          client.send('')
          client.send(Buffer.alloc(0))
          client.send('x')
          await atServer.messages(3)
          assert.deepEqual(atServer.data.map(String), ['', '', 'x'], coding)
          assert.equal(server.status, 'open')
        }
      })
    },
  )
})

describe('an address as raw bytes', () => {
  it('can be of any family', async () => {
    const seen = witness()
    const server = make({ name: 's', type: 'datagram', server: true, service: true, ...seen.callbacks })
    const data = encodeAddress(server.contact('local') as AddressInput).subarray(2)
    for (const one of [data, Array.from(data)]) {
      const client = make({ name: 'c', type: 'datagram', remote: { family: AF_INET, data: one } })
      assert.deepEqual(client.contact('remote'), server.contact('local'))
      client.send('x')
    }
    await seen.messages(2)
    assert.equal(thrown(() => make({ name: 'c', remote: { family: 70_000, data } })).code, 'ERR_OUT_OF_RANGE')
  })
})

describe('a datagram client for which no port is left', () => {
  const command =
    'echo 32768 32768 > /proc/sys/net/ipv4/ip_local_port_range && ip link set lo up && exec "$@"'
  const onePort = ['unshare', ...inNetwork, 'sh', '-c', command, 'sh']

  for (const nowait of [false, true])
    it(`fails, instead of waiting for one for ever${nowait ? ', also with :nowait' : ''}`, async function () {
      if ((await run('', onePort)).status !== 0) this.skip()
      const { stdout, stderr } = await run(
        `
        makeNetworkProcess({ name: 's', type: 'datagram', server: true, host: '127.0.0.1', service: true })
        const say = failure => { console.log(failure.message); process.exit() }
        const client = { name: 'c', type: 'datagram', host: '127.0.0.1', service: 9, nowait: ${nowait} }
        try { makeNetworkProcess(client).opened.catch(say) } catch (failure) { say(failure) }
      `,
        onePort,
      )
      assert.equal(stdout, 'connect EAGAIN 127.0.0.1:9\n', stderr)
    })
})
