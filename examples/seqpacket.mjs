// node examples/seqpacket.mjs
//
// Requests and responses over a local socket of sequenced packets. Each packet arrives whole, so the messages need no
// framing; and unlike with datagrams there is a connection, whose end both sides are told of.

import { makeNetworkProcess } from 'make-network-process'

const keywords = {
  type: 'seqpacket',
  family: 'local',
  service: `\0make-network-process-example-${process.pid}`,
}

const server = makeNetworkProcess({
  name: 'calculator',
  server: true,
  ...keywords,
  filter(client, packet) {
    const { id, numbers } = JSON.parse(packet)
    client.send(JSON.stringify({ id, sum: numbers.reduce((sum, number) => sum + number, 0) }))
  },
  sentinel: (client, event) => console.log(`${client.name}: ${event.trim()}`),
})

const waiting = new Map()
const client = makeNetworkProcess({
  name: 'client',
  ...keywords,
  filter(_, packet) {
    const { id, sum } = JSON.parse(packet)
    waiting.get(id)(sum)
    waiting.delete(id)
  },
})

let requests = 0
function add(...numbers) {
  const id = ++requests
  client.send(JSON.stringify({ id, numbers }))
  return new Promise(resolve => waiting.set(id, resolve))
}

// Three packets at once: three calls of the filter.
const sums = await Promise.all([add(1, 2), add(3, 4, 5), add(...Array(10_000).fill(1))])
console.log(sums.join(' '))
client.delete()
server.delete()
