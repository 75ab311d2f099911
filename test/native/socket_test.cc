// native/sys/socket without Node: one case or more for each call, on pairs of local sockets and on
// the loopback interface.
#include "../../native/sys/socket.h"

#include <fcntl.h>
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
  CHECK("a socket is non-blocking and close-on-exec", made.open() && IsBorn(made.get()));
  CHECK("an unknown family is refused", sys::Socket(0x7FFF, SOCK_STREAM, 0) == -EAFNOSUPPORT);
  const Pair pair(SOCK_STREAM);
  CHECK("a pair is non-blocking and close-on-exec",
        pair.error == 0 && IsBorn(pair.one.get()) && IsBorn(pair.other.get()));
  int none[2];
  CHECK("a pair of Internet sockets is refused",
        sys::SocketPair(AF_INET, SOCK_STREAM, 0, none) < 0);
  int pipe[2] = {-1, -1};
  CHECK("a pipe is non-blocking and close-on-exec",
        sys::Pipe(pipe) == 0 && IsBorn(pipe[0]) && IsBorn(pipe[1]));
  const sys::Descriptor read_end(pipe[0]);
  const sys::Descriptor write_end(pipe[1]);

  const sys::Descriptor plain(::socket(AF_UNIX, SOCK_STREAM, 0));
  CHECK("adopting makes a descriptor non-blocking and close-on-exec",
        !IsBorn(plain.get()) && sys::Adopt(plain.get()) == 0 && IsBorn(plain.get()));
  CHECK("a pipe is not adopted", sys::Adopt(read_end.get()) == -ENOTSOCK);
  CHECK("a descriptor that is not open is not adopted", sys::Adopt(-1) == -EBADF);
}

void Connections() {
  const sys::Descriptor listener(sys::Socket(AF_INET, SOCK_STREAM, 0));
  sys::Address name;
  CHECK("bind gives a name", sys::Bind(listener.get(), Loopback()) == 0);
  CHECK("listen succeeds", sys::Listen(listener.get(), 4) == 0);
  CHECK("the name has a port's length",
        sys::GetSockName(listener.get(), &name) == 0 && name.length == sizeof(sockaddr_in));
  sys::Address peer;
  CHECK("accept is EAGAIN without a client", sys::Accept(listener.get(), &peer) == -EAGAIN);
  CHECK(
      "a name in use is EADDRINUSE",
      sys::Bind(sys::Descriptor(sys::Socket(AF_INET, SOCK_STREAM, 0)).get(), name) == -EADDRINUSE);

  const sys::Descriptor client(sys::Socket(AF_INET, SOCK_STREAM, 0));
  CHECK("a new socket has no peer", sys::GetPeerName(client.get(), &peer) == -ENOTCONN);
  const int error = sys::Connect(client.get(), name);
  CHECK("connect succeeds or is in progress", error == 0 || error == -EINPROGRESS);
  CHECK("the connection is established",
        WaitFor(client.get(), POLLOUT) && sys::SocketError(client.get()) == 0);
  CHECK("a waiting client is reported", WaitFor(listener.get(), POLLIN));
  const sys::Descriptor accepted(sys::Accept(listener.get(), &peer));
  CHECK("accept gives a socket", accepted.open() && IsBorn(accepted.get()));
  sys::Address own;
  CHECK("the accepted peer is the client",
        sys::GetSockName(client.get(), &own) == 0 && own == peer);
  CHECK("the client's peer is the listener",
        sys::GetPeerName(client.get(), &peer) == 0 && peer == name);

  CHECK("send takes all bytes", sys::SendTo(client.get(), "abc", 3, 0, nullptr) == 3);
  CHECK("the bytes arrive", WaitFor(accepted.get(), POLLIN) && Received(accepted.get()) == "abc");
  CHECK("no byte is unsent", sys::Unsent(accepted.get()) == 0);
  CHECK("the peer has not ended", !sys::PeerHasEnded(accepted.get()));
  CHECK("shutdown succeeds", sys::Shutdown(client.get(), SHUT_WR) == 0);
  CHECK("the peer has ended", WaitFor(accepted.get(), POLLIN) && sys::PeerHasEnded(accepted.get()));
  CHECK("the end is read", Received(accepted.get()).empty());
  CHECK("sending after the end is EPIPE, not a signal",
        sys::SendTo(client.get(), "x", 1, 0, nullptr) == -EPIPE);

  const sys::Descriptor refused(sys::Socket(AF_INET, SOCK_STREAM, 0));
  const sys::Descriptor holder(sys::Socket(AF_INET, SOCK_STREAM, 0));
  (void)sys::Bind(holder.get(), Loopback());
  (void)sys::GetSockName(holder.get(), &name);
  const int refusal = sys::Connect(refused.get(), name);
  (void)WaitFor(refused.get(), POLLOUT);
  CHECK("a refused connection is in SO_ERROR",
        refusal == -ECONNREFUSED ||
            (refusal == -EINPROGRESS && sys::SocketError(refused.get()) == ECONNREFUSED));
  CHECK("SO_ERROR is cleared by reading it", sys::SocketError(refused.get()) == 0);
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
  CHECK("sendto takes all bytes", sys::SendTo(client.get(), "abc", 3, 0, &to) == 3);
  char buffer[8] = {};
  sys::Address sender;
  CHECK("recvfrom gives their number",
        WaitFor(server.get(), POLLIN) &&
            sys::RecvFrom(server.get(), buffer, sizeof buffer, 0, &sender) == 3);
  CHECK("recvfrom gives the bytes and the sender",
        std::memcmp(buffer, "abc", 3) == 0 && sender == from);
  CHECK("sendto without an address is EDESTADDRREQ",
        sys::SendTo(client.get(), "abc", 3, 0, nullptr) == -EDESTADDRREQ);
  CHECK("recvfrom is EAGAIN without a datagram",
        sys::RecvFrom(server.get(), buffer, sizeof buffer, 0, &sender) == -EAGAIN);
  CHECK("a datagram may be empty",
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
  CHECK("sendmsg takes all buffers", sys::SendMsg(pair.one.get(), message, 0) == 5);

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
  CHECK("recvmsg fills its buffer",
        sys::RecvMsg(pair.other.get(), &received, 0) == 4 && std::memcmp(small, "abcd", 4) == 0);
  CHECK("recvmsg reports that the message was cut", (received.flags & MSG_TRUNC) != 0);
  CHECK("there are no control messages", received.control_length == 0);
  CHECK("recvmsg is EAGAIN without a message",
        sys::RecvMsg(pair.other.get(), &received, 0) == -EAGAIN);

  // A descriptor, which is close-on-exec when it is received.
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
  CHECK("a descriptor is sent", sys::SendMsg(pair.one.get(), message, 0) == 5);
  received.control_length = sizeof control;
  CHECK("a descriptor is received", sys::RecvMsg(pair.other.get(), &received, 0) == 4 &&
                                        received.control_length >= CMSG_LEN(sizeof(int)));
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(reinterpret_cast<cmsghdr*>(control)), sizeof fd);
  const sys::Descriptor taken(fd);
  CHECK("it is a new descriptor, and close-on-exec",
        fd > sent && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);

  // A BSD leaves the length of eight descriptors where there was room for one.
  item->cmsg_len = CMSG_LEN(8 * sizeof(int));
  message.control_length = CMSG_LEN(sizeof(int));
  CHECK("no descriptor is read beyond the control messages",
        sys::DescriptorsOf(message) == std::vector<int>{sent});
}

void ManyMessages() {
  const Pair pair(SOCK_SEQPACKET);
  if (pair.error < 0) return;  // Not every system has sequenced packets.
  char texts[3][4] = {"one", "two", "six"};
  iovec outgoing[3];
  sys::Message messages[3];
  for (int i = 0; i < 3; i++) {
    outgoing[i] = {texts[i], 3};
    messages[i].buffers = &outgoing[i];
    messages[i].buffer_count = 1;
  }
  CHECK("sendmmsg sends several",
        sys::SendMMsg(pair.one.get(), messages, 3, 0) == 3 && messages[2].length == 3);

  char buffers[5][2];
  iovec incoming[5];
  sys::Message received[5];
  for (int i = 0; i < 5; i++) {
    incoming[i] = {buffers[i], 2};
    received[i].buffers = &incoming[i];
    received[i].buffer_count = 1;
  }
  CHECK("recvmmsg receives several", sys::RecvMMsg(pair.other.get(), received, 5, 0) == 3);
  CHECK("they come in order",
        std::memcmp(buffers[0], "on", 2) == 0 && std::memcmp(buffers[2], "si", 2) == 0);
  CHECK("each has its length and flags",
        received[1].length == 2 && (received[1].flags & MSG_TRUNC) != 0);
  CHECK("recvmmsg is EAGAIN without a message",
        sys::RecvMMsg(pair.other.get(), received, 5, 0) == -EAGAIN);
  CHECK("sendmmsg may send none", sys::SendMMsg(pair.one.get(), nullptr, 0, 0) == 0);

  CHECK("SendMany sends several", sys::SendMany(pair.one.get(), outgoing, 3, 0, nullptr) == 3);
  CHECK("they are received in order", sys::RecvMMsg(pair.other.get(), received, 5, 0) == 3 &&
                                          std::memcmp(buffers[1], "tw", 2) == 0);
  CHECK("SendMany may send none", sys::SendMany(pair.one.get(), outgoing, 0, 0, nullptr) == 0);

  CHECK("having no packet is not the end while there is a peer",
        !sys::PeerHasEnded(pair.other.get()));
  (void)sys::Shutdown(pair.one.get(), SHUT_WR);
  CHECK("it is the end when the peer has shut down", sys::PeerHasEnded(pair.other.get()));
}

void Options() {
  const Pair pair(SOCK_STREAM);
  int type = 0;
  socklen_t length = sizeof type;
  CHECK("getsockopt gives a value",
        sys::GetSockOpt(pair.one.get(), SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
            type == SOCK_STREAM);
  CHECK("getsockopt gives the value's length", length == sizeof type);
  const int on = 1;
  CHECK("setsockopt succeeds",
        sys::SetSockOpt(pair.one.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
  CHECK("an unknown option is refused",
        sys::SetSockOpt(pair.one.get(), SOL_SOCKET, 9999, &on, sizeof on) == -ENOPROTOOPT);
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
  CHECK("a descriptor can be moved", other.get() == fd);
  errno = ENOENT;
  other.Close();
  CHECK("closing leaves errno as it is", errno == ENOENT && !other.open());
  CHECK("closing closes the descriptor", fcntl(fd, F_GETFD) < 0);
  other.Close();
  sys::Descriptor released(sys::Socket(AF_UNIX, SOCK_STREAM, 0));
  const sys::Descriptor taken(released.Release());
  CHECK("a descriptor can be released", taken.open() && !released.open());
}

}  // namespace

int main() {
  Making();
  Connections();
  Datagrams();
  Messages();
  ManyMessages();
  Options();
  Closed();
  Owners();
  return check::Status();
}
