// Tests of make-network-process/emacs, by the name of the function: what it returns, nil as null, and what may stand
// for a process. They run in a worker thread of their own, because Emacs's order of callbacks is that of the whole
// thread from its first process on, and must not become that of the other tests. emacs.test.ts asks for each.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { TextBuffer } from 'make-network-process'
import * as emacs from 'make-network-process/emacs'
import {
  changed,
  cleanUp,
  readOption,
  settled,
  socketFile,
  thrown,
  until,
  witness,
} from '../process/support.js'
import { constants, decodeAddress, encodeAddress, Socket } from 'make-network-process/socket'
import { authority, canTestTls } from '../tls/certificates.js'

const {
  acceptProcessOutput,
  deleteProcess,
  makeNetworkProcess,
  processSendString,
  processStatus,
  NetworkProcess,
} = emacs

type Process = emacs.NetworkProcess

let buffers: TextBuffer[] = []
function buffer(name: string): TextBuffer {
  const made = TextBuffer.new(name)
  buffers.push(made)
  return made
}

const server = (...more: unknown[]) =>
  makeNetworkProcess(':name', 's', ':server', true, ':family', 'ipv4', ':service', true, ...more) as Process
const datagrams = (...more: unknown[]) => server(':type', 'datagram', ...more)

/** A server, a client and its connection, over a local socket. */
async function pair(...clientKeywords: unknown[]) {
  const [atServer, atClient] = [witness(), witness()]
  const service = socketFile()
  const { filter, sentinel, log } = atServer.callbacks
  makeNetworkProcess(
    ':name',
    's',
    ':server',
    true,
    ':family',
    'local',
    ':service',
    service,
    ':filter',
    filter,
    ':sentinel',
    sentinel,
    ':log',
    log,
  )
  const heard = atClient.callbacks
  const client = makeNetworkProcess(
    ':name',
    'c',
    ':family',
    'local',
    ':service',
    service,
    ':filter',
    heard.filter,
    ':sentinel',
    heard.sentinel,
    ...clientKeywords,
  ) as Process
  return { client, peer: await atServer.connection(), atServer, atClient }
}

const type = 'ERR_INVALID_ARG_TYPE'
const none = 'ERR_NO_PROCESS'

/** A server with a key, and the parameters of a client that trusts it, as Emacs lists them. */
function secureServer(...more: unknown[]) {
  const { key, certificate } = authority.server
  const process = server(':tls-parameters', ['gnutls-x509pki', ':keylist', [[key, certificate]]], ...more)
  const list = [':hostname', 'localhost', ':trustfiles', [authority.trust]]
  return { port: emacs.processContact(process, ':service') as number, list }
}

/** A client without TLS. */
const clearClient = (port: number, ...more: unknown[]) =>
  makeNetworkProcess(':name', 'c', ':host', '127.0.0.1', ':service', port, ...more) as Process

const tests: Record<string, () => Promise<void> | void> = {
  gnutlsAvailableP() {
    const list = emacs.gnutlsAvailableP()
    assert.equal(list !== null, canTestTls)
    if (list !== null)
      for (const name of ['gnutls', 'gnutls3', 'Server Name Indication', 'ALPN'])
        assert.ok(list.includes(name))
  },
  async gnutlsBoot() {
    const { port, list } = secureServer(':filter', (process: Process, text: string) => process.send(text))
    const client = clearClient(port)
    assert.equal(emacs.gnutlsBoot(client, 'gnutls-x509pki', list), true)
    assert.equal(client.tls?.protocol, 'TLS1.3')
    assert.equal(thrown(() => emacs.gnutlsBoot(client, 'gnutls-x509pki', list)).code, 'ERR_TLS_STARTED')
    // Under :nowait the loop finishes the handshake, unless :complete-negotiation is given.
    const seen = witness()
    const later = clearClient(port, ':nowait', true, ':filter', seen.callbacks.filter)
    assert.equal(emacs.gnutlsBoot(later, 'gnutls-x509pki', list), 'gnutls-e-again')
    processSendString(later, 'hello')
    await seen.messages(1)
    const now = clearClient(port, ':nowait', true)
    assert.equal(emacs.gnutlsBoot(now, 'gnutls-x509pki', [...list, ':complete-negotiation', true]), true)
    // Failures: a number for what GnuTLS calls an error, an exception for the rest.
    const plain = server(':filter', (process: Process) => process.send('what?'))
    const plainPort = emacs.processContact(plain, ':service') as number
    assert.equal(emacs.gnutlsBoot(clearClient(plainPort), 'gnutls-x509pki', list), -15)
    assert.equal(
      emacs.gnutlsBoot(clearClient(port), 'gnutls-x509pki', [...list, ':priority', 'NONSENSE']),
      -50,
    )
    const refusing = clearClient(port)
    const error = thrown(() => emacs.gnutlsBoot(refusing, 'gnutls-x509pki', [':hostname', 'localhost']))
    assert.equal(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    assert.equal(processStatus(refusing), 'closed')
    assert.equal(
      thrown(() => emacs.gnutlsBoot(clearClient(port), 'psk' as never, list)).code,
      'ERR_INVALID_ARG_VALUE',
    )
  },
  gnutlsBootParameters() {
    assert.deepEqual(
      Object.entries(emacs.gnutlsBootParameters(':type', 'gnutls-x509pki', ':hostname', 'a')),
      [
        ['priority', 'NORMAL:%DUMBFW'],
        ['hostname', 'a'],
        ['loglevel', 0],
        ['minPrimeBits', null],
        ['trustfiles', null],
        ['crlfiles', null],
        ['keylist', null],
        ['verifyFlags', null],
        ['verifyError', true],
        ['callbacks', null],
      ],
    )
    const other = emacs.gnutlsBootParameters({
      verifyError: null,
      verifyHostnameError: true,
      priorityString: 'PFS',
    })
    assert.equal(other.priority, 'PFS')
    assert.deepEqual(other.verifyError, [':hostname'])
    assert.equal(emacs.gnutlsBootParameters().priority, null)
  },
  gnutlsNegotiate() {
    const { port, list } = secureServer()
    const client = clearClient(port)
    assert.equal(emacs.gnutlsNegotiate(':process', client, ...list), client)
    assert.equal(emacs.gnutlsGetInitstage(client), 9)
    const error = thrown(() => emacs.gnutlsNegotiate({ process: clearClient(port), hostname: 'localhost' }))
    assert.equal(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    assert.equal(thrown(() => emacs.gnutlsNegotiate(':hostname', 'a')).code, type)
  },
  async openGnutlsStream() {
    const { port } = secureServer()
    // The server's certificate is not trusted here.
    const refused = thrown(() => emacs.openGnutlsStream('c', null, 'localhost', port))
    assert.equal((refused.cause as { code?: string }).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    for (const parameters of [true, [':nowait', true], { nowait: true }]) {
      const later = emacs.openGnutlsStream('c', null, 'localhost', port, parameters)
      assert.equal(processStatus(later), 'connect')
      await assert.rejects(later.opened, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
      deleteProcess(later)
    }
    assert.throws(() => emacs.openGnutlsStream('c', null, 'localhost', port, [true]))
  },
  async gnutlsAsynchronousParameters() {
    const { port, list } = secureServer()
    const client = clearClient(port, ':nowait', true)
    assert.equal(emacs.gnutlsAsynchronousParameters(client, ['gnutls-x509pki', ...list]), null)
    await client.opened
    assert.equal(client.tls?.protocol, 'TLS1.3')
    assert.equal(thrown(() => emacs.gnutlsAsynchronousParameters(client, null)).code, 'ERR_TLS_STARTED')
  },
  gnutlsGetInitstage() {
    const { port, list } = secureServer()
    const client = clearClient(port)
    assert.equal(emacs.gnutlsGetInitstage(client), 0)
    emacs.gnutlsBoot(client, 'gnutls-x509pki', list)
    assert.equal(emacs.gnutlsGetInitstage(client), 9)
    deleteProcess(client)
    assert.equal(emacs.gnutlsGetInitstage(client), 0)
  },
  gnutlsPeerStatus() {
    const { port, list } = secureServer()
    const client = clearClient(port)
    assert.equal(emacs.gnutlsPeerStatus(client), null)
    emacs.gnutlsBoot(client, 'gnutls-x509pki', [...list, ':verify-error', null])
    assert.equal(emacs.gnutlsPeerStatus(client)?.certificate?.subject, 'CN=localhost')
    deleteProcess(client)
    assert.equal(emacs.gnutlsPeerStatus(client), null)
  },
  gnutlsPeerStatusWarningDescribe() {
    for (const name of [':self-signed', 'self-signed', 'selfSigned'])
      assert.equal(
        emacs.gnutlsPeerStatusWarningDescribe(name),
        'certificate signer was not found (self-signed)',
      )
    assert.equal(emacs.gnutlsPeerStatusWarningDescribe(':expired'), 'certificate has expired')
    assert.equal(emacs.gnutlsPeerStatusWarningDescribe(':unknown'), null)
    assert.equal(thrown(() => emacs.gnutlsPeerStatusWarningDescribe(7 as never)).code, type)
  },
  async gnutlsBye() {
    const { port, list } = secureServer()
    const plain = clearClient(port)
    assert.equal(thrown(() => emacs.gnutlsBye(plain)).code, 'ERR_TLS_NOT_STARTED')
    const seen = witness()
    const client = clearClient(
      port,
      ':tls-parameters',
      ['gnutls-x509pki', ...list],
      ':sentinel',
      seen.callbacks.sentinel,
    )
    assert.equal(emacs.gnutlsBye(client), 'gnutls-e-again')
    assert.equal(emacs.gnutlsBye(client, true), true)
    assert.equal(thrown(() => client.send('more')).code, 'ERR_SEND_AFTER_EOF')
    await seen.event('connection broken by remote peer\n')
  },
  async gnutlsDeinit() {
    const { port, list } = secureServer()
    const client = clearClient(port)
    assert.equal(emacs.gnutlsDeinit(client), false)
    emacs.gnutlsBoot(client, 'gnutls-x509pki', list)
    assert.equal(emacs.gnutlsDeinit(client), true)
    assert.equal(emacs.gnutlsDeinit(client), false)
    assert.equal(emacs.gnutlsGetInitstage(client), 3)
    assert.equal(emacs.gnutlsPeerStatus(client), null)
    // Nothing is sent unencrypted instead.
    assert.equal(thrown(() => processSendString(client, 'a secret')).code, 'ENOTCONN')
  },
  gnutlsErrorp() {
    assert.deepEqual([true, 'gnutls-e-again', 0, -15, 'gnutls-e-interrupted'].map(emacs.gnutlsErrorp), [
      false,
      false,
      true,
      true,
      true,
    ])
  },
  gnutlsErrorFatalp() {
    assert.deepEqual(
      [true, -15, -28, 'gnutls-e-again', 'gnutls-e-invalid-session'].map(emacs.gnutlsErrorFatalp),
      [false, true, false, false, true],
    )
    assert.match(thrown(() => emacs.gnutlsErrorFatalp('no-such')).message, /no numeric gnutls-code/)
    assert.match(thrown(() => emacs.gnutlsErrorFatalp({})).message, /Not an error symbol or code/)
  },
  gnutlsErrorString() {
    assert.equal(emacs.gnutlsErrorString(true), 'Not an error')
    assert.equal(emacs.gnutlsErrorString(-15), 'An unexpected TLS packet was received.')
    assert.equal(emacs.gnutlsErrorString('gnutls-e-again'), 'Resource temporarily unavailable, try again.')
    assert.equal(emacs.gnutlsErrorString('no-such'), 'Symbol has no numeric gnutls-code property')
    assert.equal(emacs.gnutlsErrorString(null), 'Not an error symbol or code')
  },
  gnutlsFormatCertificate() {
    const { port, list } = secureServer()
    const client = clearClient(port, ':tls-parameters', ['gnutls-x509pki', ...list])
    assert.match(emacs.gnutlsFormatCertificate(client.tls?.certificate?.pem ?? ''), /Subject: CN=localhost/)
    assert.equal(thrown(() => emacs.gnutlsFormatCertificate('no')).code, 'ERR_INVALID_ARG_VALUE')
    assert.equal(thrown(() => emacs.gnutlsFormatCertificate(7 as never)).code, type)
  },
  async makeNetworkProcess() {
    assert.equal(makeNetworkProcess(), null)
    assert.ok(server() instanceof NetworkProcess)
    assert.ok(makeNetworkProcess({ name: 'o', server: true, service: true }) instanceof NetworkProcess)
    // In Emacs the type of a stream is nil, and a bare word is a symbol, which is no address.
    assert.equal(
      thrown(() => makeNetworkProcess(':name', 'c', ':type', 'stream', ':service', 9)).code,
      'ERR_INVALID_ARG_VALUE',
    )
    assert.match(thrown(() => makeNetworkProcess(':name', 'c', ':remote', 'x')).message, /Malformed :address/)
    // A datagram client is open before there is a server.
    const place = [':name', 'd', ':type', 'datagram', ':family', 'local', ':service', socketFile()]
    const client = makeNetworkProcess(...place) as Process
    assert.equal(thrown(() => processSendString(client, 'too early')).code, 'ENOENT')
    const heard = witness()
    makeNetworkProcess(...place, ':server', true, ':filter', heard.callbacks.filter)
    processSendString(client, 'hello')
    await until(() => heard.text === 'hello', 'the server has heard it')
  },
  NetworkProcess() {
    assert.ok(server() instanceof emacs.NetworkProcess)
  },
  featurep() {
    const { featurep } = emacs
    assert.equal(featurep('make-network-process'), true)
    assert.equal(featurep('make-network-process', null), true)
    assert.equal(featurep('make-pipe-process'), false)
    const has = [
      ...[':reuseaddr', ':oobinline', ':linger', ':keepalive', ':dontroute', ':broadcast'],
      ...[
        [':server', true],
        [':service', true],
        [':family', 'ipv6'],
        [':family', 'ipv4'],
        [':family', 'local'],
      ],
      ...[
        [':type', 'seqpacket'],
        [':type', 'datagram'],
        [':nowait', true],
      ],
    ]
    for (const one of has) assert.equal(featurep('make-network-process', one), true, String(one))
    assert.equal(featurep('make-network-process', ':bindtodevice'), constants.SO_BINDTODEVICE !== undefined)
    assert.equal(featurep('make-network-process', ':priority'), constants.SO_PRIORITY !== undefined)
    for (const one of [
      ':nodelay',
      'linger',
      ':nosuch',
      [':type', 'stream'],
      [':type'],
      [':server', 1],
      [':type', 'datagram', 1],
      5,
    ])
      assert.equal(featurep('make-network-process', one), false, String(one))
  },
  processp() {
    assert.equal(emacs.processp(server()), true)
    for (const one of ['s', null, {}, 5]) assert.equal(emacs.processp(one), false)
  },
  processList() {
    assert.deepEqual(emacs.processList(), [])
    const [a, b] = [server(), server()]
    assert.deepEqual(emacs.processList(), [b, a])
  },
  getProcess() {
    const process = server()
    assert.equal(emacs.getProcess('s'), process)
    assert.equal(emacs.getProcess(process), process)
    assert.equal(emacs.getProcess('nobody'), null)
    assert.equal(thrown(() => emacs.getProcess(5 as never)).code, type)
  },
  getBufferProcess() {
    const output = buffer('output')
    assert.equal(emacs.getBufferProcess(output), null)
    server(':buffer', output)
    const newest = server(':buffer', 'output')
    assert.equal(emacs.getBufferProcess(output), newest)
    assert.equal(emacs.getBufferProcess('output'), newest)
    assert.equal(emacs.getBufferProcess('nobody'), null)
    assert.equal(emacs.getBufferProcess(null), null)
    assert.equal(thrown(() => emacs.getBufferProcess(12 as never)).code, type)
  },
  processStatus() {
    const process = server(':buffer', buffer('output'))
    assert.equal(processStatus(process), 'listen')
    assert.equal(processStatus('s'), 'listen')
    assert.equal(processStatus(TextBuffer.named('output')), 'listen')
    // A string is the name of a process, never of a buffer.
    assert.equal(processStatus('output'), null)
    assert.equal(processStatus('nobody'), null)
    process.delete()
    assert.equal(processStatus(process), 'closed')
  },
  processLiveP() {
    const process = server()
    assert.ok(emacs.processLiveP(process))
    assert.ok(emacs.processLiveP(process.stop()))
    process.delete()
    for (const one of [process, 's', null, 5]) assert.ok(!emacs.processLiveP(one))
  },
  async processExitStatus() {
    const { client, peer, atClient } = await pair()
    assert.equal(emacs.processExitStatus(client), 0)
    peer.delete()
    await atClient.event('connection broken by remote peer\n')
    assert.equal(emacs.processExitStatus(client), 256)
    deleteProcess(client)
    assert.equal(emacs.processExitStatus(client), 0)
    const connecting = makeNetworkProcess(
      ':name',
      'c',
      ':nowait',
      true,
      ':host',
      'localhost',
      ':service',
      9,
    ) as Process
    assert.equal(emacs.processExitStatus(connecting), 0)
  },
  processType() {
    const process = server()
    assert.equal(emacs.processType(process), 'network')
    assert.equal(emacs.processType('s'), 'network')
  },
  processName: () => assert.equal(emacs.processName(server()), 's'),
  processId: () => assert.equal(emacs.processId(server()), null),
  processTtyName: () => assert.equal(emacs.processTtyName(server()), null),
  processCommand() {
    const process = server()
    assert.equal(emacs.processCommand(process), null)
    assert.equal(emacs.processCommand(process.stop()), true)
  },
  async deleteProcess() {
    const seen = witness()
    assert.equal(deleteProcess(server(':sentinel', seen.callbacks.sentinel)), null)
    server(':buffer', buffer('output'))
    deleteProcess('s')
    server(':buffer', 'output')
    deleteProcess('output')
    server(':buffer', 'output')
    deleteProcess(TextBuffer.named('output'))
    assert.deepEqual(emacs.processList(), [])
    assert.deepEqual(seen.events, ['deleted\n'])
  },
  stopProcess() {
    const process = server()
    assert.equal(emacs.stopProcess(process), process)
    assert.equal(processStatus(process), 'stop')
    assert.match(thrown(() => emacs.stopProcess('s')).message, /Process s is not a subprocess/)
  },
  continueProcess() {
    const process = server(':stop', true)
    assert.equal(emacs.continueProcess(process), process)
    assert.equal(processStatus(process), 'listen')
    assert.match(thrown(() => emacs.continueProcess('s')).message, /Process s is not a subprocess/)
  },
  async processSendString() {
    const { client, atServer } = await pair(':buffer', buffer('output'))
    assert.equal(processSendString(client, 'a'), null)
    processSendString('c', 'b')
    processSendString('output', Buffer.from('c'))
    processSendString(TextBuffer.named('output'), 'd')
    processSendString(client, '')
    await until(() => atServer.text === 'abcd', 'text')
    deleteProcess(client)
    for (const text of ['x', ''])
      assert.match(thrown(() => processSendString(client, text)).message, /Process c not running/)
    assert.match(thrown(() => processSendString('s', '')).message, /Process s not running/)
    for (const wrong of [12, null, undefined, true, ['x']])
      assert.equal(thrown(() => processSendString('nobody', wrong as never)).code, type)
  },
  async processSendRegion() {
    const text = buffer('text')
    text.insert(0, 'a region of it')
    const { client, atServer } = await pair()
    emacs.processSendRegion(client, 8, 2, text)
    await until(() => atServer.text === 'region', 'the region')
    assert.equal(thrown(() => emacs.processSendRegion(client, 0, 99, text)).code, 'ERR_OUT_OF_RANGE')
    assert.equal(thrown(() => emacs.processSendRegion(client, 0, 0)).code, type)
  },
  async processSendEof() {
    const { client, atServer } = await pair()
    assert.equal(emacs.processSendEof(client), client)
    assert.equal(emacs.processSendEof('c'), 'c')
    await atServer.event('connection broken by remote peer\n')
    const socket = datagrams()
    assert.equal(emacs.processSendEof(socket), socket)
    deleteProcess(socket)
    assert.match(thrown(() => emacs.processSendEof(socket)).message, /not running/)
    assert.match(thrown(() => emacs.processSendEof(server())).message, /not running/)
  },
  processFilter() {
    const filter = () => {}
    assert.equal(emacs.processFilter(server(':filter', filter)), filter)
    assert.equal(emacs.processFilter(server()), emacs.internalDefaultProcessFilter)
    assert.equal(emacs.processFilter(server(':filter', true)), true)
  },
  setProcessFilter() {
    const process = server()
    const filter = () => {}
    assert.equal(emacs.setProcessFilter(process, filter), filter)
    assert.equal(emacs.setProcessFilter(process, true), true)
    assert.equal(emacs.setProcessFilter(process, null), emacs.internalDefaultProcessFilter)
    assert.equal(thrown(() => emacs.setProcessFilter(process, 5 as never)).code, type)
  },
  processSentinel() {
    const sentinel = () => {}
    assert.equal(emacs.processSentinel(server(':sentinel', sentinel)), sentinel)
    assert.equal(emacs.processSentinel(server()), emacs.internalDefaultProcessSentinel)
  },
  setProcessSentinel() {
    const process = server()
    const sentinel = () => {}
    assert.equal(emacs.setProcessSentinel(process, sentinel), sentinel)
    assert.equal(emacs.setProcessSentinel(process, null), emacs.internalDefaultProcessSentinel)
  },
  processBuffer() {
    const output = buffer('output')
    assert.equal(emacs.processBuffer(server(':buffer', output)), output)
    assert.equal(emacs.processBuffer(server()), null)
  },
  setProcessBuffer() {
    const process = server()
    const output = buffer('output')
    output.insert(0, 'text')
    assert.equal(emacs.setProcessBuffer(process, output), output)
    assert.equal(emacs.processMark(process), 4)
    assert.equal(emacs.processContact(process, ':buffer'), output)
    assert.equal(emacs.setProcessBuffer(process, null), null)
    assert.equal(emacs.processBuffer(process), null)
    for (const wrong of ['output', 12, true, []])
      assert.equal(thrown(() => emacs.setProcessBuffer(process, wrong as never)).code, type)
  },
  processMark() {
    assert.equal(emacs.processMark(server()), null)
    const output = buffer('output')
    const process = server(':buffer', output)
    assert.equal(emacs.processMark(process), 0)
    output.kill()
    assert.equal(emacs.processMark(process), null)
  },
  getBufferCreate() {
    const made = emacs.getBufferCreate('made')
    buffers.push(made)
    assert.equal(emacs.getBufferCreate('made'), made)
    assert.equal(emacs.getBufferCreate(made), made)
    assert.equal(thrown(() => emacs.getBufferCreate(12 as never)).code, type)
    assert.equal(thrown(() => emacs.getBufferCreate('')).code, 'ERR_INVALID_ARG_VALUE')
  },
  getBuffer() {
    assert.equal(emacs.getBuffer('nobody'), null)
    const one = buffer('one')
    assert.equal(emacs.getBuffer(one.name), one)
    assert.equal(emacs.getBuffer(one), one)
    assert.equal(thrown(() => emacs.getBuffer(null as never)).code, type)
  },
  generateNewBuffer() {
    const [one, two] = [emacs.generateNewBuffer('new'), emacs.generateNewBuffer('new')]
    buffers.push(one, two)
    assert.deepEqual([one.name, two.name], ['new', 'new<2>'])
    for (const wrong of [12, null])
      assert.equal(thrown(() => emacs.generateNewBuffer(wrong as never)).code, type)
  },
  killBuffer() {
    const one = buffer('one')
    const process = server(':buffer', one)
    assert.equal(emacs.killBuffer(one.name), true)
    assert.deepEqual([one.live, processStatus(process)], [false, 'closed'])
    assert.equal(emacs.killBuffer(one), false)
    assert.equal(thrown(() => emacs.killBuffer('nobody')).code, 'ERR_NO_BUFFER')
    for (const wrong of [12, null]) assert.equal(thrown(() => emacs.killBuffer(wrong as never)).code, type)
  },
  processPlist() {
    assert.equal(emacs.processPlist(server()), null)
    assert.deepEqual(emacs.processPlist(server(':plist', { a: 1 })), { a: 1 })
  },
  setProcessPlist() {
    const process = server()
    const plist = { a: 1 }
    assert.equal(emacs.setProcessPlist(process, plist), plist)
    assert.equal(emacs.processPlist(process), plist)
    assert.equal(emacs.setProcessPlist(process, null), null)
    assert.equal(emacs.processPlist(process), null)
    assert.equal(thrown(() => emacs.setProcessPlist(process, 5 as never)).code, type)
  },
  processGet() {
    const process = server(':plist', { a: 1 })
    assert.equal(emacs.processGet(process, 'a'), 1)
    assert.equal(emacs.processGet(process, 'b'), null)
    assert.equal(emacs.processGet(process, 'toString'), null)
  },
  processPut() {
    const process = server()
    assert.equal(emacs.processPut(process, 'a', 1), 1)
    assert.equal(emacs.processGet(process, 'a'), 1)
  },
  processQueryOnExitFlag() {
    assert.equal(emacs.processQueryOnExitFlag(server()), true)
    assert.equal(emacs.processQueryOnExitFlag(server(':noquery', true)), false)
  },
  setProcessQueryOnExitFlag() {
    const process = server()
    assert.equal(emacs.setProcessQueryOnExitFlag(process, null), null)
    assert.equal(emacs.processQueryOnExitFlag(process), false)
    assert.equal(emacs.setProcessQueryOnExitFlag(process, 5), 5)
    assert.equal(emacs.processQueryOnExitFlag(process), true)
  },
  processCodingSystem() {
    assert.deepEqual(emacs.processCodingSystem(server()), ['utf-8-unix', 'utf-8-unix'])
    assert.deepEqual(
      emacs.processCodingSystem(server(':coding', ['binary', 'utf-8-unix'])).at(1),
      'utf-8-unix',
    )
  },
  async setProcessCodingSystem() {
    const { client, peer, atServer } = await pair()
    assert.equal(emacs.setProcessCodingSystem(peer, 'binary', 'binary'), null)
    processSendString(client, 'ä')
    await until(() => atServer.data.length > 0, 'bytes')
    assert.deepEqual(atServer.data, [Buffer.from('ä')])
    emacs.setProcessCodingSystem(client, 'utf-8-unix')
    assert.deepEqual(emacs.processCodingSystem(client), ['utf-8-unix', 'raw-text-unix'])
    assert.match(String(thrown(() => emacs.setProcessCodingSystem(client, 'no-such-coding')).code), /^ERR_/)
  },
  processInheritCodingSystemFlag: () => assert.equal(emacs.processInheritCodingSystemFlag(server()), false),
  setProcessInheritCodingSystemFlag() {
    const process = server()
    assert.equal(emacs.setProcessInheritCodingSystemFlag(process, 5), 5)
    assert.equal(emacs.processInheritCodingSystemFlag(process), true)
  },
  async processContact() {
    const { client } = await pair()
    const service = emacs.processContact(client, ':service')
    assert.equal(emacs.processContact(client, ':family'), 'local')
    for (const nothing of [':nothing', 'family', 12, {}])
      assert.equal(emacs.processContact(client, nothing as string), null)
    assert.deepEqual(emacs.processContact(client), [null, service])
    assert.deepEqual(emacs.processContact(client, null), [null, service])
    assert.deepEqual((emacs.processContact(client, true) as Record<string, unknown>).service, service)
    deleteProcess(client)
    assert.equal(emacs.processContact(client, true, true), null)
    assert.equal(emacs.processContact(client, null, true), null)
    assert.equal(emacs.processContact(client, ':service', true), null)
    assert.equal(emacs.processContact(client, ':service', null), service)
  },
  processDatagramAddress() {
    assert.equal(emacs.processDatagramAddress(server()), null)
    assert.deepEqual(emacs.processDatagramAddress(datagrams()), { family: 0, data: Buffer.alloc(14) })
  },
  setProcessDatagramAddress() {
    const [one, other] = [datagrams(), datagrams()]
    const local = emacs.processContact(other, ':local') as number[]
    assert.equal(emacs.setProcessDatagramAddress(one, local), local)
    assert.deepEqual(emacs.processDatagramAddress(one), local)
    assert.equal(emacs.setProcessDatagramAddress(one, [1, 2, 3]), null)
    assert.equal(emacs.setProcessDatagramAddress(one, '/path'), null)
    assert.equal(emacs.setProcessDatagramAddress(server(), local), null)
    deleteProcess(one)
    assert.equal(emacs.setProcessDatagramAddress(one, local), null)
  },
  setNetworkProcessOption() {
    const process = server()
    assert.equal(emacs.setNetworkProcessOption(process, ':keepalive', true), true)
    assert.deepEqual(readOption(process, constants.SOL_SOCKET, constants.SO_KEEPALIVE), [1])
    for (const option of [':nosuch', 'keepalive', null])
      assert.equal(emacs.setNetworkProcessOption(process, option, true, true), null)
    assert.match(
      thrown(() => emacs.setNetworkProcessOption(process, ':nosuch', true)).message,
      /Unknown or unsupported option/,
    )
    deleteProcess(process)
    for (const option of [':keepalive', 'keepalive'])
      assert.equal(
        thrown(() => emacs.setNetworkProcessOption(process, option, true, true)).code,
        'ERR_PROCESS_NOT_RUNNING',
      )
  },
  async acceptProcessOutput() {
    const { client, peer, atServer } = await pair()
    processSendString(client, 'x')
    assert.equal(acceptProcessOutput(peer, 5), true)
    assert.equal(atServer.text, 'x')
    assert.equal(acceptProcessOutput(null, 0), false)
  },
  internalDefaultProcessFilter() {
    const output = buffer('output')
    const process = server(':buffer', output)
    emacs.internalDefaultProcessFilter(process, 'text')
    assert.equal(String(output), 'text')
    assert.equal(emacs.internalDefaultProcessFilter.name, 'internal-default-process-filter')
  },
  internalDefaultProcessSentinel() {
    const output = buffer('output')
    emacs.internalDefaultProcessSentinel(server(':buffer', output), 'deleted\n')
    assert.equal(String(output), '\nProcess s deleted\n')
    assert.equal(emacs.internalDefaultProcessSentinel.name, 'internal-default-process-sentinel')
  },
  formatNetworkAddress() {
    assert.equal(emacs.formatNetworkAddress([127, 0, 0, 1, 80]), '127.0.0.1:80')
    assert.equal(emacs.formatNetworkAddress([127, 0, 0, 1, 80], true), '127.0.0.1')
    assert.equal(emacs.formatNetworkAddress([1, 2]), null)
    assert.equal(emacs.formatNetworkAddress(null), null)
  },
  networkInterfaceList() {
    assert.ok(emacs.networkInterfaceList().every(entry => entry.length === 2))
    assert.ok(emacs.networkInterfaceList(true, 'ipv4').every(entry => entry.length === 4))
  },
  networkInterfaceInfo() {
    assert.equal(emacs.networkInterfaceInfo('nosuch0'), null)
    for (const [name] of emacs.networkInterfaceList()) assert.ok(emacs.networkInterfaceInfo(name))
  },
  networkLookupAddressInfo() {
    assert.deepEqual(emacs.networkLookupAddressInfo('127.0.0.1', 'ipv4'), [[127, 0, 0, 1, 0]])
    assert.equal(emacs.networkLookupAddressInfo('127.0.0.1', 'ipv6'), null)
  },
  async openNetworkStream() {
    const seen = witness()
    const listener = server(':filter', seen.callbacks.filter, ':log', seen.callbacks.log)
    const stream = emacs.openNetworkStream(
      'stream',
      null,
      '127.0.0.1',
      emacs.processContact(listener, ':service') as number,
    )
    assert.ok(stream instanceof NetworkProcess)
    processSendString(stream, 'x')
    await until(() => seen.text === 'x', 'text')
  },
  openProtocolStream: () => assert.equal(emacs.openProtocolStream, emacs.openNetworkStream),
}

/** Rules that are not about one function. */
const rules: Record<string, () => Promise<void> | void> = {
  'takes only processes where Emacs does'() {
    server(':buffer', buffer('output'))
    const only = [
      'processName',
      'processId',
      'processTtyName',
      'processCommand',
      'processExitStatus',
      'processFilter',
      'processSentinel',
    ] as const
    const also = [
      'processBuffer',
      'processMark',
      'processPlist',
      'processContact',
      'processDatagramAddress',
      'processCodingSystem',
    ] as const
    const more = ['processQueryOnExitFlag', 'processInheritCodingSystemFlag'] as const
    const setters = [
      'setProcessFilter',
      'setProcessSentinel',
      'setProcessBuffer',
      'setProcessPlist',
      'setProcessCodingSystem',
    ] as const
    const others = [
      'setProcessQueryOnExitFlag',
      'setProcessInheritCodingSystemFlag',
      'processGet',
      'processPut',
      'setNetworkProcessOption',
    ] as const
    for (const name of [...only, ...also, ...more, ...setters, ...others])
      for (const wrong of ['s', 'output', null, undefined, 5, {}, TextBuffer.named('output')]) {
        const call = emacs[name] as (...args: unknown[]) => unknown
        assert.equal(thrown(() => call(wrong)).code, type, name)
      }
  },
  'takes names and buffers where Emacs does, and says which does not exist'() {
    const designated = [
      'deleteProcess',
      'processType',
      'processSendString',
      'processSendEof',
      'stopProcess',
      'continueProcess',
    ] as const
    const empty = buffer('empty')
    const dead = buffer('dead')
    dead.kill()
    for (const name of designated) {
      const call = emacs[name] as (...args: unknown[]) => unknown
      const failure = (designator: unknown) => thrown(() => call(designator, 'x'))
      assert.deepEqual(
        [failure('nobody').code, failure('nobody').message],
        [none, 'Process nobody does not exist'],
        name,
      )
      assert.deepEqual(
        [failure(empty).code, failure('empty').message],
        [none, 'Buffer empty has no process'],
        name,
      )
      assert.deepEqual(
        [failure(dead).code, failure(dead).message],
        [none, 'Attempt to get process for a dead buffer'],
        name,
      )
      assert.equal(failure(5).code, type, name)
    }
  },
  async 'gives null, and never undefined, for nil'() {
    const { client } = await pair()
    const values = [
      ...[
        emacs.processId(client),
        emacs.processBuffer(client),
        emacs.processMark(client),
        emacs.processPlist(client),
      ],
      ...[
        emacs.processContact(client, ':host'),
        emacs.processContact(client),
        emacs.processDatagramAddress(client),
      ],
      ...[
        emacs.getProcess('nobody'),
        emacs.getBufferProcess('nobody'),
        processStatus('nobody'),
        emacs.processGet(client, 'x'),
      ],
      ...[
        deleteProcess(client),
        emacs.processContact(client, true, true),
        emacs.networkInterfaceInfo('nosuch0'),
      ],
    ]
    for (const value of values.flat()) assert.notEqual(value, undefined)
    await settled()
  },
  'takes bytes for names and paths, unchanged'() {
    const path = Buffer.concat([Buffer.from(socketFile()), Buffer.of(0xc0)])
    const server = makeNetworkProcess(':name', Buffer.of(0xc0), ':server', true, ':local', path)
    const client = makeNetworkProcess(':name', 'c', ':family', 'local', ':service', path)
    assert.equal(processStatus(client as Process), 'open')
    assert.equal(emacs.processName(server as Process), '\udcc0')
    assert.ok(existsSync(path))
  },
  async 'calls the sentinels of all processes that have ended when one is deleted, newest first'() {
    const told: string[] = []
    const clients: Process[] = []
    const peers: Process[] = []
    for (let i = 0; i < 3; i++) {
      const { client, peer } = await pair()
      client.sentinel = process => {
        told.push(process.name)
        if (process !== clients[0]) deleteProcess(clients[0] as Process)
        told.push('done')
        changed()
      }
      clients.push(client)
      peers.push(peer)
    }
    peers.forEach(peer => deleteProcess(peer))
    await until(() => told.length === 6, 'all events')
    assert.deepEqual(told, ['c<2>', 'c<1>', 'c', 'done', 'done', 'done'])
  },
  async 'keeps the order of messages when a filter waits'() {
    const { client, peer, atServer } = await pair(':type', null)
    deleteProcess(client)
    await atServer.event('connection broken by remote peer\n')
    assert.equal(processStatus(peer), 'closed')
    const heard: string[] = []
    const receiver = datagrams(':stop', true, ':filter', (process: Process, text: string) => {
      heard.push(text)
      acceptProcessOutput(process, 0)
    })
    const sender = datagrams(':remote', emacs.processContact(receiver, ':local'))
    const sent = Array.from({ length: 100 }, (_, i) => `${i}`)
    sent.forEach(text => processSendString(sender, text))
    emacs.continueProcess(receiver)
    while (heard.length < sent.length) assert.ok(acceptProcessOutput(receiver, 5))
    assert.deepEqual(heard, sent)
  },
  async 'reports the end while a filter waits that got the rest of a character, and after it'() {
    for (const waits of [0.05, 0]) {
      const { client, peer, atClient } = await pair(':coding', 'utf-16le-unix')
      const heard: string[] = []
      emacs.setProcessFilter(client, (process, text) => {
        acceptProcessOutput(process, waits)
        heard.push(`${String(text)} ${processStatus(process)}`)
      })
      processSendString(peer, Buffer.of(0x61, 0, 0xc3))
      emacs.deleteProcess(peer)
      await atClient.event('connection broken by remote peer\n')
      await until(() => heard.length === 2, 'the rest')
      assert.deepEqual(heard, ['\udcc3 closed', 'a closed'])
    }
  },
  async 'calls no sentinels in a wait for a process that has ended'() {
    const { client, peer, atServer, atClient } = await pair()
    const before = atServer.events.length
    processSendString(peer, 'last words')
    emacs.processSendEof(peer)
    assert.equal(acceptProcessOutput(client), true)
    // The end that the client itself sends is not read yet, and so no sentinel is called.
    for (const seconds of [null, 5]) {
      assert.equal(acceptProcessOutput(client, seconds), false)
      assert.equal(processStatus(client), 'closed')
      assert.equal(atClient.text, 'last words')
      assert.deepEqual(atClient.events, [])
      assert.equal(atServer.events.length, before)
    }
    await atClient.event('connection broken by remote peer\n')
    await atServer.event('connection broken by remote peer\n')
  },
  async 'leaves a connect in progress that a sentinel has begun'() {
    // A listener whose backlog is full lets no connection in.
    const full = new Socket(constants.AF_INET, constants.SOCK_STREAM)
    full.bind(encodeAddress([127, 0, 0, 1, 0]))
    full.listen(0)
    const fillers = Array.from({ length: 3 }, () => new Socket(constants.AF_INET, constants.SOCK_STREAM))
    for (const filler of fillers) thrown(() => filler.connect(full.getsockname()))
    const connect = (remote: unknown, sentinel: (process: Process) => void) =>
      makeNetworkProcess(
        ...[':name', 'c', ':nowait', true, ':remote', remote],
        ...[':sentinel', sentinel],
      ) as Process
    let opened = 0
    let begun: Process | undefined
    const sentinel = (process: Process) => {
      if (processStatus(process) !== 'open') return
      // Turns go round in the order of descriptors: before the first comes the last.
      if (++opened === 1) deleteProcess(connecting.at(connecting.indexOf(process) - 1) as Process)
      else begun = connect(decodeAddress(full.getsockname()), () => assert.fail('it is open'))
      changed()
    }
    const address = emacs.processContact(server(), ':local')
    const connecting = [1, 2, 3].map(() => connect(address, sentinel)).sort((one, other) => one.fd - other.fd)
    await until(() => opened === 2, 'connections')
    await settled()
    assert.equal(begun?.status, 'connect')
    for (const socket of [full, ...fillers]) socket.close()
  },
}

async function perform(name: string): Promise<void> {
  let failure: unknown
  try {
    const test = tests[name] ?? rules[name]
    assert.ok(test, `nothing tests ${name}`)
    if (canTestTls || !/gnutls/i.test(name)) await test()
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  cleanUp()
  for (const made of buffers) made.kill()
  buffers = []
  parentPort?.postMessage(failure)
}

parentPort?.on('message', (name: string) => void perform(name))
parentPort?.postMessage(Object.keys(rules))
