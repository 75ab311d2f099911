// The part of lib/tls that the layers above may use.
export { tlsSettings, type TlsSettings } from './context.js'
export { channelError, faults, isTlsFailure, selfSigned, type TlsError } from './errors.js'
export {
  describeWarning,
  formatCertificate,
  gnutlsErrorText,
  isGnutlsError,
  isGnutlsErrorFatal,
  type GnutlsResult,
} from './gnutls.js'
export { Handshake, handshakesBegan } from './handshake.js'
export { gnutlsAvailable, gnutlsCapabilities, gnutlsVersion } from './library.js'
export type { TlsParameters } from './parameters.js'
export { statusOf, type TlsCertificate, type TlsStatus, type TlsWarnings } from './peer-status.js'
