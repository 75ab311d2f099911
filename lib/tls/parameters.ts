// The keywords of `:tls-parameters` and of gnutls-boot. Each is checked: it has Emacs's meaning, or is refused by name.
// context.ts makes a context of them.
import { isNil, keyword, type Nil } from '../lisp.js'
import type { RawTlsOptions } from '../native.js'
import { codedError, integer, typeError, valueError } from '../socket/errors.js'

/** What may be verified about a certificate; Emacs's keywords with or without their colon. */
type Check = 'trustfiles' | 'hostname' | ':trustfiles' | ':hostname'

/** The parameters of TLS: the keywords of `gnutls-boot`. Those left out have safe defaults. */
export interface TlsParameters {
  /** With certificates (the default), or with none on either side, so that neither end knows who the other is. */
  type?: 'gnutls-x509pki' | 'gnutls-anon' | Nil
  /** The name that the peer's certificate has to be for, and that a client sends (SNI). By default the process's host. */
  hostname?: string | Nil
  /** Versions, ciphers and so on, as a GnuTLS priority string: `'NORMAL:-VERS-TLS1.2'`. */
  priority?: string | Nil
  /** PEM files of trusted authorities: a client's besides the system's, a server's for the certificates of clients. */
  trustfiles?: readonly string[] | Nil
  /** PEM files of certificate revocation lists. */
  crlfiles?: readonly string[] | Nil
  /** PEM files of our keys, each with its certificate and the chain above it. A server needs at least one. */
  keylist?: readonly (readonly [key: string, certificate: string])[] | Nil
  /** The password of the keys. */
  pass?: string | Nil
  /** How the keys are encrypted: GnuTLS's flags as a number, or their names: `'GNUTLS_PKCS_PBES2_AES_256'`. */
  flags?: number | readonly string[] | Nil
  /** The fewest bits that a client accepts in a Diffie-Hellman prime. */
  minPrimeBits?: number | Nil
  /** GnuTLS's flags for verification, as a number. */
  verifyFlags?: number | Nil
  /**
   * Which faults of a certificate end the handshake: all (`true`, or not given), those of a list, or none (nil: `null` or
   * `false`), and {@link TlsStatus.warnings} tells what is wrong. A server verifies its clients when it has `trustfiles`.
   */
  verifyError?: boolean | readonly Check[] | null | undefined
  /** The same as `':hostname'` in `verifyError`. */
  verifyHostnameError?: boolean | null | undefined
  /** How much GnuTLS writes to standard error, for the whole program: from 0 (nothing) to 8. */
  loglevel?: number | Nil
  /** Block until the handshake is over, even under `:nowait`. */
  completeNegotiation?: boolean | null | undefined
  /** Not supported: refused unless it is nil. */
  callbacks?: Nil
  /** The protocols that a client offers, or that a server knows (ALPN): `['h2', 'http/1.1']`. Not in Emacs. */
  alpn?: readonly string[] | Nil
  /** How long the handshake may take, in seconds; by default 60, for a server 30. Not in Emacs. */
  timeout?: number | Nil
  /** For a process that is open: be the TLS server. By default a connection that was accepted is. Not in Emacs. */
  server?: boolean | null | undefined
}

/** Parameters that were checked. */
export interface CheckedParameters {
  options: RawTlsOptions
  /** Empty: no name is sent or checked. */
  hostname: string
  /** The certificate has to be trusted. */
  trusted: boolean
  /** The certificate has to be for the host name. */
  named: boolean
  /** In milliseconds. */
  timeout: number
  completeNegotiation: boolean
  loglevel: number
}

const defaultPriority = 'NORMAL'
// Only key exchanges without certificates, which TLS 1.3 does not have.
const anonymousPriority = 'NORMAL:-KX-ALL:+ANON-ECDH:+ANON-DH:-VERS-TLS1.3'
const clientTimeout = 60
const serverTimeout = 30
// From 9 on GnuTLS logs the keys themselves.
const loudest = 8
const longestName = 255

const known = new Set<keyof TlsParameters>([
  'type',
  'hostname',
  'priority',
  'trustfiles',
  'crlfiles',
  'keylist',
  'pass',
  'flags',
  'minPrimeBits',
  'verifyFlags',
  'verifyError',
  'verifyHostnameError',
  'loglevel',
  'completeNegotiation',
  'callbacks',
  'alpn',
  'timeout',
  'server',
])

/**
 * Checks the keywords, and gives what they mean.
 *
 * @param server - whether we are the TLS server
 * @param host - the host that the process is connected to, if it has a name
 * @throws TypeError, RangeError for an invalid keyword, naming it
 */
export function checkParameters(
  given: Readonly<Record<string, unknown>>,
  server: boolean,
  host: string | undefined,
): CheckedParameters {
  for (const name of Object.keys(given))
    if (!known.has(name as keyof TlsParameters))
      throw codedError(
        new TypeError(`:tls-parameters have no keyword ${keyword(name)}`),
        'ERR_INVALID_ARG_VALUE',
      )
  const anonymous = typeOf(given.type)
  if (!isNil(given.callbacks)) throw valueError(':callbacks', 'nil: there are none', given.callbacks)
  const trustFiles = files(':trustfiles', given.trustfiles)
  const keys = keylist(given.keylist)
  if (server && !anonymous && keys.length === 0)
    throw valueError(':keylist', 'at least one key and certificate of the server', given.keylist)
  const hostname = hostName(given.hostname)
  const checks = checksOf(given, anonymous, server, trustFiles.length > 0, hostname !== undefined)
  const expected = hostname ?? (server ? undefined : host)
  if (checks.named && expected === undefined)
    throw valueError(':hostname', 'the name that the certificate is for, or :verify-error without it', null)
  const seconds = isNil(given.timeout) ? (server ? serverTimeout : clientTimeout) : given.timeout
  if (typeof seconds !== 'number' || !(seconds > 0))
    throw typeError(':timeout', 'a number of seconds above 0', seconds)
  const options = {
    server,
    anonymous,
    priority: text(':priority', given.priority) ?? (anonymous ? anonymousPriority : defaultPriority),
    verifyFlags: number(':verify-flags', given.verifyFlags),
    // Anybody can get a certificate from the system's authorities: a server trusts those in its trustfiles only.
    systemTrust: !server && !anonymous,
    trustFiles,
    crlFiles: files(':crlfiles', given.crlfiles),
    keys,
    password: text(':pass', given.pass) ?? '',
    keyFlags: keyFlags(given.flags),
    primeBits: primeBits(given.minPrimeBits, server),
    request: server && trustFiles.length > 0 ? (checks.trusted || checks.named ? 2 : 1) : 0,
    protocols: protocols(given.alpn),
  }
  return {
    options,
    hostname: expected ?? '',
    ...checks,
    timeout: Math.min(seconds * 1000, 0x7fffffff),
    completeNegotiation: !isNil(given.completeNegotiation),
    loglevel: isNil(given.loglevel) ? 0 : integer(':loglevel', given.loglevel, 0, loudest),
  }
}

function typeOf(type: unknown): boolean {
  if (isNil(type) || type === 'gnutls-x509pki') return false
  if (type === 'gnutls-anon') return true
  throw valueError(':type', 'gnutls-x509pki or gnutls-anon (Invalid GnuTLS credential type)', type)
}

function text(keyword: string, value: unknown): string | undefined {
  if (isNil(value)) return undefined
  // The errors do not show the value, which may be a password.
  if (typeof value !== 'string')
    throw codedError(new TypeError(`${keyword} must be a string or nil`), 'ERR_INVALID_ARG_TYPE')
  if (value.includes('\0'))
    throw codedError(new TypeError(`${keyword} must be without NUL`), 'ERR_INVALID_ARG_VALUE')
  return value
}

function hostName(value: unknown): string | undefined {
  if (!isNil(value) && typeof value !== 'string')
    throw typeError(':hostname', 'the name of the host (invalid :hostname parameter)', value)
  const name = text(':hostname', value)
  if (name !== undefined && (name === '' || name.length > longestName || /[^\x21-\x7e]/.test(name)))
    throw valueError(':hostname', 'a host name in ASCII', value)
  return name
}

function files(keyword: string, value: unknown): string[] {
  if (isNil(value)) return []
  if (!Array.isArray(value)) throw typeError(keyword, 'a list of file names', value)
  for (const file of value as unknown[])
    if (typeof file !== 'string' || file === '' || file.includes('\0'))
      throw typeError(keyword, 'a list of file names', file)
  return [...(value as string[])]
}

function keylist(value: unknown): [string, string][] {
  if (isNil(value)) return []
  if (!Array.isArray(value)) throw typeError(':keylist', 'a list of [key file, certificate file]', value)
  return value.map(pair => {
    const both = files(':keylist', pair)
    if (both.length !== 2) throw valueError(':keylist', 'a list of [key file, certificate file]', pair)
    return both as [string, string]
  })
}

function number(keyword: string, value: unknown): number {
  return isNil(value) ? 0 : integer(keyword, value, 0, 0x7fffffff)
}

function primeBits(value: unknown, server: boolean): number {
  if (!isNil(value) && server)
    throw valueError(':min-prime-bits', 'nil: a server has nothing to refuse', value)
  return number(':min-prime-bits', value)
}

// GnuTLS's gnutls_pkcs_encrypt_flags_t.
const schemes = new Map(
  [
    'PLAIN',
    'PKCS12_3DES',
    'PKCS12_ARCFOUR',
    'PKCS12_RC2_40',
    'PBES2_3DES',
    'PBES2_AES_128',
    'PBES2_AES_192',
    'PBES2_AES_256',
    'NULL_PASSWORD',
    'PBES2_DES',
    'PBES1_DES_MD5',
    'PBES2_GOST_TC26Z',
    'PBES2_GOST_CPA',
    'PBES2_GOST_CPB',
    'PBES2_GOST_CPC',
    'PBES2_GOST_CPD',
  ].map((name, bit) => [`GNUTLS_PKCS_${name}`, 1 << bit]),
)

function keyFlags(value: unknown): number {
  if (!Array.isArray(value)) return number(':flags', value)
  return value.reduce<number>((flags, name) => {
    const bit = typeof name === 'string' ? schemes.get(name.toUpperCase().replaceAll('-', '_')) : undefined
    if (bit === undefined) throw valueError(':flags', 'names like GNUTLS_PKCS_PBES2_AES_256', name)
    return flags | bit
  }, 0)
}

function protocols(value: unknown): string[] {
  if (isNil(value)) return []
  if (!Array.isArray(value)) throw typeError(':alpn', 'a list of protocols', value)
  for (const name of value as unknown[])
    if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > longestName)
      throw valueError(':alpn', 'a list of names of at most 255 bytes', name)
  return [...(value as string[])]
}

function checksOf(
  given: Readonly<Record<string, unknown>>,
  anonymous: boolean,
  server: boolean,
  trusting: boolean,
  hasName: boolean,
): { trusted: boolean; named: boolean } {
  const { verifyError, verifyHostnameError } = given
  const wanted = new Set<unknown>()
  if (verifyError === true) wanted.add('trustfiles').add('hostname')
  else if (Array.isArray(verifyError)) {
    for (const check of verifyError as unknown[]) {
      const name = typeof check === 'string' ? check.replace(/^:/, '') : check
      if (name !== 'trustfiles' && name !== 'hostname')
        throw valueError(':verify-error', 'true, or a list of :trustfiles and :hostname', check)
      wanted.add(name)
    }
  } else if (!isNil(verifyError))
    throw typeError(':verify-error', 'true, or a list (invalid :verify_error parameter)', verifyError)
  if (!isNil(verifyHostnameError)) wanted.add('hostname')
  if (anonymous) {
    if (wanted.size > 0) throw valueError(':verify-error', 'nil where nobody has a certificate', verifyError)
    return { trusted: false, named: false }
  }
  if (server && wanted.has('trustfiles') && !trusting)
    throw valueError(':trustfiles', "the authorities of the clients' certificates", given.trustfiles)
  // By default a client verifies everything, and a server what it has trustfiles and a hostname for.
  const unsaid = verifyError === undefined
  const trusted = wanted.has('trustfiles') || (unsaid && (!server || trusting))
  const named = server
    ? hasName && (wanted.has('hostname') || (unsaid && trusting))
    : wanted.has('hostname') || unsaid
  return { trusted, named }
}
