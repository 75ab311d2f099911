// The network options: a table of those that have a name, and `sockopts` for all others.
import { native, type SocketId } from '../native.js'
import { ints } from '../socket/bytes.js'
import { constants } from '../socket/constants.js'
import { check, codedError, errno, rangeError, systemError, typeError, valueError } from '../socket/errors.js'
import { setSocketOption, type OptionValue } from '../socket/options.js'
import { isNil, keyword } from '../lisp.js'

type Kind = 'flag' | 'integer' | 'device' | 'linger'
interface Option {
  kind: Kind
  level: number | undefined
  name: number | undefined
}

const { SOL_SOCKET } = constants
const option = (kind: Kind, name: number | undefined, level = SOL_SOCKET): Option => ({ kind, level, name })

const table = new Map<string, Option>(
  Object.entries({
    bindtodevice: option('device', constants.SO_BINDTODEVICE),
    broadcast: option('flag', constants.SO_BROADCAST),
    dontroute: option('flag', constants.SO_DONTROUTE),
    keepalive: option('flag', constants.SO_KEEPALIVE),
    linger: option('linger', constants.SO_LINGER_SEC ?? constants.SO_LINGER),
    oobinline: option('flag', constants.SO_OOBINLINE),
    priority: option('integer', constants.SO_PRIORITY),
    reuseaddr: option('flag', constants.SO_REUSEADDR),
    nodelay: option('flag', constants.TCP_NODELAY, constants.IPPROTO_TCP),
    reuseport: option('flag', constants.SO_REUSEPORT),
    passcred: option('flag', constants.SO_PASSCRED),
  }),
)

/** How many seconds `:linger t` stands for: the kernel's option has no "for ever". */
export const lingerForever = 0x7fff
// Darwin's SO_LINGER counts hundredths of a second, and keeps them in 16 bits.
const longestLinger = constants.SO_LINGER_SEC === undefined ? lingerForever : 327

/** Whether this system has the network option. */
export function hasOption(name: string): boolean {
  return table.get(name)?.name !== undefined
}

/** How many seconds a value of `:linger` means; undefined: none. */
export function lingerSeconds(value: unknown): number | undefined {
  if (isNil(value)) return undefined
  if (value === true) return lingerForever
  if (typeof value !== 'number') throw typeError(':linger', 'nil, true or a number of seconds', value)
  if (!Number.isInteger(value) || value < 0 || value > lingerForever)
    throw rangeError(':linger', `a whole number of seconds from 0 to ${lingerForever}`, value)
  return value
}

function valueOf(name: string, { kind }: Option, value: unknown): Uint8Array {
  switch (kind) {
    case 'flag':
      return ints(isNil(value) ? 0 : 1)
    case 'integer':
      if (typeof value !== 'number') throw typeError(keyword(name), 'a whole number', value)
      if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff)
        throw rangeError(keyword(name), 'a whole number', value)
      return ints(value)
    case 'linger': {
      const seconds = lingerSeconds(value)
      return ints(seconds === undefined ? 0 : 1, Math.min(seconds ?? 0, longestLinger))
    }
    case 'device': {
      if (!isNil(value) && typeof value !== 'string')
        throw typeError(keyword(name), 'an interface name or nil', value)
      const bytes = Buffer.from(isNil(value) ? '' : value)
      if (bytes.includes(0)) throw valueError(keyword(name), 'an interface name', value)
      // The kernel would truncate the name, and might find another interface.
      if (bytes.length > 15) throw systemError(errno.ENODEV ?? 0, `setsockopt ${keyword(name)}`)
      return Buffer.concat([bytes, Buffer.alloc(1)])
    }
  }
}

/**
 * Sets an option on a socket. Returns false if this system has no option of that name.
 *
 * @throws TypeError, RangeError for an invalid value; a system error when the kernel refuses it
 */
export function setOption(id: SocketId, name: string, value: unknown): boolean {
  const option = table.get(name)
  if (option?.name === undefined || option.level === undefined) return false
  check(
    native.setsockopt(id, option.level, option.name, valueOf(name, option, value)),
    `setsockopt ${keyword(name)}`,
  )
  return true
}

/** Sets every network option among the keywords, in their order. */
export function setOptions(id: SocketId, keywords: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(keywords)) {
    if (table.has(name) && !setOption(id, name, value)) throw unsupported(name)
    if (name === 'sockopts' && !isNil(value)) setSocketOptions(id, value)
  }
}

// Sets the options of `sockopts`.
function setSocketOptions(id: SocketId, options: unknown): void {
  if (!Array.isArray(options)) throw typeError(':sockopts', 'an array', options)
  for (const [i, option] of options.entries()) {
    const whose = `:sockopts[${i}]`
    if (!Array.isArray(option) || option.length !== 3)
      throw valueError(whose, 'a level, a name and a value', option)
    const [level, name, value] = option as [number, number, OptionValue]
    setSocketOption(id, level, name, value, whose)
  }
}

/** The error for an option that this system does not have. */
export function unsupported(name: string): Error {
  return codedError(new Error(`${keyword(name)}: Unknown or unsupported option`), 'ERR_UNSUPPORTED_OPTION')
}
