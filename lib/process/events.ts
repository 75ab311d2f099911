// The words of a process's life: statuses, and the strings that sentinels and logs get. They end in a newline.
import { constants } from '../socket/constants.js'
import type { Address } from '../socket/address.js'

/**
 * What {@link NetworkProcess.status} can be: `connect` (under `:nowait`), `open`, `listen`, `stop` (stopped, whatever
 * it was), `closed`, `failed` (an asynchronous connect).
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
  // Without a space, as Emacs has it.
  failed: (code: number) => `accept failed with code${code}\n`,
  refused: (host: string, why: string) => `refused from ${host}: ${why}\n`,
}

/** How a peer is called in the name, the contact and the events of an accepted connection. */
export interface Peer {
  /** In the name: `<127.0.0.1:1234>`, `<3>`. */
  suffix: string
  /** In events and log messages: `127.0.0.1`, `-`. */
  from: string
  /** In the contact; a local peer has none, which is `true` there. */
  host: string | true
  /** The peer's port. */
  service: number | undefined
}

/** @param count - which accepted connection it is, for peers without a host */
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

/** The families' zeroes that stand for "no peer yet", as Emacs shows them: 14 bytes, 26 for IPv6, 108 for local. */
export function noPeer(family: number): Address {
  const length = family === constants.AF_INET6 ? 26 : family === constants.AF_UNIX ? 108 : 14
  return { family: 0, data: Buffer.alloc(length) }
}
