// The socket constants of the system that this was built for, by name.
//
// The names are in constants.inc, which scripts/constants.mjs writes. Nothing
// here knows what a constant is for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sys {

struct Constant {
  const char* name;
  std::int64_t value;  // An unsigned constant stays positive: VMADDR_CID_ANY is 4294967295.
};

struct ConstantList {
  const Constant* data;
  std::size_t size;

  const Constant* begin() const { return data; }
  const Constant* end() const { return data + size; }
};

// Sorted by name, each name once.
ConstantList Constants();

}  // namespace sys
