// What makeNetworkProcess takes and gives, for the compiler alone: which keywords exclude each other, and what a filter
// or a loop gets. The keywords themselves are in keywords.ts, and what is wrong in spite of this make.ts says when it
// runs.
import type { Nil } from '../lisp.js'
import type { Filter, KnownKeywords } from './keywords.js'

// ---- what the filter gets -----------------------------------------------------------------------------------

/** A value of `coding`. */
export type CodingKeyword = KnownKeywords['coding']
/** A value of `filterMultibyte`. */
export type MultibyteKeyword = KnownKeywords['filterMultibyte']

type BytesCoding = 'binary' | 'no-conversion' | 'raw-text' | `raw-text-${'unix' | 'dos' | 'mac'}`
// What is detected may be bytes.
type DetectedCoding = null | 'undecided' | `undecided-${string}`

type DecodedBy<Name> = string extends Name
  ? string | Uint8Array
  : Name extends BytesCoding
    ? Uint8Array
    : Name extends DetectedCoding
      ? string | Uint8Array
      : string

/** What a process that has these values of `coding` and `filterMultibyte` gives to its filter. */
export type OutputOf<Coding, Multibyte> = [Multibyte] extends [true | undefined]
  ? [Coding] extends [Nil]
    ? string
    : Coding extends readonly [infer Decoding, unknown]
      ? DecodedBy<Decoding>
      : DecodedBy<Exclude<Coding, Nil>>
  : [Multibyte] extends [Nil]
    ? Uint8Array
    : string | Uint8Array

/** The keywords that decide what the filter gets, and the filter that gets it. */
interface OutputKeywords<Coding extends CodingKeyword, Multibyte extends MultibyteKeyword> {
  coding?: Coding
  filterMultibyte?: Multibyte
  filter?: Filter<OutputOf<Coding, Multibyte>> | true | Nil
}

// ---- what excludes what -------------------------------------------------------------------------------------

/** Where the socket is: a local one has a path, everything else a host and a service. */
type PlaceKeywords =
  | { family: 'local'; host?: 'local' | Nil; service?: string | Nil }
  | { family?: 'ipv4' | 'ipv6' | number | Nil }

/** A server that accepts connections. */
type ListenerKeywords = { server: true | number; nowait?: Nil; remote?: Nil; adopt?: Nil } & (
  { type?: 'stream' | Nil } | { type: 'seqpacket'; proxyProtocol?: Nil }
)

/** A server without connections. */
interface DatagramServerKeywords {
  server: true | number
  type: 'datagram'
  nowait?: Nil
  proxyProtocol?: Nil
  adopt?: Nil
}

/** A client: it connects, and binds no address of its own. */
interface ClientKeywords {
  server?: Nil
  service?: string | number | null | undefined
  local?: Nil
  proxyProtocol?: Nil
  adopt?: Nil
}

/** A process on a socket that there is already, which says what and where it is. */
interface AdoptingKeywords {
  adopt: number
  host?: Nil
  service?: Nil
  family?: Nil
  local?: Nil
  remote?: Nil
}

type Keywords<Coding extends CodingKeyword, Multibyte extends MultibyteKeyword> = Omit<
  KnownKeywords,
  keyof OutputKeywords<Coding, Multibyte>
> &
  OutputKeywords<Coding, Multibyte> &
  PlaceKeywords &
  UnknownKeywords

/** Keywords that are not known stay in the contact. */
type UnknownKeywords = Record<string, unknown>

/** The keywords of a server that accepts connections. */
export type NetworkServerOptions<
  Coding extends CodingKeyword = undefined,
  Multibyte extends MultibyteKeyword = undefined,
> = Keywords<Coding, Multibyte> & ListenerKeywords

/** The keywords of what has output itself: a client, or a server of datagrams. */
export type NetworkConnectionOptions<
  Coding extends CodingKeyword = undefined,
  Multibyte extends MultibyteKeyword = undefined,
> = Keywords<Coding, Multibyte> & (ClientKeywords | DatagramServerKeywords)

/** Says in an error of the compiler what is wrong. */
type Excluded = 'keywords that exclude each other: see NetworkServerOptions and NetworkConnectionOptions'

// An object that is written out has no optional properties, and none that may have any name.
type OptionalKeys<Options> = {
  [Key in keyof Options]-?: object extends Pick<Options, Key> ? Key : never
}[keyof Options]

type IsDynamic<Options> = string extends keyof Options
  ? true
  : Options extends { server: infer Server }
    ? boolean extends Server
      ? true
      : HasOptional<Options>
    : HasOptional<Options>
type HasOptional<Options> = [OptionalKeys<Options>] extends [never] ? false : true

/**
 * What options are besides, that do not say by their type what they make: nothing where they may hold any keyword, as
 * {@link NetworkProcessOptions} may. What adopts a socket leaves out what that says itself.
 */
export type DynamicOptions<Options> =
  Options extends Pick<AdoptingKeywords, 'adopt'>
    ? AdoptingKeywords
    : IsDynamic<Options> extends true
      ? unknown
      : Excluded
