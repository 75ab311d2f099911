// native/sys/socket without Node: one case or more for each call, on pairs of local sockets and on
// the loopback interface.
#include "../../native/sys/socket.h"

#include <fcntl.h>
#ifdef __linux__
#include <linux/filter.h>
#endif
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "../../native/sys/descriptor.h"
#include "../../native/sys/readiness.h"
#include "check.h"

namespace {

struct Pair {
  explicit Pair(int type) {
    int fds[2] = {-1, -1};
    error = sys::SocketPair(AF_UNIX, type, 0, fds);
    one = sys::Descriptor(fds[0]);
    other = sys::Descriptor(fds[1]);
  }
  int error;
  sys::Descriptor one;
  sys::Descriptor other;
};

bool IsBorn(int fd) {
  return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

bool WaitFor(int fd, short events) {
  pollfd entry = {fd, events, 0};
  return sys::Poll(&entry, 1, 10000) == 1;
}

sys::Address Loopback() {
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
#ifdef __APPLE__
  in.sin_len = sizeof in;
#endif
  sys::Address address;
  (void)address.Assign(&in, sizeof in);
  return address;
}

std::string Received(int fd, int flags = 0) {
  char buffer[64];
  const ssize_t length = sys::Recv(fd, buffer, sizeof buffer, flags);
  return length < 0 ? "error" : std::string(buffer, static_cast<std::size_t>(length));
}

void Making() {
  const sys::Descriptor made(sys::Socket(AF_UNIX, SOCK_STREAM, 0));
  CHECK("a socket", made.open() && IsBorn(made.get()));
  CHECK("a family that there is not", sys::Socket(0x7FFF, SOCK_STREAM, 0) == -EAFNOSUPPORT);
  const Pair pair(SOCK_STREAM);
  CHECK("a pair", pair.error == 0 && IsBorn(pair.one.get()) && IsBorn(pair.other.get()));
  int none[2];
  CHECK("a pair that cannot be", sys::SocketPair(AF_INET, SOCK_STREAM, 0, none) < 0);
  int pipe[2] = {-1, -1};
  CHECK("a pipe", sys::Pipe(pipe) == 0 && IsBorn(pipe[0]) && IsBorn(pipe[1]));
  const sys::Descriptor read_end(pipe[0]);
  const sys::Descriptor write_end(pipe[1]);

  const sys::Descriptor plain(::socket(AF_UNIX, SOCK_STREAM, 0));
  CHECK("a descriptor from elsewhere",
        !IsBorn(plain.get()) && sys::Adopt(plain.get()) == 0 && IsBorn(plain.get()));
  CHECK("one that is no socket", sys::Adopt(read_end.get()) == -ENOTSOCK);
  CHECK("one that is not open", sys::Adopt(-1) == -EBADF);
}

void Connections() {
  const sys::Descriptor listener(sys::Socket(AF_INET, SOCK_STREAM, 0));
  sys::Address name;
  CHECK("bind", sys::Bind(listener.get(), Loopback()) == 0);
  CHECK("listen", sys::Listen(listener.get(), 4) == 0);
  CHECK("a name",
        sys::GetSockName(listener.get(), &name) == 0 && name.length == sizeof(sockaddr_in));
  sys::Address peer;
  CHECK("nobody to accept", sys::Accept(listener.get(), &peer) == -EAGAIN);
  CHECK(
      "a name that is taken",
      sys::Bind(sys::Descriptor(sys::Socket(AF_INET, SOCK_STREAM, 0)).get(), name) == -EADDRINUSE);

  const sys::Descriptor client(sys::Socket(AF_INET, SOCK_STREAM, 0));
  CHECK("no peer yet", sys::GetPeerName(client.get(), &peer) == -ENOTCONN);
  const int error = sys::Connect(client.get(), name);
  CHECK("connect", error == 0 || error == -EINPROGRESS);
  CHECK("connected", WaitFor(client.get(), POLLOUT) && sys::SocketError(client.get()) == 0);
  CHECK("a client waits", WaitFor(listener.get(), POLLIN));
  const sys::Descriptor accepted(sys::Accept(listener.get(), &peer));
  CHECK("accept", accepted.open() && IsBorn(accepted.get()));
  sys::Address own;
  CHECK("the peer is the client", sys::GetSockName(client.get(), &own) == 0 && own == peer);
  CHECK("the client's peer is the listener's name",
        sys::GetPeerName(client.get(), &peer) == 0 && peer == name);

  CHECK("send", sys::SendTo(client.get(), "abc", 3, 0, nullptr) == 3);
  CHECK("it comes", WaitFor(accepted.get(), POLLIN) && Received(accepted.get()) == "abc");
  CHECK("and is no longer unsent", sys::Unsent(accepted.get()) == 0);
  CHECK("the peer has not ended", !sys::PeerHasEnded(accepted.get()));
  CHECK("shutdown", sys::Shutdown(client.get(), SHUT_WR) == 0);
  CHECK("the peer has ended", WaitFor(accepted.get(), POLLIN) && sys::PeerHasEnded(accepted.get()));
  CHECK("the end", Received(accepted.get()).empty());
  CHECK("no SIGPIPE after the end", sys::SendTo(client.get(), "x", 1, 0, nullptr) == -EPIPE);

  const sys::Descriptor refused(sys::Socket(AF_INET, SOCK_STREAM, 0));
  const sys::Descriptor holder(sys::Socket(AF_INET, SOCK_STREAM, 0));
  (void)sys::Bind(holder.get(), Loopback());
  (void)sys::GetSockName(holder.get(), &name);
  const int refusal = sys::Connect(refused.get(), name);
  (void)WaitFor(refused.get(), POLLOUT);
  CHECK("a refused connection is in SO_ERROR",
        refusal == -ECONNREFUSED ||
            (refusal == -EINPROGRESS && sys::SocketError(refused.get()) == ECONNREFUSED));
  CHECK("which reading has cleared", sys::SocketError(refused.get()) == 0);
}

void Datagrams() {
  const sys::Descriptor server(sys::Socket(AF_INET, SOCK_DGRAM, 0));
  const sys::Descriptor client(sys::Socket(AF_INET, SOCK_DGRAM, 0));
  (void)sys::Bind(server.get(), Loopback());
  (void)sys::Bind(client.get(), Loopback());
  sys::Address to;
  sys::Address from;
  (void)sys::GetSockName(server.get(), &to);
  (void)sys::GetSockName(client.get(), &from);
  CHECK("sendto", sys::SendTo(client.get(), "abc", 3, 0, &to) == 3);
  char buffer[8] = {};
  sys::Address sender;
  CHECK("recvfrom", WaitFor(server.get(), POLLIN) &&
                        sys::RecvFrom(server.get(), buffer, sizeof buffer, 0, &sender) == 3);
  CHECK("the bytes and their sender", std::memcmp(buffer, "abc", 3) == 0 && sender == from);
  CHECK("sendto nobody", sys::SendTo(client.get(), "abc", 3, 0, nullptr) == -EDESTADDRREQ);
  CHECK("nothing", sys::RecvFrom(server.get(), buffer, sizeof buffer, 0, &sender) == -EAGAIN);
  CHECK("a datagram of no bytes",
        sys::SendTo(client.get(), "", 0, 0, &to) == 0 && WaitFor(server.get(), POLLIN) &&
            sys::RecvFrom(server.get(), buffer, sizeof buffer, 0, &sender) == 0);
}

void Messages() {
  const Pair pair(SOCK_DGRAM);
  char first[] = "ab";
  char second[] = "cde";
  iovec outgoing[2] = {{first, 2}, {second, 3}};
  sys::Message message;
  message.buffers = outgoing;
  message.buffer_count = 2;
  CHECK("sendmsg", sys::SendMsg(pair.one.get(), message, 0) == 5);

  char small[4] = {};
  iovec incoming = {small, sizeof small};
  alignas(cmsghdr) char control[64];
  sys::Address sender;
  sys::Message received;
  received.buffers = &incoming;
  received.buffer_count = 1;
  received.address = &sender;
  received.control = control;
  received.control_length = sizeof control;
  CHECK("recvmsg",
        sys::RecvMsg(pair.other.get(), &received, 0) == 4 && std::memcmp(small, "abcd", 4) == 0);
  CHECK("the message was cut", (received.flags & MSG_TRUNC) != 0);
  CHECK("nothing was beside it", received.control_length == 0);
  CHECK("nothing more", sys::RecvMsg(pair.other.get(), &received, 0) == -EAGAIN);

  // A descriptor, which is close-on-exec when it comes.
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int))] = {};
  msghdr header = {};
  header.msg_control = rights;
  header.msg_controllen = sizeof rights;
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  const int sent = pair.one.get();
  std::memcpy(CMSG_DATA(item), &sent, sizeof sent);
  message.control = rights;
  message.control_length = sizeof rights;
  CHECK("a descriptor goes", sys::SendMsg(pair.one.get(), message, 0) == 5);
  received.control_length = sizeof control;
  CHECK("it comes", sys::RecvMsg(pair.other.get(), &received, 0) == 4 &&
                        received.control_length >= CMSG_LEN(sizeof(int)));
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(reinterpret_cast<cmsghdr*>(control)), sizeof fd);
  const sys::Descriptor taken(fd);
  CHECK("it is another, and close-on-exec", fd > sent && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);

  // As BSDs say it of several that were cut to one.
  item->cmsg_len = CMSG_LEN(8 * sizeof(int));
  message.control_length = CMSG_LEN(sizeof(int));
  CHECK("none is read from behind the control messages",
        sys::DescriptorsOf(message) == std::vector<int>{sent});
}

void ManyMessages() {
  const Pair pair(SOCK_SEQPACKET);
  if (pair.error < 0) return;  // Not every system has them.
  char texts[3][4] = {"one", "two", "six"};
  iovec outgoing[3];
  sys::Message messages[3];
  for (int i = 0; i < 3; i++) {
    outgoing[i] = {texts[i], 3};
    messages[i].buffers = &outgoing[i];
    messages[i].buffer_count = 1;
  }
  CHECK("sendmmsg", sys::SendMMsg(pair.one.get(), messages, 3, 0) == 3 && messages[2].length == 3);

  char buffers[5][2];
  iovec incoming[5];
  sys::Message received[5];
  for (int i = 0; i < 5; i++) {
    incoming[i] = {buffers[i], 2};
    received[i].buffers = &incoming[i];
    received[i].buffer_count = 1;
  }
  CHECK("recvmmsg", sys::RecvMMsg(pair.other.get(), received, 5, 0) == 3);
  CHECK("each in its order",
        std::memcmp(buffers[0], "on", 2) == 0 && std::memcmp(buffers[2], "si", 2) == 0);
  CHECK("each with its length and flags",
        received[1].length == 2 && (received[1].flags & MSG_TRUNC) != 0);
  CHECK("recvmmsg of nothing", sys::RecvMMsg(pair.other.get(), received, 5, 0) == -EAGAIN);
  CHECK("sendmmsg of none", sys::SendMMsg(pair.one.get(), nullptr, 0, 0) == 0);

  CHECK("many in one piece each", sys::SendMany(pair.one.get(), outgoing, 3, 0, nullptr) == 3);
  CHECK("come too", sys::RecvMMsg(pair.other.get(), received, 5, 0) == 3 &&
                        std::memcmp(buffers[1], "tw", 2) == 0);
  CHECK("none of them", sys::SendMany(pair.one.get(), outgoing, 0, 0, nullptr) == 0);

  CHECK("no packet is the end while there is a peer", !sys::PeerHasEnded(pair.other.get()));
  (void)sys::Shutdown(pair.one.get(), SHUT_WR);
  CHECK("and is when there is none", sys::PeerHasEnded(pair.other.get()));
}

void Options() {
  const Pair pair(SOCK_STREAM);
  int type = 0;
  socklen_t length = sizeof type;
  CHECK("getsockopt", sys::GetSockOpt(pair.one.get(), SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
                          type == SOCK_STREAM);
  CHECK("its length", length == sizeof type);
  const int on = 1;
  CHECK("setsockopt",
        sys::SetSockOpt(pair.one.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
  CHECK("an option that there is not",
        sys::SetSockOpt(pair.one.get(), SOL_SOCKET, 9999, &on, sizeof on) == -ENOPROTOOPT);
}

// The kernel counts a filter's instructions, where it counts the bytes of everything else.
void Filters() {
#ifdef SO_GET_FILTER
  const Pair pair(SOCK_DGRAM);
  sock_filter program[] = {BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_RET | BPF_K, 0xffff)};
  const sock_fprog filter = {2, program};
  CHECK("a filter",
        sys::SetSockOpt(pair.one.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0);
  sock_filter found[3] = {};
  const auto get = [&](socklen_t* length) {
    return sys::GetSockOpt(pair.one.get(), SOL_SOCKET, SO_GET_FILTER, found, length);
  };
  socklen_t length = sizeof program[0];
  CHECK("finds no room", get(&length) == -EINVAL && found[0].code == 0);
  length = sizeof found;
  CHECK("comes as a whole", get(&length) == 0 && length == sizeof program &&
                                std::memcmp(found, program, sizeof program) == 0);
#endif
}

void Closed() {
  sys::Address address = Loopback();
  char byte = 0;
  CHECK("bind without a descriptor", sys::Bind(-1, address) == -EBADF);
  CHECK("listen without a descriptor", sys::Listen(-1, 1) == -EBADF);
  CHECK("connect without a descriptor", sys::Connect(-1, address) == -EBADF);
  CHECK("accept without a descriptor", sys::Accept(-1, &address) == -EBADF);
  CHECK("names without a descriptor",
        sys::GetSockName(-1, &address) == -EBADF && sys::GetPeerName(-1, &address) == -EBADF);
  CHECK("transfer without a descriptor",
        sys::SendTo(-1, &byte, 1, 0, nullptr) == -EBADF && sys::Recv(-1, &byte, 1, 0) == -EBADF);
  CHECK("shutdown without a descriptor", sys::Shutdown(-1, SHUT_WR) == -EBADF);
  CHECK("SO_ERROR without a descriptor", sys::SocketError(-1) == EBADF);
  CHECK("unsent bytes without a descriptor", sys::Unsent(-1) == -EBADF);
}

void Owners() {
  sys::Descriptor one(sys::Socket(AF_UNIX, SOCK_STREAM, 0));
  const int fd = one.get();
  sys::Descriptor other(std::move(one));
  CHECK("a descriptor moves", other.get() == fd);
  errno = ENOENT;
  other.Close();
  CHECK("closing leaves errno", errno == ENOENT && !other.open());
  CHECK("and closes", fcntl(fd, F_GETFD) < 0);
  other.Close();
  sys::Descriptor released(sys::Socket(AF_UNIX, SOCK_STREAM, 0));
  const sys::Descriptor taken(released.Release());
  CHECK("a descriptor is given away", taken.open() && !released.open());
}

}  // namespace

int main() {
  Making();
  Connections();
  Datagrams();
  Messages();
  ManyMessages();
  Options();
  Filters();
  Closed();
  Owners();
  return check::Status();
}
