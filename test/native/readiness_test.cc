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

// The one descriptor that is ready; token 0 where there is none, or not one.
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
  CHECK("a set", set.Open() == 0 && set.fd() >= 0);
  const Pair pair;
  CHECK("nothing is ready in an empty set", Only(&set).token == 0);
  CHECK("a descriptor joins", set.Change(pair.one.get(), 7, sys::kNone, sys::kReadable) == 0);
  CHECK("and is not ready", Only(&set).token == 0);
  pair.Say();
  CHECK("it is ready when something comes", Is(Only(&set), 7, true, false));
  CHECK("and still is while that is there", Is(Only(&set), 7, true, false));
  pair.Hear();
  CHECK("and is not when it is gone", Only(&set).token == 0);
}

void Changing() {
  sys::ReadinessSet set;
  (void)set.Open();
  const Pair pair;
  const int fd = pair.one.get();
  pair.Say();
  CHECK("nothing to nothing is no call", set.Change(-1, 7, sys::kNone, sys::kNone) == 0);
  CHECK("in for both", set.Change(fd, 7, sys::kNone, sys::kReadable | sys::kWritable) == 0);
  CHECK("ready for both, in one piece", Is(Only(&set), 7, true, true));
  CHECK("to one", set.Change(fd, 7, sys::kReadable | sys::kWritable, sys::kWritable) == 0);
  CHECK("ready for that one", Is(Only(&set), 7, false, true));
  CHECK("to the other", set.Change(fd, 7, sys::kWritable, sys::kReadable) == 0);
  CHECK("ready for the other", Is(Only(&set), 7, true, false));
  CHECK("out", set.Change(fd, 7, sys::kReadable, sys::kNone) == 0);
  CHECK("no longer ready", Only(&set).token == 0);
  CHECK("in again",
        set.Change(fd, 8, sys::kNone, sys::kReadable) == 0 && Is(Only(&set), 8, true, false));
  CHECK("out again", set.Change(fd, 8, sys::kReadable, sys::kNone) == 0);
  CHECK("what is not in cannot go out", set.Change(fd, 8, sys::kReadable, sys::kNone) == -ENOENT);
  CHECK("what is not open cannot join", set.Change(-1, 9, sys::kNone, sys::kReadable) == -EBADF);
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
  CHECK("what left before it was closed reports nothing", Only(&set).token == 0);
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
  CHECK("the end of one's own half is not the peer's",
        Is(Only(&set), 7, false, true) && !Only(&set).ended);

  const Pair half;
  (void)set.Change(pair.one.get(), 7, kBoth, sys::kNone);
  (void)set.Change(half.one.get(), 8, sys::kNone, kBoth);
  Fill(half.one.get());
  (void)::shutdown(half.other.get(), SHUT_WR);
  CHECK("a peer that has ended its half makes no room, and nothing fails",
        Is(Only(&set), 8, true, false) && Only(&set).ended);

  Pair gone;
  (void)set.Change(half.one.get(), 8, kBoth, sys::kNone);
  (void)set.Change(gone.one.get(), 9, sys::kNone, sys::kReadable);
  gone.other.Close();
  const sys::Ready ready = Only(&set);
  CHECK("a peer that is gone is something to read, and the end",
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
  CHECK("all that are ready, each once", count == 5 && seen == 0x3E);
  CHECK("no more than there is room for", set.Wait(ready, 2, 0) == 2);

  // A set is a descriptor, too: it is readable when something in it is ready.
  pollfd entry = {set.fd(), POLLIN, 0};
  CHECK("the set itself is readable", sys::Poll(&entry, 1, 0) == 1 && entry.revents == POLLIN);
  for (const Pair& pair : pairs) pair.Hear();
  // kqueue finds out when it is asked, and is readable until then.
  CHECK("and is not when nothing is ready",
        set.Wait(ready, 8, 0) == 0 && sys::Poll(&entry, 1, 0) == 0);
}

void Waiting() {
  const Pair pair;
  pollfd entry = {pair.one.get(), POLLIN, 0};
  CHECK("poll gives nothing in time", sys::Poll(&entry, 1, 1) == 0);
  pair.Say();
  CHECK("poll without a limit", sys::Poll(&entry, 1, -1) == 1 && entry.revents == POLLIN);
  CHECK("poll of nothing", sys::Poll(nullptr, 0, 0) == 0);
  entry.fd = 0x7FFFFFFF;
  CHECK("poll of a descriptor that is not open",
        sys::Poll(&entry, 1, 0) == 1 && entry.revents == POLLNVAL);

  sys::ReadinessSet set;
  (void)set.Open();
  sys::Ready ready[1];
  CHECK("a set gives nothing in time", set.Wait(ready, 1, 1) == 0);
  (void)set.Change(pair.one.get(), 7, sys::kNone, sys::kReadable);
  CHECK("a set without a limit", set.Wait(ready, 1, -1) == 1 && ready[0].token == 7);
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
