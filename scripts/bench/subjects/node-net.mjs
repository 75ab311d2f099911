// node:net: TCP and local streams. In the mode `text`, connections have setEncoding('utf8').
import { createServer } from 'node:net'
import { block, collectGarbage, listening, mode, path, play, role, transport } from './support.mjs'

const serve = play({
  echo: connection => connection.on('data', data => connection.write(data)),
  sink: connection => {
    let received = 0
    connection.on('data', data => (received += data.length))
    connection.on('end', () => connection.end(String(received)))
  },
  source: connection => {
    const fill = () => {
      while (connection.write(block));
    }
    connection.on('drain', fill)
    connection.once('data', fill)
  },
  accept: connection => connection.end('x'),
  idle: connection => {
    connection.write('x')
    connection.on('data', () => {
      collectGarbage()
      connection.write('x')
    })
  },
})

const server = createServer({ allowHalfOpen: role === 'sink', noDelay: true }, connection => {
  connection.on('error', () => {})
  if (mode === 'text') connection.setEncoding('utf8')
  serve(connection)
})
const backlog = 511
if (transport === 'tcp')
  server.listen({ port: 0, host: '127.0.0.1', backlog }, () => listening(server.address().port))
else server.listen({ path, backlog }, () => listening(path))
