// UDP's segmentation offload (Linux): a run of datagrams of one length, of which
// only the last may be shorter, goes through the kernel as one packet, which is
// split at the end. The receiver sees no difference.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "address.h"

namespace sys {

// What is known about it for one socket, of any kind.
class Segmentation {
 public:
  // The same as sys::SendMany, but sends runs as one where it can.
  int SendMany(int fd, iovec* messages, std::size_t count, int flags, Address* address);

#ifdef __linux__
 private:
  static constexpr std::int32_t kUnknown = -1;
  // The longest datagrams that runs are made of.
  std::int32_t longest_ = kUnknown;
#endif
};

}  // namespace sys
