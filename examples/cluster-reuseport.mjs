// node examples/cluster-reuseport.mjs [PORT]
//
// A server of several processes on one port: each worker of node:cluster has a listening socket of its own, and the
// kernel spreads the connections over them (SO_REUSEPORT, on Linux), so that no process has to hand them on. With a port
// it serves until Ctrl-C; without one it counts who gets its own hundred connections.

import cluster from 'node:cluster'
import { once } from 'node:events'
import { makeNetworkProcess } from 'make-network-process'
import { constants, decodeAddress, encodeAddress, Socket } from 'make-network-process/socket'

const workers = 2
const host = '127.0.0.1'
// Of the first process. A Socket that nobody refers to any more is closed.
let reserved

function work() {
  const server = makeNetworkProcess({
    name: 'server',
    server: 128,
    host,
    service: Number(process.env.PORT),
    reuseport: true,
    filter: (connection, text) => connection.send(text),
    sentinel(connection, event) {
      if (event.startsWith('open from')) connection.send(`worker ${cluster.worker.id}`)
    },
  })
  process.once('disconnect', () => server.delete())
  process.send('listening')
}

async function lead(wanted) {
  // A socket that is bound and does not listen gets no connection. It keeps the port while workers come and go.
  reserved = new Socket(constants.AF_INET, constants.SOCK_STREAM)
  reserved.setsockopt(constants.SOL_SOCKET, constants.SO_REUSEPORT, true)
  reserved.bind(encodeAddress([127, 0, 0, 1, wanted]))
  const port = decodeAddress(reserved.getsockname()).at(-1)
  const started = Array.from({ length: workers }, () => cluster.fork({ PORT: port }))
  await Promise.all(started.map(worker => once(worker, 'message')))
  console.log(`${workers} workers share ${host}:${port}`)
  if (wanted !== 0) return

  const count = {}
  for (let i = 0; i < 100; i++) {
    const client = makeNetworkProcess({ name: 'client', host, service: port, filter: true })
    for await (const worker of client) {
      count[worker] = (count[worker] ?? 0) + 1
      break
    }
    client.delete()
  }
  for (const worker of Object.keys(count).sort()) console.log(`${worker}: ${count[worker]} connections`)
  cluster.disconnect()
}

if (cluster.isPrimary) await lead(Number(process.argv[2] ?? 0))
else work()
