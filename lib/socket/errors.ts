// Where -errno and wrong arguments become JavaScript errors. They have exactly the shape of Node's: users match on
// `code`, and compare with what node:net gives for the same failure.
import { native } from '../native.js'

const names = new Map(Object.entries(native.errors).map(([name, number]) => [number, name]))
/**
 * The system's errno numbers by name: `errno.ECONNREFUSED`. Positive, as in C. A number has one name, which errors have as
 * their code: on Linux EAGAIN, not EWOULDBLOCK, and ENOTSUP, not EOPNOTSUPP.
 */
export const errno = Object.freeze(native.errors)

/** What a system error carries besides its message. */
export interface SystemError extends Error {
  /** The errno's name: `'ECONNREFUSED'`. */
  code: string
  /** The errno, negative. */
  errno: number
  /** The call that failed: `'connect'`. */
  syscall: string
  /** The address concerned: a host, or the path of a local socket. */
  address?: string
  /** The port concerned. */
  port?: number
  /** The path of a local socket, the same as `address`. Not enumerable. */
  path?: string
}

/** The parts of an address that an error carries. */
export interface ErrorAddress {
  address?: string | undefined
  port?: number | undefined
  path?: string | undefined
}

/** The name of an errno, or `errno 4711` for one that the system has no name for. */
export function errorName(number: number): string {
  return names.get(Math.abs(number)) ?? `errno ${Math.abs(number)}`
}

/** Whether the result of a native call means: try again later. */
export function wouldBlock(result: number): boolean {
  return -result === errno.EAGAIN || isUnannounced(result)
}

/** The same where kqueue does not report when: on BSDs, the receive queue of a datagram's peer is full. */
export function isUnannounced(result: number): boolean {
  return -result === errno.ENOBUFS && process.platform !== 'linux'
}

/** Makes the error that node:net would make: `connect ECONNREFUSED 127.0.0.1:9`. */
export function systemError(number: number, syscall: string, about: ErrorAddress = {}): SystemError {
  const code = errorName(number)
  const address = about.path ?? about.address
  const where = !address ? '' : about.port ? ` ${address}:${about.port}` : ` ${address}`
  const error = new Error(`${syscall} ${code}${where}`) as SystemError
  error.errno = -Math.abs(number)
  error.code = code
  error.syscall = syscall
  if (address) error.address = address
  if (about.port) error.port = about.port
  // net calls a local path `address`, fs calls it `path`. Not enumerable, so that the error is deep-equal to net's.
  if (about.path) Object.defineProperty(error, 'path', { value: about.path, configurable: true })
  return error
}

/** Returns the result of a native call, or throws its -errno as a system error. */
export function check<T>(result: T | number, syscall: string, about?: ErrorAddress): T {
  if (typeof result === 'number' && result < 0) throw systemError(result, syscall, about)
  return result as T
}

/** Gives an error a code, of this package or of Node (`ERR_…`). */
export function codedError<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code })
}

/** A `TypeError` for an argument of the wrong type. */
export function typeError(name: string, expected: string, actual: unknown): TypeError & { code: string } {
  return codedError(
    new TypeError(`${name} must be ${expected}, not ${describe(actual)}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

/** A `TypeError` for an argument of the right type with an invalid value. */
export function valueError(name: string, expected: string, actual: unknown): TypeError & { code: string } {
  return codedError(
    new TypeError(`${name} must be ${expected}, not ${describe(actual)}`),
    'ERR_INVALID_ARG_VALUE',
  )
}

/** A `RangeError` for a number that is too small or too large. */
export function rangeError(name: string, expected: string, actual: unknown): RangeError & { code: string } {
  return codedError(
    new RangeError(`${name} must be ${expected}, not ${describe(actual)}`),
    'ERR_OUT_OF_RANGE',
  )
}

// An array may contain itself, and `constructor` of an object may be anything.
function describe(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'function') return `a function`
  if (Array.isArray(value)) {
    if (depth > 2) return 'an array'
    const elements = value.slice(0, 12).map(element => describe(element, depth + 1))
    return `[${elements.join(', ')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const { constructor } = value
    return `an object (${typeof constructor === 'function' ? constructor.name : 'null prototype'})`
  }
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/** Checks that a value is a whole number in a range. */
export function integer(name: string, value: unknown, low = -0x80000000, high = 0x7fffffff): number {
  if (typeof value !== 'number') throw typeError(name, 'a whole number', value)
  if (!Number.isInteger(value) || value < low || value > high)
    throw rangeError(name, `a whole number from ${low} to ${high}`, value)
  return value
}
