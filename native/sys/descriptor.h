// A file descriptor with one owner.
//
// A plain `int fd` that crosses a function boundary is a borrow; ownership moves
// only as a Descriptor.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sys {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Release();
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

  // close(2). It is never repeated: after EINTR the descriptor is gone on Linux,
  // and the number may already belong to another thread.
  void Close() {
    if (fd_ < 0) return;
    const int saved = errno;
    ::close(Release());
    errno = saved;
  }

 private:
  int fd_ = -1;
};

}  // namespace sys
