// Ancillary data: the control messages that sendmsg(2) and recvmsg(2) carry with the data. Descriptors and
// credentials are decoded; every other control message is bytes.
import { bytesOf, ints, little } from './bytes.js'
import { constants } from './constants.js'
import { integer, rangeError, typeError } from './errors.js'

const { SOL_SOCKET, SCM_RIGHTS } = constants
const SCM_CREDENTIALS = constants.SCM_CREDENTIALS
// cmsghdr: length (size_t on Linux, 32 bits on Darwin), level and type; Linux aligns to the size of a long.
const bits64 = ['x64', 'arm64', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el'].includes(process.arch)
const lengthSize = process.platform === 'linux' && bits64 ? 8 : 4
const alignment = process.platform === 'linux' && bits64 ? 8 : 4
const headerSize = lengthSize + 8
const align = (length: number) => Math.ceil(length / alignment) * alignment

/** The sender of a message (Linux): the kernel has checked that the sender may claim these ids. */
export interface Credentials {
  /** The process id. */
  pid: number
  /** The user id. */
  uid: number
  /** The group id. */
  gid: number
}

/** A control message of any other kind: its level, its type and its bytes. */
export interface ControlMessage {
  /** `constants.SOL_SOCKET` … */
  level: number
  /** `constants.SCM_RIGHTS` … */
  type: number
  /** Its data. */
  data: Uint8Array
}

/** A {@link ControlMessage} that was received. */
export interface ReceivedControlMessage extends ControlMessage {
  /** Its data. */
  data: Buffer
}

/** The ancillary data of a received message. */
export interface Control {
  /** Descriptors, which the receiver has to close. */
  fds?: number[]
  /** The sender. */
  credentials?: Credentials
  /** All other control messages. */
  others?: ReceivedControlMessage[]
}

/** The ancillary data of a message to send. */
export interface OutgoingControl {
  /** Descriptors, which stay the sender's own. */
  readonly fds?: readonly number[] | undefined
  /** The sender, as it claims to be. */
  readonly credentials?: Credentials | undefined
  /** All other control messages. */
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

// The elements of the list; holes become undefined, so that they are checked too.
function elements<T>(name: string, list: readonly T[] = []): (T | undefined)[] {
  if (!Array.isArray(list)) throw typeError(name, 'an array', list)
  return [...(list as readonly (T | undefined)[])]
}

/** The bytes of control messages for sendmsg(2). @internal */
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

/** Decodes the control messages that recvmsg(2) gave. @internal */
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
