// Waiting for descriptors: poll(2), and a set of them that is kept in the kernel
// (epoll on Linux, kqueue on macOS and the BSDs).
//
// Level-triggered, and wake-ups may be spurious: even if a descriptor is reported
// readable, the caller must expect EAGAIN. A kqueue, for example, stays readable
// until it is asked again, even if what it reported is no longer so.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>

#include "descriptor.h"

namespace sys {

// poll(2) with a time-out in milliseconds, or -1 for none. After an interruption it
// goes on with the time that is left.
int Poll(pollfd* entries, std::size_t count, int timeout);

enum Interest : std::uint8_t { kNone = 0, kReadable = 1, kWritable = 2 };

struct Ready {
  std::uint32_t token;
  bool readable;
  bool writable;
  bool failed;  // An error is pending; epoll also says so when both halves are shut down.
  bool ended;   // The peer has ended its half; what it sent before may still be unread.
};

class ReadinessSet {
 public:
  [[nodiscard]] int Open();
  // The descriptor that becomes readable when one in the set is ready.
  int fd() const { return set_.get(); }

  // Changes a descriptor's interest from `from` to `to`; kNone means not in the set.
  [[nodiscard]] int Change(int fd, std::uint32_t token, std::uint8_t from, std::uint8_t to);
  // Returns how many are ready, at most `capacity`, or -errno.
  int Wait(Ready* ready, std::size_t capacity, int timeout);

 private:
  Descriptor set_;
};

}  // namespace sys
