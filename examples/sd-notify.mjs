// node examples/sd-notify.mjs
//
// Tells the service manager that the service is ready: a datagram to the socket that NOTIFY_SOCKET names, which systemd
// sets for a service of Type=notify; a leading @ stands for the NUL of an abstract name. Without NOTIFY_SOCKET the program
// is its own manager, once with a path and once with an abstract name.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeNetworkProcess } from 'make-network-process'

/** Returns false if there is no service manager to notify. */
function notify(...assignments) {
  const name = process.env.NOTIFY_SOCKET
  if (!name) return false
  const manager = makeNetworkProcess({
    name: 'manager',
    type: 'datagram',
    family: 'local',
    service: name.replace(/^@/, '\0'),
  })
  manager.send(assignments.join('\n'))
  manager.delete()
  return true
}

/** Receives one notification. */
function listen(name) {
  return new Promise(resolve => {
    makeNetworkProcess({
      name: 'service manager',
      server: true,
      type: 'datagram',
      family: 'local',
      service: name.replace(/^@/, '\0'),
      filter(manager, message) {
        manager.delete()
        resolve(message)
      },
      sentinel() {},
    })
  })
}

const state = ['READY=1', 'STATUS=Taking requests', `MAINPID=${process.pid}`]
if (!notify(...state)) {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'))
  for (const name of [join(folder, 'notify'), `@make-network-process-example-${process.pid}`]) {
    process.env.NOTIFY_SOCKET = name
    const heard = listen(name)
    notify(...state)
    console.log(`${name}: ${(await heard).split('\n').join(', ')}`)
  }
  rmSync(folder, { recursive: true })
}
