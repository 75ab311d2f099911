// Programs of BPF on a socket: the kernel counts them in instructions, and every other option in
// bytes.
#include <sys/socket.h>
#ifdef __linux__
#include <linux/filter.h>
#endif

#include <cerrno>
#include <cstring>

#include "../../native/sys/descriptor.h"
#include "../../native/sys/socket.h"
#include "check.h"

int main() {
#ifdef SO_GET_FILTER
  const sys::Descriptor socket(sys::Socket(AF_UNIX, SOCK_DGRAM, 0));
  sock_filter program[] = {BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_RET | BPF_K, 0xffff)};
  const sock_fprog filter = {2, program};
  CHECK("a filter can be attached",
        sys::SetSockOpt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0);
  sock_filter found[3] = {};
  const auto get = [&](socklen_t* length) {
    return sys::GetSockOpt(socket.get(), SOL_SOCKET, SO_GET_FILTER, found, length);
  };
  socklen_t length = sizeof program[0];
  CHECK("a filter needs room for all of it", get(&length) == -EINVAL && found[0].code == 0);
  length = sizeof found;
  CHECK("a filter is read as a whole", get(&length) == 0 && length == sizeof program &&
                                           std::memcmp(found, program, sizeof program) == 0);
#endif
  return check::Status();
}
