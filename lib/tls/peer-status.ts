// What is known about the peer and the session: gnutls-peer-status, with its names.
import { native, type RawCertificate, type SocketId } from '../native.js'
import { faults, selfSigned } from './errors.js'

/** A certificate. Dates are `YYYY-MM-DD`, in UTC; strings of bytes are written `0a:1b:…`. */
export interface TlsCertificate {
  /** The version of X.509, usually 3. */
  version: number
  /** The number that its issuer gave it. */
  serialNumber: string
  /** `'O=Example,CN=Example CA'` */
  issuer: string
  /** The first day of its validity. */
  validFrom: string
  /** The last day of its validity. */
  validTo: string
  /** Whom it was issued to. */
  subject: string
  /** `'RSA'` */
  publicKeyAlgorithm?: string
  /** The strength of its key, as GnuTLS calls it: `'High'`. */
  certificateSecurityLevel?: string
  /** Distinguishes issuers of the same name, in old certificates. */
  issuerUniqueId?: string
  /** The same for the subject. */
  subjectUniqueId?: string
  /** `'RSA-SHA256'` */
  signatureAlgorithm?: string
  /** `'sha1:…'` */
  publicKeyId: string
  /** `'sha256:…'` */
  publicKeyIdSha256: string
  /** The fingerprint of the whole certificate: `'sha1:…'`. */
  certificateId: string
  /** The certificate itself, as text. */
  pem: string
}

/** Faults of a certificate: Emacs's keywords as properties that are `true`. */
export type TlsWarnings = Readonly<Record<string, true>>

/** What the two ends have agreed on, and the peer's certificates. Corresponds to the list of `gnutls-peer-status`. */
export interface TlsStatus {
  /** What is wrong with the peer's certificate: `{ selfSigned: true, unknownCa: true, invalid: true }`. */
  warnings?: TlsWarnings
  /** The peer's certificate chain, its own certificate first. */
  certificates?: TlsCertificate[]
  /** The peer's own certificate. */
  certificate?: TlsCertificate
  /** The length of the Diffie-Hellman prime, where the key exchange had one. */
  diffieHellmanPrimeBits?: number
  /** `'ECDHE-RSA'` */
  keyExchange?: string
  /** `'TLS1.3'` */
  protocol?: string
  /** `'AES-256-GCM'` */
  cipher?: string
  /** `'AEAD'`, `'SHA256'` */
  mac?: string
  /** `'NULL'`: none. */
  compression?: string
  /** Whether the MAC is that of the encrypted data (RFC 7366). */
  encryptThenMac: boolean
  /** Whether renegotiation is bound to the session (RFC 5746). */
  safeRenegotiation: boolean
  /** The protocol that was chosen from those offered (ALPN). Not in Emacs. */
  alpn?: string
}

/** The status of a socket's session; undefined if it has none. */
export function statusOf(id: SocketId): TlsStatus | undefined {
  const raw = native.tlsStatus(id)
  if (raw === undefined) return undefined
  const { certificates, primeBits, encryptThenMac, safeRenegotiation, ...names } = raw
  const chain = certificates.map(certificateOf)
  const warnings = warningsOf(id)
  return {
    ...(warnings && { warnings }),
    ...(chain.length > 0 && { certificates: chain, certificate: chain[0] as TlsCertificate }),
    ...(primeBits > 0 && { diffieHellmanPrimeBits: primeBits }),
    ...given(names),
    encryptThenMac,
    safeRenegotiation,
  }
}

// A self-signed certificate's warning comes first, as in Emacs.
function warningsOf(id: SocketId): TlsWarnings | undefined {
  const [status, , own] = native.tlsVerdict(id) ?? [0, 0, false]
  const found = faults.filter(({ bit }) => (status & bit) !== 0).map(({ warning }) => warning)
  if (own) found.unshift(selfSigned.warning)
  return found.length === 0 ? undefined : Object.fromEntries(found.map(name => [name, true as const]))
}

function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function certificateOf(raw: RawCertificate): TlsCertificate {
  return given<Record<keyof TlsCertificate, string | number | undefined>>({
    version: raw.version,
    serialNumber: hex(raw.serial),
    issuer: raw.issuer.toString(),
    validFrom: day(raw.from),
    validTo: day(raw.to),
    subject: raw.subject.toString(),
    publicKeyAlgorithm: raw.publicKeyAlgorithm,
    certificateSecurityLevel: raw.securityLevel,
    issuerUniqueId: hex(raw.issuerId),
    subjectUniqueId: hex(raw.subjectId),
    signatureAlgorithm: raw.signatureAlgorithm,
    publicKeyId: `sha1:${hex(raw.keyId)}`,
    publicKeyIdSha256: `sha256:${hex(raw.keyIdSha256)}`,
    certificateId: `sha1:${hex(raw.fingerprint)}`,
    pem: raw.pem.toString(),
  }) as TlsCertificate
}

const hex = (bytes: Buffer) => bytes.toString('hex').replace(/..(?=.)/g, '$&:')
// GnuTLS gives -1 where the certificate has no valid date.
const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10)
