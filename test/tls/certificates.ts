// Keys and certificates for the tests of TLS: an authority, what it has signed, and certificates that are wrong in every
// way. certtool makes each when a test first asks for it, in a folder that is removed when the thread ends.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gnutlsAvailable } from 'make-network-process'

/** Files of a key and its certificate. */
export interface Identity {
  key: string
  certificate: string
}

/** The environment of programs that are not ours: some of them do not run under a sanitizer that ours may need. */
export const environment = { ...process.env, LD_PRELOAD: undefined }

/** Whether GnuTLS and the programs that the tests of TLS need are there. */
export const canTestTls =
  gnutlsAvailable() &&
  ['certtool', 'gnutls-serv', 'gnutls-cli', 'openssl'].every(
    program =>
      spawnSync(program, [program === 'openssl' ? 'version' : '--version'], { env: environment }).status ===
      0,
  )

/** The password of the key of {@link Authority.locked}. */
export const password = 'correct horse battery staple'

const day = 24 * 3600 * 1000
const dateOf = (days: number) =>
  new Date(Date.now() + days * day).toISOString().slice(0, 19).replace('T', ' ')
const template = {
  authority:
    'cn = "Test Authority"\norganization = "Test"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 30\n',
  server: 'cn = "localhost"\ndns_name = "localhost"\nip_address = "127.0.0.1"\nip_address = "::1"\n',
  otherHost: 'cn = "other.example"\ndns_name = "other.example"\n',
  client: 'cn = "A Client"\n',
  now: 'expiration_days = 30\n',
  past: `activation_date = "${dateOf(-20)}"\nexpiration_date = "${dateOf(-10)}"\n`,
  future: `activation_date = "${dateOf(10)}"\nexpiration_date = "${dateOf(20)}"\n`,
  ofServer: 'tls_www_server\nsigning_key\nencryption_key\n',
  ofClient: 'tls_www_client\nsigning_key\n',
}

class Authority {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'mnp-tls-'))
  readonly #made = new Map<string, Identity>()
  #crl: string | undefined

  constructor() {
    process.on('exit', () => rmSync(this.#folder, { recursive: true, force: true }))
  }

  #path(name: string): string {
    return path.join(this.#folder, name)
  }

  #run(...args: string[]): void {
    execFileSync('certtool', args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  }

  #make(name: string, lines: string, rsa: boolean, signer?: Identity): Identity {
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const identity = { key: this.#path(`${name}.key`), certificate: this.#path(`${name}.pem`) }
    const written = this.#path(`${name}.template`)
    writeFileSync(written, lines)
    const kind = rsa ? ['--key-type=rsa', '--bits=2048'] : ['--key-type=ecdsa', '--curve=secp256r1']
    this.#run('--generate-privkey', ...kind, '--no-text', '--outfile', identity.key)
    const by =
      signer === undefined
        ? ['--generate-self-signed']
        : [
            '--generate-certificate',
            '--load-ca-privkey',
            signer.key,
            '--load-ca-certificate',
            signer.certificate,
          ]
    const out = ['--no-text', '--outfile', identity.certificate]
    this.#run(...by, '--load-privkey', identity.key, '--template', written, ...out)
    this.#made.set(name, identity)
    return identity
  }

  #signed(name: string, lines: string, rsa = false): Identity {
    return this.#make(name, lines, rsa, this.#root)
  }

  get #root(): Identity {
    return this.#make('authority', template.authority, false)
  }

  /** The file of the authority's certificate. */
  get trust(): string {
    return this.#root.certificate
  }

  /** Valid, for localhost. */
  get server(): Identity {
    return this.#signed('server', template.server + template.now + template.ofServer)
  }

  /** The same with RSA. */
  get rsa(): Identity {
    return this.#signed('rsa', template.server + template.now + template.ofServer, true)
  }

  get client(): Identity {
    return this.#signed('client', template.client + template.now + template.ofClient)
  }

  /** For another host. */
  get otherHost(): Identity {
    return this.#signed('other-host', template.otherHost + template.now + template.ofServer)
  }

  get expired(): Identity {
    return this.#signed('expired', template.server + template.past + template.ofServer)
  }

  get notYet(): Identity {
    return this.#signed('not-yet', template.server + template.future + template.ofServer)
  }

  get revoked(): Identity {
    return this.#signed('revoked', template.server + template.now + template.ofServer)
  }

  /** Signed by itself. */
  get selfSigned(): Identity {
    return this.#make('self-signed', template.server + template.now + template.ofServer, false)
  }

  /** A certificate that may not be a server's. */
  get wrongPurpose(): Identity {
    return this.#signed('wrong-purpose', template.server + template.now + template.ofClient)
  }

  /** A server's, whose key needs {@link password}. */
  get locked(): Identity {
    const { key, certificate } = this.server
    const locked = this.#path('locked.key')
    const scheme = ['--to-p8', '--pkcs-cipher', 'aes-128', '--password', password]
    this.#run('--load-privkey', key, ...scheme, '--no-text', '--outfile', locked)
    return { key: locked, certificate }
  }

  /** The file of the list that has {@link revoked} on it. */
  get crl(): string {
    if (this.#crl !== undefined) return this.#crl
    const { revoked } = this
    const signer = ['--load-ca-privkey', this.#root.key, '--load-ca-certificate', this.#root.certificate]
    const written = this.#path('crl.template')
    const crl = this.#path('crl.pem')
    writeFileSync(written, 'expiration_days = 30\ncrl_next_update = 30\ncrl_number = 1\n')
    const list = ['--generate-crl', '--load-certificate', revoked.certificate]
    this.#run(...list, ...signer, '--template', written, '--no-text', '--outfile', crl)
    this.#crl = crl
    return crl
  }
}

/** The authority of this run. */
export const authority = new Authority()
