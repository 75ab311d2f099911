// getaddrinfo(3), blocking or on a thread, and getnameinfo(3), with errors in the shape of dns.lookup's.
import { native, type RawAnswer, type RawQuery } from '../native.js'
import { bytesOf } from './bytes.js'
import { integer, systemError, typeError, valueError, type SystemError } from './errors.js'
import { startLookUp } from './hub.js'

/** An address that a look-up found. */
export interface FoundAddress {
  /** `constants.AF_INET` … */
  family: number
  /** `constants.SOCK_STREAM` … */
  type: number
  /** `constants.IPPROTO_TCP` … */
  protocol: number
  /** The sockaddr. */
  address: Buffer
  /** The host's canonical name: of the first address only, and with `AI_CANONNAME` among the flags. */
  canonname?: string
}

/** What to look up. A number that is 0 or left out matches anything. */
export interface LookUpQuery {
  /** A name or a numeric address; undefined: this machine. */
  host?: string | undefined
  /** A service's name or a port; undefined: port 0. */
  service?: string | undefined
  /** `constants.AF_INET` … */
  family?: number
  /** `constants.SOCK_STREAM` … */
  type?: number
  /** `constants.IPPROTO_TCP` … */
  protocol?: number
  /** `AI_` flags. */
  flags?: number
}

/** The error of a look-up: `code` `'ENOTFOUND'`, `'EAI_AGAIN'` … as dns.lookup() gives it. */
export interface LookUpError extends SystemError {
  /** The host that was looked up. */
  hostname?: string
  /** The service that was looked up; the message names it when it is unknown: `EAI_SERVICE`. */
  service?: string
  /** The system's description: gai_strerror(3). */
  reason: string
}

const rawQuery = ({
  host,
  service,
  family = 0,
  type = 0,
  protocol = 0,
  flags = 0,
}: LookUpQuery): RawQuery => [
  name('host', host),
  name('service', service),
  integer('family', family),
  integer('type', type),
  integer('protocol', protocol),
  integer('flags', flags),
]
function name(key: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw typeError(key, 'a string', value)
  if (value.includes('\0')) throw valueError(key, 'a name without NUL bytes', value)
  return value
}

type FoundFields = [family: number, type: number, protocol: number, address: Buffer, canonname: string]

function found(answer: RawAnswer, query: LookUpQuery): FoundAddress[] {
  if (typeof answer === 'number') throw lookUpError(answer, query)
  const addresses: FoundAddress[] = []
  for (let i = 0; i < answer.length; i += 5) {
    const [family, type, protocol, address, canonname] = answer.slice(i, i + 5) as FoundFields
    addresses.push({ family, type, protocol, address, ...(canonname === '' ? {} : { canonname }) })
  }
  return addresses
}

function lookUpError(answer: number, { host, service }: LookUpQuery, syscall = 'getaddrinfo'): LookUpError {
  // A positive number is the errno of an EAI_SYSTEM.
  if (answer > 0) {
    const error = systemError(answer, syscall, { address: host ?? service }) as LookUpError
    error.reason = error.code
    return error
  }
  const [code, errno, reason] = native.addressInfoError(process.platform === 'linux' ? answer : -answer)
  const name = code === 'EAI_SERVICE' ? service : (host ?? service)
  const error = new Error(`${syscall} ${code}${name === undefined ? '' : ` ${name}`}`) as LookUpError
  error.errno = errno
  error.code = code
  error.syscall = syscall
  if (host !== undefined) error.hostname = host
  if (service !== undefined) error.service = service
  Object.defineProperty(error, 'reason', { value: reason })
  return error
}

/** Looks a name up and blocks the thread until there is an answer: getaddrinfo(3). @throws LookUpError */
export function getaddrinfo(query: LookUpQuery): FoundAddress[] {
  return found(native.getaddrinfo(...rawQuery(query)), query)
}

/** What getnameinfo(3) finds. */
export interface FoundName {
  /** The host's name; its numeric address if it has none, or with `NI_NUMERICHOST`. */
  host: string
  /** The service's name; its port if it has none, or with `NI_NUMERICSERV`. */
  service: string
}

/**
 * Finds the names of an address: getnameinfo(3). Blocks the thread until there is an answer.
 *
 * @param address - a sockaddr's bytes
 * @param flags - `NI_` flags; with `constants.NI_NUMERICHOST` no name server is asked
 * @throws LookUpError; `ENOTFOUND`: there is no name, with `NI_NAMEREQD`
 * @example getnameinfo(encodeAddress([127, 0, 0, 1, 80])) // { host: 'localhost', service: 'http' }
 */
export function getnameinfo(address: Uint8Array, flags = 0): FoundName {
  const answer = native.getnameinfo(bytesOf('address', address), integer('flags', flags))
  if (typeof answer === 'number') throw lookUpError(answer, {}, 'getnameinfo')
  const [host, service] = answer
  return { host, service }
}

/** The same as getaddrinfo() on a thread; `done` is called from the event loop, or from a synchronous wait. @internal */
export function lookUp(
  query: LookUpQuery,
  done: (error: LookUpError | undefined, addresses: FoundAddress[]) => void,
): void {
  const request = startLookUp(
    answer => {
      if (typeof answer === 'number') done(lookUpError(answer, query), [])
      else done(undefined, found(answer, query))
    },
    ...rawQuery(query),
  )
  if (request < 0) throw systemError(request, 'pthread_create')
}
