// Names of error numbers: errno, and getaddrinfo(3)'s own.
//
// Each number has the one name that Node gives it. Node's own look-up is not used
// because libuv makes, and never frees, a string for each number it does not know.
#pragma once

#include "constants.h"

namespace sys {

// Every errno of the system, once: EAGAIN and not EWOULDBLOCK, ENOTSUP and not
// EOPNOTSUPP, where the two are one number.
ConstantList ErrorNames();

struct AddressInfoError {
  const char* code;  // That of dns.lookup(): "ENOTFOUND" for EAI_NONAME and EAI_NODATA.
  int number;        // libuv's, the same on every system: -3008 for EAI_NONAME.
};

// What Node calls an EAI_ number. The code is null for one that libuv does not
// know, and for EAI_SYSTEM, whose meaning is in errno.
AddressInfoError AddressInfoErrorName(int eai);

}  // namespace sys
