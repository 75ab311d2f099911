// The keywords that the command takes, and what a bare word after each of them is. The library keeps a keyword that it
// does not know in the contact. Nobody can look there from a shell, so here it is a mistake.

import { keyword } from '../lisp.js'
import type { KnownKeywords } from '../process/keywords.js'

/**
 * What a keyword's value is: text, where a bare word stands for a string; an address, which is text unless it begins with
 * a bracket; a function, which the command has itself; or a Lisp value.
 */
export type Form = 'text' | 'address' | 'function' | 'value'

const forms: Record<keyof KnownKeywords, Form> = {
  name: 'text',
  type: 'value',
  server: 'value',
  host: 'text',
  service: 'text',
  family: 'value',
  protocol: 'value',
  local: 'address',
  remote: 'address',
  adopt: 'value',
  useExternalSocket: 'value',
  nowait: 'value',
  tlsParameters: 'value',
  stop: 'value',
  buffer: 'value',
  coding: 'value',
  noquery: 'value',
  filter: 'function',
  filterMultibyte: 'value',
  sentinel: 'function',
  log: 'function',
  plist: 'value',
  halfOpen: 'value',
  lend: 'value',
  highWaterMark: 'value',
  proxyProtocol: 'value',
  signal: 'value',
  bindtodevice: 'text',
  broadcast: 'value',
  dontroute: 'value',
  keepalive: 'value',
  linger: 'value',
  nodelay: 'value',
  oobinline: 'value',
  passcred: 'value',
  priority: 'value',
  reuseaddr: 'value',
  reuseport: 'value',
  sockopts: 'value',
}

const byKeyword = new Map(Object.entries(forms).map(([name, form]) => [keyword(name), form]))

/** What the value of a keyword is; undefined: there is no such keyword. */
export function formOf(name: string): Form | undefined {
  return byKeyword.get(name)
}
