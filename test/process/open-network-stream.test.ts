// openNetworkStream() and its opening exchange: what it waits for, what it returns, and what is left when it fails. Most
// servers run in this thread, and answer while openNetworkStream blocks it; some run elsewhere.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import {
  defaultFilter,
  makeNetworkProcess,
  openNetworkStream,
  processList,
  TextBuffer,
  type NetworkProcess,
  type NetworkStreamParameters,
  type ProcessBuffer,
} from 'make-network-process'
import * as emacs from 'make-network-process/emacs'
import { open, wantedStream, type StreamTls } from '../../dist/process/open-network-stream.js'
import { changed, cleanUp, finallyDo, socketFile, thrown, until, witness } from './support.js'

const host = '127.0.0.1'
const line = /\r\n/

afterEach(() => {
  cleanUp()
  TextBuffer.get('stream')?.kill()
})

interface Server {
  port: number
  /** What it was sent. */
  heard: string[]
  /** Its side of the connections. */
  clients: NetworkProcess[]
}

/** A server in this thread, with its greeting and its answers to commands. */
function serve(
  greet: string | ((client: NetworkProcess) => void),
  answers: Record<string, string> = {},
): Server {
  const heard: string[] = []
  const clients: NetworkProcess[] = []
  const server = makeNetworkProcess({
    name: 'server',
    server: true,
    host,
    service: true,
    coding: 'utf-8-unix',
    sentinel: (client, event) => {
      if (!event.startsWith('open')) return
      clients.push(client)
      if (typeof greet === 'string') client.send(greet)
      else greet(client)
      changed()
    },
    filter: (client, text) => {
      heard.push(text)
      client.send(answers[text] ?? '500 what?\r\n')
      changed()
    },
  })
  return { port: server.contact()[1] as number, heard, clients }
}

function openList(port: number, parameters: NetworkStreamParameters, buffer?: ProcessBuffer | string) {
  return openNetworkStream('stream', buffer, host, port, { ...parameters, returnList: true })
}

/** With parameters that the types do not allow. */
const openAnyhow = openNetworkStream as (...args: unknown[]) => unknown

const streams = () => processList().filter(({ name }) => name.startsWith('stream'))

/** A buffer that makes the server send the next piece as soon as the one before has come. */
function sendingBuffer(pieces: (string | Uint8Array)[], { clients }: Pick<Server, 'clients'>) {
  const rest = [...pieces]
  const buffer = {
    name: 'sending',
    live: true,
    length: 0,
    text: [] as string[],
    insert(_position: number, text: string) {
      buffer.text.push(text)
      buffer.length += text.length
      const next = rest.shift()
      if (next !== undefined) clients[0]?.send(next)
    },
  }
  return buffer
}

describe('openNetworkStream()', () => {
  describe('returning the process', () => {
    for (const parameters of [
      undefined,
      {},
      { type: 'plain' },
      { type: 'network', endOfCommand: line },
    ] as const)
      it(`waits for nothing with ${JSON.stringify(parameters)}`, async () => {
        const server = serve('220 ready\r\n')
        const buffer = TextBuffer.named('stream')
        const stream = openNetworkStream('stream', buffer, host, server.port, parameters)
        assert.equal(stream.status, 'open')
        assert.equal(buffer.toString(), '')
        assert.equal(stream.buffer, buffer)
        stream.filter = (process, text) => {
          defaultFilter(process, text)
          changed()
        }
        await until(() => buffer.toString() === '220 ready\r\n', 'greeting')
      })

    it('does not ask for capabilities on a plain connection, even with alwaysQueryCapabilities', () => {
      const server = serve('220 ready\r\n')
      const stream = openNetworkStream('stream', undefined, host, server.port, {
        type: 'plain',
        alwaysQueryCapabilities: true,
        capabilityCommand: 'EHLO\r\n',
        endOfCommand: line,
      })
      assert.equal(stream.bytesWritten, 0)
      assert.equal(stream.bytesRead, 0)
    })

    it('looks for STARTTLS where it could be used', () => {
      const server = serve('220 ready\r\n', { 'EHLO\r\n': '250 HELP\r\n' })
      const stream = openNetworkStream('stream', undefined, host, server.port, {
        capabilityCommand: 'EHLO\r\n',
        success: '^220',
        endOfCommand: line,
      })
      assert.deepEqual(server.heard, ['EHLO\r\n'])
      assert.equal(stream.status, 'open')
    })

    it('takes the keywords of a process', () => {
      const stream = openNetworkStream('stream', 'stream', host, serve('').port, {
        noquery: true,
        coding: 'latin-1-dos',
      })
      assert.equal(stream.queryOnExit, false)
      assert.deepEqual(stream.codingSystem, ['latin-1-dos', 'latin-1-dos'])
      assert.equal(stream.buffer, TextBuffer.get('stream'))
      assert.equal(openNetworkStream('stream', null, host, serve('').port).name, 'stream<1>')
    })

    it('takes an internationalized host name', () => {
      const stream = openNetworkStream('stream', null, 'ＬＯＣＡＬhost', serve('').port)
      assert.equal(stream.status, 'open')
      assert.equal(stream.contact('host'), 'localhost')
    })
  })

  describe('returning a list', () => {
    it('gives the greeting up to the end of the match', () => {
      const server = serve('220 ready\r\nmore\r\n')
      const buffer = TextBuffer.named('stream')
      const [stream, properties] = openList(server.port, { type: 'plain', endOfCommand: line }, buffer)
      assert.deepEqual(properties, {
        greeting: '220 ready\r\n',
        capabilities: undefined,
        type: 'plain',
        error: undefined,
      })
      assert.equal(stream?.status, 'open')
      assert.equal(buffer.toString(), '220 ready\r\nmore\r\n')
    })

    for (const type of [undefined, 'network', 'plain'] as const)
      it(`takes an argument list as in Emacs, with type ${type}`, () => {
        const server = serve('220 ready\r\n')
        const list = [type, ':end-of-command', '\r\n', ':return-list', true, ':type', 'nonsense']
        const opened = openNetworkStream(
          'stream',
          null,
          host,
          server.port,
          ':type',
          ...(list as [unknown, ...unknown[]]),
        )
        assert.ok(Array.isArray(opened))
        assert.equal(opened[1].greeting, '220 ready\r\n')
      })

    it('waits for no greeting without a pattern', () => {
      const [stream, { greeting }] = openList(serve('220 ready\r\n').port, { type: 'plain' })
      assert.equal(greeting, undefined)
      assert.equal(stream?.bytesRead, 0)
    })

    for (const type of ['plain', 'network'] as const)
      it(`does not wait for the greeting of a ${type} server with nogreeting`, () => {
        const server = serve('', { 'EHLO\r\n': '250 HELP\r\n' })
        const [, properties] = openList(server.port, {
          type,
          nogreeting: true,
          capabilityCommand: 'EHLO\r\n',
          endOfCommand: line,
        })
        assert.equal(properties.greeting, undefined)
        assert.equal(properties.capabilities, type === 'plain' ? undefined : '250 HELP\r\n')
      })

    it('takes a greeting of several lines in pieces', () => {
      const pieces = ['220-wel', 'come\r', '\n220', ' ready', '\r', '\n']
      const server = serve(client => client.send(pieces[0] as string))
      const buffer = sendingBuffer(pieces.slice(1), server)
      const [, { greeting }] = openList(server.port, { type: 'plain', endOfCommand: /^220 .*\r\n/m }, buffer)
      assert.equal(greeting, '220-welcome\r\n220 ready\r\n')
      assert.deepEqual(buffer.text, pieces)
    })

    it('puts the halves of a character together', () => {
      // Each piece completes a character, so that the buffer asks for the next piece, and begins another.
      const bytes = Buffer.from('grüß Gott… 🌍\r\n')
      const pieces = [3, 5, 12, 15, bytes.length].map((end, i, ends) => bytes.subarray(ends[i - 1] ?? 0, end))
      const server = serve(client => client.send(pieces[0] as Buffer))
      const buffer = sendingBuffer(pieces.slice(1), server)
      const [, { greeting }] = openList(server.port, { type: 'plain', endOfCommand: line }, buffer)
      assert.equal(greeting, bytes.toString())
      assert.deepEqual(buffer.text, ['gr', 'ü', 'ß Gott', '… ', '🌍\r\n'])
    })

    for (const [coding, bytes, text] of [
      ['latin-1-unix', '67fc6e0d0a', 'gün\r\n'],
      ['latin-1-dos', '67fc6e0d0a', 'gün\n'],
      ['binary', '67fc6e0d0a', 'gün\r\n'],
      ['utf-8-unix', '67c3bc6e0d0a', 'gün\r\n'],
    ] as const)
      it(`reads the greeting and sends the command in ${coding}`, () => {
        const heard = witness()
        const server = makeNetworkProcess({
          name: 'server',
          server: true,
          host,
          service: true,
          coding: 'binary',
          sentinel: (client, event) => event.startsWith('open') && client.send(Buffer.from(bytes, 'hex')),
          filter: (client, data) => {
            heard.callbacks.filter(client, data)
            client.send('done\r\n')
          },
        })
        const command = coding === 'binary' ? 'who?\n' : 'wer übt?\n'
        const [, properties] = openList(server.contact()[1] as number, {
          coding,
          endOfCommand: /\r?\n/,
          capabilityCommand: command,
        })
        assert.equal(properties.greeting, text)
        assert.equal(properties.capabilities, coding === 'latin-1-dos' ? 'done\n' : 'done\r\n')
        const sent = {
          'latin-1-unix': 'latin1',
          'latin-1-dos': 'latin1',
          binary: 'latin1',
          'utf-8-unix': 'utf8',
        } as const
        assert.deepEqual(
          heard.bytes,
          Buffer.from(coding === 'latin-1-dos' ? command.replace('\n', '\r\n') : command, sent[coding]),
        )
      })

    it('ignores case, and looks at every line, where the pattern is a string', () => {
      const server = serve('220-first\r\nReady.\r\n')
      const [, { greeting }] = openList(server.port, { type: 'plain', endOfCommand: '^READY\\.$' })
      assert.equal(greeting, '220-first\r\nReady.')
    })

    it('uses a RegExp as it is, with its flags', () => {
      const server = serve(client => {
        client.send('Ready\r\n')
        client.sendEof()
      })
      const [stream, { greeting }] = openList(server.port, { type: 'plain', endOfCommand: /ready/ })
      assert.equal(greeting, undefined)
      assert.equal(stream?.status, 'closed')
    })

    it('ignores the lastIndex of a RegExp', () => {
      const server = serve('abc\r\n', { 'x\r\n': 'y\r\n' })
      for (const endOfCommand of [/\r\n/g, /\r\n/y]) {
        endOfCommand.lastIndex = 3
        const [, properties] = openList(server.port, { endOfCommand, capabilityCommand: 'x\r\n' })
        assert.equal(properties.greeting, 'abc\r\n')
        assert.equal(properties.capabilities, 'y\r\n')
        assert.equal(endOfCommand.lastIndex, 3)
      }
    })

    it('takes an empty match as no greeting', () => {
      assert.equal(
        openList(serve('abc').port, { type: 'plain', endOfCommand: /(?:)/ })[1].greeting,
        undefined,
      )
    })

    it('does not take what was in the buffer for the greeting', () => {
      const buffer = TextBuffer.named('stream')
      buffer.insert(0, 'old\r\n')
      const [, { greeting }] = openList(serve('new\r\n').port, { type: 'plain', endOfCommand: line }, buffer)
      assert.equal(greeting, 'new\r\n')
      assert.equal(buffer.toString(), 'old\r\nnew\r\n')
    })
  })

  describe('asking for capabilities', () => {
    const answers = { 'EHLO me\r\n': '250-SIZE 10\r\n250-STARTTLS\r\n250 HELP\r\n' }
    const capabilities = answers['EHLO me\r\n']
    const common = { endOfCommand: line, endOfCapability: /^250 .*\r\n/m }

    it('sends a command that is a string', () => {
      const server = serve('220 ready\r\n', answers)
      const [, properties] = openList(server.port, { ...common, capabilityCommand: 'EHLO me\r\n' })
      assert.deepEqual(properties, {
        greeting: '220 ready\r\n',
        capabilities,
        type: 'plain',
        error: undefined,
      })
    })

    it('sends what a function makes of the greeting', () => {
      const server = serve('220 me\r\n', answers)
      const greetings: unknown[] = []
      const [, properties] = openList(server.port, {
        ...common,
        capabilityCommand: greeting => {
          greetings.push(greeting)
          return `EHLO ${greeting?.slice(4)}`
        },
      })
      assert.deepEqual(greetings, ['220 me\r\n'])
      assert.equal(properties.capabilities, capabilities)
    })

    it('sends nothing where the function returns null', () => {
      const server = serve('220 ready\r\n')
      const [stream, properties] = openList(server.port, { ...common, capabilityCommand: () => null })
      assert.equal(properties.capabilities, undefined)
      assert.equal(stream?.bytesWritten, 0)
    })

    it('ends them like a command where endOfCapability is not given', () => {
      const server = serve('220 ready\r\n', answers)
      const [, properties] = openList(server.port, { endOfCommand: line, capabilityCommand: 'EHLO me\r\n' })
      assert.equal(properties.capabilities, '250-SIZE 10\r\n')
    })

    it('does not take the rest of the greeting for the answer', () => {
      const server = serve('220 ready\r\n250 too early\r\n', answers)
      const [, properties] = openList(server.port, { ...common, capabilityCommand: 'EHLO me\r\n' })
      assert.equal(properties.capabilities, capabilities)
    })

    it('asks on a plain connection only with alwaysQueryCapabilities', () => {
      const server = serve('220 ready\r\n', answers)
      const parameters = { ...common, type: 'plain', capabilityCommand: 'EHLO me\r\n' } as const
      assert.equal(openList(server.port, parameters)[1].capabilities, undefined)
      assert.deepEqual(server.heard, [])
      const always = openList(server.port, { ...parameters, alwaysQueryCapabilities: true })
      assert.equal(always[1].capabilities, capabilities)
    })

    it('goes on unencrypted where there is no TLS', () => {
      const server = serve('220 ready\r\n', answers)
      const offered: string[] = []
      const parameters = {
        ...common,
        capabilityCommand: 'EHLO me\r\n',
        success: '^220',
        useStarttlsIfPossible: true,
        starttlsFunction: (text: string) => {
          offered.push(text)
          return 'STARTTLS\r\n'
        },
      }
      const wanted = wantedStream('stream', null, host, server.port, [parameters])
      const { process: stream, ...properties } = open(wanted, makeNetworkProcess, null)
      assert.deepEqual(offered, [capabilities])
      assert.deepEqual(properties, {
        greeting: '220 ready\r\n',
        capabilities,
        type: 'plain',
        error: undefined,
      })
      assert.deepEqual(server.heard, ['EHLO me\r\n'])
      assert.equal(stream?.status, 'open')
    })
  })

  describe('with nowait', () => {
    for (const parameters of [{}, { type: 'plain', returnList: true, endOfCommand: line }] as const)
      it(`returns before it is connected, with ${JSON.stringify(parameters)}`, async () => {
        const server = serve('220 ready\r\n')
        const opened = openAnyhow('stream', null, host, server.port, {
          ...parameters,
          nowait: true,
        })
        const [stream, properties] = (Array.isArray(opened) ? opened : [opened]) as ReturnType<
          typeof openList
        >
        assert.ok(stream)
        assert.equal(stream.status, 'connect')
        assert.equal(properties?.greeting, undefined)
        const seen = witness()
        Object.assign(stream, { sentinel: seen.callbacks.sentinel, filter: seen.callbacks.filter })
        await seen.messages(1)
        assert.deepEqual(seen.all, ['sentinel open', 'filter 220 ready\r\n'])
      })

    it('waits nevertheless where STARTTLS may follow', () => {
      const [stream, { greeting }] = openList(serve('220 ready\r\n').port, {
        nowait: true,
        endOfCommand: line,
      })
      assert.equal(stream?.status, 'open')
      assert.equal(greeting, '220 ready\r\n')
    })
  })

  describe('when the server closes', () => {
    it('in the middle of the greeting, returns no greeting and the closed process', () => {
      const server = serve(client => {
        client.send('220 rea')
        client.delete()
      })
      const buffer = TextBuffer.named('stream')
      const [stream, properties] = openList(server.port, { type: 'plain', endOfCommand: line }, buffer)
      assert.equal(stream?.status, 'closed')
      assert.equal(properties.greeting, undefined)
      assert.match(buffer.toString(), /^220 rea/)
    })

    it('right after the greeting, returns it', () => {
      const server = serve(client => {
        client.send('220 bye\r\n')
        client.delete()
      })
      assert.equal(openList(server.port, { type: 'plain', endOfCommand: line })[1].greeting, '220 bye\r\n')
    })

    it('before it could be asked for capabilities, throws and leaves no process', () => {
      const server = serve(client => client.delete())
      const error = thrown(() => openList(server.port, { endOfCommand: line, capabilityCommand: 'EHLO\r\n' }))
      assert.equal(error.code, 'ERR_PROCESS_NOT_RUNNING')
      assert.deepEqual(streams(), [])
    })

    it('instead of answering, returns no capabilities', () => {
      const server = makeNetworkProcess({
        name: 'server',
        server: true,
        host,
        service: true,
        sentinel: (client, event) => event.startsWith('open') && client.send('220 ready\r\n'),
        filter: client => client.delete(),
      })
      const parameters = { endOfCommand: line, capabilityCommand: 'EHLO\r\n' }
      const [stream, properties] = openList(server.contact()[1] as number, parameters)
      assert.equal(stream?.status, 'closed')
      assert.equal(properties.greeting, '220 ready\r\n')
      assert.equal(properties.capabilities, undefined)
    })

    it('before the call, throws the error of connect', () => {
      const gone = makeNetworkProcess({ name: 'gone', server: true, host, service: true })
      const port = gone.contact()[1] as number
      gone.delete()
      for (const parameters of [{}, { endOfCommand: line }, { type: 'plain', endOfCommand: line }] as const) {
        const { code, syscall, port: failed } = thrown(() => openList(port, parameters))
        assert.deepEqual(
          { code, syscall, failed },
          { code: 'ECONNREFUSED', syscall: 'connect', failed: port },
        )
      }
      assert.deepEqual(streams(), [])
    })
  })

  describe('with its buffer', () => {
    it('needs none', () => {
      const [stream] = openList(serve('220 ready\r\n').port, { endOfCommand: line })
      assert.equal(stream?.buffer, undefined)
      assert.equal(stream?.status, 'open')
      assert.equal(stream.filter, defaultFilter)
    })

    it('goes on inserting after the set-up', async () => {
      const server = serve('220 ready\r\n')
      const buffer = sendingBuffer([], server)
      openList(server.port, { endOfCommand: line }, buffer)
      const insert = buffer.insert.bind(buffer)
      buffer.insert = (position, text) => {
        insert(position, text)
        changed()
      }
      server.clients[0]?.send('and more')
      await until(() => buffer.text.join('') === '220 ready\r\nand more', 'text after the greeting')
    })
  })

  it('stops waiting when the process is deleted', () => {
    const server = serve(client => {
      client.send('220 rea')
      streams()[0]?.delete()
    })
    const [stream, { greeting }] = openList(server.port, { type: 'plain', endOfCommand: line })
    assert.equal(greeting, undefined)
    assert.equal(stream?.status, 'closed')
  })

  describe('with wrong arguments', () => {
    const wrong: [parameters: unknown[], code: string, message: RegExp][] = [
      [[{ type: 'foo' }], 'ERR_INVALID_ARG_VALUE', /^:type .*Invalid connection type.*"foo"$/],
      [[{ type: 'shell' }], 'ERR_UNSUPPORTED_TYPE', /shell/],
      [[':type'], 'ERR_INVALID_ARG_VALUE', /value for each keyword/],
      [[{ endOfCommand: 3 }], 'ERR_INVALID_ARG_TYPE', /^:end-of-command .*not 3$/],
      [[{ endOfCapability: '(' }], 'ERR_INVALID_ARG_VALUE', /^:end-of-capability /],
      [[{ success: {} }], 'ERR_INVALID_ARG_TYPE', /^:success /],
      [[{ capabilityCommand: 7 }], 'ERR_INVALID_ARG_TYPE', /^:capability-command /],
      [[{ starttlsFunction: 'STARTTLS' }], 'ERR_INVALID_ARG_TYPE', /^:starttls-function /],
      [[{ coding: 'klingon' }], 'ERR_UNKNOWN_CODING_SYSTEM', /klingon/],
    ]
    for (const [parameters, code, message] of wrong)
      it(`refuses ${JSON.stringify(parameters)}`, () => {
        const error = thrown(() => openAnyhow('stream', null, host, serve('').port, ...parameters))
        assert.equal(error.code, code)
        assert.match(error.message, message)
        assert.deepEqual(streams(), [])
      })

    it('refuses a wrong host', () => {
      for (const [name, code] of [
        [null, 'ERR_INVALID_ARG_TYPE'],
        [undefined, 'ERR_INVALID_ARG_TYPE'],
        ['ü x', 'ERR_INVALID_ARG_VALUE'],
      ] as const)
        assert.equal(thrown(() => openAnyhow('stream', null, name, 80)).code, code)
    })

    it('leaves no process when a function throws', () => {
      const server = serve('220 ready\r\n', { 'x\r\n': 'y\r\n' })
      const fail = () => {
        throw undefined
      }
      for (const parameters of [
        { capabilityCommand: fail },
        { capabilityCommand: 'x\r\n', success: 'y', starttlsFunction: fail },
      ]) {
        assert.throws(() => openList(server.port, { endOfCommand: line, ...parameters }))
        assert.deepEqual(streams(), [])
      }
    })
  })

  it('warns of an unencrypted connection with warnUnlessEncrypted', async () => {
    const server = serve('220 ready\r\n')
    const warned = once(process, 'warning') as Promise<[Error & { code: string }]>
    openList(server.port, { warnUnlessEncrypted: true })
    const [warning] = await warned
    assert.equal(warning.code, 'WARN_NOT_ENCRYPTED')
    assert.equal(warning.message, `The connection to ${host}:${server.port} is not encrypted`)
  })
})

describe('openNetworkStream() and TLS', () => {
  const parameters = {
    endOfCommand: line,
    capabilityCommand: 'EHLO\r\n',
    success: '^220',
    starttlsFunction: (capabilities: string) => (capabilities.includes('STARTTLS') ? 'STARTTLS\r\n' : null),
    returnList: true,
  }
  const answers = { 'EHLO\r\n': '250 STARTTLS\r\n', 'STARTTLS\r\n': '220 go\r\n' }

  // A handshake that does nothing: these tests are about what comes before and after it.
  function openWith(server: Server, given: NetworkStreamParameters, failure?: Error) {
    const started: unknown[] = []
    const tls: StreamTls = {
      negotiate(_process, how) {
        started.push(how)
        return failure
      },
    }
    const wanted = wantedStream('stream', null, host, server.port, [{ ...parameters, ...given }])
    return { started, opened: open(wanted, makeNetworkProcess, tls) }
  }

  for (const type of ['network', 'starttls'] as const)
    it(`starts TLS by STARTTLS with type ${type}, and asks for capabilities again`, () => {
      const server = serve('220 ready\r\n', answers)
      const { opened, started } = openWith(server, { type })
      assert.deepEqual(server.heard, ['EHLO\r\n', 'STARTTLS\r\n', 'EHLO\r\n'])
      assert.deepEqual(started, [{ type: 'gnutls-x509pki', hostname: host }])
      assert.equal(opened.type, 'tls')
      assert.equal(opened.greeting, '220 ready\r\n')
      assert.equal(opened.capabilities, '250 STARTTLS\r\n')
      assert.equal(opened.process?.status, 'open')
    })

  it('passes on a client certificate, or other TLS parameters', () => {
    const server = serve('220 ready\r\n', answers)
    const certificate = openWith(server, { clientCertificate: ['key.pem', 'cert.pem'] })
    assert.deepEqual(certificate.started, [
      { type: 'gnutls-x509pki', hostname: host, keylist: [['key.pem', 'cert.pem']] },
    ])
    assert.deepEqual(openWith(server, { tlsParameters: ['gnutls-anon'] }).started, [['gnutls-anon']])
    const wrong = { clientCertificate: true } as unknown as NetworkStreamParameters
    assert.equal(thrown(() => openWith(server, wrong)).code, 'ERR_INVALID_ARG_TYPE')
  })

  it('does not start TLS on a plain connection', () => {
    const server = serve('220 ready\r\n', answers)
    const { opened, started } = openWith(server, { type: 'plain', alwaysQueryCapabilities: true })
    assert.deepEqual(server.heard, ['EHLO\r\n'])
    assert.deepEqual(started, [])
    assert.equal(opened.type, 'plain')
  })

  for (const [why, refusing] of Object.entries({
    'does not offer TLS': { 'EHLO\r\n': '250 HELP\r\n' },
    'refuses TLS': { ...answers, 'STARTTLS\r\n': '454 not now\r\n' },
  })) {
    it(`stays unencrypted where the server ${why}`, () => {
      const server = serve('220 ready\r\n', refusing)
      const { opened, started } = openWith(server, { warnUnlessEncrypted: true })
      assert.deepEqual(started, [])
      assert.equal(opened.type, 'plain')
      assert.equal(opened.process?.status, 'open')
    })

    it(`returns an error with type starttls where the server ${why}`, () => {
      const server = serve('220 ready\r\n', refusing)
      const { opened, started } = openWith(server, { type: 'starttls' })
      assert.deepEqual(started, [])
      assert.equal(opened.process, undefined)
      assert.equal(opened.error, 'Server does not support TLS')
      assert.deepEqual(streams(), [])
    })
  }

  it('makes a new, unencrypted connection when the handshake fails', () => {
    const server = serve('220 ready\r\n', answers)
    const { opened } = openWith(server, {}, new Error('no'))
    assert.equal(server.clients.length, 2)
    assert.deepEqual(server.heard, ['EHLO\r\n', 'STARTTLS\r\n', 'EHLO\r\n'])
    assert.equal(opened.type, 'plain')
    assert.deepEqual(streams(), [opened.process])
    assert.equal(opened.process?.filter, defaultFilter)
  })

  for (const type of ['starttls', 'tls'] as const)
    it(`throws when the handshake fails and type ${type} requires TLS`, () => {
      const server = serve('220 ready\r\n', answers)
      const failure = new Error('no')
      const error = thrown(() => openWith(server, { type }, failure))
      assert.equal(error.code, 'ERR_TLS_FAILED')
      assert.equal(error.cause, failure)
      assert.deepEqual(streams(), [])
    })

  it('starts TLS before the greeting with type tls', () => {
    const server = serve('220 ready\r\n', answers)
    const { opened, started } = openWith(server, { type: 'tls' })
    assert.equal(started.length, 1)
    assert.deepEqual(server.heard, ['EHLO\r\n'])
    assert.equal(opened.type, 'tls')
    assert.equal(opened.greeting, '220 ready\r\n')
    assert.equal(opened.capabilities, '250 STARTTLS\r\n')
  })
})

describe('openNetworkStream() by its name in Emacs', () => {
  it('gives null for nil', () => {
    const server = serve('220 ready\r\n')
    const list = [':type', 'plain', ':return-list', true, ':end-of-command', '\r\n']
    const opened = emacs.openNetworkStream('stream', null, host, server.port, ...list)
    assert.ok(Array.isArray(opened))
    assert.equal(opened[0]?.status, 'open')
    assert.deepEqual(opened[1], { greeting: '220 ready\r\n', capabilities: null, type: 'plain', error: null })
  })

  it('is also openProtocolStream()', () => {
    const stream = emacs.openProtocolStream('stream', null, host, serve('').port)
    assert.ok(emacs.processp(stream))
  })
})

describe('openNetworkStream() to a server elsewhere', () => {
  it('in a worker', async () => {
    const worker = new Worker(new URL('stream-server.mjs', import.meta.url))
    finallyDo(() => void worker.terminate())
    const [port] = (await once(worker, 'message')) as [number]
    const [stream, properties] = openList(port, {
      endOfCommand: /^\d{3} .*\r\n/m,
      capabilityCommand: 'EHLO me\r\n',
    })
    assert.equal(properties.greeting, '220-welcome\r\n220 ready\r\n')
    assert.equal(properties.capabilities, '250-EHLO me\r\n250 HELP\r\n')
    assert.equal(stream?.status, 'open')
  })

  const hasSocat = spawnSync('socat', ['-V']).status === 0
  ;(hasSocat ? it : it.skip)('in another program', async () => {
    const script = socketFile()
    writeFileSync(
      script,
      String.raw`printf '220-one\r\n220 two\r\n'; read command; printf "250-$command\r\n250 end\r\n"`,
    )
    const socat = spawn('socat', ['-d', '-d', 'TCP4-LISTEN:0,bind=127.0.0.1', `EXEC:sh ${script}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ended = once(socat, 'close')
    let said = ''
    socat.stderr.setEncoding('latin1').on('data', (text: string) => {
      said += text
      changed()
    })
    const port = () => Number(/listening on AF=2 127\.0\.0\.1:(\d+)/.exec(said)?.[1])
    await until(() => port() > 0, 'port of socat')
    const [, properties] = openList(port(), {
      endOfCommand: /^\d{3} .*\r\n/m,
      capabilityCommand: 'EHLO me\n',
    })
    assert.equal(properties.greeting, '220-one\r\n220 two\r\n')
    assert.equal(properties.capabilities, '250-EHLO me\r\n250 end\r\n')
    await ended
  })
})
