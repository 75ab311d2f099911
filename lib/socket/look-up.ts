// getaddrinfo(3), blocking or on a thread, with errors in the shape of dns.lookup's.
import { native, type RawAnswer, type RawQuery } from '../native.js'
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

function found(answer: RawAnswer, query: LookUpQuery): FoundAddress[] {
  if (typeof answer === 'number') throw lookUpError(answer, query)
  const addresses: FoundAddress[] = []
  for (let i = 0; i < answer.length; i += 4) {
    const [family, type, protocol, address] = answer.slice(i, i + 4) as [number, number, number, Buffer]
    addresses.push({ family, type, protocol, address })
  }
  return addresses
}

function lookUpError(answer: number, query: LookUpQuery): LookUpError {
  const { host, service } = query
  // A positive number is the errno of an EAI_SYSTEM.
  if (answer > 0) {
    const error = systemError(answer, 'getaddrinfo', { address: host ?? service }) as LookUpError
    error.reason = error.code
    return error
  }
  const [code, errno, reason] = native.addressInfoError(process.platform === 'linux' ? answer : -answer)
  const name = code === 'EAI_SERVICE' ? service : (host ?? service)
  const error = new Error(`getaddrinfo ${code}${name === undefined ? '' : ` ${name}`}`) as LookUpError
  error.errno = errno
  error.code = code
  error.syscall = 'getaddrinfo'
  if (host !== undefined) error.hostname = host
  if (service !== undefined) error.service = service
  Object.defineProperty(error, 'reason', { value: reason })
  return error
}

/** Looks a name up and blocks the thread until there is an answer: getaddrinfo(3). @throws LookUpError */
export function getaddrinfo(query: LookUpQuery): FoundAddress[] {
  return found(native.getaddrinfo(...rawQuery(query)), query)
}

/** The same on a thread; `done` is called from the event loop, or from a synchronous wait. @internal */
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
