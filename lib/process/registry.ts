// The processes of this thread: the list, newest first, and their names.
import type { NetworkProcess } from './network-process.js'

const byName = new Map<string, NetworkProcess>()

/** A name that no process has: `name`, or the first of `name<1>`, `name<2>` … that is free. */
export function uniqueName(name: string): string {
  if (!byName.has(name)) return name
  for (let i = 1; ; i++) {
    const numbered = `${name}<${i}>`
    if (!byName.has(numbered)) return numbered
  }
}

export function register(process: NetworkProcess): void {
  byName.set(process.name, process)
}

export function unregister(process: NetworkProcess): void {
  if (byName.get(process.name) === process) byName.delete(process.name)
}

/** Whether the process is on the list. A closed one leaves it before its sentinel is told. */
export function isRegistered(process: NetworkProcess): boolean {
  return byName.get(process.name) === process
}

/** The processes of this thread, newest first. Corresponds to `process-list`. */
export function processList(): NetworkProcess[] {
  return [...byName.values()].reverse()
}

/** The process with this name. Corresponds to `get-process`. */
export function getProcess(name: string): NetworkProcess | undefined {
  return byName.get(name)
}
