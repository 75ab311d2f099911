// UDP's segmentation offload (Linux): a run of datagrams of one length, of which
// only the last may be shorter, goes through the kernel as one, and is taken
// apart at the end of its way. The receiver sees no difference.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "address.h"

namespace sys {

// What is known of it for one socket, of any kind.
class Segmentation {
 public:
  // The same as sys::SendMany, by runs where there are any.
  int SendMany(int fd, iovec* messages, std::size_t count, int flags, Address* address);

#ifdef __linux__
 private:
  static constexpr std::int32_t kUnknown = -1;
  // No run is made of longer ones.
  std::int32_t longest_ = kUnknown;
#endif
};

}  // namespace sys
