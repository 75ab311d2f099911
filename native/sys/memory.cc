// A receiver that maps the file must be sure that it neither shrinks nor changes
// meanwhile: hence the seals, all of them.
#include "memory.h"

#include <cerrno>

#ifdef __linux__
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "descriptor.h"
#endif

namespace sys {

#ifdef __linux__

int SealedMemory(const std::string& name, const std::uint8_t* data, std::size_t length) {
  Descriptor memory(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.open()) return -errno;
  for (std::size_t written = 0; written < length;) {
    // One call writes 2 GiB at most, and a signal may cut it short.
    const ssize_t more = ::write(memory.get(), data + written, length - written);
    if (more < 0 && errno != EINTR) return -errno;
    if (more > 0) written += static_cast<std::size_t>(more);
  }
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return -errno;
  const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(memory.get(), F_ADD_SEALS, seals) < 0) return -errno;
  return memory.Release();
}

#else

int SealedMemory(const std::string& /*name*/, const std::uint8_t* /*data*/,
                 std::size_t /*length*/) {
  return -ENOSYS;
}

#endif

}  // namespace sys
