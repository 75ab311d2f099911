// Runs in a worker, which takes no TypeScript: a server that greets in pieces, each in a turn of the loop of its own,
// and answers lines. The thread that asks it may block meanwhile.

import { parentPort } from 'node:worker_threads'
import { makeNetworkProcess } from 'make-network-process'

function sendInPieces(client, [first, ...rest]) {
  if (first === undefined || client.status !== 'open') return
  client.send(first)
  setImmediate(() => sendInPieces(client, rest))
}

const server = makeNetworkProcess({
  name: 'worker',
  server: true,
  host: '127.0.0.1',
  service: true,
  nodelay: true,
  sentinel: (client, event) => {
    if (event.startsWith('open')) sendInPieces(client, ['220-wel', 'come\r', '\n220 rea', 'dy\r\n'])
  },
  filter: (client, text) => sendInPieces(client, [`250-${text}`, '250 HE', 'LP\r', '\n']),
})
parentPort.postMessage(server.contact()[1])
