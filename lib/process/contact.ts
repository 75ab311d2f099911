// A process's contact: its keywords, with the actual addresses. That of an accepted connection is its server's but for
// a few keywords, and is made only on demand: most connections are never asked for it, and there may be thousands.
import type { Address } from '../socket/address.js'
import { describePeer } from './events.js'
import { emptyContact, type Contact } from './keywords.js'

/** The keywords of one process. */
export class ProcessContact {
  #keywords: Contact | undefined
  // Accepted connections read the same object, so it is copied before it is changed.
  #isShared = false
  readonly #servers: Contact | undefined
  readonly #remote: Address | undefined

  /** @param keywords - what the process was made with; an accepted connection has the other two instead */
  constructor(keywords: Contact | undefined, servers?: Contact, remote?: Address) {
    this.#keywords = keywords
    this.#servers = servers
    this.#remote = remote
  }

  /**
   * The contact of a connection that the server with this contact has accepted.
   *
   * @param local - the connection's own address, if the server's does not say it
   */
  accepted(remote: Address, local: Address | undefined, more: Contact | undefined): ProcessContact {
    this.#isShared = true
    const contact = new ProcessContact(undefined, this.all, remote)
    if (local !== undefined) contact.set('local', local)
    if (more !== undefined) for (const [name, value] of Object.entries(more)) contact.set(name, value)
    return contact
  }

  /** All keywords, to be read only. */
  get all(): Contact {
    return (this.#keywords ??= connectionsContact(this.#servers, this.#remote as Address))
  }

  /** The value of a keyword, by its camelCased name. */
  get(name: string): unknown {
    if (this.#keywords !== undefined) return this.#keywords[name]
    if (name === 'remote') return this.#remote
    return name === 'host' || name === 'service' || name === 'server' ? this.all[name] : this.#servers?.[name]
  }

  /** Changes the value of a keyword, for this process alone. */
  set(name: string, value: unknown): void {
    if (this.#isShared) this.#keywords = Object.assign(emptyContact(), this.all)
    this.#isShared = false
    this.all[name] = value
  }
}

function connectionsContact(servers: Contact | undefined, remote: Address): Contact {
  const { host, service } = describePeer(remote, 0)
  const contact = Object.assign(emptyContact(), servers, { server: null, host })
  if (service !== undefined) contact.service = service
  contact.remote = remote
  return contact
}
