// Memory as a file: memfd_create(2) on Linux. Its descriptor can be passed with a
// message where the data would be too long for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sys {

// Makes memory that holds the bytes and that nobody can change any more, with the
// seals of fcntl(F_ADD_SEALS). The name is what /proc shows. Returns the descriptor,
// which is close-on-exec and at its beginning, or -errno: ENOSYS where the system
// has no such memory.
int SealedMemory(const std::string& name, const std::uint8_t* data, std::size_t length);

}  // namespace sys
