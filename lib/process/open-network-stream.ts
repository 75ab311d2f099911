// openNetworkStream: makes a connection and goes through the opening exchange before the user gets it: greeting,
// capabilities, STARTTLS. It blocks meanwhile. It knows no application protocol, whose commands come with the
// parameters, and of TLS only the function that starts it.
import { domainToASCII } from 'node:url'
import { codedError, typeError, valueError } from '../socket/errors.js'
import { gnutlsAvailable } from '../tls/index.js'
import type { ProcessBuffer } from './buffer.js'
import { isNil, keyword, type Nil } from '../lisp.js'
import { checkFunction, contactOf, type Contact, type NetworkProcessOptions } from './keywords.js'
import { makeNetworkProcess } from './make.js'
import { defaultFilter } from './defaults.js'
import type { NetworkProcess } from './network-process.js'
import { acceptProcessOutput } from './wait.js'

/**
 * The parameters of {@link openNetworkStream}. Patterns are JavaScript's regular expressions; one given as a string
 * ignores case, and its `^` and `$` match at every line, as in Emacs.
 */
export interface NetworkStreamParameters {
  /**
   * nil or `'network'`: upgraded to TLS by STARTTLS if both sides can. `'plain'`: in clear. `'starttls'`: TLS by
   * STARTTLS, or no connection. `'tls'`, `'ssl'`: TLS from the start.
   */
  type?: 'network' | 'plain' | 'starttls' | 'tls' | 'ssl' | Nil
  /** Return `[process, properties]` instead of the process. */
  returnList?: boolean | null | undefined
  /** Matches up to the end of a reply; without it, replies are not waited for. */
  endOfCommand?: RegExp | string | Nil
  /** The same for the reply to `capabilityCommand`. nil: `endOfCommand`. */
  endOfCapability?: RegExp | string | Nil
  /** Matches a reply that permits TLS to begin. */
  success?: RegExp | string | Nil
  /** The command that asks for capabilities, line end included, or a function that makes it from the greeting. */
  capabilityCommand?: string | ((greeting: string | undefined) => string | Nil) | Nil
  /** Makes the command that asks for TLS from the capabilities, or nil if the server does not offer TLS. */
  starttlsFunction?: ((capabilities: string) => string | Nil) | Nil
  /** Ask for capabilities even when `type` is `'plain'`, if they are to be returned. */
  alwaysQueryCapabilities?: boolean | null | undefined
  /** Accepted without effect: TLS is used if GnuTLS is available, and no other program is ever run for it. */
  useStarttlsIfPossible?: boolean | null | undefined
  /** Emit a warning (`WARN_NOT_ENCRYPTED`) through `process.emitWarning` when the connection is in clear. */
  warnUnlessEncrypted?: boolean | null | undefined
  /** The server says nothing first: no greeting is waited for. */
  nogreeting?: boolean | null | undefined
  /** Do not wait for the connection, nor for any reply. Without effect where STARTTLS may follow. */
  nowait?: boolean | null | undefined
  /** See {@link NetworkProcessOptions}. */
  coding?: NetworkProcessOptions['coding']
  /** See {@link NetworkProcessOptions}. */
  noquery?: boolean | null | undefined
  /** For TLS: the files of a private key and of its certificate. */
  clientCertificate?: readonly [key: string, certificate: string] | Nil
  /** The parameters of TLS; nil: the server's certificate is verified for the host. */
  tlsParameters?: NetworkProcessOptions['tlsParameters']
}

/** What is known of a stream once it is open. */
export interface NetworkStreamProperties {
  /** What the server sent first, up to the end of the pattern's match; undefined: nothing complete. */
  greeting: string | undefined
  /** The reply to `capabilityCommand`. */
  capabilities: string | undefined
  /** Whether the connection has TLS in the end. */
  type: 'plain' | 'tls'
  /** Why there is no process. */
  error: string | undefined
}

/** What streams need of TLS. */
export interface StreamTls {
  /**
   * Starts TLS on an open process and blocks until it is established. Returns the error of a handshake that failed,
   * after which the process is not used again; throws for wrong parameters. Corresponds to `gnutls-negotiate`.
   */
  negotiate(process: NetworkProcess, parameters: unknown): Error | undefined
}

// Null if GnuTLS is not available.
function streamTls(): StreamTls | null {
  return gnutlsAvailable() ? { negotiate } : null
}

function negotiate(process: NetworkProcess, parameters: unknown): Error | undefined {
  try {
    process.startTlsNow(parameters)
    return undefined
  } catch (error) {
    // Wrong parameters are found before anything is sent.
    if (error instanceof TypeError || error instanceof RangeError) throw error
    return error as Error
  }
}

/** A stream that was opened, or why it was not. */
export type Opened = NetworkStreamProperties & { process: NetworkProcess | undefined }

/**
 * Opens a connection to a service and goes through the opening exchange: the greeting, the capabilities, STARTTLS.
 * Blocks until that is done. Corresponds to `open-network-stream`.
 *
 * @param buffer - where output goes, including that of the opening exchange
 * @param host - a name, which may be internationalized, or a numeric address
 * @param parameters - an object, or Emacs's list: `':type', 'plain', ':return-list', true`
 * @returns the process, or with `returnList` the process and the properties of the connection; the process is undefined
 *   then if TLS is required and the server does not offer it
 * @throws what {@link makeNetworkProcess} throws; TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`;
 *   `ERR_PROCESS_NOT_RUNNING`: the server ended before a command was sent; `ERR_TLS_NOT_AVAILABLE`: there is no GnuTLS;
 *   `ERR_TLS_NOT_SUPPORTED`: the server does not offer TLS; `ERR_TLS_FAILED`, with its cause; `ERR_UNSUPPORTED_TYPE`:
 *   type shell. After an error, no process is left
 * @example
 * ```ts
 * const [process, { greeting, capabilities }] = openNetworkStream('mail', undefined, 'mail.example.org', 'smtp', {
 *   type: 'plain', returnList: true, alwaysQueryCapabilities: true,
 *   endOfCommand: /^[0-9]+ .*\r\n/m, capabilityCommand: 'EHLO client.example.org\r\n',
 * })
 * ```
 */
export function openNetworkStream(
  name: string,
  buffer: ProcessBuffer | string | null | undefined,
  host: string,
  service: string | number,
  parameters: NetworkStreamParameters & { returnList: true },
): [process: NetworkProcess | undefined, properties: NetworkStreamProperties]
export function openNetworkStream(
  name: string,
  buffer: ProcessBuffer | string | null | undefined,
  host: string,
  service: string | number,
  parameters?: NetworkStreamParameters & { returnList?: Nil },
): NetworkProcess
export function openNetworkStream(
  name: string,
  buffer: ProcessBuffer | string | null | undefined,
  host: string,
  service: string | number,
  key: string,
  value: unknown,
  ...more: unknown[]
): NetworkProcess | [process: NetworkProcess | undefined, properties: NetworkStreamProperties]
export function openNetworkStream(
  name: string,
  buffer: ProcessBuffer | string | null | undefined,
  host: string,
  service: string | number,
  ...parameters: unknown[]
): NetworkProcess | [process: NetworkProcess | undefined, properties: NetworkStreamProperties] {
  const wanted = wantedStream(name, buffer, host, service, parameters)
  const { process, ...properties } = open(wanted, makeNetworkProcess)
  if (wanted.returnList) return [process, properties]
  if (process === undefined) throw codedError(new Error(properties.error), 'ERR_TLS_NOT_SUPPORTED')
  return process
}

// ---- what the parameters mean -----------------------------------------------------------------------------

/** The stream that is wanted, with all arguments checked. */
export type Wanted = ReturnType<typeof wantedStream>

/** Checks the arguments of {@link openNetworkStream}, and throws for wrong ones. */
export function wantedStream(
  name: unknown,
  buffer: unknown,
  host: unknown,
  service: unknown,
  list: readonly unknown[],
) {
  const given = (list.length === 1 && isNil(list[0]) ? undefined : contactOf(list)) ?? {}
  const type = isNil(given.type) ? 'network' : given.type
  const endOfCommand = pattern(given, 'endOfCommand')
  checkFunction(':starttls-function', given.starttlsFunction, false)
  const returnList = !isNil(given.returnList)
  const success = pattern(given, 'success')
  const command = capabilityCommand(given.capabilityCommand)
  // A caller that wants neither the properties nor TLS gets the process, and no reply is waited for.
  const silent =
    !returnList && (type === 'plain' || (type === 'network' && (success === undefined || isNil(command))))
  return {
    type,
    way: silent ? ('plain' as const) : wayOf(type, !isNil(given.alwaysQueryCapabilities)),
    returnList,
    endOfGreeting: silent || !isNil(given.nogreeting) ? undefined : endOfCommand,
    endOfCommand,
    endOfCapability: pattern(given, 'endOfCapability') ?? endOfCommand,
    success,
    capabilityCommand: command,
    starttlsFunction: given.starttlsFunction as NetworkStreamParameters['starttlsFunction'],
    warns: !isNil(given.warnUnlessEncrypted),
    nowait: !isNil(given.nowait),
    clientCertificate: given.clientCertificate,
    // makeNetworkProcess checks it.
    tlsParameters: (given.tlsParameters ?? null) as NetworkProcessOptions['tlsParameters'],
    // The keywords of every process that is made. makeNetworkProcess checks their values.
    keywords: {
      name: name as string,
      buffer: (buffer ?? null) as ProcessBuffer | null,
      host: asciiHost(host),
      service: service as string | number,
      coding: (given.coding ?? null) as string | null,
      noquery: !isNil(given.noquery) || null,
    },
  }
}

function wayOf(type: unknown, alwaysQuery: boolean): 'plain' | 'starttls' | 'tls' {
  switch (type) {
    case 'plain':
      return alwaysQuery ? 'starttls' : 'plain'
    case 'network':
    case 'starttls':
      return 'starttls'
    case 'tls':
    case 'ssl':
      return 'tls'
    case 'shell':
      throw codedError(
        new Error(':type shell is a subprocess, and there are none here'),
        'ERR_UNSUPPORTED_TYPE',
      )
    default:
      throw valueError(':type', 'nil, network, plain, starttls, tls or ssl (Invalid connection type)', type)
  }
}

function asciiHost(host: unknown): string {
  if (typeof host !== 'string') throw typeError('host', 'a name or a numeric address', host)
  // Numeric addresses are no domain names: domainToASCII() would return nothing for an IPv6 one.
  if (!/[^\0-\x7f]/.test(host)) return host
  const ascii = domainToASCII(host)
  if (ascii === '') throw valueError('host', 'the name of a domain', host)
  return ascii
}

// Without the flags g and y, which make a RegExp remember where it stopped.
function pattern(given: Contact, name: string): RegExp | undefined {
  const value = given[name]
  if (isNil(value)) return undefined
  if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, ''))
  if (typeof value !== 'string') throw typeError(keyword(name), 'a RegExp, a pattern or nil', value)
  try {
    return new RegExp(value, 'im')
  } catch (error) {
    throw valueError(keyword(name), `a pattern (${(error as Error).message})`, value)
  }
}

function capabilityCommand(command: unknown): NetworkStreamParameters['capabilityCommand'] {
  if (isNil(command) || typeof command === 'string') return command
  checkFunction(':capability-command', command, false)
  return command as (greeting: string | undefined) => string | Nil
}

function tlsParametersOf({
  keywords: { host },
  clientCertificate,
  tlsParameters,
}: Wanted): NetworkProcessOptions['tlsParameters'] {
  if (!isNil(tlsParameters)) return tlsParameters
  if (isNil(clientCertificate)) return { type: 'gnutls-x509pki', hostname: host }
  if (!Array.isArray(clientCertificate) || clientCertificate.length !== 2)
    throw typeError(':client-certificate', 'nil, or [key file, certificate file]', clientCertificate)
  return { type: 'gnutls-x509pki', hostname: host, keylist: [clientCertificate as [string, string]] }
}

// ---- opening ----------------------------------------------------------------------------------------------

/** Makes the process of a stream: makeNetworkProcess, or that of emacs.ts. */
export type MakeProcess = (keywords: NetworkProcessOptions) => NetworkProcess

/** Opens the stream that is wanted. */
export function open(
  wanted: Wanted,
  makeProcess: MakeProcess,
  // A stream that stays in clear does not load GnuTLS.
  tls = wanted.way === 'plain' && isNil(wanted.tlsParameters) ? null : streamTls(),
): Opened {
  const { type, tlsParameters, warns, keywords } = wanted
  if (type === 'starttls' || !isNil(tlsParameters)) requireTls(tls)
  const opened =
    wanted.way === 'plain'
      ? openPlain(wanted, makeProcess)
      : wanted.way === 'starttls'
        ? openStarttls(wanted, makeProcess, tls)
        : openTls(wanted, makeProcess, requireTls(tls))
  if (warns && opened.type === 'plain' && opened.process !== undefined)
    globalThis.process.emitWarning(
      `The connection to ${keywords.host}:${keywords.service} is not encrypted`,
      {
        code: 'WARN_NOT_ENCRYPTED',
      },
    )
  return opened
}

function requireTls(tls: StreamTls | null): StreamTls {
  if (tls === null) throw codedError(new Error('TLS is not available'), 'ERR_TLS_NOT_AVAILABLE')
  return tls
}

const silence = { greeting: undefined, capabilities: undefined, error: undefined }

function openPlain(wanted: Wanted, makeProcess: MakeProcess): Opened {
  const { keywords, nowait, tlsParameters, endOfGreeting } = wanted
  const connect = () => makeProcess({ ...keywords, nowait: nowait || null, tlsParameters })
  const type = isNil(tlsParameters) ? 'plain' : 'tls'
  if (endOfGreeting === undefined) return { ...silence, process: connect(), type }
  return Dialogue.hold(connect, dialogue => {
    const greeting = dialogue.reply(endOfGreeting)
    return { ...silence, greeting, process: dialogue.process, type }
  })
}

function openStarttls(wanted: Wanted, makeProcess: MakeProcess, tls: StreamTls | null): Opened {
  const connect = () => makeProcess(wanted.keywords)
  return Dialogue.hold(connect, dialogue => {
    const greeting = dialogue.reply(wanted.endOfGreeting)
    const capabilities = askCapabilities(dialogue, wanted, greeting)
    const { success, starttlsFunction } = wanted
    const command =
      capabilities !== undefined && success && starttlsFunction ? starttlsFunction(capabilities) : null
    const type = tls === null || wanted.type === 'plain' ? undefined : upgrade(dialogue, wanted, tls, command)
    const opened = { greeting, type: type ?? 'plain', error: undefined }
    if (wanted.type === 'starttls' && type !== 'tls') {
      dialogue.process.delete()
      return { ...opened, capabilities, process: undefined, error: 'Server does not support TLS' }
    }
    // After a handshake, even one that failed, the capabilities may be others.
    const now = type === undefined ? capabilities : askCapabilities(dialogue, wanted, greeting)
    return { ...opened, capabilities: now, process: dialogue.process }
  })
}

// Undefined: the server does not want TLS, and the connection is as it was. 'plain': the handshake failed, and the
// connection is a new one.
function upgrade(
  dialogue: Dialogue,
  wanted: Wanted,
  tls: StreamTls,
  command: string | Nil,
): 'tls' | 'plain' | undefined {
  const answer = dialogue.command(command, wanted.endOfCommand)
  if (answer === undefined || !wanted.success?.test(answer)) return undefined
  const failure = tls.negotiate(dialogue.process, tlsParametersOf(wanted))
  if (failure === undefined) return 'tls'
  if (wanted.type === 'starttls') throw tlsFailed(wanted, failure)
  dialogue.startAgain()
  dialogue.reply(wanted.endOfGreeting)
  return 'plain'
}

function openTls(wanted: Wanted, makeProcess: MakeProcess, tls: StreamTls): Opened {
  const tlsParameters = tlsParametersOf(wanted)
  if (wanted.nowait)
    return {
      ...silence,
      process: makeProcess({ ...wanted.keywords, nowait: true, tlsParameters }),
      type: 'tls',
    }
  return Dialogue.hold(
    () => makeProcess(wanted.keywords),
    dialogue => {
      const failure = tls.negotiate(dialogue.process, tlsParameters)
      if (failure !== undefined) throw tlsFailed(wanted, failure)
      const greeting = dialogue.reply(wanted.endOfGreeting)
      const capabilities = askCapabilities(dialogue, wanted, greeting)
      return { ...silence, process: dialogue.process, greeting, capabilities, type: 'tls' }
    },
  )
}

function askCapabilities(
  dialogue: Dialogue,
  wanted: Wanted,
  greeting: string | undefined,
): string | undefined {
  const { capabilityCommand, endOfCapability } = wanted
  const command = typeof capabilityCommand === 'function' ? capabilityCommand(greeting) : capabilityCommand
  return dialogue.command(command, endOfCapability)
}

function tlsFailed({ keywords: { host, service } }: Wanted, cause: Error): Error {
  const message = `Unable to negotiate a TLS connection with ${host}/${service}`
  return codedError(new Error(message, { cause }), 'ERR_TLS_FAILED')
}

/** Commands and replies on a connection that the caller does not have yet. What is received goes to the buffer, too. */
class Dialogue {
  process: NetworkProcess
  readonly #connect: () => NetworkProcess
  #heard = ''

  private constructor(connect: () => NetworkProcess) {
    this.#connect = connect
    this.process = this.#start()
  }

  /** Returns what `talk` returns. If it throws, the connection is closed here, because nobody else has it. */
  static hold<T>(connect: () => NetworkProcess, talk: (dialogue: Dialogue) => T): T {
    const dialogue = new Dialogue(connect)
    try {
      return talk(dialogue)
    } catch (error) {
      dialogue.process.delete()
      throw error
    } finally {
      dialogue.process.filter = null
    }
  }

  #start(): NetworkProcess {
    this.#heard = ''
    const process = this.#connect()
    process.filter = (speaker, data) => {
      this.#heard += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
      defaultFilter(speaker, data)
    }
    return process
  }

  /** Goes on with a new connection. */
  startAgain(): void {
    this.process.delete()
    this.process = this.#start()
  }

  /** What was received since the last command, up to the end of what `end` matches; undefined if that never comes. */
  reply(end: RegExp | undefined): string | undefined {
    if (end === undefined) return undefined
    for (;;) {
      const found = end.exec(this.#heard)
      if (found) return this.#heard.slice(0, found.index + found[0].length) || undefined
      if (this.process.status !== 'open') return undefined
      acceptProcessOutput(this.process)
    }
  }

  command(command: string | Nil, end: RegExp | undefined): string | undefined {
    if (isNil(command)) return undefined
    this.#heard = ''
    this.process.send(command)
    return this.reply(end)
  }
}
