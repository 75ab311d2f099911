// Accepting connections in several processes (npm run bench:cluster): our servers on a port that they share by
// SO_REUSEPORT, against node:net's under node:cluster, whose primary process distributes connections. One run measures
// all, in rotated order; the ratios are medians of the ratios of each round. If the clients have to share the processors
// with the servers, the servers' CPU time says more than the connections per second.
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import net from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { makeNetworkProcess } from 'make-network-process'
import { constants, decodeAddress, encodeAddress, poll, Socket } from 'make-network-process/socket'
import { median } from './statistics.mjs'

const rounds = 5
const milliseconds = 1000
const atOnce = 32
const file = fileURLToPath(import.meta.url)
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}

// ---- a worker: greets each connection with one byte ---------------------------------------------------------------

function serve(kind, port) {
  if (kind === 'ours') {
    const sentinel = (connection, event) => event.startsWith('open from') && connection.send('x')
    makeNetworkProcess({ name: 's', server: 511, service: port, reuseport: true, sentinel, log() {} })
    process.send('listening')
  } else {
    const server = net.createServer(connection => connection.on('error', () => {}).write('x'))
    server.listen(port, '127.0.0.1', () => process.send('listening'))
  }
  process.on('message', () => process.send(cpu()))
}

// ---- the clients: as many connections as there is time for, each reset when it was greeted ---------------------------

function connectTo(port) {
  const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_LINGER, POLLIN } = constants
  const address = encodeAddress([127, 0, 0, 1, port])
  const lingerNot = Int32Array.of(1, 0)
  const byte = Buffer.alloc(1)
  const open = () => {
    const socket = new Socket(AF_INET, SOCK_STREAM)
    socket.setsockopt(SOL_SOCKET, SO_LINGER, lingerNot)
    try {
      socket.connect(address)
    } catch (error) {
      if (error.code !== 'EINPROGRESS') throw error
    }
    return { socket, events: POLLIN }
  }
  let entries = Array.from({ length: atOnce }, open)
  let greeted = 0
  const end = performance.now() + milliseconds
  while (entries.length > 0) {
    poll(entries, 1000)
    entries = entries.flatMap(entry => {
      if (entry.revents === 0) return entry
      entry.socket.recv(byte)
      entry.socket.close()
      greeted++
      return performance.now() < end ? open() : []
    })
  }
  process.send(greeted)
}

// ---- the primary process ------------------------------------------------------------------------------------------

async function measure(kind, count) {
  const reserved = new Socket(constants.AF_INET, constants.SOCK_STREAM)
  reserved.setsockopt(constants.SOL_SOCKET, constants.SO_REUSEPORT, true)
  reserved.bind(encodeAddress([127, 0, 0, 1, 0]))
  const port = decodeAddress(reserved.getsockname()).at(-1)
  // Node's primary process listens itself, without SO_REUSEPORT.
  if (kind === 'net') reserved.close()
  const workers = Array.from({ length: count }, () => cluster.fork({ KIND: kind, PORT: port }))
  await Promise.all(workers.map(worker => once(worker, 'message')))
  const usage = async () => {
    const answers = workers.map(worker => once(worker, 'message'))
    workers.forEach(worker => worker.send('cpu'))
    return (await Promise.all(answers)).reduce((sum, [used]) => sum + used, cpu())
  }
  const before = await usage()
  const [greeted] = await once(fork(file, [String(port)]), 'message')
  const used = (await usage()) - before
  const gone = workers.map(worker => once(worker, 'exit'))
  workers.forEach(worker => worker.process.kill())
  await Promise.all(gone)
  if (kind === 'ours') reserved.close()
  return { perSecond: (greeted * 1000) / milliseconds, microseconds: used / greeted }
}

async function compare() {
  const subjects = [1, 2].flatMap(count => ['ours', 'net'].map(kind => ({ kind, count })))
  const results = []
  for (let round = 0; round < rounds; round++) {
    const result = {}
    for (let i = 0; i < subjects.length; i++) {
      const { kind, count } = subjects[(i + round) % subjects.length]
      result[kind + count] = await measure(kind, count)
    }
    results.push(result)
  }
  console.log(
    `${availableParallelism()} processors, ${rounds} rounds of ${milliseconds} ms, ${atOnce} clients at once`,
  )
  console.log('workers      connections/s         server CPU µs per connection')
  console.log('             ours     net  ratio        ours     net  ratio')
  for (const count of [1, 2]) {
    const of = (kind, what) => median(results.map(result => result[kind + count][what]))
    const ratio = what =>
      median(results.map(result => result[`ours${count}`][what] / result[`net${count}`][what]))
    const columns = ['perSecond', 'microseconds'].flatMap(what => [
      of('ours', what).toFixed(0).padStart(8),
      of('net', what).toFixed(0).padStart(8),
      ratio(what).toFixed(2).padStart(7),
      '    ',
    ])
    console.log(`${String(count).padEnd(9)}${columns.join('')}`.trimEnd())
  }
}

if (cluster.isWorker) serve(process.env.KIND, Number(process.env.PORT))
else if (process.argv[2]) connectTo(Number(process.argv[2]))
else await compare()
