// What is known of the peer and of the session: gnutls-peer-status, with its words.
import { native, type RawCertificate, type SocketId } from '../native.js'
import { faults, selfSigned } from './errors.js'

/** A certificate. Dates are `YYYY-MM-DD`, in UTC; numbers of bytes are written `0a:1b:…`. */
export interface TlsCertificate {
  /** X.509's: 3 is usual. */
  version: number
  /** What its issuer has numbered it by. */
  serialNumber: string
  /** `'O=Example,CN=Example CA'` */
  issuer: string
  /** The first day. */
  validFrom: string
  /** The last day. */
  validTo: string
  /** Whose it is. */
  subject: string
  /** `'RSA'` */
  publicKeyAlgorithm?: string
  /** How strong its key is, in GnuTLS's words: `'High'`. */
  certificateSecurityLevel?: string
  /** What tells issuers of the same name apart, in old certificates. */
  issuerUniqueId?: string
  /** The same for its subject. */
  subjectUniqueId?: string
  /** `'RSA-SHA256'` */
  signatureAlgorithm?: string
  /** `'sha1:…'` */
  publicKeyId: string
  /** `'sha256:…'` */
  publicKeyIdSha256: string
  /** The whole certificate's: `'sha1:…'`. */
  certificateId: string
  /** The certificate itself, as text. */
  pem: string
}

/** What may be wrong with a certificate, as keywords of Emacs's that are `true` here. */
export type TlsWarnings = Readonly<Record<string, true>>

/** What two ends have agreed on, and how the peer has shown who it is. Corresponds to `gnutls-peer-status`'s list. */
export interface TlsStatus {
  /** What is wrong with its certificate: `{ selfSigned: true, unknownCa: true, invalid: true }`. */
  warnings?: TlsWarnings
  /** The chain, its own first. */
  certificates?: TlsCertificate[]
  /** Its own. */
  certificate?: TlsCertificate
  /** How long the prime was, where there was a key exchange with one. */
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
  /** What is authenticated is what was encrypted (RFC 7366). */
  encryptThenMac: boolean
  /** Renegotiation is bound to the session (RFC 5746). */
  safeRenegotiation: boolean
  /** The protocol that was chosen of those offered. Our own. */
  alpn?: string
}

/** Undefined: there is no session. */
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

// Emacs's order: the last that was checked is the first.
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
// A date that the certificate cannot have is -1.
const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10)
