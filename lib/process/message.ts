// What travels beside the data of a message: the third parameter of a filter, and what `sendMessage` takes. It keeps
// track of who owns received descriptors: the addon, until the filter reads them.
import { inspect } from 'node:util'
import { native } from '../native.js'
import type { Address, AddressInput } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import {
  decodeControl,
  type ControlMessage,
  type Credentials,
  type ReceivedControlMessage,
} from '../socket/control.js'
import { codedError } from '../socket/errors.js'

/** What can be sent: text in the process's coding system, or bytes as they are. */
export type Data = string | ArrayBufferView

/** A message for {@link NetworkProcess.sendMessage}. */
export interface OutgoingMessage {
  /** One packet, or one piece of a stream; the parts of an array are put together. */
  data: Data | readonly Data[]
  /**
   * Descriptors for the receiver (SCM_RIGHTS, local sockets), 253 at most. They are duplicated: the sender keeps its
   * own, and may close them as soon as `sendMessage` has returned.
   */
  fds?: readonly number[] | undefined
  /** The sender's credentials (SCM_CREDENTIALS, Linux); only a privileged process may claim those of another. */
  credentials?: Credentials | undefined
  /** Control messages that have no field of their own: `IP_PKTINFO`, `IP_TTL`, `UDP_SEGMENT` … */
  others?: readonly ControlMessage[] | undefined
  /** The destination of a datagram. Default: that of `send`. */
  address?: AddressInput | undefined
}

/** What has come with a message: the third parameter of a filter that declares one. */
export interface MessageInfo {
  /**
   * Descriptors (SCM_RIGHTS), close-on-exec. Whoever reads this property owns them, and has to close them. If the
   * filter does not read it, they are closed when the filter returns, so that a peer cannot fill the descriptor table
   * of a program that ignores them; reading it later throws `ERR_DESCRIPTORS_CLOSED`. If a
   * stream has brought only a part of a character with them, the filter gets them with empty text.
   */
  readonly fds: readonly number[]
  /** The sender's credentials, as the kernel knows them; only with the network option `passcred`, on Linux. */
  readonly credentials: Credentials | undefined
  /** Control messages without a field of their own, which a socket option asks for: `IP_PKTINFO`, timestamps … */
  readonly others: readonly ReceivedControlMessage[]
  /** The sender of a datagram, on a socket that is not connected. */
  readonly address: Address | undefined
  /** The message was longer than what was kept of it. */
  readonly truncated: boolean
  /**
   * The flags of recvmsg(2): `MSG_TRUNC`; `MSG_CTRUNC`: the kernel had no room for descriptors, and closed them;
   * `MSG_EOR` …
   */
  readonly flags: number
}

const none: readonly never[] = Object.freeze([])

// The addon has closed the descriptor in SCM_PIDFD, because a filter that does not expect it would leak it.
const isWhole = ({ level, type }: ControlMessage) =>
  level !== constants.SOL_SOCKET || type !== constants.SCM_PIDFD

/** What came with one message. @internal */
export class ReceivedInfo implements MessageInfo {
  address: Address | undefined
  readonly flags: number
  readonly credentials: Credentials | undefined
  readonly others: readonly ReceivedControlMessage[]
  readonly #fds: readonly number[]
  #owner: 'transit' | 'filter' | 'nobody' = 'transit'

  /** @param control - the control messages of recvmsg(2), whose descriptors are in transit */
  constructor(control: Buffer | undefined, flags: number) {
    const { fds = none, credentials, others } = control === undefined ? {} : decodeControl(control)
    this.flags = flags
    this.credentials = credentials
    this.others = others?.filter(isWhole) ?? none
    this.#fds = fds
  }

  get truncated(): boolean {
    return (this.flags & constants.MSG_TRUNC) !== 0
  }

  get fds(): readonly number[] {
    if (this.#owner === 'nobody' && this.#fds.length > 0)
      throw codedError(
        new Error('fds: the filter has returned without reading them, and they are closed'),
        'ERR_DESCRIPTORS_CLOSED',
      )
    if (this.#owner === 'transit') this.#fds.forEach(fd => native.takeDescriptor(fd))
    this.#owner = 'filter'
    return this.#fds
  }

  /** Closes the descriptors, unless the filter has read them. */
  drop(): void {
    if (this.#owner !== 'transit') return
    this.#owner = 'nobody'
    this.#fds.forEach(fd => native.dropDescriptor(fd))
  }

  // Inspecting must not take the descriptors.
  [inspect.custom](): object {
    const { address, credentials, others, truncated, flags } = this
    return { fds: `${this.#fds.length} descriptors`, credentials, others, address, truncated, flags }
  }
}

/** A message that brought nothing but its data. @internal */
export const nothingBeside = new ReceivedInfo(undefined, 0)

/**
 * Whether a filter gets what travels beside messages: it declares a third parameter, or takes any number (`...rest`).
 * Others are spared the cost of asking the kernel for it.
 *
 * @internal
 */
export function wantsInfo(filter: { length: number } | true): boolean {
  return filter !== true && (filter.length === 0 || filter.length > 2)
}
