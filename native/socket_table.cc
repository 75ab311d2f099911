// The close order begins in the hub (Hub::Forget) and ends here.
#include "socket_table.h"

#include <sys/socket.h>

#include "sys/socket.h"

namespace mnp {

Id SocketTable::Add(int fd) {
  Id id;
  if (free_.empty()) {
    id = size();
    sockets_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  sockets_[id].descriptor = sys::Descriptor(fd);
  return id;
}

bool SocketTable::Owns(int fd) const {
  for (const Socket& socket : sockets_) {
    if (socket.descriptor.get() == fd) return true;
  }
  return false;
}

void SocketTable::Close(Id id) {
  Socket& socket = sockets_[id];
  if (socket.lingers) {
    // close(2) waits for the peer even on a non-blocking descriptor.
    const linger off = {0, 0};
    (void)sys::SetSockOpt(socket.descriptor.get(), SOL_SOCKET, SO_LINGER, &off, sizeof off);
  }
  Retire(id);
}

int SocketTable::Detach(Id id) {
  const int fd = sockets_[id].descriptor.Release();
  Retire(id);
  return fd;
}

void SocketTable::Retire(Id id) {
  sockets_[id] = Socket();
  retired_.push_back(id);
}

void SocketTable::Reclaim() {
  if (retired_.empty()) return;
  free_.insert(free_.end(), retired_.begin(), retired_.end());
  retired_.clear();
}

}  // namespace mnp
