// Process buffers: what the default filter and the default sentinel insert and where, and what killing a buffer does
// to its processes.

import assert from 'node:assert/strict'
import {
  acceptProcessOutput,
  defaultFilter,
  defaultSentinel,
  processList,
  TextBuffer,
  type NetworkProcess,
} from 'make-network-process'
import { cleanUp, make, settled, witness } from './support.js'
import { over, overEvery } from './transports.js'

let buffers: TextBuffer[] = []
const buffer = (name = 'buffer') => {
  const made = TextBuffer.new(name)
  buffers.push(made)
  return made
}

afterEach(() => {
  cleanUp()
  for (const made of buffers) made.kill()
  buffers = []
})

const until = async (condition: () => boolean) => {
  while (!condition()) await settled()
}

describe('the default filter', () => {
  overEvery(
    () => true,
    transport => {
      it('inserts output at the process mark, and advances the mark', async () => {
        const output = buffer()
        output.insert(0, 'before|after')
        const { client, peer } = await transport.pair()
        peer.filter = null
        peer.buffer = output
        assert.equal(peer.mark, 12)
        peer.mark = 7
        client.send('ä')
        client.send('b')
        await until(() => output.length === 14)
        assert.equal(String(output), 'before|äbafter')
        assert.equal(peer.mark, 9)
      })
    },
  )

  it('inserts bytes as raw-byte characters, which are sent back as the same bytes', async () => {
    const output = buffer()
    const { client, peer, atClient } = await over('stream', 'local').pair(
      { coding: 'binary' },
      { coding: 'binary' },
    )
    peer.filter = null
    peer.buffer = output
    client.send(Buffer.from('caf\xc3\xa9\xff', 'latin1'))
    await until(() => output.length === 6)
    assert.equal(String(output), 'caf\udcc3\udca9\udcff')
    peer.send(String(output))
    await until(() => atClient.bytes.length === 6)
    assert.deepEqual(atClient.bytes, Buffer.from('caf\xc3\xa9\xff', 'latin1'))
  })

  it('is the filter of a process that is given none, or nil', async () => {
    const server = make({ name: 's', server: true, service: true })
    assert.equal(server.filter, defaultFilter)
    assert.equal(server.sentinel, defaultSentinel)
    server.filter = () => {}
    server.filter = null
    server.sentinel = () => {}
    server.sentinel = undefined
    assert.equal(server.filter, defaultFilter)
    assert.equal(server.sentinel, defaultSentinel)
    assert.throws(() => (server.filter = 5 as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => (server.sentinel = true as never), { code: 'ERR_INVALID_ARG_TYPE' })
  })

  it('gives each connection of a server its own buffer, named after the server’s', async () => {
    const seen = witness()
    const { sentinel, log } = seen.callbacks
    const server = over('stream', 'local').server({ buffer: 'output', sentinel, log })
    const client = over('stream', 'local').client(server)
    const peer = await seen.connection()
    client.send('x')
    assert.equal(acceptProcessOutput(peer, 5), true)
    const [own] = [peer.buffer as TextBuffer]
    buffers.push(own, TextBuffer.named('output'))
    assert.match(own.name, /^output <\d+>$/)
    assert.equal(String(own), 'x')
    assert.equal(String(TextBuffer.get('output')), '')
  })

  it('discards output when there is no buffer, or a dead one', async () => {
    const { client, peer } = await over('stream', 'local').pair()
    const output = buffer()
    peer.filter = null
    client.send('x')
    assert.equal(acceptProcessOutput(peer, 5), true)
    const dead = { name: 'dead', live: false, length: 0, insert: () => assert.fail('inserted') }
    peer.buffer = dead
    client.send('y')
    assert.equal(acceptProcessOutput(peer, 5), true)
    peer.buffer = output
    assert.equal(String(output), '')
  })

  it('shifts the marks of the buffer’s other processes that lie behind the inserted text', async () => {
    const output = buffer()
    output.insert(0, '0123456789')
    const pairs = await Promise.all([1, 2, 3].map(() => over('seqpacket', 'local').pair()))
    const peers = pairs.map(({ peer }) => peer) as [NetworkProcess, NetworkProcess, NetworkProcess]
    peers.forEach((peer, i) => {
      peer.filter = null
      peer.buffer = output
      peer.mark = 2 + 3 * i
    })
    pairs[1]?.client.send('abc')
    await until(() => output.length === 13)
    assert.equal(String(output), '01234abc56789')
    assert.deepEqual(
      peers.map(({ mark }) => mark),
      [2, 8, 11],
    )
  })

  it('moves other marks at the insertion point past its text, which the default sentinel does not', async () => {
    const output = buffer()
    const pairs = await Promise.all([1, 2].map(() => over('seqpacket', 'local').pair()))
    const [one, two] = pairs.map(({ peer }) => peer) as [NetworkProcess, NetworkProcess]
    for (const peer of [one, two]) {
      peer.filter = peer.sentinel = null
      peer.buffer = output
    }
    defaultFilter(one, 'abc')
    assert.deepEqual([one.mark, two.mark], [3, 3])
    one.delete()
    assert.equal(String(output), `abc\nProcess ${one.name} deleted\n`)
    assert.deepEqual([one.mark, two.mark], [output.length, 3])
  })

  it('keeps the mark when the same buffer is set again, and takes only objects as buffers', async () => {
    const output = buffer()
    const { peer } = await over('seqpacket', 'local').pair()
    peer.buffer = output
    output.insert(0, 'typed')
    peer.buffer = output
    assert.equal(peer.mark, 0)
    peer.buffer = null
    peer.buffer = output
    assert.equal(peer.mark, 5)
    for (const wrong of ['output', 5, true, {}])
      assert.throws(() => (peer.buffer = wrong as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.equal(peer.buffer, output)
  })

  it('inserts into any object with the interface of a buffer', async () => {
    const inserted: [number, string][] = []
    const like = {
      name: 'mine',
      live: true,
      length: 7,
      insert(position: number, text: string) {
        inserted.push([position, text])
        this.length += text.length
      },
    }
    const { client } = await over('seqpacket', 'local').pair({}, { buffer: like, filter: null })
    client.sentinel(client, 'x\n')
    assert.deepEqual(inserted, [])
    defaultFilter(client, 'abc')
    defaultFilter(client, Buffer.from([0xe4]))
    assert.deepEqual(inserted, [
      [7, 'abc'],
      [10, '\udce4'],
    ])
  })
})

describe('the default sentinel', () => {
  it('inserts a line for every event but open', async () => {
    const output = buffer()
    const { client, peer } = await over('stream', 'local').pair({}, { buffer: output, sentinel: null })
    defaultSentinel(client, 'open\n')
    assert.equal(String(output), '')
    peer.delete()
    await until(() => output.length > 0)
    assert.equal(String(output), '\nProcess client connection broken by remote peer\n')
    const server = make({ name: 's', server: true, service: true, buffer: output })
    server.delete()
    assert.equal(String(output), '\nProcess client connection broken by remote peer\n\nProcess s deleted\n')
  })
})

describe('TextBuffer', () => {
  it('is found and made by its name', () => {
    const made = buffer('b')
    assert.equal(TextBuffer.get('b'), made)
    assert.equal(TextBuffer.named('b'), made)
    assert.equal(buffer('b').name, 'b<2>')
    assert.equal(TextBuffer.get('nobody'), undefined)
    const server = make({ name: 's', server: true, service: true, buffer: 'made' })
    buffers.push(TextBuffer.named('made'))
    assert.equal(server.buffer, TextBuffer.get('made'))
    assert.equal(server.contact('buffer'), 'made')
  })

  it('has a name that is text', () => {
    const wrongType = { code: 'ERR_INVALID_ARG_TYPE', message: /buffer's name/ }
    for (const wrong of [12, null, undefined] as never[]) {
      assert.throws(() => TextBuffer.named(wrong), wrongType)
      assert.throws(() => TextBuffer.new(wrong), wrongType)
    }
    assert.throws(() => TextBuffer.new(''), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => make({ name: 's', server: true, service: true, buffer: '' }), /buffer's name/)
    assert.deepEqual(processList(), [])
  })

  it('deletes its processes when it is killed, while it still has its text', async () => {
    const output = buffer()
    output.insert(0, 'text')
    const seen: string[] = []
    const sentinel = (process: NetworkProcess, event: string) =>
      void seen.push(`${process.name} ${event.trim()}, ${output.live}, ${String(output).startsWith('text')}`)
    const servers = [1, 2].map(() =>
      make({ name: 's', server: true, service: true, buffer: output, sentinel }),
    )
    const other = make({ name: 'o', server: true, service: true })
    output.kill()
    assert.deepEqual(
      servers.map(({ status }) => status),
      ['closed', 'closed'],
    )
    assert.equal(other.status, 'listen')
    assert.deepEqual(seen.sort(), ['s deleted, true, true', 's<1> deleted, true, true'])
    assert.equal(output.live, false)
    assert.equal(TextBuffer.get('buffer'), undefined)
    output.insert(0, 'x')
    output.kill()
    assert.equal(String(output), '')
  })
})
