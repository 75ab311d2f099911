// Sockets that the epoll set refuses because it has no room left: their owner is told, instead of waiting for ever or
// getting an uncaught exception.

import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { native } from '../../dist/native.js'
import { cleanUp, finallyDo, make, socketFile, thrown, uncaught, witness } from './support.js'

afterEach(cleanUp)

const { ENOSPC } = constants.errno

/** Makes the epoll set refuse every socket; gives a function that ends that. */
function fillSet(): () => void {
  const configure = native.configure.bind(native)
  const setInterest = native.setInterest.bind(native)
  native.configure = (...args) => (args[6] === 0 ? configure(...args) : -ENOSPC)
  native.setInterest = (id, interest) => (interest === 0 ? setInterest(id, interest) : -ENOSPC)
  const end = () => Object.assign(native, { configure, setInterest })
  finallyDo(end)
  return end
}

/** A local server, and what it and its connections hear. */
function serve() {
  const seen = witness()
  const service = socketFile()
  const server = make({ name: 'server', server: true, family: 'local', service, ...seen.callbacks })
  return { server, seen, connect: { family: 'local', service } as const }
}

describe('an epoll set without room', () => {
  it('makes makeNetworkProcess() throw', () => {
    const { connect } = serve()
    fillSet()
    assert.equal(thrown(() => make({ name: 'client', ...connect })).message, 'epoll_ctl ENOSPC')
    assert.equal(thrown(() => serve()).message, 'epoll_ctl ENOSPC')
  })

  it('fails an asynchronous connect', async () => {
    const { connect } = serve()
    const seen = witness()
    fillSet()
    const client = make({ name: 'client', ...connect, nowait: true, ...seen.callbacks })
    await seen.event(`failed with code ${ENOSPC}\n`)
    await assert.rejects(client.opened, { code: 'ENOSPC' })
  })

  it('fails an asynchronous connect after it has connected', async () => {
    const { connect } = serve()
    const seen = witness()
    const client = make({ name: 'client', ...connect, nowait: true, ...seen.callbacks })
    fillSet()
    await seen.event(`failed with code ${ENOSPC}\n`)
    assert.equal(client.status, 'failed')
    await assert.rejects(client.opened, { message: 'epoll_ctl ENOSPC' })
    assert.deepEqual(seen.events, [`failed with code ${ENOSPC}\n`])
  })

  it('ends an accepted connection, and not the program', async () => {
    const { seen, connect } = serve()
    const peer = witness()
    make({ name: 'client', ...connect, ...peer.callbacks })
    const errors = await uncaught(async () => {
      fillSet()
      await seen.event('connection broken by remote peer\n')
      await peer.event('connection broken by remote peer\n')
    })
    assert.deepEqual(errors, [])
  })

  it('ends a stopped connection when it continues, and a loop says why', async () => {
    const { connect } = serve()
    const client = make({ name: 'client', ...connect })
    client.stop()
    const loop = client[Symbol.asyncIterator]().next()
    fillSet()
    client.continue()
    await assert.rejects(loop, { message: 'epoll_ctl ENOSPC' })
  })

  it('loses nothing that is queued when the process is deleted', async () => {
    const { seen, connect } = serve()
    const client = make({ name: 'client', ...connect })
    await seen.connection()
    const text = 'x'.repeat(3_000_000)
    client.send(text)
    assert.ok(client.writableLength > 0)
    client.stop()
    fillSet()
    client.delete()
    await seen.event('connection broken by remote peer\n')
    assert.equal(seen.text.length, text.length)
  })

  it('makes a server pause, and tell its log', async () => {
    const { server, seen, connect } = serve()
    server.stop()
    const end = fillSet()
    server.continue()
    assert.deepEqual(seen.log, [`accept failed with code${ENOSPC}\n`])
    end()
    make({ name: 'client', ...connect })
    await seen.connection()
  })

  it('does not call the log again when it continues its server', () => {
    const service = socketFile()
    let heard = 0
    const server = make({
      name: 'server',
      server: true,
      family: 'local',
      service,
      log: () => {
        heard++
        server.continue()
      },
    })
    server.stop()
    fillSet()
    server.continue()
    assert.equal(heard, 1)
  })
})
