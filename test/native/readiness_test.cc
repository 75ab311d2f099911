// native/sys/readiness without Node: what a set reports, and what it no longer reports.
#include "../../native/sys/readiness.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "../../native/sys/socket.h"
#include "check.h"

namespace {

struct Pair {
  Pair() {
    int fds[2] = {-1, -1};
    (void)sys::SocketPair(AF_UNIX, SOCK_STREAM, 0, fds);
    one = sys::Descriptor(fds[0]);
    other = sys::Descriptor(fds[1]);
  }
  void Say() const { (void)sys::SendTo(other.get(), "x", 1, 0, nullptr); }
  void Hear() const {
    char byte;
    (void)sys::Recv(one.get(), &byte, 1, 0);
  }
  sys::Descriptor one;
  sys::Descriptor other;
};

// The one descriptor that is ready; token 0 where there is none, or more than one.
sys::Ready Only(sys::ReadinessSet* set) {
  sys::Ready ready[8];
  return set->Wait(ready, 8, 0) == 1 ? ready[0] : sys::Ready{0, false, false, false, false};
}

bool Is(const sys::Ready& ready, std::uint32_t token, bool readable, bool writable) {
  return ready.token == token && ready.readable == readable && ready.writable == writable &&
         !ready.failed;
}

void Levels() {
  sys::ReadinessSet set;
  CHECK("a set can be opened", set.Open() == 0 && set.fd() >= 0);
  const Pair pair;
  CHECK("nothing is ready in an empty set", Only(&set).token == 0);
  CHECK("a descriptor can be added",
        set.Change(pair.one.get(), 7, sys::kNone, sys::kReadable) == 0);
  CHECK("a descriptor with no input is not ready", Only(&set).token == 0);
  pair.Say();
  CHECK("a descriptor with input is ready", Is(Only(&set), 7, true, false));
  CHECK("it is ready again while the input is there", Is(Only(&set), 7, true, false));
  pair.Hear();
  CHECK("it is not ready when the input has been read", Only(&set).token == 0);
}

void Changing() {
  sys::ReadinessSet set;
  (void)set.Open();
  const Pair pair;
  const int fd = pair.one.get();
  pair.Say();
  CHECK("a change from no interest to none makes no call",
        set.Change(-1, 7, sys::kNone, sys::kNone) == 0);
  CHECK("a descriptor can be added for both",
        set.Change(fd, 7, sys::kNone, sys::kReadable | sys::kWritable) == 0);
  CHECK("both are reported at once", Is(Only(&set), 7, true, true));
  CHECK("the interest can be changed to writing",
        set.Change(fd, 7, sys::kReadable | sys::kWritable, sys::kWritable) == 0);
  CHECK("only writing is reported then", Is(Only(&set), 7, false, true));
  CHECK("the interest can be changed to reading",
        set.Change(fd, 7, sys::kWritable, sys::kReadable) == 0);
  CHECK("only reading is reported then", Is(Only(&set), 7, true, false));
  CHECK("a descriptor can be removed", set.Change(fd, 7, sys::kReadable, sys::kNone) == 0);
  CHECK("a removed descriptor is not reported", Only(&set).token == 0);
  CHECK("a removed descriptor can be added again",
        set.Change(fd, 8, sys::kNone, sys::kReadable) == 0 && Is(Only(&set), 8, true, false));
  CHECK("it can be removed again", set.Change(fd, 8, sys::kReadable, sys::kNone) == 0);
  CHECK("a descriptor that is not in the set cannot be removed",
        set.Change(fd, 8, sys::kReadable, sys::kNone) == -ENOENT);
  CHECK("a descriptor that is not open cannot be added",
        set.Change(-1, 9, sys::kNone, sys::kReadable) == -EBADF);
}

void Leaving() {
  sys::ReadinessSet set;
  (void)set.Open();
  Pair pair;
  // A duplicate keeps the file open, and the kernel's entry with it.
  const sys::Descriptor duplicate(::dup(pair.one.get()));
  (void)set.Change(pair.one.get(), 7, sys::kNone, sys::kReadable);
  pair.Say();
  (void)set.Change(pair.one.get(), 7, sys::kReadable, sys::kNone);
  pair.one.Close();
  CHECK("a descriptor removed before its close is not reported", Only(&set).token == 0);
}

// Sends until there is no room.
void Fill(int fd) {
  const char bytes[4096] = {};
  while (sys::SendTo(fd, bytes, sizeof bytes, 0, nullptr) > 0) continue;
}

void Ending() {
  constexpr std::uint8_t kBoth = sys::kReadable | sys::kWritable;
  sys::ReadinessSet set;
  (void)set.Open();
  Pair pair;
  (void)set.Change(pair.one.get(), 7, sys::kNone, kBoth);
  (void)::shutdown(pair.one.get(), SHUT_WR);
  CHECK("shutting down our own half is not the peer's end",
        Is(Only(&set), 7, false, true) && !Only(&set).ended);

  const Pair half;
  (void)set.Change(pair.one.get(), 7, kBoth, sys::kNone);
  (void)set.Change(half.one.get(), 8, sys::kNone, kBoth);
  Fill(half.one.get());
  (void)::shutdown(half.other.get(), SHUT_WR);
  CHECK("the peer's end makes no room, and is no failure",
        Is(Only(&set), 8, true, false) && Only(&set).ended);

  Pair gone;
  (void)set.Change(half.one.get(), 8, kBoth, sys::kNone);
  (void)set.Change(gone.one.get(), 9, sys::kNone, sys::kReadable);
  gone.other.Close();
  const sys::Ready ready = Only(&set);
  CHECK("a peer that has closed is reported as input, and as an end",
        ready.token == 9 && ready.readable && ready.ended);
}

void Many() {
  sys::ReadinessSet set;
  (void)set.Open();
  Pair pairs[5];
  for (std::uint32_t i = 0; i < 5; i++) {
    (void)set.Change(pairs[i].one.get(), i + 1, sys::kNone, sys::kReadable);
    pairs[i].Say();
  }
  sys::Ready ready[8];
  unsigned seen = 0;
  const int count = set.Wait(ready, 8, 0);
  for (int i = 0; i < count; i++) seen |= 1u << ready[i].token;
  CHECK("all ready descriptors are reported, each once", count == 5 && seen == 0x3E);
  CHECK("no more descriptors are reported than there is room for", set.Wait(ready, 2, 0) == 2);

  // A set has a descriptor, which is readable when something in the set is ready.
  pollfd entry = {set.fd(), POLLIN, 0};
  CHECK("the set's descriptor is readable",
        sys::Poll(&entry, 1, 0) == 1 && entry.revents == POLLIN);
  for (const Pair& pair : pairs) pair.Hear();
  // kqueue clears the readability of its descriptor when it is asked.
  CHECK("the set's descriptor is not readable when nothing is ready",
        set.Wait(ready, 8, 0) == 0 && sys::Poll(&entry, 1, 0) == 0);
}

void Waiting() {
  const Pair pair;
  pollfd entry = {pair.one.get(), POLLIN, 0};
  CHECK("poll times out", sys::Poll(&entry, 1, 1) == 0);
  pair.Say();
  CHECK("poll waits without a limit", sys::Poll(&entry, 1, -1) == 1 && entry.revents == POLLIN);
  CHECK("poll takes no entries", sys::Poll(nullptr, 0, 0) == 0);
  entry.fd = 0x7FFFFFFF;
  CHECK("poll reports a descriptor that is not open",
        sys::Poll(&entry, 1, 0) == 1 && entry.revents == POLLNVAL);

  sys::ReadinessSet set;
  (void)set.Open();
  sys::Ready ready[1];
  CHECK("a wait for a set times out", set.Wait(ready, 1, 1) == 0);
  (void)set.Change(pair.one.get(), 7, sys::kNone, sys::kReadable);
  CHECK("a wait for a set may have no limit", set.Wait(ready, 1, -1) == 1 && ready[0].token == 7);
}

}  // namespace

int main() {
  Levels();
  Changing();
  Leaving();
  Ending();
  Many();
  Waiting();
  return check::Status();
}
