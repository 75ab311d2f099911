// A worker that takes connections over: it answers what they send.

import { parentPort } from 'node:worker_threads'
import { makeNetworkProcess } from 'make-network-process'

parentPort.on('message', adopt =>
  makeNetworkProcess({
    name: 'in the worker',
    adopt,
    filter: (connection, text) => connection.send(`worker: ${text}`),
  }),
)
parentPort.postMessage('ready')
