// Linux answers questions about one interface by ioctl, and only for IPv4; macOS
// has the same answers, and the hardware's address, in the list of getifaddrs.
#include "interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "descriptor.h"

#ifdef __linux__
#include <netpacket/packet.h>
#endif

namespace sys {
namespace {

#ifdef __linux__
constexpr int kNoSuchInterface = ENODEV;
#else
constexpr int kNoSuchInterface = ENXIO;
#endif

std::size_t Length(const sockaddr* address) {
#ifdef __linux__
  switch (address->sa_family) {
    case AF_INET:
      return sizeof(sockaddr_in);
    case AF_INET6:
      return sizeof(sockaddr_in6);
    case AF_PACKET: {
      // SAFETY: the family says that it is a sockaddr_ll. Its last member is declared
      // with 8 bytes, but the C library gives as many as the hardware address has
      // (InfiniBand: 20).
      const auto* link = reinterpret_cast<const sockaddr_ll*>(address);
      return std::max(sizeof(sockaddr_ll), offsetof(sockaddr_ll, sll_addr) + link->sll_halen);
    }
    default:
      return sizeof(sockaddr);
  }
#else
  return address->sa_len;
#endif
}

SockaddrBytes Bytes(const sockaddr* address, std::size_t length) {
  // SAFETY: any object may be read as bytes.
  const auto* first = reinterpret_cast<const std::uint8_t*>(address);
  return SockaddrBytes(first, first + length);
}

SockaddrBytes Bytes(const sockaddr* address) {
  return address == nullptr ? SockaddrBytes() : Bytes(address, Length(address));
}

bool PossibleName(const std::string& name) {
  return name.size() < IFNAMSIZ && name.find('\0') == std::string::npos;
}

}  // namespace

int GetIfAddrs(std::vector<InterfaceAddress>* addresses) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return -errno;
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    // Without the flag the same field is the other end of a point-to-point link.
    const bool broadcast = (item->ifa_flags & IFF_BROADCAST) != 0;
    addresses->push_back({item->ifa_name, item->ifa_flags, Bytes(item->ifa_addr),
                          Bytes(item->ifa_netmask),
                          Bytes(broadcast ? item->ifa_broadaddr : nullptr)});
  }
  ::freeifaddrs(list);
  return 0;
}

int IfNameToIndex(const std::string& name) {
  if (!PossibleName(name)) return -kNoSuchInterface;
  const unsigned int index = ::if_nametoindex(name.c_str());
  return index == 0 ? -errno : static_cast<int>(index);
}

int IfIndexToName(unsigned int index, std::string* name) {
  char buffer[IF_NAMESIZE];
  if (::if_indextoname(index, buffer) == nullptr) return -errno;
  *name = buffer;
  return 0;
}

#ifdef __linux__

int GetInterfaceInfo(const std::string& name, InterfaceInfo* info) {
  if (!PossibleName(name)) return -kNoSuchInterface;
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return -errno;

  ifreq request;
  // The request is filled in anew each time: an answer left in it would be taken for
  // the address that is asked about. The code is an int for musl and an unsigned
  // long for glibc; sixteen bits fit both.
  const auto ask = [&](std::uint16_t code) {
    std::memset(&request, 0, sizeof request);
    std::memcpy(request.ifr_name, name.data(), name.size());
    return ::ioctl(socket.get(), code, &request) == 0;
  };
  const auto ask_address = [&](std::uint16_t code) {
    return ask(code) ? Bytes(&request.ifr_addr, sizeof request.ifr_addr) : SockaddrBytes();
  };

  if (!ask(SIOCGIFFLAGS)) return -errno;
  info->flags = static_cast<unsigned short>(request.ifr_flags);
  info->address = ask_address(SIOCGIFADDR);
  info->broadcast = ask_address(SIOCGIFBRDADDR);
  info->netmask = ask_address(SIOCGIFNETMASK);
  info->hardware = ask_address(SIOCGIFHWADDR);
  return 0;
}

#else

int GetInterfaceInfo(const std::string& name, InterfaceInfo* info) {
  std::vector<InterfaceAddress> addresses;
  const int error = GetIfAddrs(&addresses);
  if (error < 0) return error;

  bool found = false;
  for (InterfaceAddress& item : addresses) {
    if (item.name != name) continue;
    found = true;
    info->flags = item.flags;
    if (item.address.empty()) continue;
    const std::uint8_t family = item.address[offsetof(sockaddr, sa_family)];
    if (family == AF_INET && info->address.empty()) {
      info->address = std::move(item.address);
      info->broadcast = std::move(item.broadcast);
      info->netmask = std::move(item.netmask);
    } else if (family == AF_LINK && info->hardware.empty()) {
      info->hardware = std::move(item.address);
    }
  }
  return found ? 0 : -kNoSuchInterface;
}

#endif

}  // namespace sys
