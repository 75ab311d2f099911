// What TLS is to processes: what `:tls-parameters` say, and the handshakes of a server's connections, which nobody hears
// of before they are over. What a handshake does to a process of its own is in network-process.ts.
import { native, type SocketId } from '../native.js'
import type { Address } from '../socket/address.js'
import { codedError, typeError } from '../socket/errors.js'
import { Handshake, tlsSettings, type TlsSettings } from '../tls/index.js'
import { contactOf, isNil, type Contact } from './keywords.js'

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
 * What a new process does of TLS; undefined: nothing. Takes the password out of the contact.
 *
 * @param stream - TLS needs one
 * @throws TypeError, RangeError: what a keyword cannot be; `ERR_INCOMPATIBLE_KEYWORDS`; `ERR_TLS_NOT_AVAILABLE`
 * @internal
 */
export function contactTls(contact: Contact, stream: boolean): TlsSettings | undefined {
  const given = contact['tlsParameters']
  if (isNil(given)) return undefined
  if (!stream)
    throw codedError(
      new TypeError(':tls-parameters is incompatible with :type: TLS needs a stream'),
      'ERR_INCOMPATIBLE_KEYWORDS',
    )
  const keywords = keywordsOf(given)
  if (!isNil(keywords['pass'])) contact['tlsParameters'] = withoutPassword(given)
  return tlsSettings(keywords, !isNil(contact['server']), hostOf(contact))
}

/**
 * What a process that is open does of TLS from now on.
 *
 * @param accepted - it is a connection that a server has accepted
 * @throws TypeError, RangeError: what a keyword cannot be; `ERR_TLS_NOT_AVAILABLE`
 * @internal
 */
export function upgradeTls(parameters: unknown, contact: Contact, accepted: boolean): TlsSettings {
  const keywords = keywordsOf(parameters)
  const server = keywords['server'] === undefined ? accepted : !isNil(keywords['server'])
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

// So many handshakes may be under way at once. Who comes next takes the place of the oldest: those who begin and do not
// go on cannot keep others out.
const mostHandshakes = 256

/** A server whose connections are to be secured. @internal */
export interface HandshakesOwner {
  /** A connection is not secured, and closed. @param why - for the log */
  onRefused(peer: Address, why: string): void
}

/** The handshakes of one server that are under way. @internal */
export class Handshakes {
  readonly #settings: TlsSettings
  readonly #owner: HandshakesOwner
  readonly #pending = new Map<SocketId, { handshake: Handshake; peer: Address }>()

  constructor(settings: TlsSettings, owner: HandshakesOwner) {
    this.#settings = settings
    this.#owner = owner
  }

  /** Takes over an accepted socket, until it is `secured`. */
  add(id: SocketId, peer: Address, secured: () => void): void {
    const handshake = new Handshake(id, {
      settings: this.#settings,
      about: {},
      ended: error => {
        this.#pending.delete(id)
        if (error === undefined) return secured()
        native.close(id)
        this.#owner.onRefused(peer, error.message)
      },
    })
    if (this.#pending.size >= mostHandshakes) this.#dropOldest()
    this.#pending.set(id, { handshake, peer })
    handshake.start()
  }

  #dropOldest(): void {
    for (const [id, { handshake, peer }] of this.#pending) {
      this.#pending.delete(id)
      handshake.cancel()
      native.close(id)
      const why = `TLS handshake: it gave way to others, of which ${mostHandshakes} are under way`
      return this.#owner.onRefused(peer, why)
    }
  }

  /** The server has gone: nobody is to have these connections. */
  close(): void {
    for (const [id, { handshake }] of this.#pending) {
      handshake.cancel()
      native.close(id)
    }
    this.#pending.clear()
  }
}
