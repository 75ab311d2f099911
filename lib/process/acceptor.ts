// A server's side: from a socket that was accepted to a connection that may come in. It owns what is in between — the
// PROXY protocol's header, the TLS handshake — and the pause of a server that has no descriptors left. What a connection
// is, once it is in, is in network-process.ts.
import { native, type SocketId } from '../native.js'
import { decodeAddress, type Address } from '../socket/address.js'
import { after } from '../socket/callbacks.js'
import type { TlsSettings } from '../tls/index.js'
import { describePeer, logMessage } from './events.js'
import { Handshakes } from './handshakes.js'
import type { Contact } from './keywords.js'
import type { NetworkProcess } from './network-process.js'
import { ProxyGate } from './proxy-gate.js'
import type { ProxyHeader } from './proxy-protocol.js'

// How long a server without descriptors waits before it accepts again, in milliseconds.
const acceptPause = 100

/** A `log`, whatever its connections receive: see keywords.ts. */
type Log = (server: NetworkProcess, client: NetworkProcess | undefined, message: string) => void

/** What a server asks of those who want to come in. */
export interface Admission {
  /** Seconds that the PROXY protocol's header may take; undefined: there is none. */
  proxyPatience: number | undefined
  /** The handshake; undefined: none. */
  tls: TlsSettings | undefined
  /** Hears who came in, and who did not. */
  log: Log | undefined
}

/** The server that accepts. @internal */
export interface AcceptorOwner {
  readonly isListening: boolean
  /** A connection may come in. @param proxied - what its contact has besides, behind a proxy */
  admit(id: SocketId, remote: Address, proxied?: Contact): void
  /** None came in. @param message - for the log */
  notAdmitted(message: string): void
  /** It accepts for the time being, or does not. */
  onWaiting(): void
}

/** What one server accepts. @internal */
export class Acceptor {
  readonly log: Log | undefined
  #admitted = 0

  readonly #owner: AcceptorOwner
  readonly #gate: ProxyGate | undefined
  readonly #handshakes: Handshakes | undefined
  #cancelPause: (() => void) | undefined

  constructor(owner: AcceptorOwner, { proxyPatience, tls, log }: Admission) {
    this.#owner = owner
    this.log = log
    if (proxyPatience !== undefined) this.#gate = new ProxyGate(this, proxyPatience)
    if (tls !== undefined) this.#handshakes = new Handshakes(tls, this)
  }

  /** How many came in. */
  get admitted(): number {
    return this.#admitted
  }

  /** Whether it waits for descriptors. */
  get pauses(): boolean {
    return this.#cancelPause !== undefined
  }

  /** @param sockaddr - the peer's; valid until this returns */
  accept(id: SocketId, sockaddr: Uint8Array): void {
    if (!this.#owner.isListening) {
      native.close(id)
      return
    }
    const remote = decodeAddress(sockaddr)
    if (this.#gate === undefined) this.#secure(id, remote)
    else this.#gate.take(id, remote)
  }

  onProxied(id: SocketId, proxy: Address, header: ProxyHeader): void {
    this.#secure(id, header.source ?? proxy, { proxy, proxyHeader: header })
  }

  #secure(id: SocketId, remote: Address, proxied?: Contact): void {
    if (this.#handshakes === undefined) this.#admit(id, remote, proxied)
    else this.#handshakes.add(id, remote, () => this.#admit(id, remote, proxied))
  }

  #admit(id: SocketId, remote: Address, proxied?: Contact): void {
    this.#admitted++
    this.#owner.admit(id, remote, proxied)
  }

  onRefused(peer: Address, why: string): void {
    this.#owner.notAdmitted(logMessage.refused(describePeer(peer, 0).from, why))
  }

  /** accept(2) has failed: it has left the set, and comes back in a while. */
  onFailed(error: number): void {
    if (!this.#owner.isListening) return
    const goOn = () => {
      this.#cancelPause = undefined
      this.#owner.onWaiting()
    }
    // First, for who hears of it may stop the server, or have it go on.
    this.#cancelPause = after(acceptPause, goOn, { unreferenced: true })
    this.#owner.notAdmitted(logMessage.failed(error))
  }

  /** Closes whoever is not in yet. */
  close(): void {
    this.#gate?.close()
    this.#handshakes?.close()
    this.#cancelPause?.()
    this.#cancelPause = undefined
  }
}
