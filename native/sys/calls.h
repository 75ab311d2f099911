// The system calls of the hot path: what carries bytes, and what waits.
//
// In the C library each of them is a cancellation point, which costs 20 ns a call
// for nothing, because nobody cancels a thread of Node's. So they bypass the C
// library, except under a sanitizer, which watches the arguments of its wrappers.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sys::calls {

#if defined(SYS_sendto) && defined(SYS_recvfrom) && defined(SYS_epoll_pwait) && \
    !defined(__SANITIZE_ADDRESS__)
#define MNP_DIRECT 1
#else
#define MNP_DIRECT 0
#endif

inline ssize_t SendTo(int fd, const void* data, std::size_t length, int flags,
                      const sockaddr* address, socklen_t address_length) {
#if MNP_DIRECT
  return ::syscall(SYS_sendto, fd, data, length, flags, address, address_length);
#else
  return ::sendto(fd, data, length, flags, address, address_length);
#endif
}

inline ssize_t RecvFrom(int fd, void* data, std::size_t length, int flags, sockaddr* address,
                        socklen_t* address_length) {
#if MNP_DIRECT
  return ::syscall(SYS_recvfrom, fd, data, length, flags, address, address_length);
#else
  return ::recvfrom(fd, data, length, flags, address, address_length);
#endif
}

#ifdef __linux__
inline int EpollWait(int set, epoll_event* events, int capacity, int timeout) {
#if MNP_DIRECT
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait, set, events, capacity, timeout, nullptr, std::size_t{0}));
#else
  return ::epoll_wait(set, events, capacity, timeout);
#endif
}
#endif

#undef MNP_DIRECT

}  // namespace sys::calls
