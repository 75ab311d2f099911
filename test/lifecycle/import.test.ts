// What importing the package must not do, be it once or twice.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { run } from './child.js'

const url = (file: string) => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url))

describe('importing the package', () => {
  for (const file of ['index.js', 'emacs.js', 'socket/index.js'])
    it(`leaves standard input blocking: ${file}`, async () => {
      const program = `await import(${url(file)})
        const { readSync, writeSync } = await import('node:fs')
        const bytes = Buffer.alloc(16)
        writeSync(2, 'ready')
        writeSync(1, bytes.toString('latin1', 0, readSync(0, bytes)))`
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' })
      // It prints that when it is about to read, and has to wait for what is written now.
      child.stderr.once('data', () => setImmediate(() => child.stdin.end('late')))
      const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
      assert.deepEqual([output, status], ['late', 0])
    })

  it('looks up no names of the peers of connections that the program has', async () => {
    // As Node does for its report, unless it is told not to.
    const program = `const { report } = process
      const { getReport } = report
      report.getReport = () => {
        console.log(report.excludeNetwork)
        return getReport.call(report)
      }
      await import(${url('index.js')})
      console.log(report.excludeNetwork)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' })
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    const inReport = process.platform === 'linux' ? 'true\n' : ''
    assert.deepEqual([output, status], [`${inReport}false\n`, 0])
  })

  it('a second time, as another copy with the same addon, leaves the first one working', async () => {
    const { status, stdout } = await run(`
      import { register } from 'node:module'
      const asCopy = 'export const resolve = async (name, context, next) => {' +
        'const found = await next(name, context);' +
        'const copied = context.parentURL?.endsWith("?copy") && found.url.includes("/dist/");' +
        'return copied ? { ...found, url: found.url + "?copy" } : found }'
      register('data:text/javascript,' + encodeURIComponent(asCopy))
      const copy = await import(import.meta.resolve('make-network-process') + '?copy')
      for (const make of [copy.makeNetworkProcess, makeNetworkProcess]) {
        const server = make({
          name: 'echo', server: true, service: true,
          filter: (connection, text) => connection.send(Buffer.from(text)),
        })
        const client = make({ name: 'client', service: server.contact('service'), filter: true })
        client.send(Buffer.from('echoed '))
        for await (const text of client) {
          process.stdout.write(text)
          break
        }
        client.delete()
        server.delete()
      }`)
    assert.deepEqual([stdout, status], ['echoed echoed ', 0])
  })

  it('leaves no descriptors open when there are too few for it', async () => {
    const addon = JSON.stringify(
      fileURLToPath(new URL('../../build/Release/make_network_process.node', import.meta.url)),
    )
    const program = `const { closeSync, openSync, readdirSync } = require('node:fs')
      const load = () => process.dlopen({ exports: {} }, process.env.MAKE_NETWORK_PROCESS_ADDON ?? ${addon})
      const said = []
      const count = () => readdirSync('/dev/fd').length
      const before = count()
      for (let i = 0; i < 3; i++) {
        const taken = []
        try { for (;;) taken.push(openSync('/dev/null')) } catch {}
        closeSync(taken.pop())
        try { load() } catch (error) { said.push(error.message) }
        taken.forEach(fd => closeSync(fd))
      }
      console.log(JSON.stringify([said, count() - before]))
      load()`
    const child = spawn('bash', ['-c', 'ulimit -n 64 && exec "$0" "$@"', process.execPath, '--eval', program])
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    const why = 'cannot watch sockets: Too many open files'
    assert.deepEqual([JSON.parse(output), status], [[[why, why, why], 0], 0])
  })
})
