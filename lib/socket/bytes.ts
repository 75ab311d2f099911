// Bytes as they lie in memory: those of any view, and those of numbers in this machine's order.
import { endianness } from 'node:os'
import { types } from 'node:util'
import { typeError, valueError } from './errors.js'

/** Whether the machine puts the low byte of a number first. @internal */
export const little = endianness() === 'LE'

/** C's ints, one behind the other. @internal */
export function ints(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}

/** The bytes of any ArrayBuffer view, as they lie in memory; nothing is copied. */
export function bytesOf(name: string, value: unknown): Uint8Array {
  if (!ArrayBuffer.isView(value)) throw typeError(name, 'a Buffer or another view of bytes', value)
  // A view of nothing may be one that had something: it would be lost in silence.
  if (!(value instanceof Uint8Array && value.length > 0) && isGone(value))
    throw valueError(name, 'a view that is neither detached nor out of bounds', value)
  return value instanceof Uint8Array
    ? value
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

// Whether its memory was transferred away, or has been resized to end before it: both of these throw then. It may be of
// another realm, as in node:vm, whose classes are not ours.
function isGone(view: ArrayBufferView): boolean {
  try {
    if (types.isDataView(view)) Reflect.get(view, 'byteLength')
    else (view as Uint8Array).keys()
    return false
  } catch {
    return true
  }
}
