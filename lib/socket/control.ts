// Ancillary data: the control messages that travel beside the data of sendmsg(2) and recvmsg(2). Descriptors
// and credentials have a form of their own; everything else is bytes.
import { bytesOf, ints, little } from './bytes.js'
import { constants } from './constants.js'
import { integer, rangeError, typeError } from './errors.js'

const { SOL_SOCKET, SCM_RIGHTS } = constants
const SCM_CREDENTIALS = constants.SCM_CREDENTIALS
// cmsghdr: a length (size_t on Linux, 32 bits on Darwin), level and type; Linux aligns to the size of a long.
const bits64 = ['x64', 'arm64', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el'].includes(process.arch)
const lengthSize = process.platform === 'linux' && bits64 ? 8 : 4
const alignment = process.platform === 'linux' && bits64 ? 8 : 4
const headerSize = lengthSize + 8
const align = (length: number) => Math.ceil(length / alignment) * alignment

/** Who sent a message (Linux): the kernel has checked that the sender may say so. */
export interface Credentials {
  /** Its process. */
  pid: number
  /** Its user. */
  uid: number
  /** Its group. */
  gid: number
}

/** A control message that has no form of its own: its level, its type and its bytes. */
export interface ControlMessage {
  /** `constants.SOL_SOCKET` … */
  level: number
  /** `constants.SCM_RIGHTS` … */
  type: number
  /** What it says. */
  data: Uint8Array
}

/** What travels beside a message. */
export interface Control {
  /** Descriptors. Sent, they stay the sender's own; received, they are the receiver's to close. */
  fds?: number[]
  /** Who sends. */
  credentials?: Credentials
  /** Everything else. */
  others?: ControlMessage[]
}

/** The same of a message that is to be sent, which is only looked at. */
export interface OutgoingControl {
  /** Descriptors, which stay the sender's own. */
  readonly fds?: readonly number[] | undefined
  /** Who says to be sending. */
  readonly credentials?: Credentials | undefined
  /** Everything else. */
  readonly others?: readonly ControlMessage[] | undefined
}

const read32 = (bytes: Buffer, at: number) => (little ? bytes.readInt32LE(at) : bytes.readInt32BE(at))
const write32 = (bytes: Buffer, value: number, at: number) => {
  if (little) bytes.writeInt32LE(value | 0, at)
  else bytes.writeInt32BE(value | 0, at)
}

/** The room that control messages with data of these lengths need. */
export function controlSpace(...lengths: number[]): number {
  return lengths.reduce((sum, length) => sum + align(headerSize) + align(length), 0)
}

// Its elements, with what is missing among them: each is checked.
function elements<T>(name: string, list: readonly T[] = []): (T | undefined)[] {
  if (!Array.isArray(list)) throw typeError(name, 'an array', list)
  return [...(list as readonly (T | undefined)[])]
}

/** Control messages as sendmsg(2) takes them. @internal */
export function encodeControl({ fds, credentials, others }: OutgoingControl): Buffer | undefined {
  const messages: ControlMessage[] = []
  const descriptors = elements('fds', fds).map((fd, i) => integer(`fds[${i}]`, fd, 0))
  if (descriptors.length > 0)
    messages.push({ level: SOL_SOCKET, type: SCM_RIGHTS, data: ints(...descriptors) })
  if (credentials) {
    if (SCM_CREDENTIALS === undefined)
      throw rangeError('credentials', 'left out: this system has none', credentials)
    const { pid, uid, gid } = credentials
    integer('credentials.pid', pid)
    integer('credentials.uid', uid, 0, 0xffffffff)
    integer('credentials.gid', gid, 0, 0xffffffff)
    messages.push({ level: SOL_SOCKET, type: SCM_CREDENTIALS, data: ints(pid, uid, gid) })
  }
  for (const [i, other] of elements('others', others).entries())
    messages.push({
      level: integer(`others[${i}].level`, other?.level),
      type: integer(`others[${i}].type`, other?.type),
      data: bytesOf(`others[${i}].data`, other?.data),
    })
  if (messages.length === 0) return undefined

  const bytes = Buffer.alloc(controlSpace(...messages.map(({ data }) => data.length)))
  let at = 0
  for (const { level, type, data } of messages) {
    const length = align(headerSize) + data.length
    // The upper half of a 64-bit length stays zero.
    write32(bytes, length, lengthSize === 8 && !little ? at + 4 : at)
    write32(bytes, level, at + lengthSize)
    write32(bytes, type, at + lengthSize + 4)
    bytes.set(data, at + align(headerSize))
    at += align(length)
  }
  return bytes
}

/** Control messages as recvmsg(2) gave them. @internal */
export function decodeControl(bytes: Buffer): Control {
  const control: Control = {}
  for (let at = 0; at + headerSize <= bytes.length;) {
    const length = read32(bytes, lengthSize === 8 && !little ? at + 4 : at)
    if (length < headerSize) break
    const level = read32(bytes, at + lengthSize)
    const type = read32(bytes, at + lengthSize + 4)
    const data = bytes.subarray(at + align(headerSize), Math.min(at + length, bytes.length))
    if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      control.fds ??= []
      for (let i = 0; i + 4 <= data.length; i += 4) control.fds.push(read32(data, i))
    } else if (level === SOL_SOCKET && type === SCM_CREDENTIALS && data.length >= 12) {
      const [pid, uid, gid] = [read32(data, 0), read32(data, 4) >>> 0, read32(data, 8) >>> 0]
      control.credentials = { pid, uid, gid }
    } else {
      control.others ??= []
      control.others.push({ level, type, data: Buffer.from(data) })
    }
    at += align(length)
  }
  return control
}
