// The default filter and sentinel: they insert into the process's buffer, at its mark.
import { bytesAsText } from '../coding/index.js'
import type { Sentinel } from './keywords.js'
import type { NetworkProcess } from './network-process.js'
import { processList } from './registry.js'

// Marks of other processes behind the insertion point move with the text; those right at it move only if `pushes`,
// which output does and the sentinel's text does not.
function insertInto(process: NetworkProcess, text: string, pushes: boolean): void {
  const { buffer } = process
  if (!buffer?.live) return
  const at = Math.min(process.mark ?? buffer.length, buffer.length)
  buffer.insert(at, text)
  const pushed = pushes ? at : at + 1
  for (const other of processList())
    if (other !== process && other.buffer === buffer && other.mark !== undefined && other.mark >= pushed)
      other.mark += text.length
  process.mark = at + text.length
}

// They have the names of Emacs's functions, which is what printing a process's filter shows.
const functions = {
  'internal-default-process-filter': (process: NetworkProcess, data: string | Uint8Array): void => {
    if (process.buffer?.live) insertInto(process, typeof data === 'string' ? data : bytesAsText(data), true)
  },
  'internal-default-process-sentinel': (process: NetworkProcess, event: string): void => {
    if (!process.isOpen) insertInto(process, `\nProcess ${process.name} ${event}`, false)
  },
}

/**
 * Inserts output into the process's buffer, at its mark, which moves behind it. Corresponds to
 * `internal-default-process-filter`.
 */
export const defaultFilter: (process: NetworkProcess, data: string | Uint8Array) => void =
  functions['internal-default-process-filter']

/** Inserts a line about a change of status into the process's buffer. Corresponds to `internal-default-process-sentinel`. */
export const defaultSentinel: Sentinel = functions['internal-default-process-sentinel']
