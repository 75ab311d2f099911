// Closing begins in the hub (Hub::Forget) and ends here.
#include "socket_table.h"

#include <sys/socket.h>

#include "sys/socket.h"

namespace mnp {

Id SocketTable::Add(int fd, bool altered) {
  Id id;
  if (free_.empty()) {
    id = size();
    sockets_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  sockets_[id].descriptor = sys::Descriptor(fd);
  sockets_[id].altered = altered;
  return id;
}

bool SocketTable::Owns(int fd) const {
  for (const Socket& socket : sockets_) {
    if (socket.descriptor.get() == fd) return true;
  }
  return false;
}

void SocketTable::Close(Id id) {
  const int fd = sockets_[id].descriptor.get();
  if (sockets_[id].channel != nullptr) sockets_[id].channel->Close();
  linger set = {0, 0};
  socklen_t length = sizeof set;
  // With a linger time, close(2) waits for the peer even on a non-blocking descriptor.
  if (sockets_[id].altered && sys::GetSockOpt(fd, SOL_SOCKET, SO_LINGER, &set, &length) == 0 &&
      set.l_onoff != 0 && set.l_linger > 0) {
    set.l_onoff = 0;
    (void)sys::SetSockOpt(fd, SOL_SOCKET, SO_LINGER, &set, sizeof set);
  }
  Retire(id);
}

int SocketTable::Detach(Id id) {
  const int fd = sockets_[id].descriptor.Release();
  Retire(id);
  return fd;
}

void SocketTable::Retire(Id id) {
  sockets_[id].channel.reset();
  sockets_[id] = Socket();
  retired_.push_back(id);
}

void SocketTable::Reclaim() {
  if (retired_.empty()) return;
  free_.insert(free_.end(), retired_.begin(), retired_.end());
  retired_.clear();
}

}  // namespace mnp
