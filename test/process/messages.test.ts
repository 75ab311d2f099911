// Ancillary data: descriptors, credentials, a datagram's sender, and the kernel's flags of the message. No descriptor
// leaks, whether the filter takes it or not, and none is closed twice.

import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { inspect } from 'node:util'
import type { Data, Filter, NetworkProcess } from 'make-network-process'
import { constants, encodeAddress, Socket } from 'make-network-process/socket'
import {
  changed,
  cleanUp,
  finallyDo,
  make,
  noting,
  settled,
  socketFile,
  thrown,
  until,
  type Received,
  witness,
} from './support.js'
import { over, overEvery, type Transport } from './transports.js'
import { run } from '../lifecycle/child.js'
import { inNetwork } from '../support/namespaces.js'

afterEach(cleanUp)

describe('ancillary data', () => {
  for (const coding of ['utf-8-unix', 'utf-8-dos', 'utf-16'])
    it(`does not wait for the rest of a character: ${coding}`, async () => {
      const files: number[] = []
      const seen = witness()
      const { client, peer } = await over('stream', 'local').pair({
        coding,
        filter: (process, text, { fds }) => {
          files.push(...fds)
          seen.callbacks.filter(process, text)
        },
      })
      const [first, ...rest] = coding === 'utf-16' ? [0x20, 0xac] : Buffer.from('€')
      client.sendMessage({ data: Buffer.of(first as number), fds: [0, 1] })
      await until(() => files.length === 2, 'descriptors')
      client.sendMessage({ data: Buffer.from(rest), fds: [2] })
      await until(() => seen.text === '€', 'text')
      assert.equal(files.length, 3)
      files.forEach(fd => closeSync(fd))
      // Without anything beside it there is nothing to tell.
      const { outputs } = peer.stats()
      client.send(Buffer.of(first as number))
      await settled()
      assert.equal(peer.stats().outputs, outputs)
    })

  for (const [type, family] of [
    ['stream', 'ipv4'],
    ['datagram', 'ipv4'],
  ] as const)
    it(`is refused where the kernel would drop it: ${type} over ${family}`, async () => {
      const { client } = await over(type, family).pair()
      for (const beside of [{ fds: [0] }, { credentials: { pid: process.pid, uid: 0, gid: 0 } }])
        assert.throws(() => client.sendMessage({ data: 'x', ...beside }), { code: 'EINVAL', syscall: 'send' })
      client.sendMessage({ data: 'x', fds: [] })
    })

  /** A server of datagrams whose socket was told to ask for something. */
  function asking(level: number, option: number, filter: Filter): NetworkProcess {
    const socket = new Socket(constants.AF_INET, constants.SOCK_DGRAM)
    finallyDo(() => socket.close())
    socket.setsockopt(level, option, true)
    socket.bind(encodeAddress([127, 0, 0, 1, 0]))
    return make({ name: 's', server: true, type: 'datagram', adopt: socket.detach(), filter })
  }

  it('has any control message that a socket option asks for, and sends any', async function () {
    const { IPPROTO_IP, IP_RECVTTL, IP_TTL } = constants
    if (IP_RECVTTL === undefined || IP_TTL === undefined) return this.skip()
    const { filter, received } = noting()
    const server = asking(IPPROTO_IP, IP_RECVTTL, filter)
    const client = make({ name: 'c', type: 'datagram', remote: server.contact('local') })
    const data = new Uint8Array(Int32Array.of(7).buffer)
    client.sendMessage({ data: 'near', others: [{ level: IPPROTO_IP, type: IP_TTL, data }] })
    client.send('as usual')
    await until(() => received.length === 2, 'datagrams')
    const [near, usual] = received.map(({ info }) => info.others)
    assert.deepEqual(near, [{ level: IPPROTO_IP, type: IP_TTL, data: Buffer.from(data) }])
    assert.equal(usual?.[0]?.data[0], Number(readFileSync('/proc/sys/net/ipv4/ip_default_ttl', 'utf8')))
    assert.match(
      inspect(received[0]?.info),
      /others: \[ \{ level: 0, type: 2, data: <Buffer 07 00 00 00> \} \]/,
    )
  })

  it('has the length of the datagrams that the kernel has combined', async function () {
    const { IPPROTO_UDP, UDP_GRO } = constants
    if (UDP_GRO === undefined) return this.skip()
    const { filter, received } = noting()
    const server = asking(IPPROTO_UDP, UDP_GRO, filter)
    const client = make({ name: 'c', type: 'datagram', remote: server.contact('local') })
    client.sendMany(Array(9).fill('x'.repeat(100)))
    await until(() => received.length === 1, 'datagrams')
    assert.equal(received[0]?.data.length, 900)
    assert.deepEqual(
      new Int32Array(new Uint8Array(received[0].info.others[0]!.data).buffer),
      Int32Array.of(100),
    )
  })

  it('is empty where no option asks for any', async () => {
    const { filter, received } = noting()
    const { client } = await over('datagram', 'ipv4').pair({ filter })
    client.send('x')
    await until(() => received.at(-1)?.data === 'x', 'datagram')
    assert.deepEqual(received.at(-1)?.info.others, [])
  })

  it('may not be descriptors, which would not be kept while the message is queued', async () => {
    const { SCM_RIGHTS: type, SOL_SOCKET: level } = constants
    const { client } = await over('seqpacket', 'local').pair()
    const others = [{ level, type, data: new Uint8Array(Int32Array.of(0).buffer) }]
    const error = thrown(() => client.sendMessage({ data: 'x', others }))
    assert.equal(error.code, 'ERR_INVALID_ARG_VALUE')
    assert.match(error.message, /^others must be control messages without SCM_RIGHTS/)
  })

  it('has no SCM_PIDFD, whose descriptor is closed', async function () {
    const { AF_UNIX, SOCK_DGRAM, SOL_SOCKET, SO_PASSPIDFD = -1 } = constants
    const [left, right] = Socket.pair(AF_UNIX, SOCK_DGRAM)
    finallyDo(() => left.close())
    try {
      right.setsockopt(SOL_SOCKET, SO_PASSPIDFD, true)
    } catch {
      right.close()
      return this.skip()
    }
    const { filter, received } = noting()
    make({ name: 'p', adopt: right.detach(), filter })
    const before = openDescriptors()
    left.send(Buffer.from('x'))
    await until(() => received.length === 1, 'datagram')
    assert.deepEqual(received[0]?.info.others, [])
    assert.equal(openDescriptors(), before)
  })
})

const isLocal = (transport: Transport) => transport.isLocal
const openDescriptors = () => readdirSync('/dev/fd').length
const hasDevFd = openDescriptors() > 0

async function firstOf(received: Received[], count = 1): Promise<Received> {
  await until(() => received.length >= count, `${count} messages`)
  return received[count - 1] as Received
}

/** A filter that takes every descriptor. */
function taking() {
  const taken: number[] = []
  let text = ''
  const filter: Filter = (_process, data, { fds }) => {
    text += String(data)
    taken.push(...fds)
    changed()
  }
  return { filter, taken, text: () => text }
}

/** A descriptor of a file whose first byte is known. */
function aFile(): number {
  return openSync('package.json', 'r')
}

function firstByte(fd: number): string {
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, 0)
  return byte.toString()
}

describe('NetworkProcess#sendMessage()', () => {
  overEvery(
    () => true,
    transport => {
      it('sends what send() sends', async () => {
        const { client, atServer } = await transport.pair()
        assert.equal(client.sendMessage({ data: 'text é' }), true)
        await until(() => atServer.text === 'text é', 'the text')
      })

      it('puts the parts of an array together', async () => {
        const { client, atServer } = await transport.pair()
        client.sendMessage({ data: ['one ', Buffer.from('two '), new Uint8Array([0x33])] })
        await until(() => atServer.text === 'one two 3', 'all parts')
        if (transport.keepsBounds) assert.equal(atServer.data.length, 1)
      })
    },
  )

  overEvery(isLocal, transport => {
    it('passes descriptors, whose copies the receiver owns', async () => {
      const { filter, taken, text } = taking()
      const { client } = await transport.pair({ filter })
      const fd = aFile()
      client.sendMessage({ data: 'a file', fds: [fd, fd] })
      closeSync(fd)
      await until(() => text().endsWith('a file'), 'the message')
      assert.equal(taken.length, 2)
      assert.equal(firstByte(taken[0] as number), '{')
      taken.forEach(closeSync)
    })

    it('closes descriptors that the filter does not look at', async () => {
      const before = openDescriptors()
      const { filter, received } = noting()
      const pair = await transport.pair({ filter })
      received.length = 0
      const fd = aFile()
      for (let i = 0; i < 10; i++) pair.client.sendMessage({ data: 'x'.repeat(i + 1), fds: [fd, fd, fd] })
      await until(() => received.reduce((sum, { data }) => sum + data.length, 0) === 55, 'all messages')
      closeSync(fd)
      assert.throws(() => received[0]?.info.fds, { code: 'ERR_DESCRIPTORS_CLOSED' })
      cleanUp()
      assert.equal(openDescriptors(), before)
    })

    it('receives no descriptors for a filter without a third parameter', async () => {
      const { client, atServer } = await transport.pair()
      const before = openDescriptors()
      const fd = aFile()
      client.sendMessage({ data: 'unasked', fds: [fd] })
      closeSync(fd)
      await until(() => atServer.text === 'unasked', 'the text')
      assert.equal(openDescriptors(), before)
    })

    it('keeps queued descriptors open, though the caller closes its own', async () => {
      const { filter, taken, text } = taking()
      const { client, peer } = await transport.pair({ filter })
      const before = text().length
      peer.stop()
      let filler = 0
      while (client.send('f'.repeat(1000))) filler++
      filler++
      const fd = aFile()
      assert.equal(client.sendMessage({ data: 'late', fds: [fd] }), false)
      closeSync(fd)
      client.send('last')
      peer.continue()
      const total = before + 1000 * filler + 'latelast'.length
      await until(() => text().length === total, 'everything')
      assert.ok(text().endsWith('latelast'))
      assert.deepEqual(taken.map(firstByte), ['{'])
      taken.forEach(closeSync)
    })

    it('closes queued descriptors when nobody will ever take them', async () => {
      const before = openDescriptors()
      const { client, peer } = await transport.pair()
      peer.stop()
      while (client.send('f'.repeat(1000)));
      const fd = aFile()
      for (let i = 0; i < 5; i++) client.sendMessage({ data: 'never', fds: [fd] })
      closeSync(fd)
      // The peer goes first, so that there is nobody to wait for.
      cleanUp()
      while (openDescriptors() > before) {
        await settled()
        cleanUp()
      }
    })

    it('closes received descriptors when the process is deleted before they are delivered', async () => {
      const before = openDescriptors()
      const { filter, received } = noting()
      const { client, peer } = await transport.pair({
        filter: (process: NetworkProcess, data, info) => {
          filter(process, data, info)
          process.delete()
        },
      })
      if (!transport.connects) return
      const fd = aFile()
      peer.stop()
      for (let i = 0; i < 4; i++) client.sendMessage({ data: 'x', fds: [fd, fd] })
      closeSync(fd)
      peer.continue()
      await firstOf(received)
      await settled()
      cleanUp()
      assert.equal(openDescriptors(), before)
    })

    it('refuses invalid descriptors, and sends nothing', async () => {
      const { client, atServer } = await transport.pair()
      assert.equal(thrown(() => client.sendMessage({ data: 'x', fds: [99_999] })).code, 'EBADF')
      assert.throws(() => client.sendMessage({ data: 'x', fds: [-1] }), { code: 'ERR_OUT_OF_RANGE' })
      assert.throws(() => client.sendMessage({ data: 'x', fds: ['0' as never] }), {
        code: 'ERR_INVALID_ARG_TYPE',
      })
      client.send('after')
      await until(() => atServer.text === 'after', 'what is sent after')
    })

    it('tells who sends, where :passcred asks for it', async function () {
      if (constants.SO_PASSCRED === undefined) this.skip()
      const { filter, received } = noting()
      const { client, peer } = await transport.pair({ filter, passcred: true })
      peer.setOption('passcred', true)
      received.length = 0
      client.send('who?')
      const { info } = await firstOf(received)
      const { pid, uid, gid } = info.credentials ?? {}
      assert.deepEqual(
        { pid, uid, gid },
        { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() },
      )
    })

    if (transport.connects)
      it('sees the end of the connection with :passcred', async function () {
        if (constants.SO_PASSCRED === undefined) this.skip()
        const { client, atServer } = await transport.pair({ filter: noting().filter, passcred: true })
        client.send('x')
        client.delete()
        await atServer.event('connection broken by remote peer\n')
      })

    it('sends credentials that the sender may claim', async function () {
      if (constants.SO_PASSCRED === undefined) this.skip()
      const { filter, received } = noting()
      const { client, peer } = await transport.pair({ filter, passcred: true })
      peer.setOption('passcred', true)
      received.length = 0
      const credentials = {
        pid: process.pid,
        uid: process.getuid?.() as number,
        gid: process.getgid?.() as number,
      }
      client.sendMessage({ data: 'me', credentials })
      assert.deepEqual((await firstOf(received)).info.credentials, credentials)
    })
  })

  it('refuses descriptors without a byte of data on a stream', async () => {
    const { client } = await over('stream', 'local').pair()
    assert.throws(() => client.sendMessage({ data: '', fds: [0] }), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.equal(client.sendMessage({ data: '' }), true)
  })

  it('passes descriptors with an empty packet, which is not taken for the end', async () => {
    for (const type of ['seqpacket', 'datagram'] as const) {
      const taken: number[] = []
      const { client, peer } = await over(type, 'local').pair({
        filter: (_process, _data, { fds }) => {
          taken.push(...fds)
          changed()
        },
      })
      const fd = aFile()
      client.sendMessage({ data: '', fds: [fd] })
      closeSync(fd)
      await until(() => taken.length === 1, 'the descriptor')
      assert.equal(firstByte(taken[0] as number), '{')
      taken.forEach(closeSync)
      assert.equal(peer.status, 'open')
      cleanUp()
    }
  })

  it('passes as many descriptors as the kernel takes, and refuses one more', async () => {
    const { filter, taken } = taking()
    const { client } = await over('seqpacket', 'local').pair({ filter })
    const fd = aFile()
    client.sendMessage({ data: 'many', fds: new Array<number>(253).fill(fd) })
    assert.equal(
      thrown(() => client.sendMessage({ data: 'more', fds: new Array<number>(254).fill(fd) })).code,
      'EINVAL',
    )
    await until(() => taken.length === 253, '253 descriptors')
    taken.forEach(closeSync)
    closeSync(fd)
  })

  it('refuses descriptors on a socket that is not local', async () => {
    const { client, atServer } = await over('stream', 'ipv4').pair()
    try {
      client.sendMessage({ data: 'x', fds: [0] })
      await until(() => atServer.text === 'x', 'the text')
    } catch (error) {
      assert.equal((error as { code: string }).code, 'EINVAL')
    }
  })

  it('refuses invalid messages', async () => {
    const { client } = await over('stream', 'local').pair()
    assert.throws(() => client.sendMessage(undefined as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => client.sendMessage({} as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => client.sendMessage({ data: 'x', address: [127, 0, 0, 1, 1] }), {
      code: 'ERR_NO_DATAGRAM',
    })
    client.delete()
    assert.throws(() => client.sendMessage({ data: 'x' }), { code: 'ERR_PROCESS_NOT_RUNNING' })
  })
})

describe('the address of a message', () => {
  overEvery(
    transport => !transport.connects,
    transport => {
      it('says where one datagram goes, and where it came from', async () => {
        const at = [noting(), noting()]
        const servers = at.map(({ filter }) => transport.server({ filter }))
        const [first, second] = servers.map(server => server.contact('local') as string | number[])
        const sender = servers[0] as NetworkProcess
        sender.sendMessage({ data: 'to the second', address: second })
        const { data, info } = await firstOf(at[1]?.received as Received[])
        assert.equal(data, 'to the second')
        assert.deepEqual(info.address, first)
        const other = servers[1] as NetworkProcess
        other.sendMessage({ data: 'back', address: info.address })
        assert.deepEqual((await firstOf(at[0]?.received as Received[])).data, 'back')
        // send() still goes to the last sender.
        assert.deepEqual(sender.datagramAddress, second)
      })

      it('is refused when it is of another family', () => {
        const server = transport.server()
        const foreign = transport.family === 'ipv4' ? '/tmp/nowhere' : [127, 0, 0, 1, 9]
        assert.throws(() => server.sendMessage({ data: 'x', address: foreign }), {
          code: 'ERR_INVALID_ARG_VALUE',
        })
      })
    },
  )
})

describe('the third parameter of a filter', () => {
  it('is passed with every message to a filter that declares it, and to no other', async () => {
    const transport = over('seqpacket', 'local')
    const counts: number[] = []
    const { client, peer } = await transport.pair({
      filter: (...all: unknown[]) => {
        counts.push(all.length)
        changed()
      },
    })
    client.send('rest')
    await until(() => counts.length === 1, 'the first')
    peer.filter = function (process, data) {
      assert.ok(process === peer && data === 'two')
      counts.push(arguments.length)
      changed()
    }
    client.send('two')
    await until(() => counts.length === 2, 'the second')
    const { filter, received } = noting()
    peer.filter = filter
    client.send('three')
    const { info } = await firstOf(received)
    assert.deepEqual(counts, [3, 2])
    assert.deepEqual([...info.fds], [])
    assert.equal(info.truncated, false)
    assert.equal(info.credentials, undefined)
    assert.equal(info.address, undefined)
  })

  it('can be inspected without taking the descriptors', async () => {
    let seen = ''
    const { client } = await over('seqpacket', 'local').pair({
      filter: (_process, _data, info) => {
        seen = inspect(info)
        changed()
      },
    })
    const before = openDescriptors()
    const fd = aFile()
    client.sendMessage({ data: 'x', fds: [fd] })
    closeSync(fd)
    await until(() => seen !== '', 'the message')
    assert.match(seen, /1 descriptors/)
    assert.equal(openDescriptors(), before)
  })

  it('comes with its descriptors when a stopped process continues', async () => {
    const taken: number[] = []
    const { client, peer } = await over('seqpacket', 'local').pair({
      filter: (process: NetworkProcess, data, { fds }) => {
        taken.push(...fds)
        if (data === 'first') process.stop()
        changed()
      },
    })
    peer.stop()
    const fd = aFile()
    for (const data of ['first', 'second', 'third']) client.sendMessage({ data, fds: [fd] })
    peer.continue()
    await until(() => taken.length === 1, 'the first')
    peer.continue()
    await until(() => taken.length === 3, 'the others')
    taken.forEach(one => assert.equal(firstByte(one), '{'))
    taken.forEach(closeSync)
    closeSync(fd)
  })

  it('has descriptors with lent bytes and with decoded text too', async () => {
    for (const keywords of [{ coding: 'binary', lend: true }, { coding: 'latin-1-dos' }] as const) {
      const taken: number[] = []
      const { client } = await over('stream', 'local').pair({
        ...keywords,
        filter: (_process, _data, { fds }) => {
          taken.push(...fds)
          changed()
        },
      })
      const fd = aFile()
      client.sendMessage({ data: 'x', fds: [fd] })
      await until(() => taken.length === 1, 'the descriptor')
      taken.forEach(one => assert.ok(fstatSync(one).isFile()))
      taken.forEach(closeSync)
      closeSync(fd)
      cleanUp()
    }
  })

  it('says in its flags when the kernel had no room for descriptors', async function () {
    if (!hasDevFd) this.skip()
    over('seqpacket', 'local')
    const { stdout, stderr } = await run(
      `
      import { openSync } from 'node:fs'
      import { constants, encodeAddress, Socket } from 'make-network-process/socket'
      const { peer, one } = await pair({ type: 'seqpacket' }, { type: 'seqpacket' })
      peer.filter = (_, text, { fds, flags }) => {
        console.log(text, fds.length, (flags & constants.MSG_CTRUNC) !== 0)
        process.exit()
      }
      one.sendMessage({ data: 'lost', fds: [0, 1] })
      try { for (;;) openSync('/dev/null') } catch {}
    `,
      ['prlimit', '--nofile=64:64'],
    )
    assert.equal(stdout, 'lost 0 true\n', stderr)
  })
})

describe('NetworkProcess#sendMany()', () => {
  const many: Data[] = Array.from({ length: 300 }, (_, i) =>
    i % 3 === 0
      ? `text ${i} é`
      : i % 3 === 1
        ? Buffer.from(`bytes ${i}`)
        : new DataView(new ArrayBuffer(i % 7)),
  )
  const expected = many.map(one =>
    typeof one === 'string'
      ? one
      : Buffer.from(one.buffer, one.byteOffset, one.byteLength).toString('latin1'),
  )

  overEvery(
    transport => transport.connects || transport.isLocal,
    transport => {
      it('sends all in order', async () => {
        const { client, atServer } = await transport.pair()
        client.sendMany(many)
        if (transport.keepsBounds) {
          await atServer.messages(many.length)
          assert.deepEqual(atServer.data, expected)
        } else await until(() => atServer.text === expected.join(''), 'everything')
      })

      it('queues what the kernel does not take, behind what is queued already', async () => {
        const { client, peer, atServer } = await transport.pair()
        peer.stop()
        const all: string[] = []
        const batch = () => Array.from({ length: 100 }, (_, i) => `${all.length} ${i} ${'-'.repeat(1000)}`)
        for (let more = true; more; all.push('')) {
          const messages = batch()
          more = client.sendMany(messages)
          all.push(...messages)
        }
        client.send('the last')
        assert.ok(client.stats().queued > 0)
        peer.continue()
        const text = all.join('') + 'the last'
        await until(() => atServer.text.length >= text.length, 'everything')
        assert.equal(atServer.text, text)
      })
    },
  )

  overEvery(
    transport => transport.keepsBounds && (transport.connects || transport.isLocal),
    transport => {
      it('keeps the boundaries of packets of every length, whether they are copied or not', async () => {
        const { client, atServer } = await transport.pair({ coding: 'binary' }, { coding: 'binary' })
        const lengths = [1, 0, 255, 256, 257, 4095, 4096, 4097, 0, 30_000, 1, 16_384, 60_000, 256, 2]
        const packets = lengths.map((length, i) =>
          i % 2 === 0 ? Buffer.alloc(length, i) : String.fromCharCode(97 + i).repeat(length),
        )
        const bytes = packets.map(packet => Buffer.from(packet as string))
        for (let round = 0; round < 3; round++) {
          client.sendMany(packets)
          for (const packet of packets) client.send(packet)
        }
        const received = (await atServer.messages(6 * packets.length)) as Buffer[]
        assert.ok(received.every((message, i) => message.equals(bytes[i % bytes.length] as Buffer)))
      })
    },
  )

  // The kernel takes a run of datagrams of one length as one.
  const runs = [9, 9, 9, 4, 9, 9, 0, 9, 700, 700, 700, 700, 1, 1, 2, 30_000, 30_000, 5, 0, 0, 65_000, 3]

  overEvery(
    transport => transport.keepsBounds && !transport.connects && !transport.isLocal,
    transport => {
      it('keeps the boundaries of datagrams, sent to the peer and to an address', async () => {
        const { client, peer, atServer, atClient } = await transport.pair(
          { coding: 'binary' },
          { coding: 'binary' },
        )
        const packets = runs.map((length, i) => Buffer.alloc(length, i))
        for (const [sender, seen] of [
          [client, atServer],
          [peer, atClient],
        ] as const) {
          const before = sender.stats().messagesWritten
          assert.equal(sender.sendMany(packets), true)
          const received = (await seen.messages(packets.length)) as Buffer[]
          received.forEach((message, i) => assert.ok(message.equals(packets[i] as Buffer), `datagram ${i}`))
          assert.equal(sender.stats().messagesWritten - before, packets.length)
        }
      })

      it('says how many datagrams were sent before one that cannot be', async () => {
        const { client, atServer } = await transport.pair()
        const error = thrown(() => client.sendMany(['one', 'two', '-'.repeat(70_000), 'never']))
        assert.equal(error.code, 'EMSGSIZE')
        assert.equal(error.sent, 2)
        await atServer.messages(2)
        assert.deepEqual(atServer.data, ['one', 'two'])
      })
    },
  )

  it('sends runs of datagrams, each longer than the MTU', async function () {
    const small = ['unshare', ...inNetwork, 'sh', '-c', 'ip link set lo mtu 1500 up && exec "$@"', 'sh']
    if ((await run('', small)).status !== 0) this.skip()
    const { stdout, stderr } = await run(
      `
      const lengths = [], sent = []
      const server = makeNetworkProcess({ name: 'server', type: 'datagram', server: true, family: 'ipv4',
        service: true, coding: 'binary', filter: (_, data) => lengths.push(data.length) })
      const client = makeNetworkProcess({ name: 'client', type: 'datagram', family: 'ipv4',
        service: server.contact('service') })
      for (const length of [1000, 2000, 1500, 1472, 1000]) {
        const many = Array(9).fill(Buffer.alloc(length))
        client.sendMany(many)
        sent.push(...many.map(() => length))
        while (acceptProcessOutput(server, 0.2));
      }
      console.log(String(lengths) === String(sent))
      process.exit()
    `,
      small,
    )
    assert.equal(stdout, 'true\n', stderr)
  })

  it('sends nothing of an empty array', async () => {
    const { client } = await over('seqpacket', 'local').pair()
    assert.equal(client.sendMany([]), true)
  })

  it('says how many packets were sent before one that cannot be', async () => {
    const { client, atServer } = await over('seqpacket', 'local').pair()
    const error = thrown(() => client.sendMany(['one', 'two', Buffer.alloc(64 * 1024 * 1024), 'never']))
    assert.equal(error.code, 'EMSGSIZE')
    assert.equal(error.sent, 2)
    await atServer.messages(2)
    assert.deepEqual(atServer.data, ['one', 'two'])
  })

  it('sends long strings, raw bytes and other coding systems', async () => {
    const { client, peer, atServer } = await over('seqpacket', 'local').pair()
    const messages = ['é'.repeat(20_000), '\udcff\udc80', 'x'.repeat(40_000)]
    client.sendMany(messages)
    await atServer.messages(3)
    assert.deepEqual(atServer.data, messages)
    client.codingSystem = peer.codingSystem = 'latin-1'
    client.sendMany(['é', 'ü'])
    await atServer.messages(5)
    assert.deepEqual(atServer.data.slice(3), ['é', 'ü'])
  })

  it('refuses anything but an array, and invalid items before it sends any', async () => {
    const { client, atServer } = await over('seqpacket', 'local').pair()
    assert.throws(() => client.sendMany('text' as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => client.sendMany(['one', 2 as never]), { code: 'ERR_INVALID_ARG_TYPE' })
    client.send('first')
    await atServer.messages(1)
    assert.deepEqual(atServer.data, ['first'])
  })

  it('goes on after a datagram that was refused, and reports it', async () => {
    const server = make({ name: 's', type: 'datagram', server: true, family: 'ipv4', service: true })
    const service = server.contact('service') as number
    const client = over('datagram', 'ipv4').client(server)
    server.delete()
    assert.equal(client.contact('service'), service)
    // The kernel reports the refusal of the first to the next call, which then sends nothing.
    client.send('refused')
    let refused = 0
    client.sentinel = (_process, event) => {
      if (event.startsWith('datagram failed')) refused++
      changed()
    }
    await settled()
    client.sendMany(['one', 'two'])
    await until(() => refused > 0, 'the refusal')
    assert.equal(client.status, 'open')
  })
})

describe('send() of an array', () => {
  overEvery(
    () => true,
    transport => {
      it('is one packet', async () => {
        const { client, atServer } = await transport.pair()
        client.send(['a', Buffer.from('b'), new Uint16Array([0x6463])])
        await until(() => atServer.text === 'abcd', 'all parts')
        if (transport.keepsBounds) assert.equal(atServer.data.length, 1)
      })
    },
  )

  it('refuses a part that cannot be sent', async () => {
    const { client } = await over('stream', 'local').pair()
    assert.throws(() => client.send(['a', 1 as never]), { code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe(':high-water-mark', () => {
  overEvery(
    transport => transport.connects,
    transport => {
      it('is how many bytes send() queues before it returns false', async () => {
        const mark = 100_000
        const { client, peer, atServer } = await transport.pair({}, { highWaterMark: mark })
        peer.stop()
        let sent = 0
        do sent += 1000
        while (client.send('-'.repeat(1000)))
        assert.ok(client.writableLength >= mark)
        assert.ok(client.writableLength < mark + 1000)
        const drained = client.drained
        peer.continue()
        await drained
        assert.ok(client.writableLength < mark)
        await until(() => atServer.text.length === sent, 'everything')
      })
    },
  )

  it('is refused when it is not a number of bytes', () => {
    const keywords = {
      name: 'x',
      type: 'datagram',
      server: true,
      family: 'local',
      service: socketFile(),
    } as const
    for (const highWaterMark of [-1, 1.5, NaN])
      assert.throws(() => make({ ...keywords, highWaterMark }), { code: 'ERR_OUT_OF_RANGE' })
    assert.throws(() => make({ ...keywords, highWaterMark: '1' as never }), { code: 'ERR_INVALID_ARG_TYPE' })
  })
})
