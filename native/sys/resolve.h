// getaddrinfo(3) and getnameinfo(3).
#pragma once

#include <string>
#include <vector>

#include "address.h"

namespace sys {

struct Query {
  std::string host;
  std::string service;
  bool has_host = false;
  bool has_service = false;
  int family = 0;
  int type = 0;
  int protocol = 0;
  int flags = 0;
};

struct Found {
  int family;
  int type;
  int protocol;
  Address address;
  std::string canonical_name;  // Of the first, where it was asked for.
};

struct Answer {
  int error = 0;         // An EAI_ number; 0 when there is an answer.
  int system_error = 0;  // The errno behind EAI_SYSTEM.
  std::vector<Found> addresses;
};

// Blocks for as long as the system's name service takes. May be called on any thread.
Answer GetAddrInfo(const Query& query);

struct Name {
  int error = 0;  // As of an Answer.
  int system_error = 0;
  std::string host;
  std::string service;
};

// The same the other way around. Blocks too.
Name GetNameInfo(const Address& address, int flags);

}  // namespace sys
