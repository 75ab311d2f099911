// :use-external-socket: sockets passed in by systemd-socket-activate, and by a parent that does the same.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, openSync, closeSync } from 'node:fs'
import { constants, encodeAddress, Socket, socketpair } from 'make-network-process/socket'
import { cleanUp as endRuns, Run } from '../cli/run.js'
import { needsWaitingClients } from '../support/transports.js'
import { cleanUp, finallyDo, make, socketFile, until, witness } from './support.js'

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } = constants
const types = ['stream', 'datagram', 'seqpacket'] as const

afterEach(cleanUp)
afterEach(endRuns)

const url = (file: string) => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url))

/** The command line that runs `body` in Node; its `make` makes a server that asks for an external socket. */
function program(body: string): string[] {
  const code = `
    import { makeNetworkProcess, processList } from ${url('index.js')}
    import * as emacs from ${url('emacs.js')}
    const make = more => makeNetworkProcess({
      name: 'own', server: true, family: 'local', service: ${JSON.stringify(socketFile())}, useExternalSocket: true, ...more,
    })
    ${body}`
  return [process.execPath, '--input-type=module', '--eval', code]
}

/** Runs a program with sockets, from descriptor 3 on, and gives what `body` returns. */
function passing(
  passed: readonly (Socket | number)[],
  body: string,
  env: Record<string, string> = {},
): unknown {
  const { status, stdout, error } = spawnSync(
    'sh',
    [
      '-c',
      'export LISTEN_PID=${LISTEN_PID-$$}; exec "$@"',
      'sh',
      ...program(`
        const result = await (async () => { ${body} })()
        console.log(JSON.stringify(result))
        for (const process of processList()) process.delete()`),
    ],
    {
      env: { ...process.env, LISTEN_FDS: String(passed.length), ...env },
      stdio: ['ignore', 'pipe', 'inherit', ...passed.map(one => (typeof one === 'number' ? one : one.fd))],
      encoding: 'utf8',
      timeout: 60_000,
    },
  )
  if (error) throw error
  assert.equal(status, 0)
  return stdout.trim() === 'undefined' ? undefined : JSON.parse(stdout)
}

/** A bound socket, with its path and its port. */
function named(
  type: number = SOCK_STREAM,
  family: number = AF_UNIX,
): { socket: Socket; name: string; port: number } {
  const socket = new Socket(family, type)
  finallyDo(() => socket.close())
  const name = socketFile()
  socket.bind(encodeAddress(family === AF_UNIX ? name : [127, 0, 0, 1, 0]))
  return { socket, name, port: socket.getsockname().readUInt16BE(2) }
}

function listening(family?: number) {
  const made = named(SOCK_STREAM, family)
  made.socket.listen(1)
  return made
}

function pair(): [Socket, Socket] {
  const made = socketpair(AF_UNIX, SOCK_STREAM)
  finallyDo(() => made.forEach(socket => socket.close()))
  return made
}

describe(':use-external-socket', () => {
  describe('from systemd-socket-activate', () => {
    before(function () {
      if (spawnSync('systemd-socket-activate', ['--version']).status !== 0) this.skip()
    })

    /** Starts systemd-socket-activate, which runs a program at the first connection; resolves when it listens. */
    async function activate(options: string[], body: string): Promise<Run> {
      // It passes on no environment variables by itself.
      const environment = ['MAKE_NETWORK_PROCESS_ADDON', 'LD_PRELOAD', 'ASAN_OPTIONS'].flatMap(name =>
        process.env[name] === undefined ? [] : ['--setenv', `${name}=${process.env[name]}`],
      )
      const ran = new Run('systemd-socket-activate', [...options, ...environment, ...program(body)])
      const sockets = options.filter(option => option === '--listen').length
      await ran.until('stderr', new RegExp(`(Listening on[^]*){${sockets}}`))
      return ran
    }

    for (const type of types)
      it(`takes a ${type} socket`, async () => {
        const file = socketFile()
        const ran = await activate(
          ['--listen', file, ...(type === 'stream' ? [] : [`--${type}`])],
          `make({
            type: '${type}',
            filter: (process, text) => { console.log('got', text); if ('${type}' !== 'datagram') process.send(text) },
            log: server => server.delete(),
          })
          const [own] = processList()
          console.log(own.status, own.contact('local'), own.contact().join(), 'fd', own.fd)`,
        )
        const seen = witness()
        const client = make({ name: 'client', type, family: 'local', service: file, ...seen.callbacks })
        client.send('hello')
        await ran.until('stdout', /got hello/)
        const status = type === 'datagram' ? 'open' : 'listen'
        assert.match(ran.written.stdout, new RegExp(`^${status} ${file} ,${file} fd 3\n`))
        if (type !== 'datagram') await until(() => seen.text === 'hello', 'echo')
      })

    it('takes a connection, for a client', async () => {
      const file = socketFile()
      await activate(
        ['--accept', '--listen', file],
        'make({ server: false, filter: (own, text) => own.send(`<${text}>`) })',
      )
      const seen = witness()
      make({ name: 'client', family: 'local', service: file, ...seen.callbacks }).send('hello')
      await until(() => seen.text === '<hello>', 'answer')
    })

    it('takes sockets by their names, each once', async () => {
      const [first, second] = [socketFile(), socketFile()]
      const ran = await activate(
        ['--listen', first, '--listen', second, '--fdname=one:two'],
        `const take = useExternalSocket => make({ useExternalSocket, service: ${JSON.stringify(socketFile())} + i++ }).contact('local')
        let i = 0
        console.log(['two', 'two', 'three', true, true].map(take).join(), 'end')
        for (const one of processList()) one.delete()`,
      )
      make({ name: 'client', family: 'local', service: first })
      const locals = (await ran.until('stdout', /(.*) end/)).split(',')
      const own = locals[1]?.slice(0, -1) ?? ''
      assert.deepEqual(locals, [second, `${own}1`, `${own}2`, first, `${own}4`])
    })

    it('works in makeNetworkProcess() of make-network-process/emacs', async () => {
      const file = socketFile()
      const ran = await activate(
        ['--listen', file],
        `const own = emacs.makeNetworkProcess(
          ':name', 'own', ':server', true, ':family', 'local', ':service', '/none', ':use-external-socket', true)
        console.log(emacs.processContact(own, ':local'), 'end')
        own.delete()`,
      )
      make({ name: 'client', family: 'local', service: file })
      assert.equal(await ran.until('stdout', /(.*) end/), file)
    })
  })

  const local = `return make().contact('local')`

  it('is ignored where no socket was passed', () => {
    assert.match(String(passing([], local)), /\.sock$/)
    assert.match(String(passing([], local, { LISTEN_FDS: '', LISTEN_PID: '' })), /\.sock$/)
  })

  it('takes no sockets meant for another process, and hides the variables from children', () => {
    const { socket, name } = listening()
    const [own, variables] = passing(
      [socket],
      `return [make().contact('local'), Object.keys(process.env).filter(name => name.startsWith('LISTEN_'))]`,
      { LISTEN_PID: String(process.pid) },
    ) as [string, string[]]
    assert.notEqual(own, name)
    assert.deepEqual(variables, [])
  })

  it('leaves the socket to the first process that asks for it', () => {
    const { socket, name } = listening()
    assert.deepEqual(
      passing(
        [socket],
        `const [, second] = [make({ useExternalSocket: null }), make({ service: '/none' })]
        return [second.contact('local'), second.contact()[1]]`,
      ),
      [name, name],
    )
  })

  it('hides the socket and the variables from children', function () {
    if (!existsSync('/proc/self/fd')) this.skip()
    const sockets = [listening(), listening()]
    const [links, environment, seen] = passing(
      sockets.map(({ socket }) => socket),
      `make()
      const { spawnSync } = await import('node:child_process')
      const { readlinkSync } = await import('node:fs')
      const run = command => spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout
      return [[3, 4].map(fd => readlinkSync('/proc/self/fd/' + fd)), run('env'), run('ls -l /proc/self/fd')]`,
      { LISTEN_FDNAMES: 'one:two' },
    ) as [string[], string, string]
    assert.doesNotMatch(environment, /LISTEN_/)
    assert.match(environment, /PATH=/)
    assert.match(seen, /0 -> /)
    for (const link of links) {
      assert.match(link, /^socket:/)
      assert.ok(!seen.includes(link), seen)
    }
  })

  it('does not take a descriptor again after its process has gone, though the number is in use again', () => {
    const { socket } = listening()
    const own = socketFile()
    const [fd, local] = passing(
      [socket],
      `process.stdout // With its first stream, libuv takes a descriptor for itself.
      make().delete()
      const { createServer } = await import('node:net')
      const { once } = await import('node:events')
      const other = createServer().listen(${JSON.stringify(socketFile())})
      await once(other, 'listening')
      const result = [other._handle.fd, make({ service: ${JSON.stringify(own)} }).contact('local')]
      other.close()
      return result`,
    ) as [number, string]
    assert.equal(fd, 3)
    assert.equal(local, own)
  })

  it('takes a socket of the type that the keywords ask for', () => {
    const [stream, datagrams] = [listening(), named(SOCK_DGRAM)]
    assert.deepEqual(
      passing(
        [stream.socket, datagrams.socket],
        `return ['datagram', null].map(type => make({ type }).contact('local'))`,
      ),
      [datagrams.name, stream.name],
    )
  })

  it('takes a socket of the family that the keywords name, and of any if they name none', () => {
    const [unix, inet] = [listening(), listening(AF_INET)]
    assert.deepEqual(
      passing(
        [unix.socket, inet.socket],
        `const own = make({ family: 'ipv4', service: true })
        const any = make({ family: null, service: 1, server: true })
        return [own.contact('local'), own.contact('service'), any.contact('local'), any.contact('service')]`,
      ),
      [[127, 0, 0, 1, inet.port], inet.port, unix.name, unix.name],
    )
    assert.deepEqual(
      passing([unix.socket, inet.socket], `return make({ local: [127, 0, 0, 1, 0] }).contact('local')`),
      [127, 0, 0, 1, inet.port],
    )
  })

  it('makes a bound socket listen', () => {
    const { socket, name } = named()
    assert.deepEqual(passing([socket], `const own = make(); return [own.status, own.contact('local')]`), [
      'listen',
      name,
    ])
    assert.equal(
      socket.getsockopt(SOL_SOCKET, constants.SO_ACCEPTCONN).some(byte => byte !== 0),
      true,
    )
  })

  it('leaves the backlog of a listening socket as it is', () => {
    needsWaitingClients()
    const { socket, name } = listening()
    passing([socket], 'make({ server: 50 })')
    const clients = [1, 2, 3].map(() => new Socket(AF_UNIX, SOCK_STREAM))
    finallyDo(() => clients.forEach(client => client.close()))
    const failures = clients.map(client => {
      try {
        client.connect(encodeAddress(name))
        return undefined
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    assert.deepEqual(failures, [undefined, undefined, 'EAGAIN'])
  })

  it('sets the options that are given', () => {
    const { socket } = listening(AF_INET)
    passing([socket], `make({ family: 'ipv4', service: true, keepalive: true })`)
    assert.equal(
      socket.getsockopt(SOL_SOCKET, constants.SO_KEEPALIVE).some(byte => byte !== 0),
      true,
    )
  })

  it('takes only connections for clients, and only listeners for servers', () => {
    const [ours, theirs] = pair()
    const { socket, name } = listening()
    assert.deepEqual(
      passing(
        [theirs, socket],
        `const server = make()
        const client = make({ server: false, service: server.contact('local') })
        client.send('hello')
        return [server.contact('local'), client.status, client.contact('remote')]`,
      ),
      [name, 'open', ''],
    )
    const text = Buffer.alloc(16)
    assert.equal(text.toString('utf8', 0, ours.recv(text)), 'hello')
  })

  it('calls the sentinel under :nowait', () => {
    const [ours, theirs] = pair()
    const code = (then: string) => `
      const events = []
      const client = make({ server: false, nowait: true, sentinel: (own, event) => events.push(own.status, event) })
      events.push(client.status)
      ${then}
      // Timers of one length fire in their order: this one is behind the process's own.
      await new Promise(resolve => setTimeout(resolve, 1))
      return events`
    assert.deepEqual(passing([theirs], code("client.send('first')")), ['connect', 'open', 'open\n'])
    const text = Buffer.alloc(16)
    assert.equal(text.toString('utf8', 0, ours.recv(text)), 'first')
    const [, other] = pair()
    assert.deepEqual(passing([other], code('client.delete()')), ['connect', 'closed', 'deleted\n'])
  })

  it('skips what is not a socket, and copes with a wrong LISTEN_FDS', () => {
    const file = openSync('/dev/null', 'r')
    finallyDo(() => closeSync(file))
    const { socket, name } = listening()
    assert.equal(passing([file, socket], local), name)
    assert.equal(passing([socket], local, { LISTEN_FDS: '999999999' }), name)
    assert.notEqual(passing([socket], local, { LISTEN_FDS: '-1' }), name)
    assert.notEqual(passing([socket], local, { LISTEN_FDS: 'many' }), name)
  })

  it('closes the socket of a process that cannot be made', () => {
    const { socket } = listening()
    assert.deepEqual(
      passing(
        [socket],
        `const { fstatSync } = await import('node:fs')
        const codes = [() => make({ priority: 'high' }), () => fstatSync(3)].map(call => {
          try { call() } catch (error) { return error.code }
        })
        return [...codes, processList().length]`,
      ),
      ['ERR_INVALID_ARG_TYPE', 'EBADF', 0],
    )
  })

  it('takes sockets in the main thread only', () => {
    const { socket, name } = listening()
    const [inWorker, inMain] = passing(
      [socket],
      `const { Worker } = await import('node:worker_threads')
      const { once } = await import('node:events')
      const worker = new Worker(new URL(\`data:text/javascript,
        import { parentPort } from 'node:worker_threads';
        import { makeNetworkProcess } from ${url('index.js')};
        const own = makeNetworkProcess({ name: 'own', server: true, service: true, useExternalSocket: true });
        parentPort.postMessage(own.contact('local'));
        own.delete()\`))
      const [inWorker] = await once(worker, 'message')
      return [inWorker, make().contact('local')]`,
    ) as [unknown, string]
    assert.ok(Array.isArray(inWorker))
    assert.equal(inMain, name)
  })
})
