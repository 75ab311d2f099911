// The system's constants, by their C names.
import { native } from '../native.js'

type Prefix = 'AF' | 'SOCK' | 'SOL' | 'SO' | 'IPPROTO' | 'MSG' | 'SHUT' | 'IP' | 'IPV6' | 'TCP' | 'SCM'

/** The constants that every supported system has. */
type Everywhere =
  | 'AF_UNSPEC'
  | 'AF_UNIX'
  | 'AF_INET'
  | 'AF_INET6'
  | 'SOCK_STREAM'
  | 'SOCK_DGRAM'
  | 'SOCK_SEQPACKET'
  | 'SOCK_RAW'
  | 'SOL_SOCKET'
  | 'SO_BROADCAST'
  | 'SO_DONTROUTE'
  | 'SO_ERROR'
  | 'SO_KEEPALIVE'
  | 'SO_LINGER'
  | 'SO_OOBINLINE'
  | 'SO_RCVBUF'
  | 'SO_REUSEADDR'
  | 'SO_REUSEPORT'
  | 'SO_SNDBUF'
  | 'SO_TYPE'
  | 'IPPROTO_IP'
  | 'IPPROTO_IPV6'
  | 'IPPROTO_ICMP'
  | 'IPPROTO_TCP'
  | 'IPPROTO_UDP'
  | 'TCP_NODELAY'
  | 'MSG_CTRUNC'
  | 'MSG_DONTWAIT'
  | 'MSG_OOB'
  | 'MSG_PEEK'
  | 'MSG_TRUNC'
  | 'MSG_WAITALL'
  | 'SHUT_RD'
  | 'SHUT_WR'
  | 'SHUT_RDWR'
  | 'SCM_RIGHTS'
  | 'POLLIN'
  | 'POLLOUT'
  | 'POLLERR'
  | 'POLLHUP'
  | 'SOMAXCONN'
  | 'EAI_NONAME'

/**
 * Every `AF_`, `SOCK_`, `SOL_`, `SO_`, `IPPROTO_`, `MSG_`, `SHUT_`, `IP_`, `IPV6_`, `TCP_` and `SCM_` constant that
 * the system has, and some more, by name. A constant that this system does not have is `undefined`.
 *
 * @example
 * ```ts
 * import { constants } from 'make-network-process/socket'
 * constants.SOCK_SEQPACKET // 5 on Linux
 * constants.AF_VSOCK // 40 on Linux, 40 on macOS, undefined where there is none
 * ```
 */
export const constants = Object.freeze(native.constants) as Readonly<
  Record<Everywhere, number> &
    Partial<Record<`${Prefix}_${string}`, number>> &
    Record<string, number | undefined>
>
