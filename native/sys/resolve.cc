// The answer keeps the system's order; nothing is filtered or sorted here.
#include "resolve.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace sys {

Answer GetAddrInfo(const Query& query) {
  addrinfo hints;
  std::memset(&hints, 0, sizeof hints);
  hints.ai_family = query.family;
  hints.ai_socktype = query.type;
  hints.ai_protocol = query.protocol;
  hints.ai_flags = query.flags;

  Answer answer;
  addrinfo* list = nullptr;
  answer.error = ::getaddrinfo(query.has_host ? query.host.c_str() : nullptr,
                               query.has_service ? query.service.c_str() : nullptr, &hints, &list);
  if (answer.error != 0) {
    answer.system_error = errno;
    return answer;
  }
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    Found found = {item->ai_family, item->ai_socktype, item->ai_protocol, {}, {}};
    if (item->ai_canonname != nullptr) found.canonical_name = item->ai_canonname;
    if (found.address.Assign(item->ai_addr, item->ai_addrlen)) answer.addresses.push_back(found);
  }
  ::freeaddrinfo(list);
  return answer;
}

Name GetNameInfo(const Address& address, int flags) {
  // The name of a local socket is read up to a NUL, which an address need not have.
  alignas(sockaddr_storage) std::uint8_t terminated[Address::kCapacity + 1] = {};
  std::memcpy(terminated, address.bytes, address.length);
  char host[NI_MAXHOST] = "";
  char service[NI_MAXSERV] = "";
  Name name;
  name.error = ::getnameinfo(reinterpret_cast<const sockaddr*>(terminated), address.length, host,
                             sizeof host, service, sizeof service, flags);
  name.system_error = errno;
  name.host = host;
  name.service = service;
  return name;
}

}  // namespace sys
