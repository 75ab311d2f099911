// The main use in a few seconds, with real input (npm run demo): sequenced packets, TCP, UDP, and the kernel itself
// by netlink. Everything stays on this machine.
import { mkdtempSync, rmSync } from 'node:fs'
import { endianness, tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatNetworkAddress, makeNetworkProcess, networkInterfaceList } from 'make-network-process'
import { constants } from 'make-network-process/socket'

const show = (who, what) => console.log(`  ${who.padEnd(24)} ${what}`)
const heading = text => console.log(`\n${text}`)
const shown = data => JSON.stringify(typeof data === 'string' ? data : Buffer.from(data).toString('latin1'))

/** A filter, sentinel or log function that prints its arguments; `all` resolves at the `expected`-th call. */
function printer(label, expected = 0, then = () => {}) {
  let calls = 0
  let resolve
  const all = new Promise(done => (resolve = done))
  if (expected === 0) resolve()
  const callback = (process, ...rest) => {
    // The message for a log function is its third argument, after the connection.
    const [what, message] = rest
    show(`${label} ${process.name}`, shown(typeof message === 'string' ? message : what))
    then(process, what)
    if (++calls === expected) resolve()
  }
  return Object.assign(callback, { all })
}

async function exchange(title, keywords, client, messages) {
  heading(title)
  const server = makeNetworkProcess({
    name: 'server',
    server: true,
    ...keywords,
    filter: printer('filter of', 0, (process, text) => process.send(text.toUpperCase())),
    sentinel: printer('sentinel of'),
    log: printer('log of'),
  })
  const answers = printer('filter of', messages.length)
  const process = makeNetworkProcess({
    name: 'client',
    ...keywords,
    ...client(server),
    filter: answers,
    sentinel: printer('sentinel of'),
  })
  show(
    'contact of client',
    JSON.stringify(process.contact(true), (key, value) => (typeof value === 'function' ? undefined : value)),
  )
  for (const message of messages) process.send(message)
  await answers.all
  process.delete()
  server.delete()
}

/** Asks the kernel for its interfaces: a netlink socket needs only a `{ family, data }` address. */
async function askTheKernel() {
  heading('netlink: RTM_GETLINK, and networkInterfaceList() beside it')
  const { AF_NETLINK } = constants
  if (AF_NETLINK === undefined) return show('', 'this system has no netlink')
  const little = endianness() === 'LE'
  const u16 = (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const u32 = (bytes, at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const [RTM_NEWLINK, RTM_GETLINK, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE, IFLA_IFNAME] = [
    16, 18, 1, 0x300, 3, 3,
  ]

  const links = []
  await new Promise(done => {
    const kernel = makeNetworkProcess({
      name: 'kernel',
      type: 'datagram',
      remote: { family: AF_NETLINK, data: new Uint8Array(10) }, // padding, port 0: the kernel, no groups
      coding: 'binary',
      filter: (process, bytes) => {
        for (let at = 0; at + 16 <= bytes.length; at += (u32(bytes, at) + 3) & ~3) {
          const type = u16(bytes, at + 4)
          if (type === NLMSG_DONE) return void (process.delete(), done())
          if (type !== RTM_NEWLINK) continue
          const link = { index: u32(bytes, at + 20), name: '' }
          for (
            let attribute = at + 32;
            attribute < at + u32(bytes, at);
            attribute += (u16(bytes, attribute) + 3) & ~3
          )
            if (u16(bytes, attribute + 2) === IFLA_IFNAME)
              link.name = bytes.toString('latin1', attribute + 4, attribute + u16(bytes, attribute) - 1)
          links.push(link)
        }
      },
    })
    const request = Buffer.alloc(32)
    const numbers = little ? ['writeUInt16LE', 'writeUInt32LE'] : ['writeUInt16BE', 'writeUInt32BE']
    request[numbers[1]](32, 0)
    request[numbers[0]](RTM_GETLINK, 4)
    request[numbers[0]](NLM_F_REQUEST | NLM_F_DUMP, 6)
    kernel.send(request)
  })
  const addresses = networkInterfaceList()
  for (const { index, name } of links) {
    const own = addresses.filter(([interfaceName]) => interfaceName === name)
    show(`${index}: ${name}`, own.map(([, address]) => formatNetworkAddress(address, true)).join('  '))
  }
}

const folder = mkdtempSync(join(tmpdir(), 'make-network-process-'))
try {
  const path = join(folder, 'echo.sock')
  await exchange(`seqpacket on ${path}`, { type: 'seqpacket', family: 'local', service: path }, () => ({}), [
    'one packet',
    'another',
    'each a call of the filter',
  ])
  await exchange(
    'TCP on a port that the system chose',
    { family: 'ipv4', service: true },
    server => ({ service: server.contact('service') }),
    ['a stream'],
  )
  await exchange(
    'UDP',
    { type: 'datagram', family: 'ipv4', service: true },
    server => ({ service: server.contact('service') }),
    ['a datagram'],
  )
  await askTheKernel()
} finally {
  rmSync(folder, { recursive: true })
}
