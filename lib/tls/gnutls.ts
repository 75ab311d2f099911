// Emacs's small functions that describe GnuTLS errors, warnings and certificates.
import { camel } from '../lisp.js'
import { native } from '../native.js'
import { codedError, typeError, valueError } from '../socket/errors.js'
import { faults, selfSigned } from './errors.js'
import { requireGnutls } from './library.js'

/** Errors that Emacs gives as symbols. */
const symbols = new Map([
  ['gnutls-e-interrupted', -52],
  ['gnutls-e-again', -28],
  ['gnutls-e-invalid-session', -10],
  ['gnutls-e-not-ready-for-handshake', -65500],
])

/** What a function like gnutls-boot returns: `true`, a GnuTLS error, or the symbol of one. */
export type GnutlsResult = true | number | string

/** Whether a result is an error: anything but `true` and `'gnutls-e-again'`. Corresponds to `gnutls-errorp`. */
export function isGnutlsError(result: unknown): boolean {
  return result !== true && result !== 'gnutls-e-again'
}

// The number of an error, or Emacs's message for a value that is not an error.
function numberOf(error: unknown): number | string {
  const number = typeof error === 'string' ? symbols.get(error) : error
  if (number === undefined) return 'Symbol has no numeric gnutls-code property'
  return Number.isInteger(number) ? (number as number) : 'Not an error symbol or code'
}

/** Whether an error is fatal for the session. Corresponds to `gnutls-error-fatalp`. @throws `ERR_INVALID_ARG_VALUE` */
export function isGnutlsErrorFatal(error: unknown): boolean {
  if (error === true) return false
  const number = numberOf(error)
  if (typeof number === 'string') throw codedError(new TypeError(number), 'ERR_INVALID_ARG_VALUE')
  requireGnutls()
  return native.tlsError(number)[2]
}

/** An error in words. Corresponds to `gnutls-error-string`. */
export function gnutlsErrorText(error: unknown): string {
  if (error === true) return 'Not an error'
  const number = numberOf(error)
  if (typeof number === 'string') return number
  requireGnutls()
  return native.tlsError(number)[1]
}

/**
 * The text of a warning: `'expired'`, `':unknown-ca'` or `'unknownCa'`; undefined if there is no such warning.
 * Corresponds to `gnutls-peer-status-warning-describe`.
 */
export function describeWarning(warning: string): string | undefined {
  if (typeof warning !== 'string') throw typeError('warning', 'the name of a warning', warning)
  const name = camel(warning)
  return [...faults, selfSigned].find(fault => fault.warning === name)?.text
}

/** Describes a PEM certificate. Corresponds to `gnutls-format-certificate`. @throws `ERR_INVALID_ARG_VALUE` */
export function formatCertificate(pem: string | Uint8Array): string {
  if (typeof pem !== 'string' && !(pem instanceof Uint8Array)) throw typeError('pem', 'a certificate', pem)
  requireGnutls()
  const text = native.tlsPrint(typeof pem === 'string' ? Buffer.from(pem) : pem)
  if (typeof text === 'number')
    throw valueError('pem', `a certificate in PEM (${native.tlsError(text)[1]})`, '…')
  return text
}
