// node examples/netlink-routes.mjs
//
// Asks the kernel for its interfaces, addresses and routes, as ip(8) does, by three requests over a netlink socket.

import { makeNetworkProcess } from 'make-network-process'
import { ifIndexToName, sockaddr } from 'make-network-process/socket'
import { attributes, describe, message, messages, u32 } from './lib/route-messages.mjs'

const MAIN_TABLE = 254
const questions = [
  ['GETLINK', 16],
  ['GETADDR', 8],
  ['GETROUTE', 12],
]
const isLocalRoute = ({ type, body }) => {
  if (type !== 'NEWROUTE') return false
  const table = attributes(body, 12).get(15)
  return (table === undefined ? body[4] : u32(table, 0)) !== MAIN_TABLE
}

const ask = kernel => {
  const question = questions.shift()
  if (question === undefined) return kernel.delete()
  const [type, length] = question
  kernel.send(message(type, ['REQUEST', 'DUMP'], Buffer.alloc(length)))
}

const kernel = makeNetworkProcess({
  name: 'kernel',
  type: 'datagram',
  remote: sockaddr.netlink({ pid: 0 }),
  coding: 'binary',
  filter(process, datagram) {
    for (const answer of messages(datagram)) {
      if (answer.type === 'ERROR') throw new Error(`the kernel answers with errno ${answer.errno}`)
      if (answer.type === 'DONE') return ask(process)
      if (!isLocalRoute(answer)) console.log(describe(answer, ifIndexToName))
    }
  },
  sentinel(_, event) {
    if (event !== 'deleted\n') console.log(event.trim())
  },
})
ask(kernel)
