// Bytes as they lie in memory: those of any view, and those of numbers in the machine's byte order.
import { endianness } from 'node:os'
import { types } from 'node:util'
import { typeError, valueError } from './errors.js'

/** Whether the machine is little-endian. @internal */
export const little = endianness() === 'LE'

/** The bytes of an array of C ints. @internal */
export function ints(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}

const { get: length } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  'length',
) as { get: () => number }

/**
 * The number of elements of a typed array. The `length` of a subclass may be wrong, and what is copied into reused memory
 * has to be exactly as long as is said.
 *
 * @internal
 */
export function lengthOf(array: Uint8Array): number {
  return length.call(array)
}

/** The bytes of any ArrayBuffer view, as they lie in memory; nothing is copied. */
export function bytesOf(name: string, value: unknown): Uint8Array {
  if (!ArrayBuffer.isView(value)) throw typeError(name, 'a Buffer or another view of bytes', value)
  // An empty view may be one whose memory is gone: its bytes would be lost silently.
  if (!(value instanceof Uint8Array && lengthOf(value) > 0) && isGone(value))
    throw valueError(name, 'a view that is neither detached nor out of bounds', value)
  return value instanceof Uint8Array && value.length === lengthOf(value)
    ? value
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

// Whether the view's memory was transferred away, or resized to end before the view: the accesses below throw then. The
// view may be from another realm (node:vm), so `instanceof` does not tell what it is.
function isGone(view: ArrayBufferView): boolean {
  try {
    if (types.isDataView(view)) Reflect.get(view, 'byteLength')
    else (view as Uint8Array).keys()
    return false
  } catch {
    return true
  }
}
