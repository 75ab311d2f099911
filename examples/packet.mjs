// sudo node examples/packet.mjs
//
// Sees the packets on the loopback interface, as tcpdump does: AF_PACKET. The sender's address gives the direction and
// the protocol of each packet. On a datagram socket the packets come without the link's header.

import { makeNetworkProcess } from 'make-network-process'
import { constants, ifNameToIndex, sockaddr } from 'make-network-process/socket'

const ETH_P_IP = 0x0800 // Not for the socket: only with ETH_P_ALL does it get outgoing packets too.
const ETH_P_ALL = 0x0003
const directions = new Map([
  [constants.PACKET_HOST, 'in'],
  [constants.PACKET_OUTGOING, 'out'],
])
const text = `hello from ${process.pid}`

const seen = new Set()
function frame(packets, bytes) {
  const { protocol, pkttype } = sockaddr.packet.read(packets.datagramAddress)
  if (protocol !== ETH_P_IP || !bytes.includes(text)) return
  const [from, to] = [bytes.subarray(12, 16).join('.'), bytes.subarray(16, 20).join('.')]
  const direction = directions.get(pkttype) ?? String(pkttype)
  console.log(`${direction}: IPv4 protocol ${bytes[9]}, ${from} to ${to}, ${bytes.length} bytes`)
  if (seen.add(direction).size < 2) return
  packets.delete()
  server.delete()
}

try {
  makeNetworkProcess({
    name: 'packets',
    server: true,
    type: 'datagram',
    local: sockaddr.packet({ protocol: ETH_P_ALL, ifindex: ifNameToIndex('lo') }),
    coding: 'binary',
    filter: frame,
    sentinel() {},
  })
} catch (error) {
  if (error.code !== 'EPERM') throw error
  console.error(`${error.message}: only root (CAP_NET_RAW) may see other programs' packets`)
  process.exit(1)
}

const server = makeNetworkProcess({
  name: 'server',
  server: true,
  type: 'datagram',
  family: 'ipv4',
  service: true,
  filter() {},
  sentinel() {},
})
const client = makeNetworkProcess({
  name: 'client',
  type: 'datagram',
  family: 'ipv4',
  service: server.contact('service'),
})
client.send(text)
client.delete()
