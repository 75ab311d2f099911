// How Node's own process ends with sockets of ours in it.

import assert from 'node:assert/strict'
import { run } from './child.js'

const quiet = { status: 0, stdout: '', stderr: '' }

describe('a program', () => {
  const ends: Record<string, string> = {
    'without sockets': '',
    'that has only looked up a name': `import { networkLookupAddressInfo } from 'make-network-process'; networkLookupAddressInfo('localhost')`,
    'whose sockets are all deleted': `const { listener, peer, one } = await pair(); listener.delete(); peer.delete(); one.delete()`,
    'that has called unref() on all its sockets': `const { listener, peer, one } = await pair(); listener.unref(); peer.unref(); one.unref()`,
    'that has called unref() on its connecting socket': `makeNetworkProcess({ name: 'c', nowait: true, remote: [127, 0, 0, 1, 9], sentinel() {} }).unref()`,
    'whose host was not found': `makeNetworkProcess({ name: 'c', nowait: true, host: 'nosuch.invalid', service: 9 })`,
    'whose connection was closed by its peer': `const { listener, peer, one } = await pair(); listener.delete(); peer.delete()`,
    'that has called unref() on the sender of queued datagrams': `
      const [one, other] = ['a', 'b'].map(name => ({
        name, type: 'datagram', server: true, family: 'local', service: socketFile() }))
      const receiver = makeNetworkProcess({ ...one, stop: true }).unref()
      const sender = makeNetworkProcess({ ...other, remote: one.service })
      while (sender.writableLength === 0) sender.send('x')
      sender.unref()`,
    'whose client was deleted during its look-up': `makeNetworkProcess({ name: 'c', nowait: true, host: 'localhost', service: 9 }).delete()`,
    'whose stopped server was deleted': `makeNetworkProcess({ name: 's', server: true, service: true, stop: true }).delete()`,
    'that calls process.exit()': `await pair(); process.exit()`,
    'that deletes a process in the exit event': `const { one } = await pair(); process.on('exit', () => one.delete()); process.exit()`,
  }
  for (const [what, program] of Object.entries(ends))
    it(`${what} ends`, async () => assert.deepEqual(await run(program), quiet))

  it('is kept alive by one socket that is ref’ed, until that ends', async () => {
    const ending = await run(`
      const { listener, peer, one } = await pair()
      listener.unref(); peer.unref(); one.unref(); one.ref()
      one.sentinel = (_, event) => process.stdout.write(event)
      setImmediate(() => setImmediate(() => { process.stdout.write('alive\\n'); peer.delete() }))`)
    assert.deepEqual(ending, { ...quiet, stdout: 'alive\nconnection broken by remote peer\n' })
  })

  it('is kept alive until what is queued is sent', async () => {
    const ending = await run(`
      let heard = 0
      const { listener, peer, one } = await pair({ coding: 'binary', filter: (_, data) => { heard += data.length } })
      listener.delete()
      peer.sentinel = () => console.log(heard)
      peer.stop()
      let sent = 0
      while (one.send(Buffer.alloc(65536))) sent += 65536
      one.delete()
      setImmediate(() => peer.continue())
      process.on('exit', () => console.log(sent + 65536))`)
    const [heard, sent] = ending.stdout.trim().split('\n')
    assert.deepEqual({ ...ending, stdout: '' }, quiet)
    assert.equal(heard, sent)
  })

  it('exits with its own status with live sockets', async () => {
    assert.deepEqual(await run(`await pair(); process.exit(7)`), { ...quiet, status: 7 })
    assert.deepEqual(
      await run(`const { one, peer } = await pair({ filter: () => process.exit(7) }); one.send('x')`),
      { ...quiet, status: 7 },
    )
    assert.deepEqual(
      await run(
        `const { one, peer } = await pair({ filter: () => process.exit(7) }); one.send('x'); acceptProcessOutput(peer, 5)`,
      ),
      {
        ...quiet,
        status: 7,
      },
    )
  })

  for (const [what, callback] of Object.entries({
    filter: `filter: () => { throw new Error('boom') }`,
    sentinel: `sentinel: () => { throw new Error('boom') }`,
  }))
    it(`ends when a ${what} throws`, async () => {
      const { status, stderr } = await run(`const { one } = await pair({ ${callback} }); one.send('x')`)
      assert.equal(status, 1)
      assert.match(stderr, /Error: boom/)
    })

  it('ends when a filter throws in a synchronous wait', async () => {
    const { status, stdout, stderr } = await run(`
      const { one, peer } = await pair({ filter: () => { throw new Error('boom') } })
      one.send('x')
      acceptProcessOutput(peer, 5)
      process.on('exit', () => console.log('exit event'))`)
    assert.equal(status, 1)
    assert.match(stderr, /Error: boom/)
    assert.ok(['', 'exit event\n'].includes(stdout))
  })

  it('goes on after an uncaught exception that it handles', async () => {
    const ending = await run(`
      process.on('uncaughtException', error => {
        console.log(String(error))
        if (heard === 'x') one.send('y')
        else one.delete()
      })
      let heard = ''
      const { listener, one, peer } = await pair({ filter: (_, data) => { heard += data; throw undefined } })
      listener.delete()
      peer.sentinel = () => console.log(heard)
      one.send('x')`)
    assert.deepEqual(ending, { ...quiet, stdout: 'undefined\nundefined\nxy\n' })
  })

  it('survives a peer that has gone: there is no SIGPIPE', async () => {
    const ending = await run(`
      import { spawnSync } from 'node:child_process'
      const { listener, one, peer } = await pair({}, { stop: true })
      listener.delete()
      peer.delete()
      while (one.send('x')) {}
      await one.drained.catch(error => console.log(error.cause.code))
      one.delete()`)
    assert.deepEqual(ending, { ...quiet, stdout: 'EPIPE\n' })
  })

  it('survives a peer that goes with much queued for it', async () => {
    const ending = await run(`
      const { listener, one, peer } = await pair({ filter: true })
      listener.delete()
      one.sentinel = (_, event) => console.log(event.trim())
      while (one.send(Buffer.alloc(65536)));
      peer.delete()`)
    assert.deepEqual(ending, { ...quiet, stdout: 'connection broken by remote peer\n' })
  })

  it('that is killed has its connections end for their peers', async () => {
    const ending = await run(`
      import { spawn } from 'node:child_process'
      const server = makeNetworkProcess({ name: 's', server: true, family: 'ipv4', service: true,
        sentinel: (process, event) => { console.log(event.trim()); if (event.startsWith('open')) child.kill('SIGKILL'); else if (process !== server) server.delete() } })
      const child = spawn(process.execPath, ['--input-type=module', '-e',
        "import { makeNetworkProcess } from 'make-network-process'; makeNetworkProcess({ name: 'c', service: Number(process.env.PORT) })"],
        { env: { ...process.env, PORT: String(server.contact('service')) }, stdio: 'inherit' })`)
    assert.deepEqual(ending, {
      ...quiet,
      stdout: 'open from 127.0.0.1\nconnection broken by remote peer\ndeleted\n',
    })
  })

  it('has sockets that its children do not inherit', async () => {
    const ending = await run(`
      import { spawnSync } from 'node:child_process'
      const { listener, one, peer } = await pair()
      const { stdout } = spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
      console.log([listener, one, peer].some(({ fd }) => new RegExp(' ' + fd + ' -> socket').test(stdout)))
      process.exit()`)
    assert.deepEqual(ending, { ...quiet, stdout: 'false\n' })
  })

  it('without descriptors tells the log, and accepts again when there are some', async function () {
    const program = `
      import { closeSync, openSync } from 'node:fs'
      const service = socketFile()
      const said = []
      let free = () => {}
      const server = makeNetworkProcess({ name: 's', server: 64, family: 'local', service, log(_, client, message) {
        said.push([client !== undefined, message.trim()])
        if (client === undefined) { free(); free = () => {} }
        else client.delete()
      } })
      const clients = [1, 2, 3].map(() => makeNetworkProcess({ name: 'c', family: 'local', service }))
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch (error) { said.push(error.code) }
      free = () => taken.splice(0).forEach(fd => closeSync(fd))
      let gone = 0
      for (const client of clients) client.sentinel = () => { if (++gone === 3) server.delete() }
      process.on('exit', () => console.log(JSON.stringify(said)))`
    const ending = await run(program, ['bash', '-c', 'ulimit -n 64 && exec "$0" "$@"'])
    assert.deepEqual({ ...ending, stdout: '' }, quiet)
    assert.deepEqual(JSON.parse(ending.stdout), [
      'EMFILE',
      [false, 'accept failed with code24'],
      ...[1, 2, 3].map(() => [true, 'accept from -']),
    ])
  })

  it('without descriptors gets an error when it makes a process', async () => {
    const ending = await run(
      `
      import { closeSync, openSync } from 'node:fs'
      const { listener, one, peer } = await pair()
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch {}
      const service = listener.contact('service')
      const said = []
      for (const nowait of [false, true])
        try { makeNetworkProcess({ name: 'd', nowait, family: 'local', service, sentinel: (_, event) => { said.push(event.trim()); console.log(JSON.stringify(said)); process.exit() } }) } catch (error) { said.push(error.code + ' ' + error.syscall) }
      try { makeNetworkProcess({ name: 'd', server: true, service: true }) } catch (error) { said.push(error.code + ' ' + error.syscall) }
      taken.forEach(fd => closeSync(fd))`,
      ['bash', '-c', 'ulimit -n 64 && exec "$0" "$@"'],
    )
    assert.deepEqual({ ...ending, stdout: '' }, quiet)
    assert.deepEqual(JSON.parse(ending.stdout), ['EMFILE socket', 'EMFILE socket', 'failed with code 24'])
  })
})
