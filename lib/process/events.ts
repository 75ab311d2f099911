// The words for what happens to a process: statuses, and the strings, ending in a newline, that sentinels and logs get.
import { constants } from '../socket/constants.js'
import type { Address } from '../socket/address.js'

/**
 * What {@link NetworkProcess.status} can be: `connect` (under `:nowait`), `open`, `listen`, `stop` (stopped in any
 * state but `closed`), `closed`, `failed` (an asynchronous connect has failed).
 */
export type Status = 'connect' | 'open' | 'listen' | 'stop' | 'closed' | 'failed'

export const event = {
  open: 'open\n',
  openFrom: (host: string) => `open from ${host}\n`,
  deleted: 'deleted\n',
  broken: 'connection broken by remote peer\n',
  endOfFile: 'end of file\n',
  failed: (code: number | string) => `failed with code ${code}\n`,
  datagramFailed: (code: number) => `datagram failed with code ${code}\n`,
  truncated: (length: number) => `message truncated from ${length} bytes\n`,
}

export const logMessage = {
  accepted: (host: string) => `accept from ${host}\n`,
  // Without a space before the code, as in Emacs.
  failed: (code: number) => `accept failed with code${code}\n`,
  refused: (host: string, why: string) => `refused from ${host}: ${why}\n`,
}

/** What a peer is called in the name, the contact and the events of an accepted connection. */
export interface Peer {
  /** In the name: `<127.0.0.1:1234>`, `<3>`. */
  suffix: string
  /** In events and log messages: `127.0.0.1`, `-`. */
  from: string
  /** In the contact; `true` for a local peer, which has no host. */
  host: string | true
  /** The peer's port. */
  service: number | undefined
}

/** @param count - the number of the accepted connection, which stands for a peer without a host */
export function describePeer(address: Address, count: number): Peer {
  if (!Array.isArray(address)) return { suffix: `<${count}>`, from: '-', host: true, service: undefined }
  const port = address.at(-1)
  if (address.length === 5) {
    const [a, b, c, d] = address
    const host = `${a}.${b}.${c}.${d}`
    return { suffix: `<${host}:${port}>`, from: host, host, service: port }
  }
  const groups = address.slice(0, 8).map(group => group.toString(16))
  const host = groups.join(':')
  return { suffix: `<[${host}]:${port}>`, from: host, host, service: port }
}

/** The zeros that stand for "no peer yet", as many as in Emacs: 26 bytes for IPv6, 108 for local, otherwise 14. */
export function noPeer(family: number): Address {
  const length = family === constants.AF_INET6 ? 26 : family === constants.AF_UNIX ? 108 : 14
  return { family: 0, data: Buffer.alloc(length) }
}
