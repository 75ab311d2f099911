// The command from end to end: a child process of ours, and as its peer another one, Node's own sockets, or socat.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { makeNetworkProcess, type NetworkProcess } from 'make-network-process'
import { constants } from 'make-network-process/socket'
import { over } from '../process/transports.js'
import { authority, canTestTls } from '../tls/certificates.js'
import { cleanUp, commandLine, folder, outcome, run, Run } from './run.js'

/** The keywords of a socket of local sequenced packets. Skips the test where there are none. */
const packets = (file: string) => {
  over('seqpacket', 'local')
  return [':type', 'seqpacket', ':family', 'local', ':service', file]
}
const tcp = (port: string | number) => [':host', '127.0.0.1', ':service', String(port)]
const udp = (port: string | number) => [':type', 'datagram', ...tcp(port)]
const listening = /listen on .*:(\d+)\n/
const open = /open on .*:(\d+)\n/

/** A TCP server of Node's on a free port; its connections go to `serve`. */
async function peer(serve: (socket: Socket) => void, options = {}): Promise<number> {
  const server = createServer(options, serve)
  closers.push(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** A UDP socket of Node's on a free port. */
async function udpPeer() {
  const socket = createSocket('udp4')
  closers.push(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

const closers: (() => void)[] = []

/** Runs a line of shell that calls the command by its name. */
function shell(line: string): Run {
  const bin = folder()
  const [program, args] = commandLine
  const shim = `#!/bin/sh\nexec ${[program, ...args].map(word => `'${word}'`).join(' ')} "$@"\n`
  writeFileSync(path.join(bin, 'make-network-process'), shim, { mode: 0o755 })
  return new Run('sh', ['-c', `PATH='${bin}':$PATH; ${line}`], '')
}

describe('make-network-process, the command', () => {
  afterEach(async () => {
    await cleanUp()
    for (const close of closers.splice(0)) close()
  })

  describe('over sequenced packets', () => {
    it('sends each line as a message, and prints each message as a line', async () => {
      const file = path.join(folder(), 'echo.sock')
      const server = run([...packets(file), ':server', 't', '--echo'])
      await server.until('stderr', /listen on/)
      const { stdout, stderr } = await outcome(packets(file), 'one\ntwo\nlast')
      assert.equal(stdout, 'one\ntwo\nlast\n')
      assert.match(stderr, /^client: open to .*echo\.sock\nclient: end of file\nclient: deleted\n$/)
      await server.until('stderr', /connection broken/)
      assert.equal(server.written.stdout, 'one\ntwo\nlast\n')
    })

    it('keeps messages apart that contain newlines', async () => {
      const file = path.join(folder(), 'echo.sock')
      await run([...packets(file), ':server', 't', '--echo']).until('stderr', /listen on/)
      const { stdout } = await outcome([...packets(file), '--once', '--json'], 'one\ntwo\n')
      assert.equal((JSON.parse(stdout) as { data: string }).data, 'one\ntwo\n')
    })

    it('adds nothing to raw messages', async () => {
      const file = path.join(folder(), 'echo.sock')
      await run([...packets(file), ':server', 't', '--echo']).until('stderr', /listen on/)
      assert.equal((await outcome([...packets(file), '--raw'], 'no newline')).stdout, 'no newline')
    })
  })

  describe('over TCP', () => {
    it('passes bytes unchanged both ways, however much', async () => {
      const bytes = Buffer.alloc(
        8 << 20,
        Uint8Array.from({ length: 4099 }, (_, index) => (index * index) % 256),
      )
      const server = run([':server', 't', ':service', 't', '--echo'])
      const port = await server.until('stderr', listening)
      const { stdout } = await outcome(tcp(port), bytes)
      assert.ok(Buffer.from(stdout, 'latin1').equals(bytes), `${stdout.length} bytes of ${bytes.length}`)
      await server.until('stderr', /connection broken/)
      assert.equal(server.written.stdout, stdout)
    })

    it('shuts down only its sending side at the end of input', async () => {
      const port = await peer(
        socket => {
          let length = 0
          socket.on('data', data => (length += data.length)).on('end', () => socket.end(`${length} bytes`))
        },
        { allowHalfOpen: true },
      )
      assert.equal((await outcome(tcp(port), 'a request')).stdout, '9 bytes')
    })

    it('ends when the peer ends, though its input is still open', async () => {
      const client = run(tcp(await peer(socket => socket.end('that is all'))))
      assert.equal(await client.ended, 0)
      assert.equal(client.written.stdout, 'that is all')
    })

    it('goes on sending after the end of the peer with :half-open', async () => {
      let received: Promise<string> | undefined
      const port = await peer(
        socket => {
          received = text(socket)
          socket.end('over to you')
        },
        { allowHalfOpen: true },
      )
      const client = run([...tcp(port), ':half-open', 't'])
      await client.until('stderr', /end of file/)
      client.child.stdin.end('thanks')
      assert.equal(await client.ended, 0)
      assert.equal(await received, 'thanks')
    })

    it('connects in the background', async () => {
      const port = await peer(socket => socket.pipe(socket), { allowHalfOpen: true })
      const { stdout, stderr } = await outcome([...tcp(port), ':nowait', 't'], 'hello\n')
      assert.equal(stdout, 'hello\n')
      assert.match(stderr, /^client: connect\nclient: open\n/)
    })

    it('says once that a TLS client is open', async function () {
      if (!canTestTls) this.skip()
      const { key, certificate } = authority.server
      const keys = `(gnutls-x509pki :keylist (("${key}" "${certificate}")))`
      const server = run([...tcp(0), ':server', 't', ':tls-parameters', keys, '--echo'])
      const port = await server.until('stderr', listening)
      const trust = `(gnutls-x509pki :hostname "localhost" :trustfiles ("${authority.trust}"))`
      const { stdout, stderr } = await outcome([...tcp(port), ':tls-parameters', trust], 'one\n')
      assert.equal(stdout, 'one\n')
      assert.equal(stderr, `client: open to 127.0.0.1:${port}\nclient: end of file\nclient: deleted\n`)
    })

    it('sends the input of a server to every client, and keeps it until there is one', async () => {
      const server = run([':server', 't', ':service', 't'])
      server.child.stdin.write('welcome\n')
      const port = await server.until('stderr', listening)
      const first = run(tcp(port))
      await first.until('stdout', /welcome\n/)
      const second = run(tcp(port))
      await server.until('stderr', /open from[^]*open from/)
      server.child.stdin.end('hello, all\n')
      for (const client of [first, second]) await client.until('stdout', /hello, all\n/)
      second.child.stdin.end('from a client\n')
      await server.until('stdout', /from a client\n/)
      assert.equal(second.written.stdout, 'hello, all\n')
    })

    it('talks to socat', async function () {
      if (spawnSync('socat', ['-V']).status !== 0) this.skip()
      const server = run([':server', 't', ':service', 't', '--echo'])
      const port = await server.until('stderr', listening)
      const client = new Run('socat', ['-t', '10', '-', `TCP:127.0.0.1:${port}`], 'from socat\n')
      assert.equal(await client.ended, 0)
      assert.equal(client.written.stdout, 'from socat\n')

      const listener = new Run('socat', ['-d', '-d', 'TCP-LISTEN:0,bind=127.0.0.1', 'EXEC:cat'])
      const { stdout } = await outcome(
        tcp(await listener.until('stderr', /listening on .*:(\d+)\n/)),
        'to socat\n',
      )
      assert.equal(stdout, 'to socat\n')
    })
  })

  describe('over UDP', () => {
    it('sends datagrams and prints the answers', async () => {
      const socket = await udpPeer()
      socket.on('message', (message, from) => socket.send(`<${message.toString()}>`, from.port, from.address))
      const client = run(udp(socket.address().port))
      client.child.stdin.write('one\n\ntwo\n')
      await client.until('stdout', /^<one>\n<>\n<two>\n$/)
    })

    it('waits for no answer if it is told not to', async () => {
      const socket = await udpPeer()
      const received = once(socket, 'message')
      await outcome([...udp(socket.address().port), '--wait', '0'], 'hello\n')
      assert.equal(String((await received)[0]), 'hello')
    })

    it('answers the last sender with standard input', async () => {
      const server = run([...udp('t'), ':server', 't'])
      server.child.stdin.write('hello\n')
      const port = Number(await server.until('stderr', open))
      const [first, second] = [await udpPeer(), await udpPeer()]
      for (const socket of [first, second]) {
        const received = once(socket, 'message')
        socket.send('ping', port, '127.0.0.1')
        if (socket === second) {
          await server.until('stdout', /ping\nping\n/)
          server.child.stdin.write('hello\n')
        }
        assert.equal(String((await received)[0]), 'hello')
      }
    })

    it('echoes to each sender its own datagrams', async () => {
      const server = run([...udp('t'), ':server', 't', '--echo'])
      const port = Number(await server.until('stderr', open))
      for (const message of ['first', '', 'third']) {
        const socket = await udpPeer()
        const received = once(socket, 'message')
        socket.send(message, port, '127.0.0.1')
        assert.equal(String((await received)[0]), message)
      }
    })
  })

  describe('with keywords of our own', () => {
    it('speaks the protocol that it is given', async function () {
      const udpLite = [':protocol', '136', ':type', 'datagram', ':host', '127.0.0.1', ':service']
      const server = run([...udpLite, 't', ':server', 't', '--echo'])
      let port
      try {
        port = await server.until('stderr', open)
      } catch {
        assert.match(server.written.stderr, /EPROTONOSUPPORT/)
        return this.skip()
      }
      const client = run([...udpLite, port])
      client.child.stdin.write('lite\n')
      await client.until('stdout', /^lite\n$/)
    })

    it('adopts a descriptor that it has inherited', async function () {
      if (spawnSync('bash', ['-c', 'true']).status !== 0) return this.skip()
      const port = await peer(socket => socket.on('data', data => socket.end(`<${String(data)}>`)))
      const [program, args] = commandLine
      const line = `exec 7<>/dev/tcp/127.0.0.1/${port}; exec "$0" "$@" :adopt 7`
      const client = new Run('bash', ['-c', line, program, ...args], 'hello')
      assert.equal(await client.ended, 0)
      assert.equal(client.written.stdout, '<hello>')
    })

    it('goes on reading while less than its high-water mark is queued', async () => {
      const length = 20_000_000
      let received = 0
      let connection!: Socket
      const port = await peer(socket => (connection = socket), { pauseOnConnect: true })
      const client = run([...tcp(port), '--raw', ':high-water-mark', String(2 * length)])
      // All input is read though the peer receives nothing.
      await new Promise<void>(resolve => client.child.stdin.end(Buffer.alloc(length, 'x'), () => resolve()))
      connection.on('data', data => (received += data.length)).resume()
      assert.equal(await client.ended, 0)
      assert.equal(received, length)
    })

    it('refuses an invalid high-water mark', async () => {
      const { stderr } = await outcome([...tcp(9), ':high-water-mark', '"much"'], '', 2)
      assert.match(stderr, /:high-water-mark must be a whole number/)
    })

    it('gets answers at a local socket that :passcred has given a name', async function () {
      if (constants.SO_PASSCRED === undefined) this.skip()
      const service = path.join(folder(), 'socket')
      const local = [':type', 'datagram', ':family', 'local', ':service', service]
      const server = run([...local, ':server', 't', '--echo'])
      await server.until('stderr', /open on/)
      const client = run([...local, ':passcred', 't', '--wait', '5'])
      client.child.stdin.write('who\n')
      await client.until('stdout', /^who\n$/)
    })
  })

  describe('its output', () => {
    it('is JSON with time, process, address and data', async () => {
      const port = await peer(socket => socket.end(Buffer.from('h\xe9 \u20ac\n', 'latin1')))
      const before = Date.now()
      const { stdout } = await outcome([...tcp(port), ':name', 'json', '--json'], '')
      const { time, ...line } = JSON.parse(stdout) as { time: string }
      assert.deepEqual(line, { process: 'json', address: `127.0.0.1:${port}`, data: 'h\udce9 \udcac\n' })
      assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now(), time)
    })

    it('is JSON with base64 where the coding system is binary', async () => {
      const port = await peer(socket => socket.end('\xff', 'latin1'))
      const { stdout } = await outcome([...tcp(port), ':coding', 'binary', '--json'], '')
      const { data, encoding } = JSON.parse(stdout) as Record<string, string>
      assert.deepEqual({ data, encoding }, { data: '/w==', encoding: 'base64' })
    })

    it('is a hexadecimal dump of each message', async () => {
      const socket = await udpPeer()
      socket.on('message', (_, from) => socket.send('\0hello\n', from.port, from.address))
      const client = run([...udp(socket.address().port), '--hex'])
      client.child.stdin.write('\n')
      await client.until('stdout', /\|\n/)
      assert.equal(
        client.written.stdout,
        `client 127.0.0.1:${socket.address().port} 7 bytes\n` +
          '00000000  00 68 65 6c 6c 6f 0a                              |.hello.|\n',
      )
    })

    it('consists of data and errors alone with --quiet', async () => {
      const port = await peer(socket => socket.end('data'))
      assert.deepEqual(await outcome([...tcp(port), '--quiet'], ''), { stdout: 'data', stderr: '' })
    })

    it('is accompanied by a line of live rates on a terminal', async function () {
      // script(1) gives the command a terminal.
      if (spawnSync('script', ['-qec', 'true', '/dev/null']).status !== 0) this.skip()
      const socket = await udpPeer()
      const words = [...commandLine.flat(), ...udp('t'), ':server', 't', '--echo']
      const server = new Run('script', ['-qec', words.map(word => `'${word}'`).join(' '), '/dev/null'])
      const port = Number(await server.until('stdout', /open on .*:(\d+)\r\n/))
      socket.send('hello', port, '127.0.0.1')
      await server.until('stdout', /in \d+ messages\/s \d+ B\/s {3}out \d+ messages\/s/)
    })

    it('ends the command quietly when nobody reads it any more', async () => {
      const port = await peer(socket => {
        const timer = setInterval(() => socket.write('more\n'), 1)
        socket.on('error', () => {}).on('close', () => clearInterval(timer))
      })
      const client = run([...tcp(port), '--quiet'])
      await client.until('stdout', /more/)
      client.child.stdout.destroy()
      assert.equal(await client.ended, 0)
      assert.equal(client.written.stderr, '')
    })

    it('says only once that a peer has gone, however much was to be sent there', async () => {
      const service = path.join(folder(), 'echo.sock')
      const server = run([...packets(service), ':server', 't', '--echo'])
      await server.until('stderr', /listen on/)
      const client = makeNetworkProcess({
        name: 'c',
        type: 'seqpacket',
        family: 'local',
        service,
        stop: true,
      })
      for (let i = 0; i < 100; i++) client.send('packet')
      await server.until('stderr', /open from/)
      client.delete()
      await server.until('stderr', /connection broken by remote peer/)
      assert.ok(server.written.stderr.split('send E').length <= 2, server.written.stderr)
    })

    it('ends the command at once when nobody reads it any more, though the peer receives nothing', async () => {
      over('seqpacket', 'local')
      const service = path.join(folder(), 'peer.sock')
      const filter = (connection: NetworkProcess) => {
        connection.stop()
        connection.send('more')
        closers.push(() => connection.delete())
      }
      const keywords = { server: true, type: 'seqpacket', family: 'local' } as const
      const server = makeNetworkProcess({ name: 'peer', ...keywords, service, filter })
      closers.push(() => server.delete())
      // The first line comes when as much is being sent as the kernel takes.
      const client = run([...packets(service), '--quiet'], 'line\n'.repeat(10_000))
      client.child.stdout.destroy()
      assert.equal(await client.ended, 0)
    })
  })

  describe('its exit', () => {
    it('has status 1 when the connection is refused', async () => {
      const port = await peer(() => {})
      closers.pop()!()
      const { stderr } = await outcome(tcp(port), '', 1)
      assert.equal(stderr, `make-network-process: connect ECONNREFUSED 127.0.0.1:${port}\n`)
      assert.match((await outcome([...tcp(port), ':nowait', 't'], '', 1)).stderr, /failed with code \d+\n/)
    })

    it('has status 1 when there is no such socket file', async () => {
      const file = path.join(folder(), 'none.sock')
      const { stderr } = await outcome(packets(file), '', 1)
      assert.equal(stderr, `make-network-process: connect ENOENT ${file}\n`)
    })

    it('has status 1 when the connection breaks', async () => {
      const client = run(tcp(await peer(socket => socket.once('data', () => socket.resetAndDestroy()))))
      client.child.stdin.write('hello\n')
      assert.equal(await client.ended, 1)
    })

    it('has status 2 for an invalid command line, which it explains', async () => {
      for (const [args, message] of [
        [[], /expected keywords/],
        [[':host'], /:host: expected a value/],
        [[':type', 'streams', ':service', '7'], /type/],
        [[':service', '7', ':family', 'ipv5'], /family/],
        [[':remote', '[1 2 3]'], /remote|address/],
      ] as const) {
        const { stdout, stderr } = await outcome(args, '', 2)
        assert.match(stderr, message)
        assert.match(stderr, /--help/)
        assert.equal(stdout, '')
      }
    })

    for (const [signal, status] of [
      ['SIGHUP', 129],
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`has status ${status} after ${signal}, and leaves no socket file`, async () => {
        const file = path.join(folder(), 'signal.sock')
        const server = run([...packets(file), ':server', 't'])
        await server.until('stderr', /listen on/)
        assert.ok(existsSync(file))
        const client = run(packets(file))
        await server.until('stderr', /open from/)
        server.kill(signal)
        assert.equal(await server.ended, status)
        assert.ok(!existsSync(file))
        assert.match(server.written.stderr, /server: deleted\n/)
        assert.equal(await client.ended, 0)
      })
    }

    it('leaves a socket file that is not its own', async () => {
      const directory = folder()
      const file = path.join(directory, 'a.sock')
      const server = run([...packets(file), ':server', 't'])
      await server.until('stderr', /listen on/)
      const client = run(packets(file))
      await client.until('stderr', /open to/)
      client.kill('SIGINT')
      assert.equal(await client.ended, 130)
      assert.ok(existsSync(file), 'a client removed the socket file of its server')

      renameSync(file, path.join(directory, 'b.sock'))
      writeFileSync(file, 'somebody else')
      server.kill('SIGINT')
      assert.equal(await server.ended, 130)
      assert.equal(readFileSync(file, 'utf8'), 'somebody else')
    })

    it('does not come with the end of the input of a server', async () => {
      const server = run([':server', 't', ':service', 't'], '')
      const port = await server.until('stderr', listening)
      await outcome(tcp(port), 'still there\n')
      await server.until('stdout', /still there\n/)
      server.kill('SIGTERM')
      assert.equal(await server.ended, 143)
    })
  })

  describe('its help', () => {
    it('explains every switch and comes on standard output', async () => {
      const { stdout, stderr } = await outcome(['--help'], '')
      for (const name of ['echo', 'once', 'raw', 'hex', 'json', 'wait', 'quiet', 'help', 'version'])
        assert.ok(stdout.includes(`--${name}`), name)
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
      assert.equal(stderr, '')
    })

    it('has examples that run as they stand', async function () {
      over('seqpacket', 'local')
      const { stdout } = await outcome(['--help'], '')
      const examples = stdout
        .split('Examples:')[1]!
        .replace(/\\\n +|\|\n +/g, found => (found.startsWith('|') ? '| ' : ''))
        .split('\n')
        .filter(line => line.startsWith('    '))
      const file = path.join(folder(), 'echo.sock')
      const [server, client] = examples.filter(line => line.includes('echo.sock'))
      const started = shell(server!.replace('/tmp/echo.sock', file))
      await started.until('stderr', /listen on/)
      const ran = shell(client!.replace('/tmp/echo.sock', file))
      assert.equal(await ran.ended, 0)
      assert.equal(ran.written.stdout, '1\n2\n3\n')

      const netlink = shell(examples.find(line => line.includes('(16 .'))!)
      const status = await netlink.ended
      if (/EAFNOSUPPORT/.test(netlink.written.stderr)) this.skip()
      assert.equal(status, 0, netlink.toString())
      assert.match(netlink.written.stdout, /\blo\b/)
    })

    it('gives the version of the package', async () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
      assert.equal((await outcome(['--version'], '')).stdout, `make-network-process ${version}\n`)
    })
  })
})
