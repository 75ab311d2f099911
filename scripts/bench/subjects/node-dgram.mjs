// node:dgram: UDP.
import { createSocket } from 'node:dgram'
import { block, burst, listening, play } from './support.mjs'

const socket = createSocket('udp4')
let received = 0

function keepSending({ port, address }) {
  const turn = () => {
    for (let i = 1; i < burst; i++) socket.send(block)
    socket.send(block, () => setImmediate(turn))
  }
  socket.connect(port, address, turn)
}

socket.on(
  'message',
  play({
    echo: (message, { port, address }) => socket.send(message, port, address),
    sink: (message, { port, address }) => {
      if (message.length === 1) socket.send(String(received), port, address)
      else received++
    },
    source: (_, from) => keepSending(from),
  }),
)
socket.bind(0, '127.0.0.1', () => listening(socket.address().port))
