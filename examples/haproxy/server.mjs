// node examples/haproxy/server.mjs NAME ADDRESS
//
// A server behind examples/haproxy/haproxy.cfg: `one /tmp/haproxy-example-one.sock`, `three 7003`. It greets each client with
// the client's own address, not the load balancer's, and echoes what the client sends. Connections that do not come through
// a load balancer are refused.

import { rmSync } from 'node:fs'
import { formatNetworkAddress, makeNetworkProcess } from 'make-network-process'

const [name = 'one', address = '/tmp/haproxy-example-one.sock'] = process.argv.slice(2)
const isLocal = address.includes('/')
if (isLocal) rmSync(address, { force: true })

let checked = false
const server = makeNetworkProcess({
  name,
  server: 128,
  proxyProtocol: true,
  ...(isLocal ? { family: 'local', service: address } : { host: '127.0.0.1', service: address }),
  log(_, client, message) {
    if (client === undefined) console.log(`${name}: ${message.trim()}`)
  },
  filter: (client, text) => client.send(text),
  sentinel(client, event) {
    if (!event.startsWith('open from')) return
    const { command } = client.contact('proxyHeader')
    if (command === 'PROXY') client.send(`${name} greets ${formatNetworkAddress(client.contact('remote'))}\n`)
    else {
      // A health check only connects.
      client.delete()
      if (!checked) console.log(`${name}: the load balancer has found us`)
      checked = true
    }
  },
})
console.log(`${name}: listening on ${formatNetworkAddress(server.contact('local'))}`)
