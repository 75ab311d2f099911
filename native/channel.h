// What stands between a socket's owner and its descriptor when bytes are not sent
// as they are: a TLS session. Without one, the owner calls the kernel itself.
//
// Each function returns what the system call that it stands for returns, or a negative
// number: -errno, or a failure of the channel's own (native/tls/session.h).
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

  // recv(2) of what the peer has sent. What is left over keeps the descriptor
  // readable, so that it is reported again. `length` is at least kMinimumRoom.
  static constexpr std::size_t kMinimumRoom = 32 * 1024;
  [[nodiscard]] virtual ssize_t Receive(void* data, std::size_t length) = 0;
  // send(2). After -EAGAIN, and for what was not taken, the caller passes the same bytes again.
  [[nodiscard]] virtual ssize_t Send(const iovec* buffers, std::size_t count) = 0;
  // Called before the sending half of the descriptor is shut down.
  [[nodiscard]] virtual int EndSending() = 0;
  // Called before the descriptor is closed.
  virtual void Close() = 0;
};

}  // namespace mnp
