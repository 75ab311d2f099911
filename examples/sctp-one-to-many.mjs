// node examples/sctp-one-to-many.mjs
//
// SCTP in its one-to-many style: sequenced packets over IP. One socket talks to many peers, without accepting connections;
// send() answers the sender of the current message. Its peers may be one-to-many sockets or connections (sctp.mjs).

import { makeNetworkProcess } from 'make-network-process'
import { constants } from 'make-network-process/socket'

const sctp = { family: 'ipv4', protocol: constants.IPPROTO_SCTP }
const oneToMany = { ...sctp, server: true, type: 'seqpacket', service: true }

const server = makeNetworkProcess({
  name: 'server',
  ...oneToMany,
  filter(server, message) {
    console.log(`server hears: ${message}, from port ${server.datagramAddress.at(-1)}`)
    server.send(message.toUpperCase())
  },
})
const service = server.contact('service')

let left = 2
function filter(process, message) {
  console.log(`${process.name} hears: ${message}`)
  process.delete()
  if (--left === 0) server.delete()
}
const peer = makeNetworkProcess({ name: 'peer', ...oneToMany, remote: [127, 0, 0, 1, service], filter })
peer.send('from a peer')
const connection = makeNetworkProcess({ name: 'connection', ...sctp, service, filter })
connection.send('from a connection')
