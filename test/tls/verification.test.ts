// Verification: every way in which a certificate can be wrong ends the handshake, by an error whose code says which,
// unless the parameters say otherwise. Nothing is sent unencrypted after it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { TlsParameters } from 'make-network-process'
import { cleanUp, thrown, until } from '../process/support.js'
import { authority, canTestTls, type Identity } from './certificates.js'
import { join, nodeClient, nodeServer, serve, showingKeys, trusting } from './support.js'

describe('TLS: verification', function () {
  before(function () {
    if (!canTestTls) this.skip()
  })
  afterEach(cleanUp)

  interface Fault {
    what: string
    identity: () => Identity
    parameters?: () => TlsParameters
    code: string
    warning: string
  }
  const faults: Fault[] = [
    {
      what: 'for another host',
      identity: () => authority.otherHost,
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      warning: 'noHostMatch',
    },
    { what: 'expired', identity: () => authority.expired, code: 'CERT_HAS_EXPIRED', warning: 'expired' },
    {
      what: 'not yet valid',
      identity: () => authority.notYet,
      code: 'CERT_NOT_YET_VALID',
      warning: 'notActivated',
    },
    {
      what: 'self-signed',
      identity: () => authority.selfSigned,
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      warning: 'selfSigned',
    },
    {
      what: 'signed by an unknown authority',
      identity: () => authority.server,
      parameters: () => ({ hostname: 'localhost' }),
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      warning: 'unknownCa',
    },
    {
      what: 'revoked',
      identity: () => authority.revoked,
      parameters: () => trusting({ crlfiles: [authority.crl] }),
      code: 'CERT_REVOKED',
      warning: 'revoked',
    },
    {
      what: 'for another purpose',
      identity: () => authority.wrongPurpose,
      code: 'INVALID_PURPOSE',
      warning: 'purposeMismatch',
    },
  ]

  for (const { what, identity, parameters = trusting, code, warning } of faults) {
    describe(`a certificate that is ${what}`, () => {
      it('makes a blocking client throw, and leaves no process', () => {
        const { port } = serve({}, showingKeys(identity()))
        const error = thrown(() => join(port, parameters()))
        assert.equal(error.code, code)
        assert.equal(error.address, '127.0.0.1')
        assert.equal(error.port, port)
      })

      it('makes an asynchronous client fail, which sends nothing', async () => {
        const heard: Buffer[] = []
        const port = await nodeServer(identity(), {}, socket =>
          socket.on('data', (data: Buffer) => heard.push(data)),
        )
        const { client, seen } = join(port, parameters(), { nowait: true })
        client.send('a secret')
        await assert.rejects(client.opened, { code })
        await until(() => seen.events.length > 0, 'event')
        assert.equal(client.status, 'failed')
        assert.match(seen.events.join(), /^failed with code TLS handshake: /)
        assert.equal(client.fd, -1)
        assert.throws(() => client.send('another'), { code: 'ERR_PROCESS_NOT_RUNNING' })
        assert.deepEqual(heard, [])
      })

      it('gives a warning where nothing is verified', () => {
        const { port } = serve({}, showingKeys(identity()))
        const { client } = join(port, { ...parameters(), verifyError: null })
        assert.equal(client.tls?.warnings?.[warning], true)
      })
    })
  }

  it('gives the details of a valid certificate, and no warning', () => {
    const { port } = serve({}, showingKeys(authority.server))
    const { client } = join(port)
    const { tls } = client
    assert.equal(tls?.warnings, undefined)
    assert.equal(tls?.certificates?.length, 1)
    const { certificate } = tls
    assert.equal(certificate?.subject, 'CN=localhost')
    assert.equal(certificate.issuer, 'O=Test,CN=Test Authority')
    assert.equal(certificate.version, 3)
    assert.match(certificate.validTo, /^\d{4}-\d\d-\d\d$/)
    assert.match(certificate.serialNumber, /^[0-9a-f]{2}(:[0-9a-f]{2})+$/)
    assert.match(certificate.publicKeyId, /^sha1:([0-9a-f]{2}:){19}[0-9a-f]{2}$/)
    assert.match(certificate.certificateId, /^sha1:/)
    assert.equal(certificate.pem.trim(), readFileSync(authority.server.certificate, 'utf8').trim())
    assert.match(tls.keyExchange ?? '', /^ECDHE-/)
    assert.ok(tls.cipher && tls.mac)
  })

  type Checks = NonNullable<TlsParameters['verifyError']>
  const partly: [what: string, identity: () => Identity, verifyError: Checks, passes: boolean][] = [
    ['only the name', () => authority.expired, [':hostname'], true],
    ['only the name', () => authority.otherHost, ['hostname'], false],
    ['only the authority', () => authority.otherHost, [':trustfiles'], true],
    ['only the authority', () => authority.selfSigned, ['trustfiles'], false],
    ['both', () => authority.otherHost, true, false],
    ['nothing, by an empty list', () => authority.selfSigned, [], true],
  ]
  for (const [what, identity, verifyError, passes] of partly)
    it(`that checks ${what}: ${passes ? 'passes' : 'does not pass'}`, () => {
      const { port } = serve({}, showingKeys(identity()))
      if (passes) assert.equal(join(port, trusting({ verifyError })).client.status, 'open')
      else assert.throws(() => join(port, trusting({ verifyError })), /TLS handshake/)
    })

  it(':verify-hostname-error is the same as :hostname in :verify-error', () => {
    const { port } = serve({}, showingKeys(authority.otherHost))
    const parameters = trusting({ verifyError: [], verifyHostnameError: true })
    assert.throws(() => join(port, parameters), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  it(':verify-flags are GnuTLS’s numbers: one of them ignores dates', () => {
    const { port } = serve({}, showingKeys(authority.expired))
    assert.equal(join(port, trusting({ verifyFlags: 1 << 6 })).client.status, 'open')
  })

  it('takes the host for the name where none is given, even an address', () => {
    const { port } = serve({}, showingKeys(authority.server))
    const { client } = join(port, { trustfiles: [authority.trust] })
    assert.equal(client.tls?.warnings, undefined)
  })

  describe('of clients', () => {
    const wanting = () => ({ ...showingKeys(authority.server), trustfiles: [authority.trust] })
    const certificateOf = ({ key, certificate }: Identity) => ({
      key: readFileSync(key),
      cert: readFileSync(certificate),
    })

    it('accepts a client whose certificate its authorities have signed', async () => {
      const { port, seen } = serve({}, wanting())
      nodeClient(port, certificateOf(authority.client))
      const child = await seen.connection()
      assert.equal(child.tls?.certificate?.subject, 'CN=A Client')
    })

    for (const [what, identity, message] of [
      ['are self-signed', () => authority.selfSigned, /self-signed/],
      ['are for servers', () => authority.server, /purpose/],
    ] as const)
      it(`refuses clients whose certificates ${what}`, async () => {
        const { port, seen } = serve({}, wanting())
        nodeClient(port, certificateOf(identity())).on('error', () => {})
        await until(() => seen.log.length > 0, 'word of it')
        assert.match(seen.log.join(), message)
        assert.deepEqual(seen.events, [])
      })

    it('refuses clients without a certificate', async () => {
      const { port, seen } = serve({}, wanting())
      const [error] = (await once(nodeClient(port, { maxVersion: 'TLSv1.2' }), 'error')) as [Error]
      assert.match(error.message, /alert/)
      await until(() => seen.log.length > 0, 'word of it')
      assert.deepEqual(seen.clients, [])
    })

    it('accepts clients without a certificate where verifyError is nil, and warns of wrong ones', async () => {
      const { port, seen } = serve({}, { ...wanting(), verifyError: null })
      nodeClient(port)
      assert.equal((await seen.connection()).tls?.certificate, undefined)
      nodeClient(port, certificateOf(authority.selfSigned))
      assert.equal((await seen.connection(1)).tls?.warnings?.selfSigned, true)
    })
  })
})
