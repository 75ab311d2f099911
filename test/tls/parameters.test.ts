// Each keyword of the parameters has an effect or is refused by name, in an object and in Emacs's list.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { makeNetworkProcess } from 'make-network-process'
import { cleanUp, thrown } from '../process/support.js'
import { authority, canTestTls } from './certificates.js'
import { join, serve, showingKeys, trusting } from './support.js'

describe('TLS: parameters', () => {
  before(function () {
    if (!canTestTls) this.skip()
  })
  afterEach(cleanUp)

  const refused: [keyword: string, values: unknown[], code: string][] = [
    ['type', ['gnutls-psk', 7], 'ERR_INVALID_ARG_VALUE'],
    ['hostname', [7, ['a']], 'ERR_INVALID_ARG_TYPE'],
    ['hostname', ['', 'a b', 'é', 'a\0', 'a'.repeat(300)], 'ERR_INVALID_ARG_VALUE'],
    ['priority', ['NONSENSE', 'NORMAL\0'], 'ERR_INVALID_ARG_VALUE'],
    ['priority', [7], 'ERR_INVALID_ARG_TYPE'],
    ['trustfiles', ['file', [7], [''], ['a\0']], 'ERR_INVALID_ARG_TYPE'],
    ['trustfiles', [['/nonexistent']], 'ERR_INVALID_ARG_VALUE'],
    ['crlfiles', [{}, [null]], 'ERR_INVALID_ARG_TYPE'],
    ['crlfiles', [['/nonexistent']], 'ERR_INVALID_ARG_VALUE'],
    ['keylist', ['key', [7]], 'ERR_INVALID_ARG_TYPE'],
    ['keylist', [[['key']], [['/nonexistent', '/nonexistent']]], 'ERR_INVALID_ARG_VALUE'],
    ['pass', [7], 'ERR_INVALID_ARG_TYPE'],
    ['flags', ['a', {}], 'ERR_INVALID_ARG_TYPE'],
    ['flags', [['GNUTLS_PKCS_ROT13'], [7]], 'ERR_INVALID_ARG_VALUE'],
    ['minPrimeBits', ['a'], 'ERR_INVALID_ARG_TYPE'],
    ['minPrimeBits', [-1, 1.5, NaN, 2 ** 40], 'ERR_OUT_OF_RANGE'],
    ['verifyFlags', [-1, 2 ** 31], 'ERR_OUT_OF_RANGE'],
    ['verifyError', [7, 'trustfiles', {}], 'ERR_INVALID_ARG_TYPE'],
    ['verifyError', [[':everything'], [7]], 'ERR_INVALID_ARG_VALUE'],
    ['loglevel', [9, -1], 'ERR_OUT_OF_RANGE'],
    ['callbacks', [{}, [], () => {}], 'ERR_INVALID_ARG_VALUE'],
    ['alpn', ['h2'], 'ERR_INVALID_ARG_TYPE'],
    ['alpn', [[''], [7], ['a'.repeat(256)]], 'ERR_INVALID_ARG_VALUE'],
    ['timeout', [0, -1, NaN, '1'], 'ERR_INVALID_ARG_TYPE'],
    ['verifyErrors', [true], 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [keyword, values, code] of refused)
    for (const value of values)
      it(`${keyword}: ${JSON.stringify(value)?.slice(0, 40)} is refused`, () => {
        const error = thrown(() => join(1, { hostname: 'localhost', [keyword]: value }))
        assert.equal(error.code, code)
        const lisp = `:${keyword.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
        assert.ok(error.message.includes(lisp), error.message)
      })

  for (const given of [7, 'gnutls-x509pki', true])
    it(`refuses :tls-parameters ${String(given)}`, () => {
      assert.equal(thrown(() => join(1, given as never)).code, 'ERR_INVALID_ARG_TYPE')
    })

  it('needs a key for a server, and refuses keywords that are for clients only', () => {
    for (const [more, keyword] of [
      [{}, ':keylist'],
      [{ ...showingKeys(authority.server), minPrimeBits: 1024 }, ':min-prime-bits'],
      [{ ...showingKeys(authority.server), verifyError: true }, ':trustfiles'],
    ] as const)
      assert.match(thrown(() => serve({}, more)).message, new RegExp(keyword))
  })

  it('refuses to verify a peer that has no certificate', () => {
    assert.match(thrown(() => join(1, { type: 'gnutls-anon', verifyError: true })).message, /:verify-error/)
  })

  it('requires the name of the server, or no verification of it, where there is no host', () => {
    const error = thrown(() =>
      makeNetworkProcess({ name: 'c', family: 'local', service: '/nonexistent/s', tlsParameters: {} }),
    )
    assert.match(error.message, /:hostname/)
  })

  it('takes nil as not given', () => {
    const { port } = serve()
    const nil = {
      priority: null,
      crlfiles: null,
      keylist: false,
      minPrimeBits: null,
      verifyFlags: null,
    } as const
    assert.equal(
      join(port, { ...trusting(), ...nil, callbacks: null, pass: null, flags: null }).client.status,
      'open',
    )
  })

  it("takes Emacs's list, as gnutls-boot-parameters makes it", () => {
    const { port } = serve()
    const list = (verifyError: unknown) => [
      ...['gnutls-x509pki', ':priority', 'NORMAL:%DUMBFW', ':hostname', 'elsewhere', ':loglevel', 0],
      ...[':min-prime-bits', null, ':trustfiles', [authority.trust], ':crlfiles', null, ':keylist', null],
      ...[':verify-flags', null, ':verify-error', verifyError, ':callbacks', null],
    ]
    const { client } = join(port, list(null) as never)
    assert.deepEqual(client.tls?.warnings, { noHostMatch: true })
    assert.equal(join(port, list([':trustfiles']) as never).client.status, 'open')
    assert.throws(() => join(port, list(true) as never), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    assert.throws(() => join(port, ['gnutls-x509pki', ':hostname'] as never), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })

  it('selects protocol and cipher by :priority', () => {
    const { port } = serve()
    const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM'
    const { client } = join(port, trusting({ priority }))
    assert.equal(client.tls?.protocol, 'TLS1.2')
    assert.equal(client.tls.cipher, 'AES-128-GCM')
    assert.equal(client.tls.safeRenegotiation, true)
  })

  it('logs to standard error by :loglevel, without keys', () => {
    const parameters = JSON.stringify({ ...showingKeys(authority.server), loglevel: 8 })
    const script = `
      import { makeNetworkProcess } from 'make-network-process'
      const server = makeNetworkProcess({ name: 's', server: true, service: true, tlsParameters: ${parameters} })
      const service = server.contact('service')
      const tlsParameters = { hostname: 'localhost', trustfiles: [${JSON.stringify(authority.trust)}] }
      const client = makeNetworkProcess({ name: 'c', service, tlsParameters })
      process.exit()
    `
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    assert.equal(status, 0)
    assert.match(stderr, /^gnutls\[\d\]: /m)
    assert.ok(!/KEY|SECRET/i.test(stderr.match(/^gnutls\[\d\]: INT: .*$/gm)?.join() ?? ''))
  })
})
