// node examples/multicast.mjs
//
// UDP multicast on the loopback interface: two members of a group, and a sender. A member joins the group by a socket
// option; the sender uses the interface whose address it is bound to.

import { makeNetworkProcess } from 'make-network-process'
import { constants } from 'make-network-process/socket'

const { IPPROTO_IP, IP_ADD_MEMBERSHIP } = constants
const group = [239, 255, 71, 71]
const loopback = [127, 0, 0, 1]

function join(name, port) {
  return makeNetworkProcess({
    name,
    server: true,
    type: 'datagram',
    // Bound to the group's address, the socket does not get what is sent to the same port of other addresses.
    local: [...group, port],
    reuseaddr: true,
    sockopts: [[IPPROTO_IP, IP_ADD_MEMBERSHIP, Buffer.from([...group, ...loopback])]],
    filter(member, text) {
      console.log(`${name} hears: ${text}`)
      member.delete()
    },
  })
}

const first = join('first', 0)
const second = join('second', first.contact('service'))
const sender = makeNetworkProcess({
  name: 'sender',
  server: true,
  type: 'datagram',
  local: [...loopback, 0],
  remote: [...group, first.contact('service')],
})
sender.send('hello, everybody')
await Promise.all([first.closed, second.closed])
sender.delete()
