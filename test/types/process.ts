// What the types of the package promise to those who write TypeScript. Compiled by `npm run typecheck`, never run.

import { expectTypeOf } from 'expect-type'
import {
  acceptProcessOutput,
  formatNetworkAddress,
  getProcess,
  makeNetworkProcess,
  networkInterfaceInfo,
  networkInterfaceList,
  networkLookupAddressInfo,
  NetworkProcess,
  processList,
  TextBuffer,
  type Address,
  type AddressInput,
  type Contact,
  type Filter,
  type InterfaceInfo,
  type Log,
  type MessageInfo,
  type NetworkConnection,
  type NetworkProcessOptions,
  type NetworkServer,
  type ProcessBuffer,
  type ProxyHeader,
  type RawAddress,
  type Sentinel,
  type Status,
  type SystemError,
} from 'make-network-process'
import { constants } from 'make-network-process/socket'

// ---- making -------------------------------------------------------------------------------------------------

expectTypeOf(makeNetworkProcess({ name: 'x', service: 7 })).toEqualTypeOf<NetworkConnection<string>>()
expectTypeOf(makeNetworkProcess({ name: 'x', service: 7, server: true })).toEqualTypeOf<
  NetworkServer<string>
>()
expectTypeOf(makeNetworkProcess({ name: 'x', service: 7, server: true, type: 'datagram' })).toEqualTypeOf<
  NetworkConnection<string>
>()
expectTypeOf(
  makeNetworkProcess({ name: 'x', service: 7, server: Boolean(0) }),
).toEqualTypeOf<NetworkProcess>()
expectTypeOf<NetworkServer>().toExtend<NetworkProcess>()
expectTypeOf<NetworkConnection>().toExtend<NetworkProcess>()
expectTypeOf(makeNetworkProcess(':name', 'x')).toEqualTypeOf<NetworkProcess>()
// The last overload: no arguments.
expectTypeOf<ReturnType<typeof makeNetworkProcess>>().toEqualTypeOf<undefined>()

const everything: NetworkProcessOptions = {
  name: 'x',
  type: 'seqpacket',
  server: 5,
  host: 'local',
  service: true,
  family: 'ipv6',
  local: [127, 0, 0, 1, 0],
  remote: { family: 16, data: [0, 0] },
  nowait: null,
  stop: false,
  buffer: 'name',
  coding: ['utf-8', null],
  noquery: true,
  filter: true,
  filterMultibyte: null,
  sentinel: null,
  log: undefined,
  plist: { any: 'thing' },
  halfOpen: true,
  lend: true,
  bindtodevice: 'lo',
  broadcast: true,
  dontroute: null,
  keepalive: false,
  linger: 5,
  oobinline: true,
  priority: 6,
  reuseaddr: null,
  nodelay: true,
  reuseport: true,
  colour: 'kept in the contact',
}
makeNetworkProcess(everything)
makeNetworkProcess({
  name: 'x',
  service: 7,
  family: 38,
  buffer: TextBuffer.named('x'),
  coding: 'utf-8',
  linger: true,
  bindtodevice: null,
})

// @ts-expect-error A process must have a name.
makeNetworkProcess({})
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 5 })
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 'x', service: 7, type: 'dgram' })
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 'x', service: 7, family: 'inet' })
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 'x', service: {} })
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 'x', service: 7, sentinel: true })
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 'x', remote: 5 })
// @ts-expect-error Not of that type.
makeNetworkProcess({ name: 'x', service: 7, priority: 'high' })
// @ts-expect-error Only makeNetworkProcess makes one.
new NetworkProcess()

// Callbacks with fewer parameters, and with the types written out.
makeNetworkProcess({ name: 'x', service: 7, filter: () => {}, sentinel: () => {}, log: () => {} })
makeNetworkProcess({
  name: 'x',
  service: 7,
  filter: (process, data) => {
    expectTypeOf(process).toEqualTypeOf<NetworkProcess>()
    expectTypeOf(data).toEqualTypeOf<string>()
    // What came can be sent, as it is.
    process.send(data)
  },
  sentinel: (process, event) => {
    expectTypeOf(process).toEqualTypeOf<NetworkProcess>()
    expectTypeOf(event).toEqualTypeOf<string>()
  },
  log: (server, client, message) => {
    expectTypeOf(server).toEqualTypeOf<NetworkProcess>()
    expectTypeOf(client).toEqualTypeOf<NetworkConnection<string> | undefined>()
    expectTypeOf(message).toEqualTypeOf<string>()
  },
})

// ---- what the filter gets ---------------------------------------------------------------------------------------

makeNetworkProcess({
  name: 'x',
  service: 7,
  coding: 'latin-1',
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<string>(),
})
makeNetworkProcess({
  name: 'x',
  service: 7,
  coding: null,
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<string>(),
})
makeNetworkProcess({
  name: 'x',
  service: 7,
  coding: 'binary',
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<Buffer>(),
})
makeNetworkProcess({
  name: 'x',
  service: 7,
  coding: ['raw-text-dos', 'utf-8'],
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<Buffer>(),
})
makeNetworkProcess({
  name: 'x',
  service: 7,
  coding: ['utf-8', 'binary'],
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<string>(),
})
makeNetworkProcess({
  name: 'x',
  service: 7,
  filterMultibyte: null,
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<Buffer>(),
})
makeNetworkProcess({
  name: 'x',
  service: 7,
  server: true,
  filterMultibyte: true,
  filter: (connection, data, info) => {
    expectTypeOf(connection).toEqualTypeOf<NetworkProcess>()
    expectTypeOf(data).toEqualTypeOf<string>()
    expectTypeOf(info).toEqualTypeOf<MessageInfo>()
    expectTypeOf(info.others).items.toHaveProperty('data').toEqualTypeOf<Buffer>()
  },
})
// What is detected may be bytes, and so may the unknown.
declare const some: { coding: string; flag: boolean; filter: Filter }
for (const coding of ['undecided-unix', [null, 'utf-8'], some.coding] as const)
  makeNetworkProcess({
    name: 'x',
    service: 7,
    coding,
    filter: (_, data) => expectTypeOf(data).toEqualTypeOf<string | Buffer>(),
  })
makeNetworkProcess({
  name: 'x',
  service: 7,
  filterMultibyte: some.flag,
  filter: (_, data) => expectTypeOf(data).toEqualTypeOf<string | Buffer>(),
})
makeNetworkProcess({ name: 'x', service: 7, filter: some.filter })
// @ts-expect-error A filter of bytes, where there is text.
makeNetworkProcess({ name: 'x', service: 7, filter: (_: NetworkProcess, data: Uint8Array) => data.length })
// @ts-expect-error A filter of text, where there are bytes.
makeNetworkProcess({ name: 'x', service: 7, coding: 'binary', filter: (_, data: string) => data.length })
export async function loops(): Promise<void> {
  for await (const text of makeNetworkProcess({ name: 'x', service: 7 }))
    expectTypeOf(text).toEqualTypeOf<string>()
  for await (const connection of makeNetworkProcess({ name: 'x', service: 7, server: 5, coding: 'binary' }))
    for await (const bytes of connection) expectTypeOf(bytes).toEqualTypeOf<Buffer>()
  const client = await makeNetworkProcess({ name: 'x', service: 7, nowait: true }).opened
  for await (const text of client) expectTypeOf(text).toEqualTypeOf<string>()
}

// Filters that are set later, and connections in a log.
const client = makeNetworkProcess({ name: 'x', service: 7 })
client.filter = (_, text: string) => text.length
client.filter = (_, text) => expectTypeOf(text).toEqualTypeOf<string>()
client.filter = true
// @ts-expect-error A filter of bytes, where there is text.
client.filter = (_, data: Buffer) => data.length
const listener = makeNetworkProcess({
  name: 'x',
  service: 7,
  server: true,
  coding: 'binary',
  log: (_, connection) => {
    if (connection !== undefined) connection.filter = (_, packet) => packet.readUInt16BE()
  },
})
listener.filter = (_, packet) => packet.readUInt16BE()
expectTypeOf(listener.filter).toEqualTypeOf<Filter | true>()

// ---- what excludes what -------------------------------------------------------------------------------------------

// @ts-expect-error A server does not wait.
makeNetworkProcess({ name: 'x', service: 7, server: true, nowait: true })
// @ts-expect-error The same, with an error where a callback is too.
makeNetworkProcess({ name: 'x', service: 7, server: 5, type: 'datagram', nowait: true, filter: () => {} })
// @ts-expect-error A local socket is on no other host.
makeNetworkProcess({ name: 'x', family: 'local', host: 'localhost', service: '/tmp/x' })
// @ts-expect-error A local socket has a path, and no port.
makeNetworkProcess({ name: 'x', family: 'local', service: 7000 })
// @ts-expect-error A client has a port to connect to.
makeNetworkProcess({ name: 'x', service: true })
// @ts-expect-error There is no address.
makeNetworkProcess({ name: 'x' })
// @ts-expect-error There is no address.
makeNetworkProcess({ name: 'x', server: true, host: 'localhost' })
// @ts-expect-error Sequenced packets over IP are for servers.
makeNetworkProcess({ name: 'x', type: 'seqpacket', service: 7 })
// @ts-expect-error The same, where the family is given.
makeNetworkProcess({ name: 'x', type: 'seqpacket', family: 'ipv4', service: 7 })
// @ts-expect-error A client does not bind.
makeNetworkProcess({ name: 'x', local: [127, 0, 0, 1, 0], service: 7 })
// @ts-expect-error A listener has no remote address.
makeNetworkProcess({ name: 'x', server: true, remote: [127, 0, 0, 1, 7] })
// @ts-expect-error Only servers of streams have load balancers.
makeNetworkProcess({ name: 'x', service: 7, server: true, type: 'datagram', proxyProtocol: true })
// @ts-expect-error Only servers of streams have load balancers.
makeNetworkProcess({ name: 'x', service: 7, server: true, type: 'seqpacket', proxyProtocol: true })
// @ts-expect-error Only servers of streams have load balancers.
makeNetworkProcess({ name: 'x', service: 7, proxyProtocol: true })
// @ts-expect-error An adopted socket has its address already.
makeNetworkProcess({ name: 'x', adopt: 5, host: 'localhost' })

makeNetworkProcess({ name: 'x', server: true, nowait: false, service: true, proxyProtocol: 2 })
makeNetworkProcess({ name: 'x', server: true, type: 'datagram', remote: [127, 0, 0, 1, 7], local: '/tmp/x' })
makeNetworkProcess({ name: 'x', family: 'local', host: 'local', service: '/tmp/x', nowait: true })
makeNetworkProcess({ name: 'x', host: null, service: undefined, family: undefined })
makeNetworkProcess({ name: 'x', service: 7, colour: 'kept in the contact' })
makeNetworkProcess({ name: 'x', type: 'seqpacket', service: 7, server: true, protocol: 132 })
makeNetworkProcess({ name: 'x', type: 'seqpacket', service: '/tmp/x', family: 'local' })
makeNetworkProcess({ name: 'x', type: 'seqpacket', remote: '/tmp/x' })

// What an adopted socket is shows only at run time; the compiler takes it for a connection unless `server` is given.
expectTypeOf(
  makeNetworkProcess({
    name: 'x',
    adopt: 5,
    coding: 'binary',
    filter: (_, data) => expectTypeOf(data).toEqualTypeOf<Buffer>(),
  }),
).toEqualTypeOf<NetworkConnection<Buffer>>()
expectTypeOf(makeNetworkProcess({ name: 'x', adopt: 5, server: true })).toEqualTypeOf<NetworkServer<string>>()
expectTypeOf(makeNetworkProcess({ name: 'x', adopt: 5, server: true, type: 'datagram' })).toEqualTypeOf<
  NetworkConnection<string>
>()

// Options that are put together in a program may have any keyword.
expectTypeOf(makeNetworkProcess({ ...everything, server: 5, nowait: true })).toEqualTypeOf<NetworkProcess>()
expectTypeOf(makeNetworkProcess(everything)).toEqualTypeOf<NetworkProcess>()
declare const partly: { name: string; server?: boolean }
expectTypeOf(makeNetworkProcess(partly)).toEqualTypeOf<NetworkProcess>()
// So may options whose types leave open what they make.
declare const any: { type: 'stream' | 'datagram' | 'seqpacket'; adopt: number | undefined }
const { type, adopt } = any
expectTypeOf(
  makeNetworkProcess({ name: 'x', type, server: true, service: 7 }),
).toEqualTypeOf<NetworkProcess>()
expectTypeOf(makeNetworkProcess({ name: 'x', type, service: 7 })).toEqualTypeOf<NetworkProcess>()
expectTypeOf(makeNetworkProcess({ name: 'x', adopt, service: 7 })).toEqualTypeOf<NetworkProcess>()
expectTypeOf(makeNetworkProcess({ name: 'x', type, family: 'local', service: '/tmp/x' })).toEqualTypeOf<
  NetworkConnection<string>
>()

// ---- the process ----------------------------------------------------------------------------------------------

declare const process: NetworkProcess

expectTypeOf(process.name).toEqualTypeOf<string>()
expectTypeOf<NetworkProcess['type']>().toEqualTypeOf<'network'>()
expectTypeOf(process.status).toEqualTypeOf<Status>()
expectTypeOf<Status>().toEqualTypeOf<'connect' | 'open' | 'listen' | 'stop' | 'closed' | 'failed'>()
expectTypeOf(process.exitStatus).toEqualTypeOf<number | string>()
expectTypeOf(process.stopped).toEqualTypeOf<boolean>()
expectTypeOf(process.fd).toEqualTypeOf<number>()
expectTypeOf(process.plist).toEqualTypeOf<Record<string, unknown>>()
expectTypeOf(process.queryOnExit).toEqualTypeOf<boolean>()
expectTypeOf(process.mark).toEqualTypeOf<number | undefined>()
expectTypeOf(process.writableLength).toEqualTypeOf<number>()
expectTypeOf(process.bytesRead).toEqualTypeOf<number>()
expectTypeOf(process.bytesWritten).toEqualTypeOf<number>()
expectTypeOf(process.drained).toEqualTypeOf<Promise<void>>()
expectTypeOf(process.hasRef()).toEqualTypeOf<boolean>()
expectTypeOf(process.codingSystem).toEqualTypeOf<[string | null, string | null]>()

// Methods that can be chained.
expectTypeOf(process.stop().continue().ref().unref().sendEof()).toEqualTypeOf<NetworkProcess>()
expectTypeOf<NetworkProcess>().toExtend<Disposable>()

expectTypeOf(process.send('text')).toEqualTypeOf<boolean>()
process.send(Buffer.of(1))
process.send(new Uint16Array(1))
process.send(new DataView(new ArrayBuffer(1)))
// @ts-expect-error Not of that type.
process.send(5)
// @ts-expect-error Not of that type.
process.send(new ArrayBuffer(1))
// @ts-expect-error Not of that type.
process.send([1, 2])

// Properties that have one type when read, and may be set to nil too.
expectTypeOf(process.filter).toEqualTypeOf<Filter | true>()
process.filter = null
process.filter = true
// @ts-expect-error Not of that type.
process.filter = 5
expectTypeOf(process.sentinel).toEqualTypeOf<Sentinel>()
process.sentinel = null
expectTypeOf(process.buffer).toEqualTypeOf<ProcessBuffer | undefined>()
process.buffer = null
process.buffer = TextBuffer.named('x')
expectTypeOf(process.datagramAddress).toEqualTypeOf<Address | undefined>()
process.datagramAddress = [127, 0, 0, 1, 9]
process.datagramAddress = { family: 16, data: [0] }
process.codingSystem = 'utf-8'
process.codingSystem = ['utf-8', null]
// @ts-expect-error A name cannot be changed.
process.name = 'y'
// @ts-expect-error Not of that type.
process.status = 'open'

expectTypeOf(process.contact()).toEqualTypeOf<[host: unknown, service: unknown]>()
expectTypeOf(process.contact(true)).toEqualTypeOf<Contact>()
expectTypeOf(process.contact('service')).toEqualTypeOf<string | number | undefined>()
expectTypeOf(process.contact(':local', true)).toEqualTypeOf<Address | undefined>()
expectTypeOf(process.contact(':proxyHeader')).toEqualTypeOf<ProxyHeader | undefined>()
expectTypeOf(process.contact('colour')).toEqualTypeOf<unknown>()
expectTypeOf(process.setOption('linger', 1)).toEqualTypeOf<boolean>()

// ---- addresses and the rest -------------------------------------------------------------------------------------

expectTypeOf<Address>().toExtend<AddressInput>()
expectTypeOf<RawAddress>().toExtend<Address>()
expectTypeOf<string>().toExtend<Address>()
expectTypeOf<number[]>().toExtend<AddressInput>()
expectTypeOf<{ family: number; data: number[] }>().toExtend<AddressInput>()
expectTypeOf<{ family: number; data: number[] }>().not.toExtend<Address>()

expectTypeOf(processList()).toEqualTypeOf<NetworkProcess[]>()
expectTypeOf(getProcess('x')).toEqualTypeOf<NetworkProcess | undefined>()
expectTypeOf(acceptProcessOutput).returns.toEqualTypeOf<boolean>()
expectTypeOf(acceptProcessOutput).toBeCallableWith(process, 1, 500, true)
expectTypeOf(acceptProcessOutput).toBeCallableWith(null)
expectTypeOf(formatNetworkAddress).returns.toEqualTypeOf<string | undefined>()
expectTypeOf(networkInterfaceInfo).returns.toEqualTypeOf<InterfaceInfo | undefined>()
expectTypeOf(networkInterfaceList()[0]).toExtend<readonly [string, Address, Address?, Address?] | undefined>()
expectTypeOf(networkLookupAddressInfo('x', 'ipv4')).toEqualTypeOf<Address[] | undefined>()
// @ts-expect-error Not of that type.
networkLookupAddressInfo('x', 'local')

expectTypeOf<SystemError>().toExtend<NodeJS.ErrnoException>()
expectTypeOf<Log>().parameters.toEqualTypeOf<[NetworkProcess, NetworkConnection | undefined, string]>()
expectTypeOf(TextBuffer.named('x')).toExtend<ProcessBuffer>()
expectTypeOf(TextBuffer.get('x')).toEqualTypeOf<TextBuffer | undefined>()

// ---- ancillary data: an answer to the sender of a message, if it has an address ------------------------------------

makeNetworkProcess({
  name: 'answers',
  server: true,
  type: 'datagram',
  service: true,
  filter: (server, data, { address, credentials }) => server.sendMessage({ data, address, credentials }),
})

// What every system has needs no `!`.
expectTypeOf(constants.IP_RECVTTL).toEqualTypeOf<number>()
expectTypeOf(constants.SO_PEERCRED).toEqualTypeOf<number | undefined>()

const sockopts = [[constants.SOL_SOCKET, constants.SO_RCVBUF, 1 << 16]] as const
expectTypeOf(makeNetworkProcess({ name: 'x', service: 9, sockopts }).getsockopt(1, 2)).toEqualTypeOf<Buffer>()
// @ts-expect-error An option has a value.
makeNetworkProcess({ name: 'x', service: 9, sockopts: [[1, 2]] })

// Raw sockets have no ports: a host is where.
expectTypeOf(makeNetworkProcess({ name: 'x', type: 'raw', host: '127.0.0.1', protocol: 1 })).toEqualTypeOf<
  NetworkConnection<string>
>()
expectTypeOf(
  makeNetworkProcess({ name: 'x', server: true, type: 'raw', host: '::1', protocol: 58 }),
).toEqualTypeOf<NetworkConnection<string>>()
expectTypeOf(makeNetworkProcess({ name: 'x', adopt: 3, server: true, type: 'raw' })).toEqualTypeOf<
  NetworkConnection<string>
>()
// @ts-expect-error Nothing says where.
makeNetworkProcess({ name: 'x', type: 'raw', protocol: 1 })
