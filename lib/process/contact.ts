// A process's keywords, with the actual addresses. An accepted connection's are its server's but for a few, and are put
// together when somebody asks: most connections are never asked, and thousands may wait.
import type { Address } from '../socket/address.js'
import { describePeer } from './events.js'
import { emptyContact, type Contact } from './keywords.js'

/** The keywords of one process. */
export class ProcessContact {
  #keywords: Contact | undefined
  // Connections look at the same keywords: who changes them copies them first.
  #isShared = false
  readonly #servers: Contact | undefined
  readonly #remote: Address | undefined

  /** @param keywords - what it was made with; without it the next two say */
  constructor(keywords: Contact | undefined, servers?: Contact, remote?: Address) {
    this.#keywords = keywords
    this.#servers = servers
    this.#remote = remote
  }

  /**
   * That of a connection which a server with this one has accepted.
   *
   * @param local - its own address, where that is not the server's
   */
  accepted(remote: Address, local: Address | undefined, more: Contact | undefined): ProcessContact {
    this.#isShared = true
    const contact = new ProcessContact(undefined, this.all, remote)
    if (local !== undefined) contact.set('local', local)
    if (more !== undefined) for (const [name, value] of Object.entries(more)) contact.set(name, value)
    return contact
  }

  /** Every keyword: to look at only. */
  get all(): Contact {
    return (this.#keywords ??= connectionsContact(this.#servers, this.#remote as Address))
  }

  /** The value of a keyword, by its camelCased name. */
  get(name: string): unknown {
    if (this.#keywords !== undefined) return this.#keywords[name]
    if (name === 'remote') return this.#remote
    return name === 'host' || name === 'service' || name === 'server' ? this.all[name] : this.#servers?.[name]
  }

  /** Changes what one keyword says, for this process alone. */
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
