// The gate before a server with `:proxy-protocol`: reads the header of each accepted connection, and nothing behind it,
// so that the rest is still in the kernel when the connection is admitted; without a valid header it is closed. It owns
// accepted sockets until then. What a header means is in proxy-protocol.ts; an admitted connection is the server's.
import { native, type SocketId } from '../native.js'
import type { Address } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { errorName, wouldBlock } from '../socket/errors.js'
import { after } from '../socket/callbacks.js'
import { attach, Interest, Mode, setReceiver, type Receiver } from '../socket/hub.js'
import { readProxyHeader, type ProxyHeader } from './proxy-protocol.js'

/** How many seconds a header may take by default. */
export const proxyPatience = 5

/** Is told what became of a connection. @internal */
export interface Doorkeeper {
  /** The connection has its header, and is the server's from now on. */
  onProxied(id: SocketId, peer: Address, header: ProxyHeader): void
  /** The connection had no valid header, and is closed. @param why - for the log */
  onRefused(peer: Address, why: string): void
}

/** The accepted connections of one server that have no whole header yet. @internal */
export class ProxyGate {
  readonly #keeper: Doorkeeper
  readonly #milliseconds: number
  readonly #waiting = new Set<ProxyReader>()

  /** @param seconds - how long a header may take */
  constructor(keeper: Doorkeeper, seconds: number) {
    this.#keeper = keeper
    this.#milliseconds = seconds * 1000
  }

  /** Takes over an accepted socket. */
  take(id: SocketId, peer: Address): void {
    const reader = new ProxyReader(id, this.#milliseconds, outcome => {
      this.#waiting.delete(reader)
      if (typeof outcome === 'string') this.#keeper.onRefused(peer, outcome)
      else this.#keeper.onProxied(id, peer, outcome)
    })
    this.#waiting.add(reader)
  }

  /** Closes the connections that still wait, without a call of `onRefused`. */
  close(): void {
    for (const reader of this.#waiting) reader.close()
    this.#waiting.clear()
  }
}

// Room for what one recv(2) peeks at, which is not kept.
const scratch = Buffer.allocUnsafe(2048)

class ProxyReader implements Receiver {
  readonly #id: SocketId
  readonly #done: (outcome: ProxyHeader | string) => void
  readonly #stopTimer: () => void
  #begun = Buffer.alloc(0)

  constructor(id: SocketId, milliseconds: number, done: (outcome: ProxyHeader | string) => void) {
    this.#id = id
    this.#done = done
    this.#stopTimer = after(milliseconds, () => this.#refuse('its PROXY protocol header took too long'))
    attach(id, this, Mode.watched, Interest.readable)
  }

  onReady(): void {
    const peeked = native.recv(this.#id, scratch, constants.MSG_PEEK)
    if (wouldBlock(peeked)) return
    if (peeked === 0) return this.#refuse('it ended before its PROXY protocol header did')
    if (peeked < 0) return this.#refuse(errorName(peeked))
    const bytes = Buffer.concat([this.#begun, scratch.subarray(0, peeked)])
    const header = readProxyHeader(bytes)
    if (typeof header === 'object' && 'wrong' in header) return this.#refuse(header.wrong)
    // The header's bytes are consumed even if more of it is to come: the epoll set would report them for ever.
    const length = header === 'incomplete' ? bytes.length : header.headerLength
    native.recv(this.#id, scratch.subarray(0, length - this.#begun.length), 0)
    if (header === 'incomplete') this.#begun = bytes
    else this.#admit(header)
  }

  #admit(header: ProxyHeader): void {
    this.#stopTimer()
    attach(this.#id, undefined, Mode.idle, Interest.none)
    this.#done(header)
  }

  #refuse(why: string): void {
    this.close()
    this.#done(why)
  }

  close(): void {
    this.#stopTimer()
    setReceiver(this.#id, undefined)
    native.close(this.#id)
  }
}
