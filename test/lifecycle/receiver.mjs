// Gets messages with descriptors, says so when all of them have come, and waits to be killed.

import { makeNetworkProcess } from 'make-network-process'

const [service, how, messages] = process.argv.slice(2)
let received = 0
const kept = []
const filter = (_, __, info) => {
  if (how === 'takes all' || received % 2 === 0) kept.push(...info.fds)
  if (++received === Number(messages)) console.log('ready', kept.length)
}
makeNetworkProcess({
  name: 'receiver',
  type: 'seqpacket',
  family: 'local',
  service,
  filter: how === 'reads nothing' ? true : filter,
  sentinel() {},
})
if (how === 'reads nothing') console.log('ready')
