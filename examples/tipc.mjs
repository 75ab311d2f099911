// node examples/tipc.mjs
//
// Reaches a service by its type and instance instead of a host and a port: AF_TIPC (modprobe tipc). The server binds a
// range of instances, the client connects to one of them. connect(2) returns only when the server has accepted, which
// here is in the same program: hence `nowait`.

import { makeNetworkProcess } from 'make-network-process'
import { sockaddr } from 'make-network-process/socket'

const type = 18888

const server = makeNetworkProcess({
  name: 'server',
  server: true,
  type: 'seqpacket',
  local: sockaddr.tipc({ range: { type, lower: 0, upper: 99 } }),
  filter: (client, packet) => client.send(packet.toUpperCase()),
  sentinel() {},
})

const client = makeNetworkProcess({
  name: 'client',
  type: 'seqpacket',
  nowait: true,
  remote: sockaddr.tipc({ service: { type, instance: 17 } }),
  filter(_, packet) {
    console.log(`client hears: ${packet}`)
    client.delete()
    server.delete()
  },
  sentinel(_, event) {
    console.log(`client: ${event.trim()}`)
    if (event.startsWith('failed')) server.delete()
  },
})
client.send('over tipc')
