// This package, by its public API. The mode says what the filter gets (text, bytes or lent bytes), or that many messages
// are sent at once.
import { makeNetworkProcess } from 'make-network-process'
import {
  block,
  burst,
  collectGarbage,
  isMessages,
  listening,
  mode,
  path,
  play,
  role,
  transport,
} from './support.mjs'

const isText = mode === 'text'
const isDatagram = transport === 'udp' || transport === 'local-datagram'
const isInternet = transport === 'udp' || transport === 'tcp'
const type = isDatagram ? 'datagram' : transport === 'seqpacket' ? 'seqpacket' : undefined
const family = isInternet ? 'ipv4' : 'local'
const delivery = isText ? { coding: 'utf-8-unix' } : { coding: 'binary', lend: mode === 'lent' }

const data = isText ? block.toString() : block
const many = Array(burst).fill(data)
const sendMany = mode === 'many'
const nothing = () => {}

/** Calls `send` until it returns false, waits, and goes on. Over UDP, which drops messages, it never returns false. */
function keepSending(process, times, send) {
  const turn = () => {
    for (let i = 0; transport !== 'udp' || i < times; i++)
      if (!send(process)) return void process.drained.then(turn, nothing)
    setImmediate(turn)
  }
  turn()
}

/** The process to send with: for a datagram server, a new one that is connected to the sender. */
const sender = process =>
  isDatagram
    ? makeNetworkProcess({
        name: 'source',
        type,
        remote: process.datagramAddress,
        filter: nothing,
        ...delivery,
      })
    : process

let received = 0
const count = isMessages
  ? (process, message) => void (message.length === 1 ? process.send(String(received)) : received++)
  : (_, piece) => void (received += piece.length)

const server = makeNetworkProcess({
  name: 'server',
  server: 511,
  type,
  family,
  ...(isInternet ? { host: '127.0.0.1', service: true } : { service: path }),
  ...(transport === 'tcp' ? { nodelay: true } : {}),
  ...delivery,
  halfOpen: role === 'sink' && !isMessages,
  filter: play({
    echo: (process, message) => void process.send(message),
    sink: count,
    source: process =>
      sendMany
        ? keepSending(sender(process), 1, to => to.sendMany(many))
        : keepSending(sender(process), burst, to => to.send(data)),
    accept: nothing,
    idle: process => {
      collectGarbage()
      process.send('x')
    },
  }),
  sentinel: (process, event) => {
    if (event.startsWith('open')) {
      if (role === 'accept' || role === 'idle') process.send('x')
      if (role === 'accept') process.delete()
    } else if (event === 'end of file\n') {
      process.send(String(received))
      process.delete()
    }
  },
})

listening(isInternet ? server.contact('service') : path)
