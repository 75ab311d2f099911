// DOGSTATSD_SOCKET=/var/run/datadog/dsd.socket node examples/dogstatsd.mjs datagram
// node examples/dogstatsd.mjs seqpacket
//
// Sends metrics to an agent on this machine: lines of text, as many as fit into a packet. Without DOGSTATSD_SOCKET it is
// its own agent. If the agent goes away, a datagram is lost; with sequenced packets the connection ends, and the sentinel
// is called.

import { makeNetworkProcess } from 'make-network-process'

const type = process.argv[2] ?? 'seqpacket'
const service = process.env.DOGSTATSD_SOCKET ?? `\0make-network-process-example-${process.pid}`
const packetSize = 8192

let packets = 0
let metrics = 0
const agent = process.env.DOGSTATSD_SOCKET
  ? undefined
  : makeNetworkProcess({
      name: 'agent',
      server: true,
      type,
      family: 'local',
      service,
      filter(_, packet) {
        const lines = packet.split('\n')
        if (packets++ === 0) console.log(lines[0])
        metrics += lines.length
        if (metrics === 1000) finish()
      },
      sentinel() {},
    })

const client = makeNetworkProcess({
  name: 'metrics',
  type,
  family: 'local',
  service,
  sentinel: (_, event) => console.log(event.trim()),
})

let batch = ''
function metric(name, value, kind, tags) {
  const line = `${name}:${value}|${kind}|#${tags.join(',')}`
  if (batch.length + line.length >= packetSize) flush()
  batch += batch === '' ? line : `\n${line}`
}
function flush() {
  if (batch !== '') client.send(batch)
  batch = ''
}

for (let i = 0; i < 1000; i++) metric('page.views', i, 'c', ['env:example', `shard:${i % 7}`])
flush()
if (agent === undefined) client.delete()

function finish() {
  console.log(`${type}: ${metrics} metrics in ${packets} packets`)
  client.sentinel = () => {}
  client.delete()
  agent.delete()
}
