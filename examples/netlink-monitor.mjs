// unshare --map-root-user --net node examples/netlink-monitor.mjs
//
// Is told of every change to interfaces, addresses and routes, by netlink's multicast groups. If changes come faster than
// they are read, some are lost, and the kernel reports it once: `datagram failed with code 105` (ENOBUFS). Then the program
// has to ask for the whole state again. It makes the changes itself, to the loopback interface of a network namespace that
// ends with it.

import { networkInterfaces } from 'node:os'
import { makeNetworkProcess } from 'make-network-process'
import { constants, encodeAddress, errno, ifNameToIndex, sockaddr, Socket } from 'make-network-process/socket'
import { describe, message, messages } from './lib/route-messages.mjs'

// In a new namespace no interface is up.
if (Object.keys(networkInterfaces()).length > 0) {
  console.error(
    'not in a network that is in use: unshare --map-root-user --net node examples/netlink-monitor.mjs',
  )
  process.exit(1)
}

const { RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_LINK } = constants
const groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE
const overrun = `datagram failed with code ${errno.ENOBUFS}\n`

let noted = () => {}
const monitor = makeNetworkProcess({
  name: 'monitor',
  server: true,
  type: 'datagram',
  local: sockaddr.netlink({ groups }),
  coding: 'binary',
  filter(_, datagram) {
    for (const change of messages(datagram))
      noted(`${change.type.slice(0, 3).toLowerCase()} ${describe(change)}`)
  },
  sentinel(_, event) {
    if (event === overrun) noted('overrun')
  },
})
const until = wanted =>
  new Promise(resolve => {
    noted = change => {
      if (change.startsWith(wanted)) resolve(change)
    }
  })

// Makes the changes: adds and deletes an address. The kernel answers within send(2), so recv(2) needs no event loop.
const kernel = new Socket(constants.AF_NETLINK, constants.SOCK_RAW, constants.NETLINK_ROUTE)
kernel.connect(encodeAddress(sockaddr.netlink({ pid: 0 })))
const address = Uint8Array.of(constants.AF_INET, 32, 0, 0, 0, 0, 0, 0)
new Uint32Array(address.buffer)[1] = ifNameToIndex('lo')
const answer = Buffer.alloc(512)
function change(type, ...flags) {
  const local = Buffer.from([127, 71, 71, 71])
  kernel.send(message(type, ['REQUEST', 'ACK', ...flags], address, { 1: local, 2: local }))
  const [{ errno: error }] = messages(answer.subarray(0, kernel.recv(answer)))
  if (error !== 0) throw new Error(`${type}: errno ${error}`)
}

for (const [type, wanted] of [
  ['NEWADDR', 'new address'],
  ['DELADDR', 'del address'],
]) {
  change(type, ...(type === 'NEWADDR' ? ['CREATE', 'EXCLUSIVE'] : []))
  console.log(await until(wanted))
}

// The monitor does not read during this loop.
for (let i = 0; i < 2000; i++) {
  change('NEWADDR', 'CREATE', 'EXCLUSIVE')
  change('DELADDR')
}
await until('overrun')
console.log('overrun: changes were lost, so that everything has to be asked for again')
kernel.close()
monitor.delete()
