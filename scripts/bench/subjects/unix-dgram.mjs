// unix-dgram: local datagrams.
import { block, burst, listening, path, play } from './support.mjs'
import { requirePeer } from '../peers.mjs'

const { createSocket } = requirePeer('unix-dgram')
const socket = createSocket('unix_dgram')
let received = 0

// A connected socket emits `writable` when a send that it has refused can be repeated.
function keepSending(to) {
  let full = false
  const turn = () => {
    for (let i = 0; i < burst && !full; i++)
      socket.send(block, error => (full ||= error !== undefined && error !== null))
    if (!full) setImmediate(turn)
  }
  socket.on('writable', () => {
    full = false
    turn()
  })
  socket.connect(to)
  turn()
}

socket.on('error', () => {})
socket.on(
  'message',
  play({
    echo: (message, from) => socket.send(message, 0, message.length, from.path),
    sink: (message, from) => {
      const answer = Buffer.from(String(received))
      if (message.length === 1) socket.send(answer, 0, answer.length, from.path)
      else received++
    },
    source: (_, from) => keepSending(from.path),
  }),
)
socket.bind(path)
listening(path)
