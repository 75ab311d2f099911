// Every program in examples/, run against the real thing: each has an entry here, with what it needs and what it has to
// print. Where a kernel lacks a family, or does not let us use it, the program has to say that. A test that is called
// "exercises …" has used the family it names: scripts/test-lab.mjs counts them.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { gnutlsAvailable } from 'make-network-process'
import { constants, encodeAddress, ifNameToIndex, sealedMemory, Socket } from 'make-network-process/socket'
import { inNetwork, needsNetwork } from '../support/namespaces.js'
import { aFolder, needsAddress } from '../support/transports.js'
import { aSocket, receive } from '../socket/sockets.js'
import { example, root, run, type Ended } from './run.js'

const { AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } = constants
const anAbstractName = `\0mnp-examples-${process.pid}`

/** The errno's name with which `make` fails; undefined where it works. */
function missing(make: () => void): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** The errno's name with which socket(2) fails; undefined where there is such a socket. */
function lacks(family: string, type: number, protocol = 0): string | undefined {
  return missing(() => new Socket(constants[family] ?? -1, type, protocol).close())
}

function says({ status, stdout, stderr }: Ended, ...lines: (string | RegExp)[]): void {
  assert.equal(stderr, '')
  const said = stdout.trimEnd().split('\n')
  lines.forEach((line, i) =>
    typeof line === 'string' ? assert.equal(said[i], line) : assert.match(said[i] ?? '', line),
  )
  assert.equal(said.length, lines.length, stdout)
  assert.equal(status, 0)
}

function fails({ status, stdout, stderr }: Ended, message: string | RegExp): void {
  assert.match(stderr, typeof message === 'string' ? new RegExp(`\\b${message}\\b`) : message)
  assert.equal(stdout, '')
  assert.equal(status, 1)
}

/** Runs `there` where the kernel has such a socket; where it has none, the example has to give the error. */
function exercises(
  what: string,
  name: string,
  missing: string | undefined,
  there: (this: Mocha.Context) => Promise<void>,
): void {
  if (missing === undefined) it(`exercises ${what}`, there)
  else
    it(`says that there is no ${what} here: ${missing}`, async () => {
      fails(await example(name), missing)
    })
}

describe('the examples', () => {
  const names = readdirSync(path.join(root, 'examples'))
    .filter(file => file.endsWith('.mjs'))
    .map(file => file.replace('.mjs', ''))

  it('open with the command that runs them', () => {
    for (const name of names)
      assert.match(
        readFileSync(path.join(root, 'examples', `${name}.mjs`), 'utf8'),
        new RegExp(`^// (\\S+ )*node examples/${name}\\.mjs`),
      )
  })

  it('are all in the recipes, and here', () => {
    const recipes = readFileSync(path.join(root, 'docs/recipes.md'), 'utf8')
    const tests = readFileSync(path.join(root, 'test/examples/examples.test.ts'), 'utf8')
    for (const name of names) {
      assert.ok(recipes.includes(`(../examples/${name}.mjs)`), `docs/recipes.md: ${name}`)
      assert.ok(tests.includes(`'${name}'`), `no test of ${name}`)
    }
  })

  describe('seqpacket', () => {
    exercises('local seqpacket', 'seqpacket', lacks('AF_UNIX', SOCK_SEQPACKET), async () => {
      const { status, stdout, stderr } = await example('seqpacket')
      assert.equal(stderr, '')
      assert.match(stdout, /^3 12 10000$/m)
      assert.match(stdout, /^calculator <\d+>: open from -$/m)
      assert.match(stdout, /^calculator <\d+>: connection broken by remote peer$/m)
      assert.equal(status, 0)
    })
  })

  describe('cluster-reuseport', () => {
    it('spreads connections over its workers', async function () {
      // Where the kernel does not spread them, one listener gets all.
      if (constants.SO_REUSEPORT === undefined || constants.SO_INCOMING_CPU === undefined) this.skip()
      const { status, stdout, stderr } = await example('cluster-reuseport')
      assert.equal(stderr, '')
      const counts = [...stdout.matchAll(/^worker \d: (\d+) connections$/gm)].map(([, count]) =>
        Number(count),
      )
      // That one of two gets nothing happens once in 2^99 runs.
      assert.equal(counts.length, 2, stdout)
      assert.equal(counts[0]! + counts[1]!, 100)
      assert.equal(status, 0)
    })
  })

  describe('tls-echo', () => {
    it('speaks TLS, and refuses a server that it does not trust', async function () {
      if (!gnutlsAvailable() || spawnSync('openssl', ['version']).status !== 0) this.skip()
      says(
        await example('tls-echo'),
        /^client: TLS1\.\d CN=localhost$/,
        'server: accept from 127.0.0.1',
        'client: hello',
        'other client: DEPTH_ZERO_SELF_SIGNED_CERT',
        /^server: refused from 127\.0\.0\.1: TLS handshake: the peer refused it/,
      )
    })
  })

  describe('syslog', () => {
    const line = (text: string) =>
      new RegExp(`<13>[A-Z][a-z]{2} [ 123]\\d \\d\\d:\\d\\d:\\d\\d example\\[\\d+\\]: ${text}$`)

    exercises('local datagrams', 'syslog', lacks('AF_UNIX', SOCK_DGRAM), async () => {
      says(await example('syslog', [], { LOG_SOCKET: undefined }), line('hello'))
    })

    it('logs to the socket that it is given', async () => {
      const log = aSocket(AF_UNIX, SOCK_DGRAM)
      const LOG_SOCKET = path.join(aFolder(), 'log')
      log.bind(encodeAddress(LOG_SOCKET))
      const { stdout, stderr, status } = await example('syslog', ['grüße'], { LOG_SOCKET })
      assert.deepEqual({ stdout, stderr, status }, { stdout: '', stderr: '', status: 0 })
      assert.match(Buffer.from(receive(log), 'latin1').toString(), line('grüße'))
    })

    it('reports that nobody listens', async () => {
      const LOG_SOCKET = path.join(aFolder(), 'log')
      fails(await example('syslog', [], { LOG_SOCKET }), `connect ENOENT ${LOG_SOCKET}`)
    })
  })

  describe('journald', () => {
    const noMemory = missing(() => closeSync(sealedMemory(Buffer.alloc(0))))
    exercises('sealed memory beside messages', 'journald', noMemory, async () => {
      const [priority, identifier] = [': PRIORITY: "6"', ': SYSLOG_IDENTIFIER: "example"']
      const entry = (from: string, ...fields: string[]) =>
        [...fields, priority, identifier].map(field => `${from}${field}`)
      says(
        await example('journald', [], { JOURNAL_SOCKET: undefined }),
        ...entry('datagram', ': MESSAGE: "hello"'),
        ...entry('datagram', ': MESSAGE: "two\\nlines"'),
        ...entry('memory', ': MESSAGE: "a long one"', ': DUMP: 1000000 bytes'),
      )
    })

    it('exercises systemd-journald', async function () {
      // A journal of its own, in a mount namespace where the folder is /run: as few rights as journald can do with.
      const folder = aFolder()
      const notify = aSocket(AF_UNIX, SOCK_DGRAM)
      notify.bind(encodeAddress(path.join(folder, 'notify')))
      const journald = '/lib/systemd/systemd-journald'
      if (noMemory !== undefined || !existsSync(journald)) return this.skip()
      const inMounts = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount']
      const start = 'mount --bind "$1" /run && exec "$2"'
      const daemon = spawn('unshare', [...inMounts, 'sh', '-c', start, 'sh', folder, journald], {
        env: { ...process.env, NOTIFY_SOCKET: path.join(folder, 'notify') },
        stdio: 'ignore',
      })
      const ended = once(daemon, 'close')
      const ready = new Promise<string>(resolve =>
        notify.watch({ readable: true }, () => resolve(receive(notify))),
      )
      const said = await Promise.race([ready, ended.then(() => undefined)])
      notify.unwatch()
      if (said === undefined) return this.skip()
      assert.match(said, /^READY=1$/m)

      const JOURNAL_SOCKET = path.join(folder, 'systemd/journal/socket')
      const { stdout, stderr, status } = await example('journald', ['grüße'], { JOURNAL_SOCKET })
      daemon.kill()
      await ended
      assert.deepEqual({ stdout, stderr, status }, { stdout: '', stderr: '', status: 0 })
      const options = ['--all', '--output=json', `--directory=${path.join(folder, 'log/journal')}`]
      const found = await run('journalctl', [...options, 'SYSLOG_IDENTIFIER=example', 'PRIORITY=6'])
      const entries = found.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, string>)
      assert.deepEqual(
        entries.map(({ MESSAGE }) => MESSAGE),
        ['grüße', 'two\nlines', 'a long one'],
      )
      assert.equal(entries[2]?.DUMP, '-'.repeat(1_000_000))
    })
  })

  describe('sd-notify', () => {
    const state = /READY=1, STATUS=Taking requests, MAINPID=\d+$/

    it('receives from itself by a path and by an abstract name', async () => {
      needsAddress(anAbstractName)
      const ended = await example('sd-notify', [], { NOTIFY_SOCKET: undefined })
      says(ended, new RegExp(`^/.+: ${state.source}`), new RegExp(`^@.+: ${state.source}`))
    })

    for (const [kind, name] of [
      ['a path', () => path.join(aFolder(), 'notify')],
      ['an abstract name', () => `@mnp-notify-${process.pid}`],
    ] as const)
      it(`tells a manager with ${kind}`, async function () {
        const NOTIFY_SOCKET = name()
        const address = NOTIFY_SOCKET.replace(/^@/, '\0')
        if (address.startsWith('\0')) needsAddress(address)
        const manager = aSocket(AF_UNIX, SOCK_DGRAM)
        manager.bind(encodeAddress(address))
        const { stdout, stderr, status } = await example('sd-notify', [], { NOTIFY_SOCKET })
        assert.deepEqual({ stdout, stderr, status }, { stdout: '', stderr: '', status: 0 })
        assert.match(receive(manager), /^READY=1\nSTATUS=Taking requests\nMAINPID=\d+$/)
      })
  })

  describe('dogstatsd', () => {
    const packets = [/^page\.views:0\|c\|#env:example,shard:0$/]
    for (const type of ['datagram', 'seqpacket'])
      it(`counts all metrics by ${type}`, async () => {
        needsAddress(anAbstractName)
        const ended = await example('dogstatsd', [type], { DOGSTATSD_SOCKET: undefined })
        says(ended, ...packets, `${type}: 1000 metrics in 5 packets`)
      })

    it('fills the packets to the agent that it is given', async () => {
      needsAddress(anAbstractName) // The packets are longer than the datagrams of the systems that have none.
      const agent = aSocket(AF_UNIX, SOCK_DGRAM)
      const DOGSTATSD_SOCKET = path.join(aFolder(), 'dsd')
      agent.bind(encodeAddress(DOGSTATSD_SOCKET))
      // The queue of a local datagram socket has room for all of them.
      says(await example('dogstatsd', ['datagram'], { DOGSTATSD_SOCKET }), 'deleted')
      let metrics = 0
      while (metrics < 1000) {
        const packet = receive(agent)
        assert.ok(packet.length <= 8192)
        metrics += packet.split('\n').length
      }
    })
  })

  describe('datagram-replies', () => {
    it('go to the process that has asked', async () => {
      const { stdout, stderr, status } = await example('datagram-replies')
      assert.equal(stderr, '')
      for (const name of ['alice', 'bob']) {
        assert.match(stdout, new RegExp(`^${name}'s from ${name}$`, 'm'))
        assert.match(stdout, new RegExp(`^${name} hears: ${name}'s is a good question$`, 'm'))
      }
      assert.equal(status, 0)
    })
  })

  describe('hand-over', () => {
    exercises('descriptors beside messages', 'hand-over', lacks('AF_UNIX', SOCK_SEQPACKET), async () => {
      says(await example('hand-over'), 'old: who is there?', 'the successor listens', 'new: and now?')
    })
  })

  describe('netlink-routes', () => {
    exercises('netlink', 'netlink-routes', lacks('AF_NETLINK', SOCK_DGRAM), async () => {
      const { stdout, stderr, status } = await example('netlink-routes')
      assert.equal(stderr, '')
      for (const [name, addresses] of Object.entries(networkInterfaces())) {
        assert.match(stdout, new RegExp(`^link ${ifNameToIndex(name)} ${name} up mtu \\d+$`, 'm'))
        for (const { cidr } of addresses ?? [])
          assert.ok(stdout.includes(`address ${cidr} on ${name}\n`), stdout)
      }
      assert.equal(status, 0)
    })
  })

  describe('netlink-monitor', () => {
    const told = [...inNetwork, process.execPath, 'examples/netlink-monitor.mjs']

    it('exercises netlink groups', async function () {
      needsNetwork(this)
      says(
        await run('unshare', told),
        'new address 127.71.71.71/32 on 1',
        'del address 127.71.71.71/32 on 1',
        'overrun: changes were lost, so that everything has to be asked for again',
      )
    })

    it('refuses to change a network that is in use', async function () {
      if (Object.keys(networkInterfaces()).length === 0) return this.skip()
      fails(await example('netlink-monitor'), /^not in a network that is in use: unshare/)
    })
  })

  describe('packet', () => {
    exercises('AF_PACKET', 'packet', lacks('AF_PACKET', SOCK_DGRAM), async () => {
      const line = (way: string) =>
        new RegExp(`^${way}: IPv4 protocol 17, 127\\.0\\.0\\.1 to 127\\.0\\.0\\.1, \\d+ bytes$`)
      says(await example('packet'), line('out'), line('in'))
    })

    it('says who may use it', async function () {
      // A new user namespace has no rights in the network namespace.
      const args = ['--user', process.execPath, 'examples/packet.mjs']
      if (spawnSync('unshare', ['--user', 'true']).status !== 0) return this.skip()
      if (lacks('AF_PACKET', SOCK_DGRAM) === 'EAFNOSUPPORT') return this.skip()
      fails(await run('unshare', args), /^socket EPERM: only root/)
    })
  })

  describe('ping', () => {
    const line = (i: number) => new RegExp(`^127\\.0\\.0\\.1: ${i} of 3, \\d+\\.\\d+ ms$`)

    exercises('ICMP', 'ping', lacks('AF_INET', SOCK_DGRAM, constants.IPPROTO_ICMP), async () => {
      says(await example('ping', ['127.0.0.1']), line(1), line(2), line(3))
    })

    it('works when it is allowed', async function () {
      needsNetwork(this)
      const allow = 'ip link set lo up && echo "0 0" > /proc/sys/net/ipv4/ping_group_range'
      if (spawnSync('unshare', [...inNetwork, 'sh', '-c', allow]).status !== 0) return this.skip()
      const command = `${allow} && "${process.execPath}" examples/ping.mjs`
      says(await run('unshare', [...inNetwork, 'sh', '-c', command]), line(1), line(2), line(3))
    })

    it('says how to allow it', async function () {
      needsNetwork(this)
      // The ping_group_range of a new network namespace is empty.
      const args = [...inNetwork, process.execPath, 'examples/ping.mjs']
      fails(await run('unshare', args), /^socket EACCES: .*\n\s+sysctl -w net\.ipv4\.ping_group_range=/)
    })
  })

  describe('multicast', () => {
    it('exercises UDP multicast', async () => {
      const { status, stdout, stderr } = await example('multicast')
      assert.equal(stderr, '')
      assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
        'first hears: hello, everybody',
        'second hears: hello, everybody',
      ])
      assert.equal(status, 0)
    })
  })

  describe('vsock', () => {
    // Without the loopback transport a connection would leave this machine, so that is never tried.
    if (process.env.VSOCK_LOOPBACK === '1')
      exercises('AF_VSOCK', 'vsock', lacks('AF_VSOCK', SOCK_SEQPACKET), async () => {
        const { status, stdout, stderr } = await example('vsock')
        assert.equal(stderr, '')
        assert.match(stdout, /^client hears: OVER VSOCK$/m)
        assert.equal(status, 0)
      })

    it('refuses to connect unless it is told that nothing leaves this machine', async () => {
      fails(await example('vsock', [], { VSOCK_LOOPBACK: undefined }), /^vsock: .*VSOCK_LOOPBACK=1/)
    })
  })

  describe('alg-sha256', () => {
    exercises('AF_ALG', 'alg-sha256', lacks('AF_ALG', SOCK_SEQPACKET), async () => {
      for (const file of ['package.json', 'package-lock.json', '/dev/null']) {
        const digest = createHash('sha256')
          .update(readFileSync(path.resolve(root, file)))
          .digest('hex')
        says(await example('alg-sha256', [file]), `${digest}  ${file}`)
      }
    })
  })

  describe('can', () => {
    exercises('AF_CAN', 'can', lacks('AF_CAN', SOCK_RAW, 1), async function () {
      const CAN_INTERFACE = process.env.CAN_INTERFACE ?? 'vcan0'
      try {
        ifNameToIndex(CAN_INTERFACE)
      } catch {
        return this.skip()
      }
      says(await example('can', [], { CAN_INTERFACE }), `${CAN_INTERFACE} 123 [2] dead`)
    })
  })

  describe('tipc', () => {
    exercises('AF_TIPC', 'tipc', lacks('AF_TIPC', SOCK_SEQPACKET), async () => {
      const { status, stdout, stderr } = await example('tipc')
      assert.equal(stderr, '')
      assert.match(stdout, /^client: open\n(.*\n)*client hears: OVER TIPC$/m)
      assert.equal(status, 0)
    })
  })

  describe('sctp', () => {
    exercises('SCTP', 'sctp', lacks('AF_INET', SOCK_STREAM, constants.IPPROTO_SCTP), async () => {
      const { status, stdout, stderr } = await example('sctp')
      assert.equal(stderr, '')
      assert.match(stdout, /^server: open from 127\.0\.0\.1$/m)
      assert.match(stdout, /^client hears: OVER SCTP$/m)
      assert.equal(status, 0)
    })
  })

  describe('sctp-one-to-many', () => {
    const missing = lacks('AF_INET', SOCK_SEQPACKET, constants.IPPROTO_SCTP)
    exercises('SCTP one-to-many', 'sctp-one-to-many', missing, async () => {
      const { status, stdout, stderr } = await example('sctp-one-to-many')
      assert.equal(stderr, '')
      for (const line of ['peer hears: FROM A PEER', 'connection hears: FROM A CONNECTION'])
        assert.match(stdout, new RegExp(`^${line}$`, 'm'))
      assert.equal(status, 0)
    })
  })
})
