// confirmExit() in a program that has a terminal, which script(1) gives it, and in one that has none.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { confirmExit } from 'make-network-process'
import { cleanUp, folder, Run } from '../cli/run.js'
import { needsWaitingClients } from '../support/transports.js'

const url = (file: string) => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url))
const question = /Active processes exist; kill them and exit anyway\? \(y or n\) /
const ctrlC = '\x03'
const ctrlD = '\x04'

afterEach(cleanUp)

/** The command line of a program that has `make`, for servers, and prints when a question has been answered. */
function program(body: string): string[] {
  const file = path.join(folder(), 'echo.sock')
  const code = `
    import { execFileSync } from 'node:child_process'
    import { confirmExit, makeNetworkProcess } from ${url('index.js')}
    import { constants, encodeAddress, Socket } from ${url('socket/index.js')}
    const file = ${JSON.stringify(file)}
    const make = more => makeNetworkProcess({
      name: 'echo', server: true, family: 'local', service: file,
      sentinel: (_, event) => console.log('heard', event), ...more,
    })
    const terminal = () => execFileSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'inherit'] }).toString().trim()
    process.stdin.on('pause', () => console.log('going on'))
    ${body}
    console.log('ready', process.pid)`
  return [process.execPath, '--input-type=module', '--eval', code]
}

/** Runs a program in a terminal; gives it when it is ready, and its process id. */
async function inTerminal(body: string): Promise<{ ran: Run; pid: number; type: (keys: string) => void }> {
  const words = program(body).map(word => `'${word.replaceAll("'", `'\\''`)}'`)
  const ran = new Run('script', ['-qec', `exec ${words.join(' ')}`, '/dev/null'])
  const pid = Number(await ran.until('stdout', /ready (\d+)/))
  return { ran, pid, type: keys => ran.child.stdin.write(keys) }
}

/** Waits for the question, and forgets what was written so far. */
async function asked(ran: Run): Promise<string> {
  await ran.until('stdout', question)
  const { stdout } = ran.written
  ran.written.stdout = ''
  return stdout
}

describe('confirmExit()', () => {
  describe('in a terminal', () => {
    before(function () {
      if (spawnSync('script', ['-qec', 'true', '/dev/null']).status !== 0) this.skip()
    })

    for (const [answer, signal, status] of [
      ['y', 'SIGINT', 130],
      ['yes', 'SIGTERM', 143],
      [' Y ', 'SIGINT', 130],
    ] as const) {
      it(`deletes all processes and exits at ${signal} when the answer is ${JSON.stringify(answer)}`, async () => {
        const { ran, pid, type } = await inTerminal('make(); confirmExit()')
        if (signal === 'SIGINT') type(ctrlC)
        else process.kill(pid, signal)
        await asked(ran)
        type(`${answer}\n`)
        assert.equal(await ran.ended, status, String(ran))
        assert.match(ran.written.stdout, /heard deleted/)
      })
    }

    for (const answer of ['n\n', 'no\n', '\n', 'yesterday\n'])
      it(`goes on when the answer is ${JSON.stringify(answer)}, and asks again`, async () => {
        const { ran, type } = await inTerminal('make(); confirmExit()')
        type(ctrlC)
        await asked(ran)
        type(answer)
        await ran.until('stdout', /going on/)
        assert.doesNotMatch(ran.written.stdout, /heard/)
        type(ctrlC)
        await asked(ran)
        type('y\n')
        assert.equal(await ran.ended, 130)
      })

    it('lists the processes that it asks about', async () => {
      const { ran, type } = await inTerminal(`
        make()
        make({ name: 'a longer name', service: undefined, local: [127, 0, 0, 1, 0], family: null, stop: true })
        make({ name: 'quiet', service: file + '2', noquery: true })
        make({ name: 'clear\\x1b[2J', type: 'datagram', service: file + '3' })
        make({ name: 'client', server: false, type: 'datagram', service: file + '3' })
        confirmExit()`)
      type(ctrlC)
      const list = (await asked(ran)).split('\r\n').map(line => line.trimEnd())
      const file = list
        .find(line => line.startsWith('echo'))
        ?.split(/ +/)
        .at(-1)
      const port = list.find(line => line.startsWith('a longer'))?.split(':')[1]
      assert.deepEqual(list.slice(list.indexOf('Process        Status  Address')), [
        'Process        Status  Address',
        `client         open    ${file}3`,
        `clear?[2J      open    ${file}3`,
        `a longer name  stop    127.0.0.1:${port}`,
        `echo           listen  ${file}`,
        'Active processes exist; kill them and exit anyway? (y or n)',
      ])
      type(ctrlC)
    })

    it('exits at once on a second signal', async () => {
      const { ran, type } = await inTerminal('make(); confirmExit()')
      type(ctrlC)
      await asked(ran)
      type(ctrlC)
      assert.equal(await ran.ended, 130)
      assert.match(ran.written.stdout, /heard deleted/)
    })

    it('exits with the status of the second signal when that is another one', async () => {
      const { ran, pid, type } = await inTerminal('make(); confirmExit()')
      type(ctrlC)
      await asked(ran)
      process.kill(pid, 'SIGTERM')
      assert.equal(await ran.ended, 143)
    })

    it('goes on at end of file, and does not ask again once there is no input', async () => {
      const { ran, type } = await inTerminal('make(); confirmExit()')
      type(ctrlC)
      await asked(ran)
      type(ctrlD)
      await ran.until('stdout', /going on/)
      type(ctrlC)
      assert.equal(await ran.ended, 130)
      assert.doesNotMatch(ran.written.stdout, question)
    })

    it('restores the mode of the terminal, and leaves its input to the program’s own reader', async () => {
      const { ran, pid, type } = await inTerminal(`
        make(); confirmExit()
        process.stdin.setRawMode(true).on('data', data => console.log('data', JSON.stringify(String(data))))
        const before = terminal()
        process.stdin.on('resume', () => console.log('as before:', terminal() === before))`)
      process.kill(pid, 'SIGTERM')
      await asked(ran)
      type('n\n')
      await ran.until('stdout', /going on\s+as before: true/)
      type('x')
      await ran.until('stdout', /data "x"/)
      process.kill(pid, 'SIGTERM')
      await asked(ran)
      process.kill(pid, 'SIGTERM')
      assert.equal(await ran.ended, 143)
    })

    it('lets the program end by itself afterwards', async () => {
      const { ran, type } = await inTerminal(`
        const server = make({ log: server => server.delete() }); confirmExit()
        process.stdin.on('pause', () => server.delete())`)
      type(ctrlC)
      await asked(ran)
      type('n\n')
      assert.equal(await ran.ended, 0)
    })

    it('does not ask about processes without the flag', async () => {
      const { ran, type } = await inTerminal('make({ noquery: true }); confirmExit()')
      type(ctrlC)
      assert.equal(await ran.ended, 130)
      assert.doesNotMatch(ran.written.stdout, question)
      assert.match(ran.written.stdout, /heard deleted/)
    })

    it('does not ask about a process that is still connecting', async () => {
      needsWaitingClients()
      const { ran, type } = await inTerminal(`
        const { AF_UNIX, SOCK_STREAM } = constants
        const [listener, first] = [1, 2].map(() => new Socket(AF_UNIX, SOCK_STREAM))
        listener.bind(encodeAddress(file))
        listener.listen(0)
        first.connect(encodeAddress(file))
        const client = make({ server: false, nowait: true })
        console.log('status', client.status)
        confirmExit()`)
      assert.match(ran.written.stdout, /status connect/)
      type(ctrlC)
      assert.equal(await ran.ended, 130)
      assert.doesNotMatch(ran.written.stdout, question)
    })

    it('asks nothing once its handlers are removed', async () => {
      const { ran, type } = await inTerminal('make(); const remove = confirmExit(); remove()')
      type(ctrlC)
      await ran.ended
      assert.doesNotMatch(ran.written.stdout, question)
      assert.doesNotMatch(ran.written.stdout, /heard/)
    })
  })

  it('exits at once without a terminal', async () => {
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const [command, ...args] = program('make(); confirmExit()')
      const ran = new Run(command!, args)
      await ran.until('stdout', /ready/)
      ran.kill(signal)
      assert.equal(await ran.ended, status, String(ran))
      assert.match(ran.written.stdout, /heard deleted/)
      assert.doesNotMatch(ran.written.stdout, question)
    }
  })

  it('exits at once without processes', async () => {
    const [command, ...args] = program('confirmExit(); setInterval(() => {}, 1e6)')
    const ran = new Run(command!, args)
    await ran.until('stdout', /ready/)
    ran.kill('SIGINT')
    assert.equal(await ran.ended, 130)
  })

  it('returns a function that removes its handlers', () => {
    const counts = () => ['SIGINT', 'SIGTERM'].map(signal => process.listenerCount(signal))
    const before = counts()
    const remove = confirmExit()
    assert.deepEqual(
      counts(),
      before.map(count => count + 1),
    )
    remove()
    assert.deepEqual(counts(), before)
    confirmExit()[Symbol.dispose]()
    assert.deepEqual(counts(), before)
  })
})
