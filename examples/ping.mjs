// node examples/ping.mjs 127.0.0.1
//
// ICMP echo without root: a datagram socket of protocol ICMP. The kernel fills in the identifier and the checksum, and
// delivers only the answers to this socket's requests.

import { makeNetworkProcess } from 'make-network-process'
import { constants } from 'make-network-process/socket'

const [ECHO_REQUEST, ECHO_REPLY] = [8, 0]
const host = process.argv[2] ?? '127.0.0.1'
const count = 3

function request(sequence) {
  const packet = Buffer.alloc(16)
  packet[0] = ECHO_REQUEST
  packet.writeUInt16BE(sequence, 6)
  packet.writeDoubleBE(performance.now(), 8)
  return packet
}

let silence
try {
  const ping = makeNetworkProcess({
    name: 'ping',
    type: 'datagram',
    protocol: constants.IPPROTO_ICMP,
    remote: [...host.split('.').map(Number), 0],
    coding: 'binary',
    filter(_, packet) {
      if (packet[0] !== ECHO_REPLY) return
      const sequence = packet.readUInt16BE(6)
      console.log(
        `${host}: ${sequence} of ${count}, ${(performance.now() - packet.readDoubleBE(8)).toFixed(3)} ms`,
      )
      if (sequence < count) return ping.send(request(sequence + 1))
      clearTimeout(silence)
      ping.delete()
    },
    sentinel: (_, event) => event === 'deleted\n' || console.log(event.trim()),
  })
  ping.send(request(1))
  silence = setTimeout(() => {
    console.error(`${host}: no answer`)
    process.exit(1)
  }, 5000)
} catch (error) {
  if (error.code !== 'EACCES') throw error
  console.error(`${error.message}: ping sockets are for the groups in net.ipv4.ping_group_range, which are none here:
  sysctl -w net.ipv4.ping_group_range='0 2147483647'`)
  process.exitCode = 1
}
