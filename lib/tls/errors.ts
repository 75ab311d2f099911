// The errors of TLS. Their code is Node's where Node has one, otherwise it comes from GnuTLS's name:
// GNUTLS_E_UNEXPECTED_PACKET is ERR_TLS_UNEXPECTED_PACKET. No message contains secrets, or data that was sent.
import { native, type TlsVerdict } from '../native.js'
import { codedError, systemError, type ErrorAddress } from '../socket/errors.js'

/** What a TLS error carries besides its message. */
export interface TlsError extends Error {
  /** `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_TLS_UNEXPECTED_PACKET` … */
  code: string
  /** GnuTLS's error number: `-15`. */
  gnutls?: number
  /** The peer's address. */
  address?: string
  /** The peer's port. */
  port?: number
}

// native/tls/session.h has the same numbers.
const failures = 0x20000
const alerts = 0x30000
const fatalAlertReceived = -12
const certificateError = -43

/** The GnuTLS error number of a native failure; undefined for a system error. */
function gnutlsNumber(failure: number): number | undefined {
  const number = Math.abs(failure)
  if (number < failures) return undefined
  return number >= alerts ? fatalAlertReceived : failures - number
}

/** Whether a native failure is a TLS failure, not a system error. */
export function isTlsFailure(failure: number): boolean {
  return gnutlsNumber(failure) !== undefined
}

/** Whether a failure means that we refused the peer's certificate. */
export function isVerification(failure: number): boolean {
  return gnutlsNumber(failure) === certificateError
}

/** The error of a native call that may fail because of TLS: a system error, or a TLS error. */
export function channelError(failure: number, syscall: string, about: ErrorAddress = {}): Error {
  return isTlsFailure(failure)
    ? tlsError(failure, syscall === 'handshake' ? 'TLS handshake' : `TLS ${syscall}`, about)
    : systemError(failure, syscall, about)
}

function tlsError(failure: number, what: string, about: ErrorAddress): TlsError {
  const number = gnutlsNumber(failure) as number
  const alert = Math.abs(failure) >= alerts ? native.tlsAlert(Math.abs(failure) - alerts) : undefined
  if (number === fatalAlertReceived && alert !== undefined) {
    const name = alert.replace('GNUTLS_A_', '')
    const words = name.toLowerCase().replaceAll('_', ' ')
    return made(`${what}: the peer refused it (${words})`, `ERR_TLS_ALERT_${name}`, number, about)
  }
  const [name, text] = native.tlsError(number)
  return made(`${what}: ${text}`, `ERR_TLS_${(name ?? 'FAILED').replace('GNUTLS_E_', '')}`, number, about)
}

function made(message: string, code: string, number: number, about: ErrorAddress): TlsError {
  const place = about.path ?? about.address
  const where = !place ? '' : about.port ? ` (${place}:${about.port})` : ` (${place})`
  const error: TlsError = codedError(new Error(message + where), code)
  error.gnutls = number
  if (place) error.address = place
  if (about.port) error.port = about.port
  return error
}

/** A handshake that took too long. */
export function timedOut(about: ErrorAddress): TlsError {
  return made('TLS handshake: the peer took too long', 'ERR_TLS_HANDSHAKE_TIMEOUT', -319, about)
}

// ---- certificates -----------------------------------------------------------------------------------------

/** A fault of a certificate: GnuTLS's bit, Emacs's keyword and text for it, and the error code (Node's, or our own). */
interface Fault {
  bit: number
  warning: string
  text: string
  code: string
}

/** In the order in which they are checked; an error names the first. The chain tells whether one is self-signed. */
export const faults: readonly Fault[] = [
  {
    bit: 1 << 5,
    warning: 'revoked',
    text: 'certificate was revoked (CRL)',
    code: 'CERT_REVOKED',
  },
  {
    bit: 1 << 10,
    warning: 'expired',
    text: 'certificate has expired',
    code: 'CERT_HAS_EXPIRED',
  },
  {
    bit: 1 << 9,
    warning: 'notActivated',
    text: 'certificate is not yet activated',
    code: 'CERT_NOT_YET_VALID',
  },
  {
    bit: 1 << 6,
    warning: 'unknownCa',
    text: 'the certificate was signed by an unknown and therefore untrusted authority',
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  },
  {
    bit: 1 << 7,
    warning: 'notCa',
    text: 'certificate signer is not a CA',
    code: 'INVALID_CA',
  },
  {
    bit: 1 << 8,
    warning: 'insecure',
    text: 'certificate was signed with an insecure algorithm',
    code: 'CA_MD_TOO_WEAK',
  },
  {
    bit: 1 << 11,
    warning: 'signatureFailure',
    text: 'certificate signature could not be verified',
    code: 'CERT_SIGNATURE_FAILURE',
  },
  {
    bit: 1 << 12,
    warning: 'revocationDataSuperseded',
    text: 'certificate revocation data are old and have been superseded',
    code: 'CRL_HAS_EXPIRED',
  },
  {
    bit: 1 << 15,
    warning: 'revocationDataIssuedInFuture',
    text: 'certificate revocation data have a future issue date',
    code: 'CRL_NOT_YET_VALID',
  },
  {
    bit: 1 << 16,
    warning: 'signerConstraintsFailure',
    text: 'certificate signer constraints were violated',
    code: 'PERMITTED_VIOLATION',
  },
  {
    bit: 1 << 18,
    warning: 'purposeMismatch',
    text: 'certificate does not match the intended purpose',
    code: 'INVALID_PURPOSE',
  },
  {
    bit: 1 << 19,
    warning: 'missingOcspStatus',
    text: 'certificate requires the server to send a OCSP certificate status, but no status was received',
    code: 'ERR_TLS_MISSING_OCSP_STATUS',
  },
  {
    bit: 1 << 20,
    warning: 'invalidOcspStatus',
    text: 'the received OCSP certificate status is invalid',
    code: 'ERR_TLS_INVALID_OCSP_STATUS',
  },
  {
    bit: 1 << 14,
    warning: 'noHostMatch',
    text: 'certificate host does not match hostname',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  {
    bit: 1 << 1,
    warning: 'invalid',
    text: 'certificate could not be verified',
    code: 'ERR_TLS_CERT_INVALID',
  },
]

/** Emacs's keyword and text for a self-signed certificate. */
export const selfSigned = {
  warning: 'selfSigned',
  text: 'certificate signer was not found (self-signed)',
} as const

const unknownCa = 1 << 6
const wrongName = 1 << 14

/** The error for a certificate that was refused. @param trusted - whether more than its name was to be verified */
export function verificationError(
  [status, count, own, ownRoot]: TlsVerdict,
  trusted: boolean,
  hostname: string,
  about: ErrorAddress,
): TlsError {
  const relevant = trusted ? status : status & wrongName
  const fault = faults.find(({ bit }) => (relevant & bit) !== 0) ?? faults.at(-1)!
  let { code, text } = fault
  if (fault.bit === unknownCa) {
    if (own) ({ text } = selfSigned)
    if (own && count === 1) code = 'DEPTH_ZERO_SELF_SIGNED_CERT'
    else if (ownRoot) code = 'SELF_SIGNED_CERT_IN_CHAIN'
    else if (count === 1) code = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  }
  const whose = hostname === '' ? 'the peer' : hostname
  const what = fault.bit === wrongName ? `the certificate is not for ${whose}` : `${whose}: ${text}`
  return made(`TLS handshake: ${what}`, code, certificateError, about)
}
