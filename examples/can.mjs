// CAN_INTERFACE=vcan0 node examples/can.mjs
//
// Sends a frame over a CAN bus from one socket to another. To make a virtual bus:
// ip link add vcan0 type vcan && ip link set vcan0 up

import { endianness } from 'node:os'
import { constants, encodeAddress, ifNameToIndex, sockaddr, Socket } from 'make-network-process/socket'

const bus = process.env.CAN_INTERFACE ?? 'vcan0'

/** struct can_frame: an identifier, a length, three bytes of padding, and up to eight bytes. */
function frame(id, data) {
  const bytes = Buffer.alloc(16)
  if (endianness() === 'LE') bytes.writeUInt32LE(id)
  else bytes.writeUInt32BE(id)
  bytes[4] = data.length
  bytes.set(data, 8)
  return bytes
}

function open() {
  const socket = new Socket(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW)
  socket.bind(encodeAddress(sockaddr.can({ ifindex: ifNameToIndex(bus) })))
  return socket
}

const [sender, receiver] = [open(), open()]
receiver.watch({ readable: true }, () => {
  const bytes = Buffer.alloc(16)
  receiver.recv(bytes)
  const id = endianness() === 'LE' ? bytes.readUInt32LE() : bytes.readUInt32BE()
  console.log(`${bus} ${id.toString(16)} [${bytes[4]}] ${bytes.toString('hex', 8, 8 + bytes[4])}`)
  receiver.close()
  sender.close()
})
sender.send(frame(0x123, [0xde, 0xad]))
