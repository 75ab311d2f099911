// What stands between a socket's owner and its descriptor when bytes are not sent
// as they are: a session of TLS. Without one, the owner calls the kernel itself.
//
// Everything gives what the system call of its kind gives, or a negative number:
// -errno, or a failure of the channel's own (native/tls/session.h).
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace mnp {

class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  // recv(2) on what the peer has sent. What is left over keeps the descriptor
  // readable, so that whoever watches it comes back. `length` is kMinimumRoom at least.
  static constexpr std::size_t kMinimumRoom = 32 * 1024;
  [[nodiscard]] virtual ssize_t Receive(void* data, std::size_t length) = 0;
  // send(2). After -EAGAIN, and for what was not taken, the same bytes come again.
  [[nodiscard]] virtual ssize_t Send(const iovec* buffers, std::size_t count) = 0;
  // Before the sending half of the descriptor is shut down.
  [[nodiscard]] virtual int EndSending() = 0;
  // Before the descriptor is closed.
  virtual void Close() = 0;
};

}  // namespace mnp
