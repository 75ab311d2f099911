// Makes the contexts that sessions are made from, from checked parameters. Reading the system's certificate authorities
// takes milliseconds, so contexts are cached for a while.
import { statSync } from 'node:fs'
import { native, type RawTlsOptions, type TlsContext } from '../native.js'
import { codedError } from '../socket/errors.js'
import { requireGnutls } from './library.js'
import { checkParameters, type CheckedParameters } from './parameters.js'

/** The TLS settings of one process. */
export interface TlsSettings extends Omit<CheckedParameters, 'options' | 'loglevel'> {
  context: TlsContext
  server: boolean
  /** The name that a client sends (SNI); empty if the host is a numeric address. */
  serverName: string
}

/**
 * @param given - keywords by camelCased name
 * @throws what {@link checkParameters} throws; `ERR_TLS_NOT_AVAILABLE`; `ERR_INVALID_ARG_VALUE`, naming the priority
 *   string or the file that GnuTLS refuses
 */
export function tlsSettings(
  given: Readonly<Record<string, unknown>>,
  server: boolean,
  host: string | undefined,
): TlsSettings {
  const { options, loglevel, ...rest } = checkParameters(given, server, host)
  requireGnutls()
  if (loglevel > 0) native.tlsLog(loglevel)
  const serverName = server || /^[\d.]*$|:/.test(rest.hostname) ? '' : rest.hostname
  return { ...rest, server, serverName, context: contextOf(options) }
}

// How long a cached context counts as up to date, in milliseconds.
const freshness = 10_000
const contexts = new Map<string, { context: WeakRef<TlsContext>; until: number }>()

// A key that a password has opened is not cached: another caller may not know the password.
function contextOf(options: RawTlsOptions): TlsContext {
  if (options.password !== '') return made(options)
  const key = JSON.stringify([
    options,
    [...options.trustFiles, ...options.crlFiles, ...options.keys.flat()].map(age),
  ])
  const now = performance.now()
  const known = contexts.get(key)
  const context = known !== undefined && known.until > now ? known.context.deref() : undefined
  if (context !== undefined) return context
  for (const [old, { until }] of contexts) if (until <= now) contexts.delete(old)
  const fresh = made(options)
  contexts.set(key, { context: new WeakRef(fresh), until: now + freshness })
  return fresh
}

function age(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

// native/tls/context.h has the same numbers.
const refused = { priority: 2, trustFile: 3, crlFile: 4 } as const

function made(options: RawTlsOptions): TlsContext {
  const context = native.tlsContext(options)
  if (!Array.isArray(context)) return context
  const [what, index, error] = context
  const [, text] = native.tlsError(error)
  const message =
    what === refused.priority
      ? `:priority must be a priority string of GnuTLS's, not ${JSON.stringify(options.priority)}`
      : what === refused.trustFile
        ? `:trustfiles: ${options.trustFiles[index] ?? ''} (Invalid trustfile): ${text}`
        : what === refused.crlFile
          ? `:crlfiles: ${options.crlFiles[index] ?? ''} (Invalid CRL file): ${text}`
          : `:keylist: ${options.keys[index]?.join(', ') ?? ''} (Invalid key or certificate file): ${text}`
  throw Object.assign(codedError(new TypeError(message), 'ERR_INVALID_ARG_VALUE'), { gnutls: error })
}
