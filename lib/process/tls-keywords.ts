// Turns the value of `:tls-parameters`, or the argument of `startTls`, into the settings of a handshake: takes Emacs's
// list or an object, and adds the role (client or server) and the host. What a keyword may be, and what it means, is in
// lib/tls/.
import { codedError, typeError } from '../socket/errors.js'
import { tlsSettings, type TlsSettings } from '../tls/index.js'
import { isNil } from '../lisp.js'
import { contactOf, type Contact } from './keywords.js'

/** The keywords of `:tls-parameters`: an object of them, or Emacs's list, which begins with the type. */
function keywordsOf(value: unknown): Contact {
  if (Array.isArray(value)) {
    const [type, ...rest] = value as unknown[]
    return { ...contactOf(rest), type }
  }
  if (typeof value !== 'object' || value === null)
    throw typeError(':tls-parameters', 'an object, or a list that begins with the type', value)
  return contactOf([value]) as Contact
}

/**
 * The TLS settings of a new process; undefined: no TLS. Takes the password out of the contact.
 *
 * @param stream - whether the process is a stream, which TLS needs
 * @throws TypeError, RangeError: an invalid value of a keyword; `ERR_INCOMPATIBLE_KEYWORDS`; `ERR_TLS_NOT_AVAILABLE`
 * @internal
 */
export function contactTls(contact: Contact, stream: boolean): TlsSettings | undefined {
  const given = contact.tlsParameters
  if (isNil(given)) return undefined
  if (!stream)
    throw codedError(
      new TypeError(':tls-parameters is incompatible with :type: TLS needs a stream'),
      'ERR_INCOMPATIBLE_KEYWORDS',
    )
  const keywords = keywordsOf(given)
  if (!isNil(keywords.pass)) contact.tlsParameters = withoutPassword(given)
  return tlsSettings(keywords, !isNil(contact.server), hostOf(contact))
}

/**
 * The TLS settings of a process that is open.
 *
 * @param accepted - whether it is a connection that a server has accepted
 * @throws TypeError, RangeError: an invalid value of a keyword; `ERR_TLS_NOT_AVAILABLE`
 * @internal
 */
export function upgradeTls(parameters: unknown, contact: Contact, accepted: boolean): TlsSettings {
  const keywords = keywordsOf(parameters)
  const server = keywords.server === undefined ? accepted : !isNil(keywords.server)
  return tlsSettings(keywords, server, hostOf(contact))
}

function hostOf({ host, family }: Contact): string | undefined {
  return typeof host === 'string' && host !== 'local' && family !== 'local' ? host : undefined
}

function withoutPassword(given: unknown): unknown {
  if (!Array.isArray(given)) return { ...(given as object), pass: undefined }
  const at = given.indexOf(':pass')
  return (given as unknown[]).toSpliced(at, 2)
}
