// A process's descriptor given away by detach() and taken by :adopt, in this thread, in a worker and in another
// program; and that nothing is lost on the way.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { NetworkProcess } from 'make-network-process'
import { constants, encodeAddress, Socket } from 'make-network-process/socket'
import { changed, cleanUp, finallyDo, make, settled, socketFile, thrown, until, witness } from './support.js'
import { over, overEvery } from './transports.js'

afterEach(cleanUp)

describe('NetworkProcess#detach() and :adopt', () => {
  overEvery(
    () => true,
    transport => {
      it('move a client', async () => {
        const { client, atServer } = await transport.pair()
        const heard = witness()
        client.sentinel = heard.callbacks.sentinel
        const remote = client.contact('remote')
        const fd = client.detach()
        assert.equal(client.status, 'closed')
        assert.deepEqual(heard.events, ['deleted\n'])
        const adopted = make({ name: 'adopted', adopt: fd, ...heard.callbacks })
        assert.equal(adopted.fd, fd)
        assert.deepEqual(adopted.contact('remote'), remote)
        adopted.send('from the new one')
        await until(() => atServer.text === 'from the new one', 'the message')
      })

      it('move a server', async () => {
        const server = transport.server()
        const address = server.contact('local')
        const fd = server.detach()
        const seen = witness()
        const adopted = make({ name: 'adopted', adopt: fd, server: true, ...seen.callbacks })
        assert.deepEqual(adopted.contact('local'), address)
        assert.equal(adopted.status, transport.connects ? 'listen' : 'open')
        transport.client(adopted).send('hello')
        await until(() => seen.text === 'hello', 'the message')
      })
    },
  )

  overEvery(
    transport => transport.connects,
    transport => {
      it('make a server of a listening socket without :server', () => {
        const fd = transport.server().detach()
        assert.equal(make({ name: 'adopted', adopt: fd }).status, 'listen')
      })

      it('move a connection that has just been accepted, with what it has already been sent', async () => {
        const seen = witness()
        const server = transport.server({
          log: (_server, connection) => {
            const fd = (connection as NetworkProcess).detach()
            make({ name: 'adopted', adopt: fd, ...seen.callbacks })
          },
        })
        transport.client(server).send('early')
        await until(() => seen.text === 'early', 'the message')
      })

      it('give a connection to a worker', async () => {
        const worker = new Worker(new URL('hand-over-worker.mjs', import.meta.url))
        finallyDo(() => void worker.terminate())
        await once(worker, 'message')
        const server = transport.server({
          log: (_server, connection) => worker.postMessage(connection?.detach()),
        })
        const seen = witness()
        transport.client(server, seen.callbacks).send('to the worker')
        await until(() => seen.text === 'worker: to the worker', 'its answer')
      })
    },
  )

  it('give a listening socket to another program, which goes on accepting', async () => {
    over('seqpacket', 'local')
    const tcp = make({ name: 'tcp', server: true, service: true, host: 'local' })
    const service = tcp.contact('service') as number
    const path = socketFile()
    const gate = make({
      name: 'gate',
      type: 'seqpacket',
      server: true,
      family: 'local',
      service: path,
      sentinel: (process, event) => {
        if (event.startsWith('open')) process.sendMessage({ data: 'listen', fds: [tcp.fd] })
        else changed()
      },
    })
    const program = fileURLToPath(new URL('../../examples/hand-over.mjs', import.meta.url))
    const child = spawn(process.execPath, [program, 'take', path], { stdio: ['ignore', 'pipe', 'inherit'] })
    finallyDo(() => child.kill())
    await once(child.stdout, 'data')
    tcp.delete()
    const seen = witness()
    make({ name: 'client', host: '127.0.0.1', service, ...seen.callbacks }).send('hello')
    await until(() => seen.text.includes('hello'), 'the answer of the other program')
    gate.delete()
  })

  it('do not detach a process while output is queued', async () => {
    const { client, peer } = await over('stream', 'local').pair()
    peer.stop()
    while (client.send('-'.repeat(10_000)));
    assert.equal(thrown(() => client.detach()).code, 'ERR_PROCESS_BUSY')
    assert.equal(client.status, 'open')
  })

  it('do not detach a process while a part of a character waits for the rest', async () => {
    for (const coding of ['utf-8-unix', 'utf-8-dos']) {
      const { client, peer, atServer } = await over('stream', 'local').pair({ coding })
      client.send(Buffer.of(0x61, 0xc3))
      await until(() => atServer.text === 'a', 'the first character')
      assert.equal(thrown(() => peer.detach()).code, 'ERR_PROCESS_BUSY')
      client.send(Buffer.of(0xa9))
      await until(() => atServer.text === 'aé', 'the second character')
      closeSync(peer.detach())
      cleanUp()
    }
  })

  it('do not detach a process while messages are held because it is stopped', async () => {
    const seen: string[] = []
    const { client, peer } = await over('seqpacket', 'local').pair({
      filter: (process, data) => {
        seen.push(String(data))
        process.stop()
        if (seen.length === 1) assert.equal(thrown(() => process.detach()).code, 'ERR_PROCESS_BUSY')
        changed()
      },
    })
    peer.stop()
    for (const text of ['one', 'two', 'three']) client.send(text)
    peer.continue()
    await until(() => seen.length === 1, 'the first')
    await settled()
    if (peer.stats().undelivered > 0) assert.equal(thrown(() => peer.detach()).code, 'ERR_PROCESS_BUSY')
    assert.equal(peer.status, 'stop')
  })

  it('do not detach a process that has ended', async () => {
    const { client } = await over('stream', 'local').pair()
    client.sendEof()
    assert.equal(thrown(() => client.detach()).code, 'ERR_PROCESS_BUSY')
    client.delete()
    assert.equal(thrown(() => client.detach()).code, 'ERR_PROCESS_NOT_RUNNING')
  })

  it('leave a descriptor that cannot be adopted alone', async () => {
    const file = openSync('package.json', 'r')
    finallyDo(() => closeSync(file))
    assert.equal(thrown(() => make({ name: 'x', adopt: file })).code, 'ENOTSOCK')
    assert.equal(thrown(() => make({ name: 'x', adopt: 99_999 })).code, 'EBADF')
    assert.equal(thrown(() => make({ name: 'x', adopt: -1 })).code, 'ERR_OUT_OF_RANGE')
    assert.equal(thrown(() => make({ name: 'x', adopt: '3' as never })).code, 'ERR_INVALID_ARG_TYPE')
    const { client } = await over('stream', 'local').pair()
    const owned = thrown(() => make({ name: 'x', adopt: client.fd }))
    assert.equal(owned.code, 'EEXIST')
    assert.match(owned.message, /belongs to a Socket or a process/)
    const fd = client.detach()
    assert.equal(
      thrown(() => make({ name: 'x', adopt: fd, type: 'seqpacket' })).code,
      'ERR_INVALID_ARG_VALUE',
    )
    assert.equal(
      thrown(() => make({ name: 'x', adopt: fd, filter: 1 as never })).code,
      'ERR_INVALID_ARG_TYPE',
    )
    assert.equal(make({ name: 'x', adopt: fd, type: 'stream' }).status, 'open')
  })

  overEvery(
    () => true,
    transport => {
      it('leave the descriptor open after an error, so that it can be adopted again', async () => {
        const { client, atServer } = await transport.pair()
        const adopt = client.detach()
        const wrong = [
          [{ coding: 'nonsense' }, 'ERR_UNKNOWN_CODING_SYSTEM'],
          [{ coding: 'nonsense', nowait: true }, 'ERR_UNKNOWN_CODING_SYSTEM'],
          [{ linger: 'long' }, 'ERR_INVALID_ARG_TYPE'],
          [{ bindtodevice: 'there-is-no-such' }, undefined],
          [{ signal: AbortSignal.abort() }, undefined],
        ] as const
        for (const [keywords, code] of wrong) {
          const error = thrown(() => make({ name: 'x', adopt, ...keywords } as never))
          if (code !== undefined) assert.equal(error.code, code)
        }
        make({ name: 'x', adopt }).send('still here')
        await atServer.messages(1)
        assert.equal(atServer.text, 'still here')
      })
    },
  )

  it('adopts an unconnected datagram socket as a server', async () => {
    const socket = new Socket(constants.AF_INET, constants.SOCK_DGRAM)
    socket.bind(encodeAddress([127, 0, 0, 1, 0]))
    const server = make({
      name: 's',
      adopt: socket.detach(),
      filter: (server, text) => server.send([text, '!']),
    })
    assert.equal(server.contact('server'), true)
    const seen = witness()
    make({ name: 'c', type: 'datagram', remote: server.contact('local'), ...seen.callbacks }).send('who')
    await seen.messages(1)
    assert.equal(seen.text, 'who!')
    const stream = new Socket(constants.AF_INET, constants.SOCK_STREAM).detach()
    finallyDo(() => closeSync(stream))
    assert.equal(thrown(() => make({ name: 'x', adopt: stream })).code, 'ENOTCONN')
  })

  it('adopt the descriptor of a Socket, and report open under :nowait', async () => {
    const [left, right] = Socket.pair(constants.AF_UNIX, constants.SOCK_STREAM)
    finallyDo(() => right.close())
    const seen = witness()
    const adopted = make({ name: 'pair', adopt: left.detach(), nowait: true, ...seen.callbacks })
    assert.equal(adopted.status, 'connect')
    await seen.event('open\n')
    right.send(Buffer.from('hello'))
    await seen.messages(1)
  })
})

describe('NetworkProcess#stats()', () => {
  overEvery(
    transport => transport.keepsBounds && transport.answers,
    transport => {
      it('counts bytes, messages and connections', async () => {
        const { client, peer, server, atServer, atClient } = await transport.pair()
        const before = peer.stats()
        client.sendMany(['one', 'three'])
        client.send('é')
        await atServer.messages(3)
        peer.send(['ans', 'wer'])
        await atClient.messages(1)
        const { bytesRead, messagesRead, outputs } = peer.stats()
        assert.equal(bytesRead - before.bytesRead, 10)
        assert.equal(messagesRead - before.messagesRead, 3)
        assert.equal(outputs - before.outputs, 3)
        assert.equal(peer.stats().bytesWritten, 6)
        assert.equal(peer.stats().messagesWritten, 1)
        assert.equal(client.stats().messagesRead, 1)
        assert.equal(server.stats().accepted, transport.connects ? 1 : 0)
        client.delete()
        assert.equal(client.stats().messagesWritten, transport.connects ? 3 : 4, 'kept when it has ended')
      })
    },
  )
})
