// GnuTLS itself: it is loaded when it is asked for, and not before; a machine without it, or with one that is too old,
// has everything but TLS, and the error says why.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gnutlsAvailable, gnutlsVersion } from 'make-network-process'
import { aFolder } from '../support/transports.js'
import { environment } from './certificates.js'

/** Runs a program with another GnuTLS, or none; gives what it prints. */
function run(gnutls: string, script: string): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, MAKE_NETWORK_PROCESS_GNUTLS: gnutls },
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const outcome = `
  import * as all from 'make-network-process'
  import * as emacs from 'make-network-process/emacs'
  const codes = []
  const attempt = call => {
    try {
      call()
      codes.push('none')
    } catch ({ code, message }) {
      codes.push(code, message)
    }
  }
`

describe('GnuTLS', () => {
  it('has a version where it is available', () => {
    assert.equal(gnutlsAvailable(), gnutlsVersion() !== undefined)
    if (gnutlsAvailable()) assert.match(gnutlsVersion() ?? '', /^3\.\d+\.\d+/)
  })

  it('is not loaded by a program that does not ask for it', function () {
    if (!existsSync('/proc/self/maps')) this.skip()
    const mapped = run(
      '',
      `import { makeNetworkProcess, openNetworkStream } from 'make-network-process'
       import { readFileSync } from 'node:fs'
       const server = makeNetworkProcess({ name: 's', server: true, service: true })
       openNetworkStream('c', null, '127.0.0.1', server.contact('service'), { type: 'plain' })
       server.delete()
       console.log(readFileSync('/proc/self/maps', 'latin1').includes('gnutls'))
       process.exit()`,
    )
    assert.equal(mapped, false)
  })

  it('is loaded after a failure for lack of descriptors, as soon as there are some', function () {
    if (!gnutlsAvailable()) this.skip()
    const script = `
      import { gnutlsAvailable } from 'make-network-process'
      import { closeSync, openSync } from 'node:fs'
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch {}
      const without = gnutlsAvailable()
      taken.forEach(fd => closeSync(fd))
      console.log(JSON.stringify([without, gnutlsAvailable()]))`
    const limited = [
      '-c',
      'ulimit -n 64 && exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ]
    const { stdout, stderr } = spawnSync('bash', limited, { encoding: 'utf8' })
    assert.equal(stdout.trim(), '[false,true]', stderr)
  })

  it('leaves everything but TLS working when it is missing', () => {
    const [available, list, plain, ...refusals] = run(
      '/nonexistent/libgnutls.so',
      `${outcome}
      const server = all.makeNetworkProcess({ name: 's', server: true, service: true })
      const service = server.contact('service')
      attempt(() => all.makeNetworkProcess({ name: 'c', service }))
      const tlsParameters = { hostname: 'localhost' }
      attempt(() => all.makeNetworkProcess({ name: 'c', service, tlsParameters }))
      attempt(() => all.makeNetworkProcess({ name: 'c', service, nowait: true, tlsParameters }))
      attempt(() => all.makeNetworkProcess({ name: 'c', service }).startTls(tlsParameters))
      for (const type of ['tls', 'ssl', 'starttls']) {
        attempt(() => all.openNetworkStream('c', null, '127.0.0.1', service, { type }))
        attempt(() => emacs.openNetworkStream('c', null, '127.0.0.1', service, { type }))
      }
      attempt(() => emacs.gnutlsErrorString(-15))
      console.log(JSON.stringify([all.gnutlsAvailable(), emacs.gnutlsAvailableP(), ...codes]))
      process.exit()`,
    ) as unknown[]
    assert.equal(available, false)
    assert.equal(list, null)
    assert.equal(plain, 'none')
    const codes = refusals.filter((_, i) => i % 2 === 0)
    assert.deepEqual(codes, Array<string>(10).fill('ERR_TLS_NOT_AVAILABLE'))
    assert.match(String(refusals[1]), /\/nonexistent\/libgnutls\.so/)
  })

  const problem = `${outcome}
    attempt(() => all.makeNetworkProcess({ name: 'c', service: 9, nowait: true, tlsParameters: { hostname: 'a' } }))
    console.log(JSON.stringify(codes))`

  it('is refused when the library is something else', function () {
    const anything = process.platform === 'linux' ? 'libc.so.6' : '/usr/lib/libSystem.B.dylib'
    const [code, message] = run(anything, problem) as string[]
    assert.equal(code, 'ERR_TLS_NOT_AVAILABLE')
    assert.match(message ?? '', /is no GnuTLS/)
  })

  it('is refused when it is too old, with its version and the one that is needed', function () {
    const folder = aFolder()
    const [source, library] = [path.join(folder, 'old.c'), path.join(folder, 'old.so')]
    writeFileSync(
      source,
      'const char *gnutls_check_version(const char *wanted) { return wanted ? (const char *)0 : "3.5.19"; }\n',
    )
    if (spawnSync('cc', ['-shared', '-fPIC', '-o', library, source], { env: environment }).status !== 0)
      this.skip()
    const [code, message] = run(library, problem) as string[]
    assert.equal(code, 'ERR_TLS_NOT_AVAILABLE')
    assert.match(message ?? '', /is GnuTLS 3\.5\.19, and 3\.6\.5 is needed/)
  })
})
