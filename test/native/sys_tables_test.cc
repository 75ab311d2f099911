// The tables of native/sys and what it says of interfaces, without Node:
//
//   g++ -std=c++17 -Wall -Wextra -Werror -o /tmp/sys_tables_test test/native/sys_tables_test.cc
//     native/sys/{constants,errors,interfaces}.cc && /tmp/sys_tables_test
//
// What is expected comes from the system itself wherever it has the value.
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "../../native/sys/constants.h"
#include "../../native/sys/errors.h"
#include "../../native/sys/interfaces.h"
#include "check.h"

namespace {

bool Same(const char* left, const char* right) {
  return left != nullptr && right != nullptr && std::strcmp(left, right) == 0;
}

const sys::Constant* Find(sys::ConstantList list, const char* name) {
  for (const sys::Constant& constant : list) {
    if (Same(constant.name, name)) return &constant;
  }
  return nullptr;
}

bool Is(const char* name, std::int64_t value) {
  const sys::Constant* constant = Find(sys::Constants(), name);
  return constant != nullptr && constant->value == value;
}

bool Has(const char* name) { return Find(sys::Constants(), name) != nullptr; }

const char* ErrorName(int error) {
  for (const sys::Constant& constant : sys::ErrorNames()) {
    if (constant.value == error) return constant.name;
  }
  return nullptr;
}

bool Translates(int eai, const char* code, int number) {
  const sys::AddressInfoError error = sys::AddressInfoErrorName(eai);
  return Same(error.code, code) && error.number == number;
}

int Family(const sys::SockaddrBytes& bytes) {
  sockaddr address = {};
  std::memcpy(&address, bytes.data(), std::min(bytes.size(), sizeof address));
  return address.sa_family;
}

void Constants() {
  CHECK("a macro", Is("SO_REUSEADDR", SO_REUSEADDR));
  CHECK("an enumerator behind a macro", Is("SOCK_SEQPACKET", SOCK_SEQPACKET));
  CHECK("a family", Is("AF_INET6", AF_INET6));
  CHECK("a protocol", Is("IPPROTO_ICMPV6", IPPROTO_ICMPV6));
  CHECK("a flag", Is("MSG_PEEK", MSG_PEEK));
  CHECK("an option of RFC 3542", Has("IPV6_RECVPKTINFO"));
  CHECK("a control message", Is("SCM_RIGHTS", SCM_RIGHTS));
  CHECK("an interface flag", Is("IFF_LOOPBACK", IFF_LOOPBACK));
  CHECK("a poll event", Is("POLLIN", POLLIN));
  CHECK("a lone name", Is("SOMAXCONN", SOMAXCONN));
  CHECK("a negative value stays negative", Is("EAI_AGAIN", EAI_AGAIN));
  CHECK("an unsigned value stays positive", Is("INADDR_NONE", 0xffffffff));
#ifdef __linux__
  CHECK("another unsigned value stays positive", Is("VMADDR_CID_ANY", 0xffffffff));
  CHECK("netlink", Is("NETLINK_ROUTE", 0) && Is("NETLINK_ADD_MEMBERSHIP", 1));
  CHECK("packet", Is("PACKET_FANOUT", 18));
  CHECK("a TCP state", Is("TCP_LISTEN", TCP_LISTEN));
  CHECK("an option that only the kernel's header has", Has("UDP_GRO") && Has("TCP_REPAIR"));
  CHECK("an enumerator without a macro", Has("SCTP_UNORDERED") && Has("SCM_TSTAMP_SND"));
#endif
#ifdef __APPLE__
  CHECK("local credentials", Has("LOCAL_PEERCRED") && Is("SOL_LOCAL", 0));
#endif
  CHECK("no constant is foreign", !Has("SO_") && !Has("PF_INET") && !Has("SO_TIMESTAMP_OLD"));

  const sys::ConstantList list = sys::Constants();
  CHECK("there are hundreds", list.size > 300);
  CHECK("sorted by name, each once",
        std::adjacent_find(list.begin(), list.end(),
                           [](const sys::Constant& left, const sys::Constant& right) {
                             return std::strcmp(left.name, right.name) >= 0;
                           }) == list.end());
}

void Errors() {
  CHECK("an errno", Same(ErrorName(ECONNREFUSED), "ECONNREFUSED"));
  CHECK("EAGAIN, not EWOULDBLOCK", Same(ErrorName(EWOULDBLOCK), "EAGAIN"));
  CHECK("ENOTSUP, not EOPNOTSUPP", Same(ErrorName(ENOTSUP), "ENOTSUP"));
  CHECK("EDEADLK, not EDEADLOCK", Same(ErrorName(EDEADLK), "EDEADLK"));

  const sys::ConstantList list = sys::ErrorNames();
  const auto by_number = [](const sys::Constant& left, const sys::Constant& right) {
    return left.value < right.value;
  };
  std::vector<sys::Constant> sorted(list.begin(), list.end());
  std::sort(sorted.begin(), sorted.end(), by_number);
  CHECK("one name for each number",
        std::adjacent_find(sorted.begin(), sorted.end(),
                           [](const sys::Constant& left, const sys::Constant& right) {
                             return left.value == right.value;
                           }) == sorted.end());
  bool complete = true;
  for (int error = 1; error < 200; ++error) {
    const bool known = std::strncmp(std::strerror(error), "Unknown error", 13) != 0 &&
                       std::strcmp(std::strerror(error), "No error information") != 0;
    if (known && ErrorName(error) == nullptr) complete = false;
  }
  CHECK("a name for each number that the system explains", complete);

  CHECK("EAI_NONAME", Translates(EAI_NONAME, "ENOTFOUND", -3008));
#ifdef EAI_NODATA
  CHECK("EAI_NODATA", Translates(EAI_NODATA, "ENOTFOUND", -3007));
#endif
  CHECK("EAI_AGAIN", Translates(EAI_AGAIN, "EAI_AGAIN", -3001));
  CHECK("EAI_SOCKTYPE", Translates(EAI_SOCKTYPE, "EAI_SOCKTYPE", -3011));
  CHECK("EAI_SYSTEM is left to the caller", sys::AddressInfoErrorName(EAI_SYSTEM).code == nullptr);
  CHECK("an unknown EAI_ number", sys::AddressInfoErrorName(12345).code == nullptr);
}

void Interfaces() {
#ifdef __linux__
  const int no_such_interface = ENODEV;
#else
  const int no_such_interface = ENXIO;
#endif
  std::vector<sys::InterfaceAddress> addresses;
  CHECK("getifaddrs", sys::GetIfAddrs(&addresses) == 0);

  // Every machine has a loopback interface, whatever it is called.
  const sys::InterfaceAddress* loopback = nullptr;
  const sys::InterfaceAddress* link = nullptr;
  for (const sys::InterfaceAddress& item : addresses) {
    if ((item.flags & IFF_LOOPBACK) == 0) continue;
    if (Family(item.address) == AF_INET) loopback = &item;
#ifdef __linux__
    if (Family(item.address) == AF_PACKET) link = &item;
#else
    if (Family(item.address) == AF_LINK) link = &item;
#endif
  }
  CHECK("the loopback interface has an IPv4 address", loopback != nullptr);
  CHECK("the loopback interface has a link address", link != nullptr);
  if (loopback == nullptr || link == nullptr) return;

  sockaddr_in expected = {};
  CHECK("an address is a whole sockaddr_in", loopback->address.size() == sizeof expected);
  std::memcpy(&expected, loopback->address.data(), sizeof expected);
  CHECK("the address is 127.0.0.1", expected.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
  CHECK("the loopback interface has a netmask", !loopback->netmask.empty());
  CHECK("the loopback interface has no broadcast address", loopback->broadcast.empty());
  CHECK("a link address is longer than a sockaddr", link->address.size() > sizeof(sockaddr));

  const int index = sys::IfNameToIndex(loopback->name);
  CHECK("if_nametoindex", index == static_cast<int>(::if_nametoindex(loopback->name.c_str())));
  CHECK("if_nametoindex of an unknown name", sys::IfNameToIndex("none") == -no_such_interface);
  CHECK("if_nametoindex of no name", sys::IfNameToIndex("") == -no_such_interface);
  const std::string long_name(IF_NAMESIZE, 'x');
  CHECK("if_nametoindex of a long name", sys::IfNameToIndex(long_name) == -no_such_interface);
  const std::string cut_name = loopback->name + '\0' + 'x';
  CHECK("if_nametoindex of a NUL", sys::IfNameToIndex(cut_name) == -no_such_interface);

  std::string name;
  CHECK("if_indextoname",
        sys::IfIndexToName(static_cast<unsigned>(index), &name) == 0 && name == loopback->name);
  CHECK("if_indextoname of an unknown index", sys::IfIndexToName(0x7fffffff, &name) == -ENXIO);
  CHECK("if_indextoname of 0", sys::IfIndexToName(0, &name) == -ENXIO);

  sys::InterfaceInfo info;
  CHECK("information", sys::GetInterfaceInfo(loopback->name, &info) == 0);
  CHECK("its flags", (info.flags & IFF_LOOPBACK) != 0 && (info.flags & IFF_UP) != 0);
  CHECK("its address", info.address == loopback->address);
  CHECK("its netmask", info.netmask == loopback->netmask);
  CHECK("its hardware", !info.hardware.empty());
  CHECK("information about an unknown name",
        sys::GetInterfaceInfo("none", &info) == -no_such_interface);
  CHECK("information about a long name",
        sys::GetInterfaceInfo(long_name, &info) == -no_such_interface);
  CHECK("information about a NUL", sys::GetInterfaceInfo(cut_name, &info) == -no_such_interface);
}

}  // namespace

int main() {
  Constants();
  Errors();
  Interfaces();
  return check::Status();
}
