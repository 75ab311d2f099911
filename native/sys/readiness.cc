// epoll and kqueue behind one interface. A descriptor leaves the set before it is
// closed: the kernel's entry belongs to the open file, which would go on reporting
// here while a duplicate of the descriptor exists elsewhere.
#include "readiness.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#ifdef __linux__
#include "calls.h"
#else
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>
#endif

namespace sys {
namespace {

constexpr std::size_t kBatch = 256;

// What is left of a time-out in milliseconds.
class Remaining {
 public:
  explicit Remaining(int timeout) : timeout_(timeout) {
    if (timeout > 0) end_ = Clock::now() + std::chrono::milliseconds(timeout);
  }

  int milliseconds() const {
    if (timeout_ <= 0) return timeout_;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
    return static_cast<int>(std::max<decltype(left)>(left, 0));
  }

 private:
  using Clock = std::chrono::steady_clock;
  int timeout_;
  Clock::time_point end_;
};

}  // namespace

int Poll(pollfd* entries, std::size_t count, int timeout) {
  const Remaining remaining(timeout);
  for (;;) {
    const int ready = ::poll(entries, static_cast<nfds_t>(count), remaining.milliseconds());
    if (ready >= 0) return ready;
    if (errno != EINTR) return -errno;
  }
}

#ifdef __linux__

int ReadinessSet::Open() {
  set_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  return set_.open() ? 0 : -errno;
}

int ReadinessSet::Change(int fd, std::uint32_t token, std::uint8_t from, std::uint8_t to) {
  if (from == to) return 0;
  epoll_event event;
  event.events = 0;
  if (to & kReadable) event.events |= EPOLLIN | EPOLLRDHUP;
  if (to & kWritable) event.events |= EPOLLOUT;
  event.data.u64 = token;
  const int operation = to == kNone ? EPOLL_CTL_DEL : from == kNone ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return ::epoll_ctl(set_.get(), operation, fd, &event) < 0 ? -errno : 0;
}

int ReadinessSet::Wait(Ready* ready, std::size_t capacity, int timeout) {
  epoll_event events[kBatch];
  const int batch = static_cast<int>(std::min(capacity, kBatch));
  const Remaining remaining(timeout);
  int count;
  do {
    count = calls::EpollWait(set_.get(), events, batch, remaining.milliseconds());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) {
    const std::uint32_t bits = events[i].events;
    ready[i] = {static_cast<std::uint32_t>(events[i].data.u64), (bits & EPOLLIN) != 0,
                (bits & EPOLLOUT) != 0, (bits & (EPOLLERR | EPOLLHUP)) != 0,
                (bits & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0};
  }
  return count;
}

#else

int ReadinessSet::Open() {
  set_ = Descriptor(::kqueue());
  return set_.open() ? 0 : -errno;
}

int ReadinessSet::Change(int fd, std::uint32_t token, std::uint8_t from, std::uint8_t to) {
  struct kevent changes[2];
  int count = 0;
  const auto change = [&](std::uint8_t bit, auto filter) {
    if ((from & bit) == (to & bit)) return;
    EV_SET(&changes[count], static_cast<std::uintptr_t>(fd), filter,
           (to & bit) ? EV_ADD : EV_DELETE, 0, 0,
           reinterpret_cast<void*>(static_cast<std::uintptr_t>(token)));
    count++;
  };
  change(kReadable, EVFILT_READ);
  change(kWritable, EVFILT_WRITE);
  if (count == 0) return 0;
  return ::kevent(set_.get(), changes, count, nullptr, 0, nullptr) < 0 ? -errno : 0;
}

int ReadinessSet::Wait(Ready* ready, std::size_t capacity, int timeout) {
  struct kevent events[kBatch];
  const int batch = static_cast<int>(std::min(capacity, kBatch));
  const Remaining remaining(timeout);
  int count;
  do {
    const int left = remaining.milliseconds();
    const timespec limit = {left / 1000, (left % 1000) * 1000000L};
    count = ::kevent(set_.get(), nullptr, 0, events, batch, left < 0 ? nullptr : &limit);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  Ready* end = ready;
  for (int i = 0; i < count; i++) {
    const struct kevent& event = events[i];
    const auto token = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(event.udata));
    // The two filters of a descriptor report separately.
    Ready* entry =
        std::find_if(ready, end, [token](const Ready& other) { return other.token == token; });
    if (entry == end) *end++ = {token, false, false, false, false};
    // EV_EOF is about the filter's own half: after shutdown(2) the write filter has it, too.
    if (event.filter == EVFILT_READ) {
      entry->readable = true;
      entry->ended = (event.flags & EV_EOF) != 0;
    } else {
      entry->writable = true;
    }
    if (event.fflags != 0) entry->failed = true;
  }
  return static_cast<int>(end - ready);
}

#endif

}  // namespace sys
