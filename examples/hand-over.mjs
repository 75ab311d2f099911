// node examples/hand-over.mjs
//
// A restart without a gap: a program passes its listening TCP socket to its successor, which accepts from the same queue,
// so no connection is refused meanwhile. The successor connects to a local socket, and gets the descriptor with a message
// (SCM_RIGHTS).

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeNetworkProcess } from 'make-network-process'

const answer = (who, connection, text) => connection.send(`${who}: ${text}`)

if (process.argv[2] === 'take') succeed(process.argv[3])
else await serve()

/** The successor: adopts the socket, and prints a line. */
function succeed(service) {
  makeNetworkProcess({
    name: 'ask for the socket',
    type: 'seqpacket',
    family: 'local',
    service,
    filter(gate, _, { fds: [adopt] }) {
      makeNetworkProcess({
        name: 'web',
        adopt,
        filter: (connection, text) => answer('new', connection, text),
      })
      gate.delete()
      console.log('the successor listens')
    },
  })
}

/** The first program: serves, and passes its socket to whoever connects to the gate. A client asks it and its successor. */
async function serve() {
  const web = makeNetworkProcess({
    name: 'web',
    server: true,
    host: 'local',
    service: true,
    filter: (connection, text) => answer('old', connection, text),
  })
  const address = web.contact('local')
  const folder = mkdtempSync(path.join(tmpdir(), 'hand-over-'))
  const service = path.join(folder, 'gate')
  const gate = makeNetworkProcess({
    name: 'gate',
    type: 'seqpacket',
    server: true,
    family: 'local',
    service,
    log: (_, successor) => successor.sendMessage({ data: 'web', fds: [web.fd] }),
  })

  const ask = async text => {
    const client = makeNetworkProcess({ name: 'client', remote: address })
    client.send(text)
    for await (const reply of client) {
      client.delete()
      return reply
    }
  }
  console.log(await ask('who is there?'))
  const successor = spawn(process.execPath, [fileURLToPath(import.meta.url), 'take', service])
  successor.stdout.once('data', async said => {
    process.stdout.write(said)
    web.delete()
    gate.delete()
    console.log(await ask('and now?'))
    successor.kill()
    rmSync(folder, { recursive: true })
  })
}
