// LOG_SOCKET=/dev/log node examples/syslog.mjs 'a message'
//
// Logs as syslog(3) does, by a datagram to a local socket. Without LOG_SOCKET it listens on a socket of its own, and prints
// what it receives there.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeNetworkProcess } from 'make-network-process'

const LOG_USER = 1 << 3
const severities = { error: 3, warning: 4, notice: 5, info: 6 }

let daemon, folder
let service = process.env.LOG_SOCKET
if (!service) {
  folder = mkdtempSync(join(tmpdir(), 'syslog-'))
  service = join(folder, 'log')
  daemon = makeNetworkProcess({
    name: 'daemon',
    server: true,
    type: 'datagram',
    family: 'local',
    service,
    filter(_, message) {
      console.log(`received: ${message}`)
      daemon.delete()
      rmSync(folder, { recursive: true })
    },
    sentinel() {},
  })
}

const log = makeNetworkProcess({ name: 'log', type: 'datagram', family: 'local', service })

function syslog(severity, text) {
  const [, month, day, , time] = /^\w+ (\w+) (\d+) (\d+) ([\d:]+)/.exec(new Date().toString())
  const when = `${month} ${String(Number(day)).padStart(2)} ${time}`
  log.send(`<${LOG_USER | severities[severity]}>${when} example[${process.pid}]: ${text}`)
}

syslog('notice', process.argv[2] ?? 'hello')
// Messages that are still queued, because the daemon is slow, are sent all the same.
log.delete()
