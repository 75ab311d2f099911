// The network interfaces of the machine: getifaddrs(3), if_nametoindex(3),
// if_indextoname(3), and the properties of one interface by its name.
//
// Addresses are the bytes of a whole sockaddr. What an address or a flag means is
// for the layers above.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sys {

using SockaddrBytes = std::vector<std::uint8_t>;  // Empty: there is none.

struct InterfaceAddress {
  std::string name;
  unsigned int flags;  // IFF_UP and its like.
  SockaddrBytes address;
  // macOS cuts a netmask after its last byte that is not zero, and may leave its
  // family 0.
  SockaddrBytes netmask;
  SockaddrBytes broadcast;  // Only where IFF_BROADCAST is set.
};

// Every function returns 0, or what its name says, or -errno.

// One element for each address of each interface, in the system's order.
int GetIfAddrs(std::vector<InterfaceAddress>* addresses);

// A name that no interface can have, being longer than IFNAMSIZ - 1 or holding a
// NUL, gives the system's error for an unknown name: ENODEV, on macOS ENXIO. (C
// libraries cut such a name and may find another interface.)
int IfNameToIndex(const std::string& name);

// ENXIO when no interface has this index.
int IfIndexToName(unsigned int index, std::string* name);

struct InterfaceInfo {
  unsigned int flags = 0;
  // IPv4, as the SIOCGIF ioctls are; only the first address of the interface.
  SockaddrBytes address;
  SockaddrBytes broadcast;
  SockaddrBytes netmask;
  // Linux: a sockaddr with an ARPHRD_ number as family, followed by the address.
  // macOS: a sockaddr_dl.
  SockaddrBytes hardware;
};

// The flags, and whatever else the interface has. For unknown names see IfNameToIndex.
int GetInterfaceInfo(const std::string& name, InterfaceInfo* info);

}  // namespace sys
