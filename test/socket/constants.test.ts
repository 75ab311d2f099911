// The system's numbers, by their C names. They are compared with what Node or the kernel itself says; only a few
// are written here.

import assert from 'node:assert/strict'
import os from 'node:os'
import { getSystemErrorName } from 'node:util'
import { constants, errno } from 'make-network-process/socket'
import { aSocket } from './sockets.js'

describe('constants', () => {
  const everywhere = {
    AF_UNSPEC: 0,
    AF_UNIX: 1,
    AF_INET: 2,
    SOCK_STREAM: 1,
    SOCK_DGRAM: 2,
    SOCK_RAW: 3,
    SOCK_SEQPACKET: 5,
    IPPROTO_ICMP: 1,
    IPPROTO_TCP: 6,
    IPPROTO_UDP: 17,
    IPPROTO_IPV6: 41,
    TCP_NODELAY: 1,
    MSG_OOB: 1,
    MSG_PEEK: 2,
    SHUT_RD: 0,
    SHUT_WR: 1,
    SHUT_RDWR: 2,
    SCM_RIGHTS: 1,
    POLLIN: 1,
    POLLOUT: 4,
    POLLERR: 8,
    POLLHUP: 16,
  }
  const bySystem: Record<string, Record<string, number>> = {
    linux: {
      AF_INET6: 10,
      AF_NETLINK: 16,
      AF_VSOCK: 40,
      ALG_SET_KEY: 1,
      CAN_RAW_FD_FRAMES: 5,
      ETH_P_ALL: 3,
      ICMP_FILTER: 1,
      MSG_NOSIGNAL: 0x4000,
      MSG_TRUNC: 0x20,
      IPTOS_LOWDELAY: 0x10,
      NLM_F_DUMP: 0x300,
      RTM_NEWLINK: 16,
      RTMGRP_IPV4_ROUTE: 0x40,
      RTNLGRP_LINK: 1,
      SCM_CREDENTIALS: 2,
      SO_ORIGINAL_DST: 80,
      SOCK_DIAG_BY_FAMILY: 20,
      SOF_TIMESTAMPING_SOFTWARE: 16,
      TIPC_NODE_SCOPE: 3,
      TLS_TX: 1,
      UDPLITE_SEND_CSCOV: 10,
    },
    darwin: { AF_INET6: 30, SOL_SOCKET: 0xffff, SO_REUSEADDR: 4, MSG_TRUNC: 0x10, LOCAL_PEERCRED: 1 },
  }

  it('are the numbers of this system', () => {
    for (const [name, number] of Object.entries({ ...everywhere, ...bySystem[process.platform] }))
      assert.equal(constants[name], number, name)
  })

  it('are those that the kernel uses', () => {
    const { AF_INET, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, SO_TYPE, SO_REUSEADDR } = constants
    for (const type of [SOCK_DGRAM, SOCK_STREAM]) {
      const value = aSocket(AF_INET, type).getsockopt(SOL_SOCKET, SO_TYPE)
      assert.deepEqual([...new Int32Array(new Uint8Array(value).buffer)], [type])
    }
    const value = aSocket(AF_INET, SOCK_STREAM).getsockopt(SOL_SOCKET, SO_REUSEADDR)
    assert.deepEqual([...value], [0, 0, 0, 0])
  })

  it('have their C names', () => {
    const pattern =
      /^((AF|SOCK|SOL|SO|IPPROTO|MSG|SHUT|IP|IPV6|TCP|SCM|AI|ALG|CAN|DCCP|EAI|ETH_P|ICMP|ICMPV6|IFF|INADDR|IPTOS|LOCAL|MCAST|MPTCP|NETLINK|NI|NLM_F|NLMSG|PACKET|RTM|RTMGRP|RTNLGRP|SCTP|SOF|TIPC|TLS|UDP|UDPLITE|VMADDR)_\w+|POLL[A-Z]+|IP6T_SO_ORIGINAL_DST|SOMAXCONN)$/
    const names = Object.keys(constants)
    assert.ok(names.length > 300)
    for (const name of names) assert.match(name, pattern)
  })

  it('are whole numbers', () => {
    for (const [name, number] of Object.entries(constants)) assert.ok(Number.isSafeInteger(number), name)
  })

  it('keep an unsigned number positive and a negative one negative', () => {
    assert.equal(constants.INADDR_NONE, 0xffffffff)
    if (process.platform === 'linux') assert.ok(constants.EAI_AGAIN < 0)
  })

  it('are undefined where the system lacks them', () => {
    assert.equal(constants.AF_NO_SUCH_FAMILY, undefined)
    assert.equal('AF_NO_SUCH_FAMILY' in constants, false)
  })

  it('are frozen', () => {
    assert.ok(Object.isFrozen(constants))
    assert.throws(() => Object.assign(constants, { AF_UNIX: 2 }), TypeError)
    assert.equal(constants.AF_UNIX, 1)
  })
})

describe('errno', () => {
  it('has the numbers that Node has', () => {
    const numbers = new Set(Object.values(errno))
    for (const [name, number] of Object.entries(os.constants.errno)) {
      assert.ok(numbers.has(number), name)
      assert.ok(errno[name] === number || errno[name] === undefined, name)
    }
  })

  it('has the names that Node has', () => {
    for (const [name, number] of Object.entries(errno)) {
      assert.match(name, /^E[A-Z0-9]+$/)
      const known = getSystemErrorName(-number) ?? ''
      if (!known.startsWith('Unknown')) assert.equal(name, known)
    }
  })

  it('is frozen', () => {
    assert.ok(Object.isFrozen(errno))
  })
})
