// node examples/multicast.mjs
//
// UDP multicast on the loopback interface: two members of a group, and a sender. A raw socket joins the group by an
// option; the sender uses the interface whose address it is bound to.

import { makeNetworkProcess } from 'make-network-process'
import { constants, decodeAddress, encodeAddress, Socket } from 'make-network-process/socket'

const { AF_INET, IPPROTO_IP, IP_ADD_MEMBERSHIP, SOCK_DGRAM, SOL_SOCKET, SO_REUSEADDR } = constants
const group = [239, 255, 71, 71]
const loopback = [127, 0, 0, 1]

function join(name, port) {
  const member = new Socket(AF_INET, SOCK_DGRAM)
  member.setsockopt(SOL_SOCKET, SO_REUSEADDR, true)
  // Bound to the group's address, the socket does not get what is sent to the same port of other addresses.
  member.bind(encodeAddress([...group, port]))
  member.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, Buffer.from([...group, ...loopback]))
  const heard = new Promise(resolve =>
    member.watch({ readable: true }, () => {
      const buffer = Buffer.alloc(1500)
      const { length, address } = member.recvfrom(buffer)
      console.log(`${name} hears: ${buffer.toString('utf8', 0, length)}`)
      member.close()
      resolve(decodeAddress(address))
    }),
  )
  return { port: decodeAddress(member.getsockname()).at(-1), heard }
}

const first = join('first', 0)
const second = join('second', first.port)
const sender = makeNetworkProcess({
  name: 'sender',
  server: true,
  type: 'datagram',
  local: [...loopback, 0],
  remote: [...group, first.port],
})
sender.send('hello, everybody')
await Promise.all([first.heard, second.heard])
sender.delete()
