// The headers that the constants come from. scripts/constants.mjs reads the names
// from what this file includes, so another family needs only its header here.
#include "constants.h"

#ifdef __APPLE__
// Without it Darwin hides the options of RFC 3542 (IPV6_RECVPKTINFO and its like).
#define __APPLE_USE_RFC_3542 1
#endif

#ifdef __linux__
// The kernel's TCP and UDP headers know options that the C library's do not, and
// define the same structures again: hence the namespace. They come first, since
// musl has macros where these have enumerators; and what they include comes
// before them, so that it stays out of the namespace.
#include <asm/byteorder.h>
#include <asm/socket.h>
#include <linux/socket.h>
#include <linux/types.h>
namespace uapi {
#include <linux/tcp.h>
#include <linux/udp.h>
}  // namespace uapi
#endif

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <iterator>

#include "missing.h"

#ifdef __linux__
#include <linux/can.h>
#include <linux/can/raw.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if.h>
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/net_tstamp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sctp.h>
#include <linux/sock_diag.h>
#include <linux/tipc.h>
#include <linux/tls.h>
#include <linux/vm_sockets.h>
#if __has_include(<linux/dccp.h>)  // Linux has given DCCP up.
#include <linux/dccp.h>
#endif
#if __has_include(<linux/mptcp.h>)  // Since 5.6.
#include <linux/mptcp.h>
#endif
#if __has_include(<linux/can/j1939.h>)  // Since 5.4.
#include <linux/can/j1939.h>
#endif
#endif

#ifdef __GLIBC__
#include <netatalk/at.h>
#include <netax25/ax25.h>
#include <netipx/ipx.h>
#include <netrom/netrom.h>
#include <netrose/rose.h>
#endif

#if defined(__APPLE__) && __has_include(<sys/vsock.h>)
#include <sys/vsock.h>
#endif

namespace sys {
namespace {

#define CONSTANT(name) {#name, static_cast<std::int64_t>(name)},
constexpr Constant kConstants[] = {
#include "constants.inc"
};
#undef CONSTANT

}  // namespace

ConstantList Constants() { return {kConstants, std::size(kConstants)}; }

}  // namespace sys
