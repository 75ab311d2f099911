// node examples/datagram-replies.mjs
//
// Replies between local datagram sockets. A socket needs a name to get an answer, so the client is a datagram server too,
// with `remote` as the first peer that it sends to. A datagram server's send() goes to its last sender.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeNetworkProcess } from 'make-network-process'

const folder = mkdtempSync(join(tmpdir(), 'replies-'))
const named = (name, filter, more = {}) =>
  makeNetworkProcess({
    name,
    server: true,
    type: 'datagram',
    family: 'local',
    service: join(folder, name),
    filter,
    sentinel: (_, event) => console.log(`${name}: ${event.trim()}`),
    ...more,
  })

const clock = named('clock', (process, question) => {
  console.log(`${question} from ${process.datagramAddress.slice(folder.length + 1)}`)
  process.send(`${question} is a good question`)
})

const answers = ['alice', 'bob'].map(
  name =>
    new Promise(resolve => {
      const client = named(
        name,
        (_, answer) => {
          console.log(`${name} hears: ${answer}`)
          resolve(client)
        },
        { remote: clock.contact('local') },
      )
      client.send(`${name}'s`)
    }),
)
for (const client of await Promise.all(answers)) client.delete()
clock.delete()
rmSync(folder, { recursive: true })
