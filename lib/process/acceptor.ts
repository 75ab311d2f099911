// Accepting, on the server's side: from an accepted socket to a connection that is admitted. It owns what is in between
// (the PROXY protocol's header, the TLS handshake) and the pause of a server that has no descriptors left. What an
// admitted connection is and does is in network-process.ts.
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

// How long a server that has run out of descriptors waits before it accepts again, in milliseconds.
const acceptPause = 100

/** A `log` function, whatever its connections receive: see keywords.ts. */
type Log = (server: NetworkProcess, client: NetworkProcess | undefined, message: string) => void

/** What a server requires of new connections, and whom it tells. */
export interface Admission {
  /** How many seconds the PROXY protocol's header may take; undefined: connections have no header. */
  proxyPatience: number | undefined
  /** The settings of the TLS handshake; undefined: no TLS. */
  tls: TlsSettings | undefined
  /** Called for each connection that is admitted, refused, or could not be accepted. */
  log: Log | undefined
}

/** The server that accepts. @internal */
export interface AcceptorOwner {
  readonly isListening: boolean
  /** Admits a connection. @param proxied - more keywords for its contact, if it came through a proxy */
  admit(id: SocketId, remote: Address, proxied?: Contact): void
  /** A connection was refused, or accepting failed. @param message - for the log */
  notAdmitted(message: string): void
  /** The pause is over: the server can accept again. */
  onWaiting(): void
}

/** The connections that one server accepts. @internal */
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

  /** How many connections were admitted. */
  get admitted(): number {
    return this.#admitted
  }

  /** Whether accepting pauses until there are descriptors again. */
  get pauses(): boolean {
    return this.#cancelPause !== undefined
  }

  /** @param sockaddr - the peer's address; valid until this returns */
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

  /** accept(2) has failed: the listening socket has left the epoll set, and returns after a pause. */
  onFailed(error: number): void {
    if (!this.#owner.isListening) return
    const goOn = () => {
      this.#cancelPause = undefined
      this.#owner.onWaiting()
    }
    // Before the log function is called, because that may stop or continue the server.
    this.#cancelPause = after(acceptPause, goOn, { unreferenced: true })
    this.#owner.notAdmitted(logMessage.failed(error))
  }

  /** Closes the connections that are not admitted yet. */
  close(): void {
    this.#gate?.close()
    this.#handshakes?.close()
    this.#cancelPause?.()
    this.#cancelPause = undefined
  }
}
