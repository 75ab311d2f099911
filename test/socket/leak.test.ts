// A Socket that is garbage-collected without having been closed: it is closed, with one warning.

import assert from 'node:assert/strict'
import { runScript } from './sockets.js'

// `collected` runs the collector until the condition holds; a test that waits in vain is ended by its time-out.
const prelude = `
  import { readdirSync } from 'node:fs'
  const { AF_UNIX, SOCK_STREAM } = constants
  const warnings = []
  process.on('warning', warning => warnings.push(warning))
  const collected = async condition => {
    do {
      await new Promise(setImmediate)
      gc()
    } while (!condition())
  }
  const count = () => readdirSync('/dev/fd').length
`
const run = (body: string) => runScript(prelude + body, '--expose-gc', '--no-warnings')

describe('a Socket that is garbage-collected', () => {
  it('while it is open is closed, with a warning', async () => {
    const { status, stdout, stderr } = await run(`
      let fd
      ;(() => { fd = new Socket(AF_UNIX, SOCK_STREAM).fd })()
      await collected(() => warnings.length > 0)
      const [{ name, code, message }] = warnings
      console.log(name, code)
      console.log(message.includes('(descriptor ' + fd + ')'))
      // Something else may have the number by now.
      try { Socket.fromFd(fd) } catch (error) { console.log(['EBADF', 'ENOTSOCK'].includes(error.code)) }
    `)
    assert.equal(stderr, '')
    assert.equal(stdout, 'ResourceWarning MAKE_NETWORK_PROCESS_SOCKET_LEAK\ntrue\ntrue\n')
    assert.equal(status, 0)
  })

  it('has its descriptor closed, with one warning for each', async function () {
    const { status, stdout, stderr } = await run(`
      const before = count()
      ;(() => { for (let i = 0; i < 50; i++) socketpair(AF_UNIX, SOCK_STREAM) })()
      await collected(() => warnings.length >= 100)
      for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) }
      console.log(warnings.length, count() - before)
    `)
    if (stderr.includes('ENOENT')) return this.skip()
    assert.equal(stderr, '')
    assert.equal(stdout, '100 0\n')
    assert.equal(status, 0)
  })

  it('after close() or detach() gives no warning', async () => {
    const { status, stdout, stderr } = await run(`
      let last
      ;(() => {
        for (let i = 0; i < 10; i++) {
          const [one, other] = socketpair(AF_UNIX, SOCK_STREAM)
          one.close()
          Socket.fromFd(other.detach()).close()
        }
        last = new WeakRef(new Socket(AF_UNIX, SOCK_STREAM))
        last.deref().close()
      })()
      await collected(() => last.deref() === undefined)
      for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) }
      console.log(warnings.length)
    `)
    assert.equal(stderr, '')
    assert.equal(stdout, '0\n')
    assert.equal(status, 0)
  })

  it('is not one that is being watched', async () => {
    const { status, stdout, stderr } = await run(`
      let fd
      const other = (() => {
        const [one, other] = socketpair(AF_UNIX, SOCK_STREAM)
        fd = one.fd
        one.watch({ readable: true }, () => { console.log('called', one.fd === fd); one.close(); other.close() })
        return other
      })()
      const witness = new WeakRef({})
      await collected(() => witness.deref() === undefined)
      for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) }
      other.send(Buffer.from('x'))
      process.on('exit', () => console.log(warnings.length))
    `)
    assert.equal(stderr, '')
    assert.equal(stdout, 'called true\n0\n')
    assert.equal(status, 0)
  })

  it('is seen as closed by its peer', async () => {
    const { status, stdout, stderr } = await run(`
      const other = (() => socketpair(AF_UNIX, SOCK_STREAM)[1])()
      await collected(() => warnings.length > 0)
      console.log(other.recv(Buffer.alloc(1)))
      other.close()
    `)
    assert.equal(stderr, '')
    assert.equal(stdout, '0\n')
    assert.equal(status, 0)
  })
})
