// node examples/sd-notify.mjs
//
// Tells the service manager that the service is ready: a datagram to the socket that NOTIFY_SOCKET names, which systemd
// sets for a service of Type=notify; a @ stands for the NUL of an abstract name. Without NOTIFY_SOCKET it is its own manager, once by a path and once by such a name.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeNetworkProcess } from 'make-network-process'

/** Gives false where nobody wants to know. */
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

/** Hears one notification. */
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
