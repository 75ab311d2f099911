// node examples/haproxy/server.mjs NAME ADDRESS
//
// A back end of examples/haproxy/haproxy.cfg: `one /tmp/haproxy-example-one.sock`, `three 7003`. It greets each client by
// the address that it has before the load balancer, and sends back what it says. Who has not come through a load balancer
// does not get in.

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
      // A health check wants to connect, and no more.
      client.delete()
      if (!checked) console.log(`${name}: the load balancer has found us`)
      checked = true
    }
  },
})
console.log(`${name}: listening on ${formatNetworkAddress(server.contact('local'))}`)
