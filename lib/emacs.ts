/**
 * Emacs's functions by their own names, in camel case. nil is returned as null. A process may be designated as in
 * Emacs: by itself, its name, its buffer or the buffer's name.
 *
 * @module make-network-process/emacs
 */
import { native } from './native.js'
import { codedError, integer, typeError } from './socket/errors.js'
import { isBuffer, TextBuffer, type ProcessBuffer } from './process/buffer.js'
import * as interfaces from './process/interfaces.js'
import { formatAddress } from './process/format-address.js'
import { isNil, type Nil } from './lisp.js'
import {
  contactOf,
  type Contact,
  type Filter,
  type KnownKeywords,
  type Log,
  type Sentinel,
} from './process/keywords.js'
import { networkLookupAddressInfo as lookUpAddress } from './process/look-up-address.js'
import { make } from './process/make.js'
import type { CodingKeyword, OutputOf } from './process/keyword-types.js'
import { defaultFilter, defaultSentinel } from './process/defaults.js'
import { NetworkProcess } from './process/network-process.js'
import { open, wantedStream } from './process/open-network-stream.js'
import { hasOption, unsupported } from './process/options.js'
import * as registry from './process/registry.js'
import type { Address, AddressInput } from './socket/address.js'
import { takeTurns } from './socket/afterwards.js'
import { acceptProcessOutput } from './process/wait.js'
import * as tls from './tls/index.js'
import type { TlsParameters, TlsStatus } from './tls/index.js'

export { acceptProcessOutput, NetworkProcess }
export { processList } from './process/registry.js'
export { defaultFilter as internalDefaultProcessFilter, defaultSentinel as internalDefaultProcessSentinel }

/** A process, its name, its buffer, or the name of its buffer. */
export type Designator = NetworkProcess | string | ProcessBuffer

const nil = <T>(value: T | undefined): T | null => value ?? null
// Emacs's unibyte strings are bytes here, but names and paths are text, which keeps every byte.
const asText = <T>(value: T): T | string => (value instanceof Uint8Array ? native.decodeUtf8(value) : value)
const isSymbol = (value: unknown) => isNil(value) || value === true || typeof value === 'string'
const isKeyword = (value: unknown) => typeof value === 'string' && value.startsWith(':')

function only(process: unknown): NetworkProcess {
  if (process instanceof NetworkProcess) return process
  throw typeError('process', 'a process', process)
}

function designated(designator: Designator): NetworkProcess {
  if (designator instanceof NetworkProcess) return designator
  if (typeof designator === 'string') {
    const process = registry.getProcess(designator)
    if (process !== undefined) return process
    const buffer = TextBuffer.get(designator)
    if (buffer === undefined)
      throw codedError(new Error(`Process ${designator} does not exist`), 'ERR_NO_PROCESS')
    return designated(buffer)
  }
  if (isBuffer(designator)) {
    if (!designator.live)
      throw codedError(new Error('Attempt to get process for a dead buffer'), 'ERR_NO_PROCESS')
    const process = getBufferProcess(designator)
    if (process === null)
      throw codedError(new Error(`Buffer ${designator.name} has no process`), 'ERR_NO_PROCESS')
    return process
  }
  throw typeError('process', 'a process, a buffer or the name of one', designator)
}

// Emacs waits for a connection in steps of this many seconds, each to its end unless there is output: everything that
// comes meanwhile is handled before the caller goes on.
const step = 0.02

function awaitConnection(process: NetworkProcess): NetworkProcess {
  while (process.isConnecting) acceptProcessOutput(null, step)
  return process
}

function awaitSocket(process: NetworkProcess): NetworkProcess {
  while (process.isConnecting && process.socketId < 0) acceptProcessOutput(null, step)
  return process
}

// ---- making -------------------------------------------------------------------------------------------------

const dialect = {
  strictTypes: true,
  strictAddresses: true,
  silentFailure: true,
  plainFilters: true,
  lispPairs: true,
  alwaysMultibyte: true,
  lenientDatagrams: true,
  sendSignals: true,
}

/** The keywords as an object. A filter has two parameters, and gets bytes if the coding system gives bytes. */
export type ProcessKeywords<Coding extends CodingKeyword = CodingKeyword> = Omit<
  KnownKeywords,
  'coding' | 'filter'
> & {
  /** See {@link KnownKeywords}. */
  coding?: Coding
  /** Called with what is received. */
  filter?: ((process: NetworkProcess, data: OutputOf<Coding, undefined>) => void) | true | Nil
} & Record<string, unknown>

/** `make-network-process`: takes Emacs's argument list, or an object. Without arguments it returns nil. */
export function makeNetworkProcess<const Coding extends CodingKeyword = undefined>(
  options: ProcessKeywords<Coding>,
): NetworkProcess
export function makeNetworkProcess(...args: unknown[]): NetworkProcess | null
export function makeNetworkProcess(...args: unknown[]): NetworkProcess | null {
  takeTurns()
  return nil(make(args.map(asText), dialect))
}

/**
 * `open-network-stream`: returns the process, or with `:return-list` the process and the properties of the connection.
 * The process is nil if TLS is required and the server does not offer it.
 */
export function openNetworkStream(
  name: string,
  buffer: ProcessBuffer | string | null,
  host: string,
  service: string | number,
  ...parameters: unknown[]
): NetworkProcess | null | [process: NetworkProcess | null, properties: Record<string, string | null>] {
  const wanted = wantedStream(name, buffer, host, service, parameters)
  const stream = open(wanted, keywords => makeNetworkProcess(keywords) as NetworkProcess)
  const { greeting, capabilities, type, error } = stream
  const process = nil(stream.process)
  if (!wanted.returnList) return process
  return [process, { greeting: nil(greeting), capabilities: nil(capabilities), type, error: nil(error) }]
}

/** `open-protocol-stream`, an alias of {@link openNetworkStream}. */
export const openProtocolStream = openNetworkStream

/** `featurep`: whether FEATURE is `'make-network-process'` and has SUBFEATURE, `[':type', 'seqpacket']` or `':linger'`. */
export function featurep(feature: string, subfeature?: unknown): boolean {
  if (feature !== 'make-network-process') return false
  if (isNil(subfeature)) return true
  if (typeof subfeature === 'string')
    return subfeature.startsWith(':') && emacsOptions.has(subfeature) && hasOption(subfeature.slice(1))
  if (!Array.isArray(subfeature) || subfeature.length !== 2) return false
  const [key, value] = subfeature as unknown[]
  return features.some(([name, supported]) => name === key && supported === value)
}

const emacsOptions = new Set(
  ['bindtodevice', 'broadcast', 'dontroute', 'keepalive', 'linger', 'oobinline', 'priority', 'reuseaddr'].map(
    name => `:${name}`,
  ),
)
const features: [string, unknown][] = [
  [':nowait', true],
  [':type', 'datagram'],
  [':type', 'seqpacket'],
  [':family', 'local'],
  [':family', 'ipv4'],
  [':family', 'ipv6'],
  [':service', true],
  [':server', true],
]

// ---- TLS ------------------------------------------------------------------------------------------------------

/** `gnutls-available-p`: what GnuTLS can do, or nil if it is not available. */
export function gnutlsAvailableP(): string[] | null {
  return nil(tls.gnutlsCapabilities())
}

/**
 * `gnutls-boot`: starts TLS on an open process, and blocks until it is established; for one that was made with
 * `:nowait` it blocks only with `:complete-negotiation`. When the handshake fails, the process is closed.
 *
 * @returns true, a GnuTLS error, or `'gnutls-e-again'` if it does not block
 * @throws what is wrong with the parameters, or with the peer's certificate
 */
export function gnutlsBoot(
  process: NetworkProcess,
  type: TlsParameters['type'],
  proplist: readonly unknown[] | TlsParameters | null,
): tls.GnutlsResult {
  const target = awaitConnection(only(process))
  const keywords = contactOf(Array.isArray(proplist) ? proplist : [proplist ?? {}]) ?? {}
  const parameters = { ...keywords, type } as TlsParameters
  try {
    if (isNil(target.contact('nowait')) || !isNil(parameters.completeNegotiation))
      target.startTlsNow(parameters)
    else {
      // The sentinel is told of a failure.
      target.startTls(parameters).catch(() => {})
      return 'gnutls-e-again'
    }
  } catch (error) {
    const { gnutls, syscall } = error as { gnutls?: number; syscall?: string }
    if (syscall === 'handshake') return pullError
    if (gnutls === undefined || gnutls === certificateError) throw error
    return gnutls
  }
  return true
}

const pullError = -54
const certificateError = -43

/** Arguments in pairs, or in an object: what CL's `&key` takes. */
const spec = (args: readonly unknown[]): Contact => contactOf(args) ?? {}

/**
 * `gnutls-boot-parameters`: the list that it returns, as an object. There is no network security manager here that
 * would look at a certificate later, so `:verify-error` is true unless given. The system's authorities need not be
 * listed.
 */
export function gnutlsBootParameters(...args: unknown[]): TlsParameters {
  const given = spec(args) as TlsParameters & { priorityString?: string | null }
  const { type, verifyError, verifyHostnameError } = given
  const checks = verifyError === undefined ? true : verifyError
  return {
    priority: given.priorityString ?? (type === 'gnutls-x509pki' ? 'NORMAL:%DUMBFW' : null),
    hostname: given.hostname ?? null,
    loglevel: 0,
    minPrimeBits: given.minPrimeBits ?? null,
    trustfiles: given.trustfiles ?? null,
    crlfiles: given.crlfiles ?? null,
    keylist: given.keylist ?? null,
    verifyFlags: given.verifyFlags ?? null,
    verifyError:
      isNil(verifyHostnameError) || checks === true
        ? checks
        : [':hostname', ...(isNil(checks) ? [] : checks)],
    callbacks: null,
  }
}

/**
 * `gnutls-negotiate`: {@link gnutlsBoot} with the parameters of {@link gnutlsBootParameters}, and `:process`. Returns
 * the process.
 *
 * @throws the error that `gnutls-boot` returns or throws
 */
export function gnutlsNegotiate(...args: unknown[]): NetworkProcess {
  const { process, ...given } = spec(args) as { process?: NetworkProcess; type?: TlsParameters['type'] }
  const target = only(process)
  const type = isNil(given.type) ? 'gnutls-x509pki' : given.type
  const parameters = { ...gnutlsBootParameters({ ...given, type }), completeNegotiation: true }
  awaitConnection(target)
  target.startTlsNow({ ...parameters, type })
  return target
}

/** `open-gnutls-stream`. PARAMETERS: `:client-certificate`, `:nowait`, `:coding`; a symbol is the value of `:nowait`. */
export function openGnutlsStream(
  name: string,
  buffer: ProcessBuffer | string | null,
  host: string,
  service: string | number,
  parameters?: readonly unknown[] | Record<string, unknown> | boolean | string | null,
): NetworkProcess {
  const isList = Array.isArray(parameters) || (typeof parameters === 'object' && parameters !== null)
  const list: unknown[] = Array.isArray(parameters) ? parameters : [parameters]
  const { clientCertificate, nowait, coding } = isList ? spec(list) : { nowait: parameters }
  return openNetworkStream(name, buffer, host, service, {
    type: 'tls',
    clientCertificate,
    nowait: !isNil(nowait),
    coding,
  }) as NetworkProcess
}

/** `gnutls-asynchronous-parameters`: gives a process that is still connecting its `:tls-parameters`. */
export function gnutlsAsynchronousParameters(
  process: NetworkProcess,
  parameters: readonly unknown[] | TlsParameters | null,
): null {
  only(process).secureBy(parameters)
  return null
}

/** `gnutls-get-initstage`: 0 without TLS, 9 when it is established, 3 when it was taken down. */
export function gnutlsGetInitstage(process: NetworkProcess): number {
  return native.tlsStage(only(process).socketId)
}

/** `gnutls-peer-status`, with the names of {@link TlsStatus}; null if TLS is not established. */
export function gnutlsPeerStatus(process: NetworkProcess): TlsStatus | null {
  return nil(only(process).tls)
}

/** `gnutls-peer-status-warning-describe` */
export function gnutlsPeerStatusWarningDescribe(warning: string): string | null {
  return nil(tls.describeWarning(warning))
}

/**
 * `gnutls-bye`: tells the peer, after everything that was sent, that no more follows. With CONT nil it returns
 * `'gnutls-e-again'` unless the peer has told the same.
 *
 * @throws `ERR_TLS_NOT_STARTED`
 */
export function gnutlsBye(process: NetworkProcess, cont?: unknown): tls.GnutlsResult {
  const target = only(process)
  if (native.tlsStage(target.socketId) === 0)
    throw codedError(new Error(`Process ${target.name} has no TLS`), 'ERR_TLS_NOT_STARTED')
  target.sendEof()
  const { socketId } = target
  return !isNil(cont) || socketId < 0 || native.tlsEnded(socketId) ? true : 'gnutls-e-again'
}

/** `gnutls-deinit`: discards the keys of TLS. Nothing is sent or received any more, least of all in clear. */
export function gnutlsDeinit(process: NetworkProcess): boolean {
  return native.tlsTearDown(only(process).socketId)
}

/** `gnutls-errorp` */
export const gnutlsErrorp = tls.isGnutlsError
/** `gnutls-error-fatalp` */
export const gnutlsErrorFatalp = tls.isGnutlsErrorFatal
/** `gnutls-error-string` */
export const gnutlsErrorString = tls.gnutlsErrorText
/** `gnutls-format-certificate` */
export const gnutlsFormatCertificate = tls.formatCertificate

// ---- finding ------------------------------------------------------------------------------------------------

/** `processp` */
export function processp(object: unknown): boolean {
  return object instanceof NetworkProcess
}

/** `get-process` */
export function getProcess(name: string | NetworkProcess): NetworkProcess | null {
  if (name instanceof NetworkProcess) return name
  if (typeof name !== 'string') throw typeError('name', 'a string', name)
  return nil(registry.getProcess(name))
}

/** `get-buffer-process`: the newest process of a buffer. */
export function getBufferProcess(buffer: ProcessBuffer | string | null): NetworkProcess | null {
  const found = isNil(buffer) ? undefined : existing(buffer)
  if (found === undefined) return null
  return nil(registry.processList().find(process => process.buffer === found))
}

// ---- state --------------------------------------------------------------------------------------------------

/** `process-status`; null for a name that no process has. */
export function processStatus(process: Designator): string | null {
  if (typeof process === 'string') return registry.getProcess(process)?.status ?? null
  return designated(process).status
}

/** `process-live-p` */
export function processLiveP(process: unknown): boolean {
  return process instanceof NetworkProcess && ['open', 'listen', 'connect', 'stop'].includes(process.status)
}

/** `process-exit-status` */
export function processExitStatus(process: NetworkProcess): number | string {
  return only(process).exitStatus
}

/** `process-type` */
export function processType(process: Designator): 'network' {
  return designated(process).type
}

/** `process-name` */
export function processName(process: NetworkProcess): string {
  return only(process).name
}

/** `process-id`: nil, for a network process. */
export function processId(process: NetworkProcess): null {
  only(process)
  return null
}

/** `process-tty-name`: nil, for a network process. */
export function processTtyName(process: NetworkProcess): null {
  only(process)
  return null
}

/** `process-command`: true when the process is stopped, else nil. */
export function processCommand(process: NetworkProcess): true | null {
  return only(process).stopped || null
}

/** `delete-process` */
export function deleteProcess(process: Designator): null {
  designated(process).delete()
  return null
}

/** `stop-process`. Takes a process only: a name would mean a subprocess. */
export function stopProcess(process: Designator): NetworkProcess {
  return notByName(process).stop()
}

/** `continue-process` */
export function continueProcess(process: Designator): NetworkProcess {
  return notByName(process).continue()
}

function notByName(process: Designator): NetworkProcess {
  if (process instanceof NetworkProcess) return process
  throw codedError(
    new TypeError(`Process ${designated(process).name} is not a subprocess`),
    'ERR_NO_SUBPROCESS',
  )
}

// ---- sending ------------------------------------------------------------------------------------------------

/** `process-send-string`: waits for an asynchronous connect to end. An empty string sends nothing. */
export function processSendString(process: Designator, string: string | Uint8Array): null {
  if (typeof string !== 'string' && !(string instanceof Uint8Array))
    throw typeError('string', 'a string or bytes', string)
  const target = awaitConnection(designated(process))
  if (string.length === 0) target.checkRunning()
  else target.send(string)
  return null
}

/**
 * `process-send-region`: sends a part of BUFFER or, without it, of the process's own buffer: there is no current buffer
 * here. START and END are offsets from 0, in any order.
 *
 * @throws RangeError `ERR_OUT_OF_RANGE`
 */
export function processSendRegion(
  process: Designator,
  start: number,
  end: number,
  buffer?: TextBuffer,
): null {
  const text = buffer ?? designated(process).buffer
  if (!(text instanceof TextBuffer)) throw typeError('buffer', 'a TextBuffer', text)
  for (const offset of [start, end]) integer('offset', offset, 0, text.length)
  return processSendString(process, text.toString().slice(Math.min(start, end), Math.max(start, end)))
}

/** `process-send-eof`. Returns its argument. */
export function processSendEof<P extends Designator>(process: P): P {
  const target = awaitConnection(designated(process))
  target.sendEof()
  return process
}

// ---- filter, sentinel, buffer, coding, properties --------------------------------------------------------------

/** `process-filter` */
export function processFilter(process: NetworkProcess): Filter | true {
  return only(process).filter
}

/** `set-process-filter`. nil is the default filter; with true, nothing is read. */
export function setProcessFilter(process: NetworkProcess, filter: Filter | true | null): Filter | true {
  only(process).filter = filter
  return process.filter
}

/** `process-sentinel` */
export function processSentinel(process: NetworkProcess): Sentinel {
  return only(process).sentinel
}

/** `set-process-sentinel` */
export function setProcessSentinel(process: NetworkProcess, sentinel: Sentinel | null): Sentinel {
  only(process).sentinel = sentinel
  return process.sentinel
}

/** `process-buffer` */
export function processBuffer(process: NetworkProcess): ProcessBuffer | null {
  return nil(only(process).buffer)
}

/** `set-process-buffer` */
export function setProcessBuffer(
  process: NetworkProcess,
  buffer: ProcessBuffer | null,
): ProcessBuffer | null {
  only(process).buffer = buffer
  return buffer
}

/** `process-mark`, as an offset from 0; null where there is none, as in a killed buffer. */
export function processMark(process: NetworkProcess): number | null {
  const { buffer, mark } = only(process)
  return buffer?.live ? nil(mark) : null
}

/** `process-plist` */
export function processPlist(process: NetworkProcess): Record<string, unknown> | null {
  const { plist } = only(process)
  return Object.keys(plist).length === 0 ? null : plist
}

/** `set-process-plist` */
export function setProcessPlist(
  process: NetworkProcess,
  plist: Record<string, unknown> | null,
): Record<string, unknown> | null {
  if (!isNil(plist) && typeof plist !== 'object') throw typeError('plist', 'an object', plist)
  only(process).plist = plist ?? {}
  return plist
}

/** `process-get` */
export function processGet(process: NetworkProcess, property: string): unknown {
  const { plist } = only(process)
  return Object.hasOwn(plist, property) ? plist[property] : null
}

/** `process-put`. Returns the value. */
export function processPut<T>(process: NetworkProcess, property: string, value: T): T {
  only(process).plist[property] = value
  return value
}

/** `process-query-on-exit-flag` */
export function processQueryOnExitFlag(process: NetworkProcess): boolean {
  return only(process).queryOnExit
}

/** `set-process-query-on-exit-flag`. Returns the flag. */
export function setProcessQueryOnExitFlag<T>(process: NetworkProcess, flag: T): T {
  only(process).queryOnExit = !isNil(flag)
  return flag
}

/** `process-coding-system`: `[decoding, encoding]`. */
export function processCodingSystem(process: NetworkProcess): [string | null, string | null] {
  return only(process).codingSystem
}

/** `set-process-coding-system`. The default of ENCODING is raw-text-unix. */
export function setProcessCodingSystem(
  process: NetworkProcess,
  decoding?: string | null,
  encoding?: string | null,
): null {
  only(process).codingSystem = [decoding ?? null, encoding ?? 'raw-text-unix']
  return null
}

/** `process-inherit-coding-system-flag` */
export function processInheritCodingSystemFlag(process: NetworkProcess): boolean {
  return only(process).inheritCodingSystem
}

/** `set-process-inherit-coding-system-flag`. Returns the flag. */
export function setProcessInheritCodingSystemFlag<T>(process: NetworkProcess, flag: T): T {
  only(process).inheritCodingSystem = !isNil(flag)
  return flag
}

// ---- buffers ---------------------------------------------------------------------------------------------------

// A buffer stands for itself, even when it was killed.
function existing<B extends ProcessBuffer>(buffer: B | string): B | TextBuffer | undefined {
  if (typeof buffer === 'string') return TextBuffer.get(buffer)
  if (isBuffer(buffer)) return buffer
  throw typeError('buffer', 'a buffer or the name of one', buffer)
}

/** `get-buffer-create`: the buffer of a name, made if there is none; a buffer itself. */
export function getBufferCreate(buffer: TextBuffer | string): TextBuffer {
  return existing(buffer) ?? TextBuffer.named(buffer as string)
}

/** `get-buffer`: the buffer of a name; a buffer itself. */
export function getBuffer(buffer: TextBuffer | string): TextBuffer | null {
  return nil(existing(buffer))
}

/** `generate-new-buffer` */
export function generateNewBuffer(name: string): TextBuffer {
  return TextBuffer.new(name)
}

/**
 * `kill-buffer`: deletes the buffer's processes, without asking: only `confirmExit` asks. Returns false for a buffer
 * that was killed before.
 */
export function killBuffer(buffer: TextBuffer | string): boolean {
  const found = existing(buffer)
  if (found === undefined) throw codedError(new Error(`No buffer named ${String(buffer)}`), 'ERR_NO_BUFFER')
  const { live } = found
  found.kill()
  return live
}

// ---- contact and options ---------------------------------------------------------------------------------------

/** `process-contact`: `[host, service]`, the value of a keyword, or with true all keywords. */
export function processContact(
  process: NetworkProcess,
  key?: string | true | null,
  noBlock?: unknown,
): unknown {
  const target = only(process)
  const now = !isNil(noBlock)
  if (!now) awaitSocket(target)
  if (isNil(key)) return nil(shortContact(target, now))
  if (key === true) return nil(target.contact(true, now))
  // KEY may be anything: what is no keyword has no value.
  return isKeyword(key) ? nil(target.contact(key, now)) : null
}

function shortContact(process: NetworkProcess, now: boolean): unknown {
  const short = process.contact(null, now) as [host: unknown, service: unknown] | undefined
  return short?.map(value => value ?? null)
}

/** `process-datagram-address` */
export function processDatagramAddress(process: NetworkProcess): Address | null {
  return nil(awaitSocket(only(process)).datagramAddress)
}

/** `set-process-datagram-address`. Returns the address, or null if it cannot be set: see the property. */
export function setProcessDatagramAddress(
  process: NetworkProcess,
  address: AddressInput,
): AddressInput | null {
  const target = awaitSocket(only(process))
  try {
    target.datagramAddress = asText(address)
    return address
  } catch (error) {
    if (error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_')) return null
    throw error
  }
}

/** `set-network-process-option`. OPTION is a keyword, with its colon. */
export function setNetworkProcessOption(
  process: NetworkProcess,
  option: string | true | null,
  value: unknown,
  noError?: unknown,
): true | null {
  const target = awaitSocket(only(process))
  // Only keywords are names of options: any other symbol is unknown.
  if (isSymbol(option) && !isKeyword(option)) {
    if (target.fd < 0) throw target.notRunning()
    if (isNil(noError)) throw unsupported(String(option))
    return null
  }
  return target.setOption(option as string, value, !isNil(noError)) || null
}

// ---- addresses --------------------------------------------------------------------------------------------------

/** `format-network-address` */
export function formatNetworkAddress(address: AddressInput | null, omitPort?: unknown): string | null {
  return nil(formatAddress(address, !isNil(omitPort)))
}

/** `network-interface-list` */
export function networkInterfaceList(
  full?: unknown,
  family?: 'ipv4' | 'ipv6' | null,
): interfaces.InterfaceEntry[] {
  return interfaces.networkInterfaceList(!isNil(full), family)
}

/** `network-interface-info` */
export function networkInterfaceInfo(name: string): interfaces.InterfaceInfo | null {
  return nil(interfaces.networkInterfaceInfo(name))
}

/** `network-lookup-address-info` */
export function networkLookupAddressInfo(name: string, family?: 'ipv4' | 'ipv6' | null): Address[] | null {
  return nil(lookUpAddress(name, family))
}

export type { Filter, Log, Sentinel }
export type { GnutlsResult } from './tls/index.js'
