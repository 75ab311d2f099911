// Memory as a file: memfd_create(2), of Linux. A descriptor of it can travel
// beside a message where the data would be too long for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sys {

// A descriptor of memory that holds the bytes and that nobody can change any
// more, as fcntl(F_ADD_SEALS) has it; close-on-exec, and at its beginning. The
// name is for who looks into /proc. Gives the descriptor, or -errno: ENOSYS
// where the system has no such memory.
int SealedMemory(const std::string& name, const std::uint8_t* data, std::size_t length);

}  // namespace sys
