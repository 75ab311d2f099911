// The types of makeNetworkProcess's arguments and results: which keywords exclude each other, and what a filter or a
// loop gets. The keywords themselves are in keywords.ts; what these types do not catch, make.ts checks at run time.
import type { AddressInput } from '../socket/address.js'
import type { Nil } from '../lisp.js'
import type { Filter, KnownKeywords, Log } from './keywords.js'

// ---- what the filter gets -----------------------------------------------------------------------------------

/** A value of `coding`. */
export type CodingKeyword = KnownKeywords['coding']
/** A value of `filterMultibyte`. */
export type MultibyteKeyword = KnownKeywords['filterMultibyte']

type BytesCoding = 'binary' | 'no-conversion' | 'raw-text' | `raw-text-${'unix' | 'dos' | 'mac'}`
// Detection may find that the data is bytes.
type DetectedCoding = null | 'undecided' | `undecided-${string}`

type DecodedBy<Name> = string extends Name
  ? string | Buffer
  : Name extends BytesCoding
    ? Buffer
    : Name extends DetectedCoding
      ? string | Buffer
      : string

/** What the filter of a process with these values of `coding` and `filterMultibyte` gets. */
export type OutputOf<Coding, Multibyte> = [Multibyte] extends [true | undefined]
  ? [Coding] extends [Nil]
    ? string
    : Coding extends readonly [infer Decoding, unknown]
      ? DecodedBy<Decoding>
      : DecodedBy<Exclude<Coding, Nil>>
  : [Multibyte] extends [Nil]
    ? Buffer
    : string | Buffer

/** The keywords that decide what the filter gets, and who gets it. */
interface OutputKeywords<Coding extends CodingKeyword, Multibyte extends MultibyteKeyword> {
  coding?: Coding
  filterMultibyte?: Multibyte
  filter?: Filter<OutputOf<Coding, Multibyte>> | true | Nil
  log?: Log<OutputOf<Coding, Multibyte>> | Nil
}

// ---- what excludes what -------------------------------------------------------------------------------------

/** Where the socket is: a local one has a path, everything else a host and a service. */
type PlaceKeywords =
  | { family: 'local'; host?: 'local' | Nil; service?: string | Nil }
  | { family?: 'ipv4' | 'ipv6' | number | Nil }

/** What a server binds. One is required; its value may be what another process's `contact` returns, even undefined. */
type BindKeywords =
  { service: string | number | true | null | undefined } | { local: AddressInput | null | undefined }

/** What a client connects to. Sequenced packets over IP are for servers only. */
type ConnectKeywords =
  | { service: string | number | null | undefined; type?: 'stream' | 'datagram' | Nil }
  | { type: 'raw'; host: string | null | undefined }
  | { service: string | number | null | undefined; family: 'local' | number }
  | { remote: AddressInput | null | undefined }

/** A server that accepts connections. */
type ListenerKeywords = { server: true | number; nowait?: Nil; remote?: Nil; adopt?: Nil } & (
  { type?: 'stream' | Nil } | { type: 'seqpacket'; proxyProtocol?: Nil }
) &
  PlaceKeywords &
  BindKeywords

/** A server without connections. */
type DatagramServerKeywords = {
  server: true | number
  nowait?: Nil
  proxyProtocol?: Nil
  adopt?: Nil
} & PlaceKeywords &
  (({ type: 'datagram' | 'raw' } & BindKeywords) | { type: 'raw'; host: string | null | undefined })

/** A client: it connects, and binds no address of its own. */
type ClientKeywords = {
  server?: Nil
  local?: Nil
  proxyProtocol?: Nil
  adopt?: Nil
} & PlaceKeywords &
  ConnectKeywords

/** A process on an existing socket, which determines type and address. */
interface AdoptingKeywords {
  adopt: number
  host?: Nil
  service?: Nil
  family?: Nil
  local?: Nil
  remote?: Nil
}

/** The same for a socket that listens. */
interface AdoptingListenerKeywords extends AdoptingKeywords {
  server: true | number
  type?: 'stream' | 'seqpacket' | Nil
  nowait?: Nil
}

/** The same for a socket that receives data itself: it is connected, or one of datagrams. */
type AdoptingConnectionKeywords = AdoptingKeywords & { proxyProtocol?: Nil } & (
    { server?: Nil } | { server: true | number; type: 'datagram' | 'raw'; nowait?: Nil }
  )

type Keywords<Coding extends CodingKeyword, Multibyte extends MultibyteKeyword> = Omit<
  KnownKeywords,
  keyof OutputKeywords<Coding, Multibyte>
> &
  OutputKeywords<Coding, Multibyte> &
  UnknownKeywords

/** Unknown keywords are kept in the contact. */
type UnknownKeywords = Record<string, unknown>

/** The keywords of a server that accepts connections. */
export type NetworkServerOptions<
  Coding extends CodingKeyword = undefined,
  Multibyte extends MultibyteKeyword = undefined,
> = Keywords<Coding, Multibyte> & (ListenerKeywords | AdoptingListenerKeywords)

/** The keywords of a process that receives data itself: a client, or a datagram server. */
export type NetworkConnectionOptions<
  Coding extends CodingKeyword = undefined,
  Multibyte extends MultibyteKeyword = undefined,
> = Keywords<Coding, Multibyte> & (ClientKeywords | DatagramServerKeywords | AdoptingConnectionKeywords)

/** Makes the compiler's error say what is wrong. */
type Wrong<Options> = [keyof Options & ('service' | 'remote' | 'local' | 'adopt')] extends [never]
  ? 'no keyword says where: service, remote, local or adopt'
  : 'keywords that exclude each other: see NetworkServerOptions and NetworkConnectionOptions'

// An object literal has no optional properties, and no index signature.
type OptionalKeys<Options> = {
  [Key in keyof Options]-?: object extends Pick<Options, Key> ? Key : never
}[keyof Options]

// Nor is the type of a keyword that decides what is made a union.
type VaryingKeys<Options> = {
  [Key in keyof Options]-?: Key extends 'server' | 'type' | 'adopt'
    ? true extends IsUnion<Options[Key]>
      ? Key
      : never
    : never
}[keyof Options]
type IsUnion<Value, All = Value> = Value extends unknown ? ([All] extends [Value] ? false : true) : never

type IsDynamic<Options> = string extends keyof Options
  ? true
  : [OptionalKeys<Options> | VaryingKeys<Options>] extends [never]
    ? false
    : true

/**
 * A further constraint on options whose type does not say what they make. There is none for options that may hold any
 * keyword, as {@link NetworkProcessOptions} may, or in which the type of a deciding keyword is a union; others are an
 * error of the compiler.
 */
export type DynamicOptions<Options> = IsDynamic<Options> extends true ? unknown : Wrong<Options>
