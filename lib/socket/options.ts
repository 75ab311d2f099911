// Any option of a socket, by its level, its name and its bytes: getsockopt(2), setsockopt(2).
import { native, type SocketId } from '../native.js'
import { bytesOf, ints } from './bytes.js'
import { check, integer } from './errors.js'

/** What an option can be set to: an `int` (a number, or a boolean as 0 or 1), or bytes. */
export type OptionValue = number | boolean | ArrayBufferView

const lengthLimit = 1 << 20

/** An option's value as bytes. @internal */
export function getSocketOption(id: SocketId, level: number, name: number, length: number): Buffer {
  const value = native.getsockopt(
    id,
    integer('level', level),
    integer('name', name),
    integer('length', length, 0, lengthLimit),
  )
  return check<Buffer>(value, 'getsockopt')
}

/** Sets an option. @param whose - what its parts are called in an error: `:sockopts[0]` @internal */
export function setSocketOption(
  id: SocketId,
  level: number | undefined,
  name: number | undefined,
  value: OptionValue | undefined,
  whose?: string,
): void {
  const called = (part: string) => (whose === undefined ? part : `${whose} ${part}`)
  const data =
    typeof value === 'number' || typeof value === 'boolean'
      ? ints(integer(called('value'), Number(value), -0x80000000, 0xffffffff))
      : bytesOf(called('value'), value)
  const result = native.setsockopt(id, integer(called('level'), level), integer(called('name'), name), data)
  check(result, whose === undefined ? 'setsockopt' : `setsockopt ${whose}`)
}
