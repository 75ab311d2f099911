// Any option of a socket, by its level, its name and its value: getsockopt(2), setsockopt(2).
import { native, type SocketId } from '../native.js'
import { bytesOf, ints, little } from './bytes.js'
import { check, integer, typeError, valueError } from './errors.js'

/** An instruction of classic BPF, struct sock_filter: a line of `tcpdump -ddd`, which first prints their number. */
export type BpfInstruction = readonly [code: number, jt: number, jf: number, k: number]

/**
 * What an option can be set to: an `int` (a number, or a boolean as 0 or 1), bytes, or a classic BPF program, as
 * `SO_ATTACH_FILTER` takes.
 */
export type OptionValue = number | boolean | ArrayBufferView | readonly BpfInstruction[]

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
  const syscall = whose === undefined ? 'setsockopt' : `setsockopt ${whose}`
  const option = [integer(called('level'), level), integer(called('name'), name)] as const
  if (Array.isArray(value)) {
    const program = instructions(called('value'), value as readonly BpfInstruction[])
    check(native.setsockoptProgram(id, ...option, program), syscall)
    return
  }
  const data =
    typeof value === 'number' || typeof value === 'boolean'
      ? ints(integer(called('value'), Number(value), -0x80000000, 0xffffffff))
      : bytesOf(called('value'), value)
  check(native.setsockopt(id, ...option, data), syscall)
}

/** Instructions as they lie in memory. */
function instructions(called: string, program: readonly BpfInstruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8)
  const words = new DataView(bytes.buffer, bytes.byteOffset)
  for (const [i, instruction] of program.entries()) {
    const at = `${called}[${i}]`
    if (!Array.isArray(instruction)) throw typeError(at, 'an array: code, jt, jf and k', instruction)
    if (instruction.length !== 4) throw valueError(at, 'an instruction: code, jt, jf and k', instruction)
    const [code, jt, jf, k] = instruction as unknown[]
    words.setUint16(8 * i, integer(`${at} code`, code, 0, 0xffff), little)
    bytes[8 * i + 2] = integer(`${at} jt`, jt, 0, 0xff)
    bytes[8 * i + 3] = integer(`${at} jf`, jf, 0, 0xff)
    words.setUint32(8 * i + 4, integer(`${at} k`, k, -0x80000000, 0xffffffff), little)
  }
  return bytes
}
