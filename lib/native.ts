// The addon: where it is found, and everything that it exports. Nothing else loads it.
//
// Native functions take sockets by id and return what the system call returns, or -errno, which lib/socket/errors.ts
// turns into an Error. They check types only as far as memory safety needs, so callers check arguments.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A socket's index in the addon's table. It is used again some time after the socket was closed. */
export type SocketId = number
/** The index of a socket address in the addon's table of interned addresses; -1 is none. */
export type AddressId = number
/** A value, or -errno. @typeParam T - what the call returns when it succeeds */
export type OrError<T> = T | number
/** A message of recvmsg(2): length, address, control messages, flags. */
export type RawMessage = [length: number, address: Buffer, control: Buffer, flags: number]
/** The arguments of getaddrinfo(3). */
export type RawQuery = [
  host: string | undefined,
  service: string | undefined,
  family: number,
  type: number,
  protocol: number,
  flags: number,
]
/** For every address that getaddrinfo(3) found: family, type, protocol, address, name. Or the error, see `look-up.ts`. */
export type RawAnswer = (number | Buffer | string)[] | number
/** An address of an interface: name, flags, address, netmask, broadcast. */
export type RawInterfaceAddress = [string, number, Buffer?, Buffer?, Buffer?]
/** What is known of one interface: flags, address, netmask, broadcast, hardware address. */
export type RawInterface = [number, Buffer?, Buffer?, Buffer?, Buffer?]
/** Bytes read and written, then messages (for a stream: calls that moved something). */
export type Counts = [bytesRead: number, bytesWritten: number, messagesRead: number, messagesWritten: number]
/** Credentials, trust and priorities of one end of TLS, which sessions share. */
export interface TlsContext {
  readonly tlsContext: never
}
/** The options of a {@link TlsContext}, see native/tls/context.h. */
export interface RawTlsOptions {
  server: boolean
  anonymous: boolean
  priority: string
  verifyFlags: number
  systemTrust: boolean
  trustFiles: readonly string[]
  crlFiles: readonly string[]
  keys: readonly (readonly [key: string, certificate: string])[]
  password: string
  keyFlags: number
  primeBits: number
  /** Whether a server wants a client's certificate: 0 no, 1 if the client has one, 2 it is required. */
  request: number
  protocols: readonly string[]
}
/** Which option was refused, and GnuTLS's error; native/tls/context.h has the values of `what`. */
export type TlsRefusal = [what: number, index: number, error: number]
/** What verification found: GnuTLS's bits, the length of the chain, whether its first and last are self-signed. */
export type TlsVerdict = [status: number, count: number, selfSigned: boolean, selfSignedRoot: boolean]
/** The fields of a certificate. */
export interface RawCertificate {
  version: number
  serial: Buffer
  issuer: Buffer
  /** Valid from, in seconds since 1970, and until `to`. */
  from: number
  to: number
  subject: Buffer
  publicKeyAlgorithm: string | undefined
  securityLevel: string | undefined
  issuerId: Buffer
  subjectId: Buffer
  signatureAlgorithm: string | undefined
  keyId: Buffer
  keyIdSha256: Buffer
  fingerprint: Buffer
  pem: Buffer
}
/** What the two ends of a TLS connection have agreed on. */
export interface RawTlsStatus {
  certificates: RawCertificate[]
  primeBits: number
  keyExchange: string | undefined
  protocol: string | undefined
  cipher: string | undefined
  mac: string | undefined
  compression: string | undefined
  encryptThenMac: boolean
  safeRenegotiation: boolean
  alpn: string | undefined
}
/** Called once a wake-up; `hub.ts` says what the arguments hold. Unchanged quads and slabs are left out. */
export type Dispatch = (
  place: number,
  count: number,
  events?: Int32Array,
  kept?: ArrayBuffer,
  lent?: ArrayBuffer,
  text?: string,
  extras?: unknown[],
) => void

export interface Native {
  readonly constants: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>

  // Sockets, in the order: make, address, transfer, state, options.
  socket(domain: number, type: number, protocol: number): OrError<SocketId>
  socketpair(domain: number, type: number, protocol: number): OrError<[SocketId, SocketId]>
  adopt(fd: number): OrError<SocketId>
  launch_activate_socket(name: string): OrError<number[]>
  accept(id: SocketId): OrError<[SocketId, Buffer]>
  detach(id: SocketId): OrError<number>
  fd(id: SocketId): number
  bind(id: SocketId, address: Uint8Array): number
  listen(id: SocketId, backlog: number): number
  connect(id: SocketId, address: Uint8Array): number
  getsockname(id: SocketId): OrError<Buffer>
  getpeername(id: SocketId): OrError<Buffer>
  recv(id: SocketId, buffer: Uint8Array, flags: number): OrError<number>
  recvfrom(id: SocketId, buffer: Uint8Array, flags: number): OrError<[number, Buffer]>
  recvmsg(id: SocketId, buffers: Uint8Array[], controlLength: number, flags: number): OrError<RawMessage>
  recvmmsg(id: SocketId, buffers: Uint8Array[], flags: number): OrError<RawMessage[]>
  sendto(id: SocketId, data: Uint8Array, flags: number, address: Uint8Array | undefined): OrError<number>
  sendmsg(
    id: SocketId,
    buffers: Uint8Array[],
    flags: number,
    address: Uint8Array | undefined,
    control: Uint8Array | undefined,
  ): OrError<number>
  sendmmsg(
    id: SocketId,
    messages: Uint8Array[],
    flags: number,
    addresses: Uint8Array[] | undefined,
  ): OrError<number>
  shutdown(id: SocketId, how: number): number
  /** SO_ERROR, as a positive errno. */
  socketError(id: SocketId): number
  /** How many bytes were sent and are not acknowledged yet. */
  unsent(id: SocketId): OrError<number>
  /** Triples of (id, events, revents). */
  poll(triples: Int32Array, timeout: number): OrError<number>
  getsockopt(id: SocketId, level: number, name: number, length: number): OrError<Buffer>
  setsockopt(id: SocketId, level: number, name: number, value: Uint8Array): number
  /** The same of an option that is a program of classic BPF, eight bytes an instruction. */
  setsockoptProgram(id: SocketId, level: number, name: number, instructions: Uint8Array): number

  // The hub. Functions that send return how many bytes are left over, and undefined for none; `sendMany` returns how
  // many packets went; all return -errno if nothing went. outbox.ts says what the shared memory holds.
  start(dispatch: Dispatch): void
  takeTurns(): void
  haveNews(): void
  readonly send: (data: Uint8Array) => number | undefined
  readonly sendText: (text: string) => number | undefined
  shareOutbox(bytes: Uint8Array, call: Int32Array): void
  readonly sendOutbox: () => number | undefined
  readonly sendMany: (data: Uint8Array) => OrError<number>
  /** Returns how many bytes the text has in UTF-8; undefined: none. */
  readonly writeOutbox: (text: string, offset: number) => number | undefined
  sendv(
    id: SocketId,
    data: readonly Uint8Array[],
    to: AddressId,
    control: Uint8Array | undefined,
  ): OrError<number>
  /** Returns duplicates, which the addon holds so that they are closed whatever happens. */
  keepDescriptors(fds: readonly number[]): OrError<number[]>
  /** Hands a descriptor that the addon holds to the caller. */
  takeDescriptor(fd: number): void
  /** Closes a descriptor that the addon holds; any other is left alone. */
  dropDescriptor(fd: number): void
  encodeUtf8(text: string): Buffer
  /** Bytes that are not UTF-8 become lone surrogates, U+DC80 to U+DCFF, one for each. */
  decodeUtf8(bytes: Uint8Array): string
  /** How many bytes at the end of a block of UTF-8 wait for the next one, as in Emacs: 0 to 4. */
  incompleteTail(bytes: Uint8Array): number
  /** This and `setInterest` return -errno, or undefined on success. */
  configure(
    id: SocketId,
    mode: number,
    kind: number,
    delivery: number,
    addressed: number,
    ancillary: number,
    interest: number,
  ): number | undefined
  setInterest(id: SocketId, interest: number): number | undefined
  setCounted(id: SocketId, counted: boolean): void
  /** Wake-ups for this socket alone are delivered in this async resource: see `isEntered` in hub.ts. */
  setResource(id: SocketId, resource: object): void
  wait(timeout: number, only: SocketId | undefined): number
  shareCounts(counts: Float64Array): void
  /** Writes the socket's {@link Counts} into the memory of `shareCounts`. */
  counts(id: SocketId): void
  /** The same, and closes the socket. */
  close(id: SocketId): void
  address(id: AddressId): Buffer | undefined
  internAddress(address: Uint8Array): AddressId
  retainAddresses(live: Int32Array): void
  uncaught(error: unknown): void

  // Names, interfaces, memory.
  getaddrinfo(...query: RawQuery): RawAnswer
  lookUp(...query: RawQuery): OrError<number>
  getnameinfo(address: Uint8Array, flags: number): [host: string, service: string] | number
  addressInfoError(eai: number): [code: string, errno: number, text: string]
  getifaddrs(): OrError<RawInterfaceAddress[]>
  interfaceInfo(name: string): OrError<RawInterface>
  if_nametoindex(name: string): OrError<number>
  if_indextoname(index: number): OrError<string>
  /** Returns a descriptor, which is the caller's. */
  sealedMemory(name: string, data: Uint8Array): OrError<number>

  // TLS. Negative numbers beyond every errno are failures of TLS, see `tls/errors.ts`.
  /** The library's version, or undefined and what is wrong. Loads the library the first time. */
  tlsLoad(): [version: string | undefined, problem: string]
  tlsError(error: number): [name: string | undefined, text: string, fatal: boolean]
  tlsAlert(alert: number): string | undefined
  tlsExtension(number: number): string | undefined
  tlsLog(level: number): void
  tlsContext(options: RawTlsOptions): TlsContext | TlsRefusal
  tlsStart(
    id: SocketId,
    context: TlsContext,
    serverName: string,
    hostName: string,
    trusted: boolean,
    named: boolean,
  ): number
  tlsFeed(id: SocketId, bytes: Uint8Array): void
  /** 0: the handshake is over; 1, 2: the interest that it waits for. */
  tlsHandshake(id: SocketId): number
  tlsTearDown(id: SocketId): boolean
  tlsStage(id: SocketId): number
  tlsEnded(id: SocketId): boolean
  tlsVerdict(id: SocketId): TlsVerdict | undefined
  tlsStatus(id: SocketId): RawTlsStatus | undefined
  tlsPrint(pem: Uint8Array): string | number
}

// Only Node's report tells. Without `excludeNetwork` Node blocks while it looks up the names of all connections' peers.
function isMusl(): boolean {
  if (process.platform !== 'linux') return false
  const report = process.report as unknown as Report
  const { excludeNetwork } = report
  report.excludeNetwork = true
  const { header } = report.getReport()
  report.excludeNetwork = excludeNetwork
  return header.glibcVersionRuntime === undefined
}

// The types of Node 20 do not know it yet.
interface Report {
  excludeNetwork: boolean
  getReport(): { header: { glibcVersionRuntime?: string } }
}

function load(): Native {
  // Bun has Node-API but not libuv: calling that aborts the process, which could not be caught later.
  if (process.versions.bun !== undefined)
    throw new Error('make-network-process needs libuv, which Bun does not have. Run it with Node.')

  const fromEnvironment = process.env.MAKE_NETWORK_PROCESS_ADDON
  const musl = isMusl() ? '-musl' : ''
  const candidates = fromEnvironment
    ? [resolve(fromEnvironment)]
    : [
        '../build/Release/make_network_process.node',
        '../build/Debug/make_network_process.node',
        `../prebuilds/${process.platform}-${process.arch}${musl}.node`,
      ].map(path => fileURLToPath(new URL(path, import.meta.url)))
  const tried: string[] = []
  for (const path of candidates) {
    try {
      const addon = { exports: {} }
      // Every copy of this package has a hub of its own: `require` would give all copies in a thread that of the first.
      process.dlopen(addon, path)
      return addon.exports as Native
    } catch (error) {
      tried.push(
        `  ${path}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      )
    }
  }
  throw Object.assign(
    new Error(
      `make-network-process has no addon for ${process.platform}-${process.arch}${musl} and Node ` +
        `${process.versions.node}. Tried:\n${tried.join('\n')}\n` +
        'In a clone of the repository, `npm ci` builds it; it needs Python and a C++17 compiler. ' +
        'MAKE_NETWORK_PROCESS_ADDON names one that is elsewhere.',
    ),
    { code: 'ERR_ADDON_NOT_FOUND' },
  )
}

export const native = load()
