// native/socket_table without Node: who owns a descriptor, and when an id may be reused.
#include "../../native/socket_table.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../native/sys/socket.h"
#include "check.h"

namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }
int Made() { return sys::Socket(AF_UNIX, SOCK_STREAM, 0); }

void Owning() {
  mnp::SocketTable table;
  CHECK("an empty table has no sockets",
        table.Get(0) == nullptr && table.size() == 0 && !table.Owns(0));
  const int fd = Made();
  const mnp::Id id = table.Add(fd, true);
  CHECK("a socket is found by its id",
        table.Get(id) != nullptr && table.Get(id)->descriptor.get() == fd);
  CHECK("the table owns its descriptor", table.Owns(fd) && !table.Owns(fd + 1));
  CHECK("unknown ids have no socket",
        table.Get(id + 1) == nullptr && table.Get(0xFFFFFFFF) == nullptr);
  table.Close(id);
  CHECK("a socket is closed", table.Get(id) == nullptr && !IsOpen(fd) && !table.Owns(fd));
  CHECK("the table does not own a closed descriptor", !table.Owns(fd));

  const int other = Made();
  const mnp::Id detached = table.Add(other, true);
  CHECK("a socket is detached", table.Detach(detached) == other && table.Get(detached) == nullptr);
  CHECK("a detached descriptor is open, and not the table's", IsOpen(other) && !table.Owns(other));
  ::close(other);
}

void Ids() {
  mnp::SocketTable table;
  const mnp::Id first = table.Add(Made(), true);
  const mnp::Id second = table.Add(Made(), true);
  CHECK("each socket has an id of its own", first != second);
  table.Get(first)->counted = true;
  table.Get(first)->bytes_read = 7;
  table.Get(first)->carry_length = 2;
  table.Close(first);
  const mnp::Id third = table.Add(Made(), true);
  CHECK("an id is not reused in the wake-up in which it was closed",
        third != first && third != second);
  table.Reclaim();
  const mnp::Id fourth = table.Add(Made(), true);
  CHECK("an id is reused afterwards", fourth == first);
  const mnp::Socket* heir = table.Get(fourth);
  CHECK("a reused id has no state of the old socket",
        heir != nullptr && !heir->counted && heir->bytes_read == 0 && heir->carry_length == 0 &&
            heir->interest == 0 && heir->mode == mnp::Mode::kIdle && heir->sender == -1);
  table.Reclaim();
  CHECK("a reused id is given out once", table.Add(Made(), true) != fourth);
}

void Staying() {
  mnp::SocketTable table;
  const mnp::Id id = table.Add(Made(), true);
  const mnp::Socket* before = table.Get(id);
  for (int i = 0; i < 200; i++) (void)table.Add(Made(), true);
  CHECK("a socket is not moved when others are added", table.Get(id) == before);
  CHECK("every socket is counted", table.size() == 201);
}

void Ending() {
  int fd = -1;
  {
    mnp::SocketTable table;
    fd = Made();
    (void)table.Add(fd, true);
  }
  CHECK("the table closes what it owns when it ends", !IsOpen(fd));
}

}  // namespace

int main() {
  Owning();
  Ids();
  Staying();
  Ending();
  return check::Status();
}
