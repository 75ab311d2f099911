// node-unix-socket: sequenced packets and local datagrams.
import { block, burst, collectGarbage, listening, path, play, transport } from './support.mjs'
import { requirePeer } from '../peers.mjs'

const { DgramSocket, SeqpacketServer } = requirePeer('node-unix-socket')
let received = 0

if (transport === 'local-datagram') {
  const socket = new DgramSocket()
  socket.on(
    'data',
    play({
      echo: (message, from) => socket.sendTo(message, 0, message.length, from),
      sink: (message, from) => {
        const answer = Buffer.from(String(received))
        if (message.length === 1) socket.sendTo(answer, 0, answer.length, from)
        else received++
      },
    }),
  )
  socket.bind(path)
} else {
  const serve = play({
    echo: connection => connection.on('data', message => connection.write(message)),
    sink: connection =>
      connection.on('data', message => {
        if (message.length === 1) connection.write(Buffer.from(String(received)))
        else received++
      }),
    source: connection => {
      const turn = () => {
        for (let i = 1; i < burst; i++) connection.write(block)
        connection.write(block, 0, block.length, () => setImmediate(turn))
      }
      connection.on('data', turn)
    },
    accept: connection => connection.write(Buffer.from('x'), 0, 1, () => connection.destroy()),
    idle: connection => {
      connection.write(Buffer.from('x'))
      connection.on('data', () => {
        collectGarbage()
        connection.write(Buffer.from('x'))
      })
    },
  })
  const server = new SeqpacketServer()
  server.on('connection', connection => {
    connection.on('error', () => connection.destroy())
    connection.on('end', () => connection.destroy())
    serve(connection)
  })
  server.listen(path)
}
listening(path)
