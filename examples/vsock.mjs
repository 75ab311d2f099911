// VSOCK_LOOPBACK=1 node examples/vsock.mjs
//
// AF_VSOCK connects a machine with its guests; here it connects this machine with itself. That needs the kernel's loopback
// transport (modprobe vsock_loopback). Without it the connection would go to the machine's host, so VSOCK_LOOPBACK has to
// be set by hand.

import { makeNetworkProcess } from 'make-network-process'
import { constants, sockaddr } from 'make-network-process/socket'

if (process.env.VSOCK_LOOPBACK !== '1') {
  console.error('vsock: modprobe vsock_loopback, then set VSOCK_LOOPBACK=1: nothing is to leave this machine')
  process.exit(1)
}
// Depending on the system's headers, the constants are -1 or 4294967295.
const [anyMachine, anyPort] = [constants.VMADDR_CID_ANY >>> 0, constants.VMADDR_PORT_ANY >>> 0]

const server = makeNetworkProcess({
  name: 'server',
  server: true,
  type: 'seqpacket',
  local: sockaddr.vsock({ cid: anyMachine, port: anyPort }),
  filter: (client, packet) => client.send(packet.toUpperCase()),
  sentinel: (client, event) => console.log(`server: ${event.trim()}`),
})
const { port } = sockaddr.vsock.read(server.contact('local'))

const client = makeNetworkProcess({
  name: 'client',
  type: 'seqpacket',
  nowait: true,
  remote: sockaddr.vsock({ cid: constants.VMADDR_CID_LOCAL, port }),
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
client.send('over vsock')
