// Addresses made of named fields: their bytes as a C compiler lays them out here, what is read back, and what is
// refused. The kernel and the compiler are asked; no struct is known here.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { sockaddr as exported } from 'make-network-process'
import {
  constants,
  decodeAddress,
  encodeAddress,
  sockaddr,
  type RawAddress,
  type SockaddrHelper,
} from 'make-network-process/socket'
import { helper } from '../../dist/socket/sockaddr.js'
import { aFolder } from '../support/transports.js'
import { aSocket, contents, runScript, thrownBy } from './sockets.js'

const u32 = fc.nat({ max: 0xffffffff })
const u16 = fc.nat({ max: 0xffff })
const u8 = fc.nat({ max: 0xff })
const index = fc.nat({ max: 0x7fffffff })
const scope = fc.integer({ min: -3, max: 3 })
const record = <Fields>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<Fields>
const word = (maxLength: number) => fc.stringMatching(/^[!-~]+$/, { maxLength })

function roundTrip<Given, Read>(
  helper: SockaddrHelper<Given, Read>,
  fields: fc.Arbitrary<Given & Read>,
): void {
  fc.assert(
    fc.property(fields, given => {
      const address = decodeAddress(encodeAddress(helper(given))) as RawAddress
      assert.deepEqual(helper.read(address), given)
      assert.deepEqual(helper.read({ ...address, data: [...address.data] }), given)
    }),
  )
}

/** The sockaddr in hexadecimal. */
const hex = (address: RawAddress) => encodeAddress(address).toString('hex')

// A struct's header, its type, C statements that fill it in, and a call that has to give the same bytes.
const address = Uint8Array.of(1, 2, 3, 4, 5, 6)
const structs: [name: string, header: string, type: string, fill: string, make: () => RawAddress][] = [
  [
    'netlink',
    'linux/netlink.h',
    'struct sockaddr_nl',
    's.nl_family = AF_NETLINK; s.nl_pid = 0x01020304; s.nl_groups = 0x80000001;',
    () => sockaddr.netlink({ pid: 0x01020304, groups: 0x80000001 }),
  ],
  [
    'vsock',
    'linux/vm_sockets.h',
    'struct sockaddr_vm',
    's.svm_family = AF_VSOCK; s.svm_cid = 0x01020304; s.svm_port = 0xfffefdfc;',
    () => sockaddr.vsock({ cid: 0x01020304, port: 0xfffefdfc }),
  ],
  [
    'packet',
    'linux/if_packet.h',
    'struct sockaddr_ll',
    `s.sll_family = AF_PACKET; s.sll_protocol = htons(0x0806); s.sll_ifindex = 0x01020304; s.sll_hatype = 0x0102;
     s.sll_pkttype = 4; s.sll_halen = 6; memcpy(s.sll_addr, "\\1\\2\\3\\4\\5\\6", 6);`,
    () => sockaddr.packet({ protocol: 0x0806, ifindex: 0x01020304, hatype: 0x0102, pkttype: 4, address }),
  ],
  [
    'alg',
    'linux/if_alg.h',
    'struct sockaddr_alg',
    `s.salg_family = AF_ALG; strcpy((char*)s.salg_type, "skcipher"); strcpy((char*)s.salg_name, "cbc(aes)");
     s.salg_feat = 0x01020304; s.salg_mask = 0x05060708;`,
    () => sockaddr.alg({ type: 'skcipher', name: 'cbc(aes)', feat: 0x01020304, mask: 0x05060708 }),
  ],
  [
    'can',
    'linux/can.h',
    'struct sockaddr_can',
    's.can_family = AF_CAN; s.can_ifindex = 0x01020304; s.can_addr.tp.rx_id = 0x123; s.can_addr.tp.tx_id = 0x80000321;',
    () => sockaddr.can({ ifindex: 0x01020304, rx: 0x123, tx: 0x80000321 }),
  ],
  [
    'tipc service',
    'linux/tipc.h',
    'struct sockaddr_tipc',
    `s.family = AF_TIPC; s.addrtype = TIPC_ADDR_NAME; s.scope = TIPC_ZONE_SCOPE;
     s.addr.name.name.type = 18888; s.addr.name.name.instance = 17; s.addr.name.domain = 5;`,
    () => sockaddr.tipc({ service: { type: 18888, instance: 17, node: 5 }, scope: 1 }),
  ],
  [
    'tipc range',
    'linux/tipc.h',
    'struct sockaddr_tipc',
    `s.family = AF_TIPC; s.addrtype = TIPC_ADDR_NAMESEQ; s.scope = -TIPC_CLUSTER_SCOPE;
     s.addr.nameseq.type = 18888; s.addr.nameseq.lower = 17; s.addr.nameseq.upper = 0xffffffff;`,
    () => sockaddr.tipc({ range: { type: 18888, lower: 17, upper: 0xffffffff }, scope: -2 }),
  ],
  [
    'tipc socket',
    'linux/tipc.h',
    'struct sockaddr_tipc',
    `s.family = AF_TIPC; s.addrtype = TIPC_ADDR_ID; s.scope = TIPC_CLUSTER_SCOPE;
     s.addr.id.ref = 0x01020304; s.addr.id.node = 0x01001001;`,
    () => sockaddr.tipc({ socket: { ref: 0x01020304, node: 0x01001001 } }),
  ],
]

/** The bytes of a struct, as a compiler of this machine lays it out. */
function compiled(context: Mocha.Context, header: string, type: string, fill: string): string {
  const source = `#include <arpa/inet.h>\n#include <stdio.h>\n#include <string.h>\n#include <sys/socket.h>\n#include <${header}>
    int main(void) {
      ${type} s;
      memset(&s, 0, sizeof s);
      ${fill}
      for (size_t i = 0; i < sizeof s; i++) printf("%02x", ((unsigned char*)&s)[i]);
    }`
  const program = path.join(aFolder(), 'program')
  const probe = spawnSync('cc', ['-E', '-x', 'c', '-o', '/dev/null', '-'], {
    input: `#include <stdio.h>\n#include <sys/socket.h>\n#include <${header}>`,
  })
  if (probe.status !== 0) return context.skip()
  execFileSync('cc', ['-x', 'c', '-o', program, '-'], { input: source })
  return execFileSync(program, { encoding: 'utf8' })
}

describe('sockaddr', () => {
  it('is exported by both entries', () => assert.equal(exported, sockaddr))

  for (const [name, header, type, fill, make] of structs)
    it(`lays ${name} out as C does`, function () {
      assert.equal(hex(make()), compiled(this, header, type, fill))
    })

  it('has the length of the struct, or what a longer address needs', function () {
    if (constants.AF_PACKET === undefined || constants.AF_ALG === undefined) return this.skip()
    const packet = sockaddr.packet({ ifindex: 1, address: new Uint8Array(20).fill(7) })
    assert.equal(packet.data.length, 30)
    assert.equal(sockaddr.packet.read(packet).address.length, 20)
    const name = 'authenc(hmac(sha256-generic),rfc3686(ctr(aes-generic)),and-so-on)'
    assert.ok(name.length > 63)
    assert.equal(sockaddr.alg.read(sockaddr.alg({ type: 'aead', name })).name, name)
  })

  it('zeroes the padding', function () {
    if (constants.AF_NETLINK === undefined) return this.skip()
    assert.deepEqual([...sockaddr.netlink({}).data], new Array(10).fill(0))
  })

  it('follows the byte order of the machine', async function () {
    if (constants.AF_NETLINK === undefined || constants.AF_PACKET === undefined) return this.skip()
    const written = {
      LE: '00000100000002000000 0806010000000403 1\n',
      BE: '00000000000100000002 0806000000010304 1\n',
    }
    for (const [order, expected] of Object.entries(written)) {
      const before = `import os from 'node:os'
        import { syncBuiltinESMExports } from 'node:module'
        os.endianness = () => '${order}'
        syncBuiltinESMExports()`
      const { stdout, stderr } = await runScript(
        `import { sockaddr } from 'make-network-process/socket'
         const packet = sockaddr.packet({ ifindex: 1, protocol: 0x0806, hatype: 772 })
         console.log(sockaddr.netlink({ pid: 1, groups: 2 }).data.toString('hex'), packet.data.toString('hex', 0, 8),
           sockaddr.packet.read(packet).ifindex)`,
        '--import',
        `data:text/javascript,${encodeURIComponent(before)}`,
      )
      assert.equal(stderr, '')
      assert.equal(stdout, expected)
    }
  })

  describe('reads back what was written', () => {
    const has = (family: string) =>
      function (this: Mocha.Context) {
        if (constants[family] === undefined) this.skip()
      }
    const test = (name: string, family: string, body: () => void) =>
      it(name, function () {
        has(family).call(this)
        body()
      })
    test('netlink', 'AF_NETLINK', () => roundTrip(sockaddr.netlink, record({ pid: u32, groups: u32 })))
    test('vsock', 'AF_VSOCK', () => roundTrip(sockaddr.vsock, record({ cid: u32, port: u32 })))
    test('packet', 'AF_PACKET', () =>
      roundTrip(
        sockaddr.packet,
        record({
          ifindex: index,
          protocol: u16,
          hatype: u16,
          pkttype: u8,
          address: fc.uint8Array({ maxLength: 32 }).map(bytes => Buffer.from(bytes)),
        }),
      ),
    )
    test('alg', 'AF_ALG', () =>
      roundTrip(sockaddr.alg, record({ type: word(13), name: word(103), feat: u32, mask: u32 })),
    )
    test('can', 'AF_CAN', () => roundTrip(sockaddr.can, record({ ifindex: index, rx: u32, tx: u32 })))
    test('tipc', 'AF_TIPC', () => {
      const service = record({ type: u32, instance: u32, node: u32 })
      const range = record({ type: u32, lower: u32, upper: u32 })
      const socket = record({ ref: u32, node: u32 })
      roundTrip(
        sockaddr.tipc,
        fc.oneof(record({ service, scope }), record({ range, scope }), record({ socket, scope })),
      )
    })
  })

  it('reads what the kernel has written', function () {
    if (constants.AF_NETLINK === undefined) return this.skip()
    const socket = aSocket(constants.AF_NETLINK, constants.SOCK_RAW)
    socket.bind(encodeAddress(sockaddr.netlink({ groups: 0x11 })))
    const { pid, groups } = sockaddr.netlink.read(decodeAddress(socket.getsockname()))
    assert.equal(groups, 0x11)
    const lines = readFileSync('/proc/net/netlink', 'latin1').split('\n')
    assert.ok(lines.some(line => line.split(/\s+/).slice(2, 4).join() === `${pid},00000011`))
  })

  it('reads the short address of a raw CAN socket', function () {
    const family = constants.AF_CAN
    if (family === undefined) return this.skip()
    const data = sockaddr.can({ ifindex: 7, rx: 1 }).data.subarray(0, 6)
    assert.deepEqual(sockaddr.can.read({ family, data }), { ifindex: 7, rx: 0, tx: 0 })
  })

  describe('refuses', () => {
    before(function () {
      if (constants.AF_NETLINK === undefined) this.skip()
    })
    const refused: [string, () => unknown, RegExp, string][] = [
      ['a negative number', () => sockaddr.netlink({ pid: -1 }), /^sockaddr\.netlink: pid must/, 'RANGE'],
      ['2^32', () => sockaddr.netlink({ groups: 2 ** 32 }), /^sockaddr\.netlink: groups must/, 'RANGE'],
      ['NaN', () => sockaddr.vsock({ cid: NaN, port: 1 }), /^sockaddr\.vsock: cid must/, 'RANGE'],
      [
        'a field that is missing',
        () => sockaddr.vsock({ cid: 1 } as never),
        /: port must be.*undefined/,
        'TYPE',
      ],
      ['no fields', () => sockaddr.netlink(undefined as never), /^sockaddr\.netlink: fields must/, 'TYPE'],
      [
        'a hardware address that is too long',
        () => sockaddr.packet({ ifindex: 1, address: new Uint8Array(33) }),
        /^sockaddr\.packet: address must/,
        'RANGE',
      ],
      [
        'a hardware address in text',
        () => sockaddr.packet({ ifindex: 1, address: '00:00' as never }),
        /: address must/,
        'TYPE',
      ],
      ['NUL in a name', () => sockaddr.alg({ type: 'hash', name: 'a\0b' }), /^sockaddr\.alg: name/, 'VALUE'],
      [
        'a type that is too long',
        () => sockaddr.alg({ type: 'x'.repeat(14), name: 'a' }),
        /^sockaddr\.alg: type/,
        'RANGE',
      ],
      ['none of its forms', () => sockaddr.tipc({} as never), /one of service, range and socket/, 'VALUE'],
      [
        'a scope that does not exist',
        () => sockaddr.tipc({ socket: { ref: 1, node: 1 }, scope: 4 }),
        /: scope must/,
        'RANGE',
      ],
      [
        'half a range',
        () => sockaddr.tipc({ range: { type: 1, lower: 1 } as never }),
        /^sockaddr\.tipc: upper must/,
        'TYPE',
      ],
      [
        'to read another family',
        () => sockaddr.vsock.read(sockaddr.netlink({})),
        /^sockaddr\.vsock\.read: family of address must be AF_VSOCK \(\d+\)/,
        'VALUE',
      ],
      [
        'to read what is too short',
        () => sockaddr.netlink.read({ ...sockaddr.netlink({}), data: new Uint8Array(9) }),
        /data of address must be at least 10 bytes long, not 9/,
        'VALUE',
      ],
      [
        'to read a path',
        () => sockaddr.netlink.read('/dev/log'),
        /^sockaddr\.netlink\.read: address/,
        'VALUE',
      ],
    ]
    for (const [what, call, message, code] of refused)
      it(what, () => {
        const error = thrownBy(call)
        assert.match(error.message, message)
        assert.match(String(error.code), new RegExp(code === 'RANGE' ? 'OUT_OF_RANGE' : 'INVALID_ARG'))
      })
  })

  it('throws where the system lacks the family', () => {
    const nowhere = helper(
      'nowhere',
      'AF_NOWHERE',
      2,
      () => assert.fail(),
      () => assert.fail(),
    )
    for (const call of [() => nowhere({}), () => nowhere.read({ family: 1, data: [] })])
      assert.deepEqual(contents(thrownBy(call)), {
        code: 'ERR_UNSUPPORTED_FAMILY',
        message: 'sockaddr.nowhere: this system has no AF_NOWHERE',
      })
  })
})
