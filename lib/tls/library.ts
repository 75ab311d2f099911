// Whether GnuTLS is available; it is looked for when first asked for.
import { native } from '../native.js'
import { codedError } from '../socket/errors.js'

/** Whether this machine has a usable GnuTLS. Without it everything but TLS works. */
export function gnutlsAvailable(): boolean {
  return native.tlsLoad()[0] !== undefined
}

/** The version of GnuTLS in use: `'3.7.9'`; undefined if there is none. */
export function gnutlsVersion(): string | undefined {
  return native.tlsLoad()[0]
}

/** @throws `ERR_TLS_NOT_AVAILABLE`, with what was tried */
export function requireGnutls(): void {
  const [version, problem] = native.tlsLoad()
  if (version !== undefined) return
  throw codedError(
    new Error(
      `TLS is not available, for there is no GnuTLS: ${problem.trim()}. It is in the package libgnutls30 or gnutls; ` +
        'MAKE_NETWORK_PROCESS_GNUTLS names one that is elsewhere.',
    ),
    'ERR_TLS_NOT_AVAILABLE',
  )
}

// Only TLS extensions with numbers below this are listed.
const extensions = 64

/** What `gnutls-available-p` lists: the TLS extensions that the library knows; undefined without a library. */
export function gnutlsCapabilities(): string[] | undefined {
  if (!gnutlsAvailable()) return undefined
  const names = Array.from({ length: extensions }, (_, number) => native.tlsExtension(number))
  return [...names.filter(name => name !== undefined).reverse(), 'gnutls3', 'gnutls']
}
