// node examples/cluster-reuseport.mjs [PORT]
//
// Several processes serve one port: each worker of node:cluster has a listening socket of its own, and the kernel
// spreads the connections over them (SO_REUSEPORT, on Linux), so no process has to pass connections on. With a port it
// serves until Ctrl-C; without one it makes a hundred connections itself, and counts which worker gets them.

import cluster from 'node:cluster'
import { once } from 'node:events'
import { makeNetworkProcess } from 'make-network-process'
import { constants, decodeAddress, encodeAddress, Socket } from 'make-network-process/socket'

const workers = 2
const host = '127.0.0.1'
// The primary process's socket. It is referred to here because a Socket that is garbage collected is closed.
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
  // This socket reserves the port while workers come and go. It does not listen, so it gets no connections.
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
