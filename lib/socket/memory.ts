// Memory as a file, whose descriptor can be passed with a message where the data would be too long for one.
import { native } from '../native.js'
import { bytesOf } from './bytes.js'
import { check, typeError, valueError } from './errors.js'

/**
 * A descriptor of immutable memory that holds `data`: memfd_create(2) with every seal, on Linux. The caller owns the
 * descriptor and closes it; it is close-on-exec, and its file offset is 0.
 *
 * @param name - its name in /proc, at most 249 bytes
 * @throws `ENOSYS`: this system has no memfd; `EINVAL`: the name is too long; `EMFILE`, `ENOMEM` …
 * @example
 * ```ts
 * import { closeSync } from 'node:fs'
 * const fd = sealedMemory(Buffer.alloc(1e6), 'journal-entry')
 * client.sendMessage({ data: '', fds: [fd] })
 * closeSync(fd)
 * ```
 */
export function sealedMemory(data: ArrayBufferView, name = 'sealed'): number {
  if (typeof name !== 'string') throw typeError('name', 'a string', name)
  if (name.includes('\0')) throw valueError('name', 'without NUL', name)
  return check(native.sealedMemory(name, bytesOf('data', data)), 'memfd_create')
}
