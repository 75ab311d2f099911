// What a worker thread is doing when it ends: sockets, look-ups and queued data of every kind. How it ends is said
// by workerData, or by the main thread, which waits for 'ready'.

import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { acceptProcessOutput, makeNetworkProcess, processList } from 'make-network-process'
import { constants } from 'make-network-process/socket'

const { work, end, folder, packets } = workerData
let count = 0
const local = () => `${folder}/${count++}`
const pair = (server = {}, client = {}) => {
  const name = local()
  let peer
  const listener = makeNetworkProcess({
    name: 's',
    server: true,
    family: 'local',
    service: name,
    ...server,
    log: (_, one) => (peer = one),
  })
  const one = makeNetworkProcess({ name: 'c', family: 'local', service: name, ...client })
  while (peer === undefined) acceptProcessOutput()
  return { listener, peer, one }
}

const works = {
  nothing() {},
  sockets() {
    for (const type of ['stream', packets]) pair({ type }, { type })
    makeNetworkProcess({ name: 'd', type: 'datagram', server: true, family: 'ipv4', service: true })
    const { AF_NETLINK: family } = constants
    if (family !== undefined)
      makeNetworkProcess({ name: 'n', type: 'datagram', remote: { family, data: new Uint8Array(10) } })
  },
  lookUps() {
    for (let i = 0; i < 10; i++)
      makeNetworkProcess({ name: 'l', nowait: true, host: 'localhost', service: 9, sentinel() {} })
  },
  connections() {
    pair()
    for (let i = 0; i < 10; i++)
      makeNetworkProcess({ name: 'l', nowait: true, remote: [127, 0, 0, 1, 9], sentinel() {} })
  },
  queues() {
    const { one } = pair({ filter: true })
    while (one.send(Buffer.alloc(65536)));
    const other = pair({ filter: true })
    while (other.one.send(Buffer.alloc(65536)));
    other.one.delete()
  },
  // With messages that are in the kernel's queue, in the sender's, and read but not delivered.
  descriptors() {
    const file = openSync(fileURLToPath(import.meta.url))
    const message = { data: Buffer.alloc(1000), fds: [file, file] }
    const [stopped, held] = [1, 2].map(() =>
      pair({ type: packets, filter: (...message) => message[0].stop() }, { type: packets }),
    )
    stopped.peer.stop()
    while (stopped.one.sendMessage(message));
    while (held.peer.stats().undelivered === 0) {
      held.peer.stop()
      for (let i = 0; i < 3; i++) held.one.sendMessage(message)
      held.peer.continue()
      acceptProcessOutput(held.peer, 0)
    }
    closeSync(file)
  },
  async traffic() {
    const echo = (process, data) => void process.send(data)
    for (const [server, client] of [
      [{}, {}],
      [{ coding: 'binary' }, { coding: 'binary' }],
      [{}, { coding: 'latin-1' }],
    ]) {
      const { one } = pair({ filter: echo, ...server }, { filter: echo, ...client })
      one.send('x'.repeat(1000))
    }
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
  },
}

await works[work]()
if (end === 'exit in a filter') {
  const { one } = pair({ filter: () => process.exit(3) })
  one.send('x')
} else if (end === 'throw in a filter') {
  const { one } = pair({
    filter() {
      throw new Error('in a filter')
    },
  })
  one.send('x')
}
parentPort.postMessage('ready')
if (end === 'exit') process.exit(3)
if (end === 'by itself') for (const one of processList()) one.delete()
if (end === 'with sockets that do not count') for (const one of processList()) one.unref()
