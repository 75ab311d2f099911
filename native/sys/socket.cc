// Systems differ in how a descriptor is made close-on-exec and in how SIGPIPE is
// prevented; all of that is here and nowhere else.
#include "socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <utility>

#include "calls.h"

#ifdef __linux__
#include <linux/filter.h>
#include <linux/sockios.h>
#endif
#ifdef __APPLE__
#include <launch.h>
#include <libproc.h>

#include <cstdlib>
#endif

namespace sys {
namespace {

#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;
#endif

// Flags of the question, which kernels give back with the answer.
#ifdef MSG_CMSG_CLOEXEC
constexpr int kAsked = MSG_CMSG_CLOEXEC;
#else
constexpr int kAsked = MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL;
#endif

// As many bytes as Linux moves at once; for more, Darwin gives EINVAL.
constexpr std::size_t kMostAtOnce = INT_MAX;

// Repeats a call while it is interrupted; returns its value or -errno.
template <class Call>
auto Uninterrupted(Call call) -> decltype(call()) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? static_cast<decltype(call())>(-errno) : result;
}

int Result(int result) { return result < 0 ? -errno : result; }

int SetFlags(int fd) {
  const int descriptor_flags = fcntl(fd, F_GETFD);
  if (descriptor_flags < 0 || fcntl(fd, F_SETFD, descriptor_flags | FD_CLOEXEC) < 0) return -errno;
  const int error = MakeNonblocking(fd);
  if (error < 0) return error;
#ifdef SO_NOSIGPIPE
  // Not every family has it (and MSG_NOSIGNAL is there too, on newer systems).
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return 0;
}

#ifndef SOCK_CLOEXEC
// Sets up a new descriptor; returns it or, having closed it, -errno.
int Born(int fd) {
  const int error = SetFlags(fd);
  if (error == 0) return fd;
  ::close(fd);
  return error;
}
#endif

msghdr Header(const Message& message) {
  // Darwin refuses a message of no buffers, and qemu's user mode does not pass one on.
  static iovec nothing = {nullptr, 0};
  const bool empty = message.buffer_count == 0;
  msghdr header;
  std::memset(&header, 0, sizeof header);
  header.msg_iov = empty ? &nothing : message.buffers;
  header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(empty ? 1 : message.buffer_count);
  header.msg_control = message.control;
  header.msg_controllen = static_cast<decltype(header.msg_controllen)>(message.control_length);
  return header;
}

msghdr OutgoingHeader(const Message& message) {
  msghdr header = Header(message);
  if (message.address != nullptr) {
    header.msg_name = message.address->bytes;
    header.msg_namelen = message.address->length;
  }
  return header;
}

msghdr IncomingHeader(const Message& message) {
  msghdr header = Header(message);
  if (message.address != nullptr) {
    header.msg_name = message.address->bytes;
    header.msg_namelen = Address::kCapacity;
  }
  return header;
}

void TakeFrom(const msghdr& header, Message* message) {
  message->flags = header.msg_flags & ~kAsked;
  message->control_length = static_cast<std::size_t>(header.msg_controllen);
  if (message->address != nullptr) {
    // The kernel reports the full length of an address that it had to cut.
    message->address->length =
        std::min(header.msg_namelen, static_cast<socklen_t>(Address::kCapacity));
  }
}

// musl's macro compares a signed number with an unsigned one.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
cmsghdr* Next(msghdr* header, cmsghdr* item) { return CMSG_NXTHDR(header, item); }
#pragma GCC diagnostic pop

#ifdef MSG_CMSG_CLOEXEC
// Calls `receive` so that descriptors become close-on-exec. Packet sockets, which bring none,
// refuse the flag.
template <class Receive>
auto ReceiveCloseOnExec(int flags, const Receive& receive) {
  const auto received = receive(flags | MSG_CMSG_CLOEXEC);
  return received == -EINVAL ? receive(flags) : received;
}
#else
bool IsLocal(int fd) {
  Address name;
  return GetSockName(fd, &name) == 0 && name.get()->sa_family == AF_UNIX;
}
#endif

// The unit that the length of an option counts, in bytes.
socklen_t UnitOf(int level, int name) {
#ifdef SO_GET_FILTER
  // Counted in instructions: for a length in bytes the kernel would write eight times as much.
  if (level == SOL_SOCKET && name == SO_GET_FILTER) return sizeof(sock_filter);
#else
  (void)level;
  (void)name;
#endif
  return 1;
}

// A socket's SO_TYPE, SO_DOMAIN or SO_PROTOCOL, or -errno.
int NatureOf(int fd, int name) {
  int nature = 0;
  socklen_t length = sizeof nature;
  return ::getsockopt(fd, SOL_SOCKET, name, &nature, &length) < 0 ? -errno : nature;
}

#ifdef __APPLE__
// SO_ACCEPTCONN, which the kernel has a name but no answer for.
int GetListens(int fd, void* value, socklen_t* length) {
  socket_fdinfo info;
  constexpr int kLength = sizeof info;
  if (::proc_pidfdinfo(::getpid(), fd, PROC_PIDFDSOCKETINFO, &info, kLength) != kLength)
    return -errno;
  const int listens = info.psi.soi_options & SO_ACCEPTCONN;
  *length = std::min(*length, static_cast<socklen_t>(sizeof listens));
  std::memcpy(value, &listens, *length);
  return 0;
}
#endif

}  // namespace

int Socket(int domain, int type, int protocol) {
#ifdef SOCK_CLOEXEC
  return Result(::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
#else
  const int fd = ::socket(domain, type, protocol);
  return fd < 0 ? -errno : Born(fd);
#endif
}

int SocketPair(int domain, int type, int protocol, int pair[2]) {
#ifdef SOCK_CLOEXEC
  return Result(::socketpair(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol, pair));
#else
  if (::socketpair(domain, type, protocol, pair) < 0) return -errno;
  const int first = Born(pair[0]);
  const int second = Born(pair[1]);
  if (first >= 0 && second >= 0) return 0;
  if (first >= 0) ::close(first);
  if (second >= 0) ::close(second);
  return first < 0 ? first : second;
#endif
}

int Bind(int fd, const Address& address) {
  return Result(::bind(fd, address.get(), address.length));
}

int Listen(int fd, int backlog) { return Result(::listen(fd, backlog)); }

int Connect(int fd, const Address& address) {
  if (::connect(fd, address.get(), address.length) == 0) return 0;
  return errno == EINTR ? -EINPROGRESS : -errno;
}

int MakeNonblocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  return (flags & O_NONBLOCK) != 0 ? 0 : Result(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

int Accept(int fd, Address* peer) {
  peer->length = Address::kCapacity;
#ifdef SOCK_CLOEXEC
  int accepted = Uninterrupted(
      [&] { return ::accept4(fd, peer->get(), &peer->length, SOCK_CLOEXEC | SOCK_NONBLOCK); });
#ifdef AF_ALG
  // AF_ALG's sockets have no names: accept(2) takes that for a connection that is gone, unless
  // it is asked for no name.
  if (accepted == -ECONNABORTED && NatureOf(fd, SO_DOMAIN) == AF_ALG) {
    peer->length = 0;
    accepted = Uninterrupted(
        [&] { return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); });
  }
#endif
#else
  int accepted = Uninterrupted([&] { return ::accept(fd, peer->get(), &peer->length); });
  // Darwin gives a descriptor, and no address, for a connection that is gone.
  if (accepted >= 0 && peer->length == 0) {
    ::close(accepted);
    accepted = -ECONNABORTED;
  }
  if (accepted >= 0) accepted = Born(accepted);
#endif
  peer->length = std::min(peer->length, static_cast<socklen_t>(Address::kCapacity));
  return accepted;
}

int GetSockName(int fd, Address* address) {
  address->length = Address::kCapacity;
  const int result = Result(::getsockname(fd, address->get(), &address->length));
  address->length = std::min(address->length, static_cast<socklen_t>(Address::kCapacity));
  return result;
}

int GetPeerName(int fd, Address* address) {
  address->length = Address::kCapacity;
  const int result = Result(::getpeername(fd, address->get(), &address->length));
  address->length = std::min(address->length, static_cast<socklen_t>(Address::kCapacity));
  return result;
}

int GetSockOpt(int fd, int level, int name, void* value, socklen_t* length) {
#ifdef __APPLE__
  if (level == SOL_SOCKET && name == SO_ACCEPTCONN) return GetListens(fd, value, length);
#endif
  const socklen_t unit = UnitOf(level, name);
  *length /= unit;
  const int result = Result(::getsockopt(fd, level, name, value, length));
  *length *= unit;
  return result;
}

int SetSockOpt(int fd, int level, int name, const void* value, socklen_t length) {
  return Result(::setsockopt(fd, level, name, value, length));
}

int SetSockOptProgram(int fd, int level, int name, const void* instructions, std::size_t count) {
#ifdef SO_ATTACH_FILTER
  if (count > std::numeric_limits<unsigned short>::max()) return -EINVAL;
  // The kernel reads them, for all that the pointer is not const.
  sock_fprog program = {};
  program.len = static_cast<unsigned short>(count);
  program.filter = static_cast<sock_filter*>(const_cast<void*>(instructions));
  return SetSockOpt(fd, level, name, &program, sizeof program);
#else
  static_cast<void>(fd), static_cast<void>(level), static_cast<void>(name);
  static_cast<void>(instructions), static_cast<void>(count);
  return -ENOPROTOOPT;
#endif
}

int SocketError(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

void DropQueuedErrors(int fd) {
#ifdef MSG_ERRQUEUE
  // Other sockets ignore the flag, and would drop data.
  const int domain = NatureOf(fd, SO_DOMAIN);
  const bool has_queue = domain == AF_INET || domain == AF_INET6 || domain == AF_PACKET;
  if (!has_queue || NatureOf(fd, SO_PROTOCOL) == IPPROTO_SCTP) return;
  for (std::size_t i = 0; i < kMessages; i++) {
    Message message;
    if (RecvMsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
  }
#else
  (void)fd;
#endif
}

int Shutdown(int fd, int how) { return Result(::shutdown(fd, how)); }

ssize_t SendTo(int fd, const void* data, std::size_t length, int flags, const Address* address) {
  const sockaddr* to = address == nullptr ? nullptr : address->get();
  const socklen_t to_length = address == nullptr ? 0 : address->length;
  length = std::min(length, kMostAtOnce);
  return Uninterrupted(
      [&] { return calls::SendTo(fd, data, length, flags | kNoSignal, to, to_length); });
}

ssize_t SendMsg(int fd, const Message& message, int flags) {
  const msghdr header = OutgoingHeader(message);
  const ssize_t sent = Uninterrupted([&] { return ::sendmsg(fd, &header, flags | kNoSignal); });
#ifdef __APPLE__
  // What a local stream allows for control messages shrinks with the room in its peer's queue.
  if (sent == -EMSGSIZE && message.control_length > 0 && message.buffer_count <= IOV_MAX &&
      NatureOf(fd, SO_TYPE) == SOCK_STREAM)
    return -EAGAIN;
#endif
  return sent;
}

#ifdef MSG_CMSG_CLOEXEC

ssize_t Recv(int fd, void* data, std::size_t length, int flags) {
  return Uninterrupted([&] { return calls::RecvFrom(fd, data, length, flags, nullptr, nullptr); });
}

ssize_t RecvFrom(int fd, void* data, std::size_t length, int flags, Address* address) {
  address->length = Address::kCapacity;
  const ssize_t received = Uninterrupted(
      [&] { return calls::RecvFrom(fd, data, length, flags, address->get(), &address->length); });
  address->length = std::min(address->length, static_cast<socklen_t>(Address::kCapacity));
  return received;
}

ssize_t RecvMsg(int fd, Message* message, int flags) {
  msghdr header = IncomingHeader(*message);
  const auto receive = [&](int asked) {
    return Uninterrupted([&] { return ::recvmsg(fd, &header, asked); });
  };
  // Without room for control messages no descriptors come.
  const ssize_t received =
      message->control_length > 0 ? ReceiveCloseOnExec(flags, receive) : receive(flags);
  if (received >= 0) TakeFrom(header, message);
  return received;
}

#else

// Darwin opens every descriptor that comes with a message, and leaves those open that the call has
// no room for, whichever call it is. So there is room for all, and the rest is closed here.
ssize_t RecvMsg(int fd, Message* message, int flags) {
  alignas(cmsghdr) std::uint8_t control[4096];  // A sender's control messages have 2048 at most.
  Message whole = *message;
  // Of descriptors that are only peeked at, there are not even the numbers.
  const bool peeks = (flags & MSG_PEEK) != 0;
  whole.control = peeks ? nullptr : control;
  whole.control_length = peeks ? 0 : sizeof control;
  msghdr header = IncomingHeader(whole);
  const auto receive = [&] { return Uninterrupted([&] { return ::recvmsg(fd, &header, flags); }); };
  ssize_t received = receive();
  // The descriptor table was too full for them. They are gone, but the message is still there.
  const bool lost = received == -EMSGSIZE && IsLocal(fd);
  if (lost) received = receive();
  if (received < 0) return received;
  TakeFrom(header, &whole);

  const std::size_t room = std::exchange(message->control_length,
                                         std::min(message->control_length, whole.control_length));
  if (message->control_length > 0) std::memcpy(message->control, control, message->control_length);
  message->flags = whole.flags | (lost || room < whole.control_length ? MSG_CTRUNC : 0);
  std::size_t kept = DescriptorsOf(*message).size();
  for (const int passed : DescriptorsOf(whole)) {
    if (kept > 0) {
      kept--;
      fcntl(passed, F_SETFD, FD_CLOEXEC);
    } else {
      ::close(passed);
    }
  }
  return received;
}

ssize_t Recv(int fd, void* data, std::size_t length, int flags) {
  iovec buffer = {data, std::min(length, kMostAtOnce)};
  Message message;
  message.buffers = &buffer;
  message.buffer_count = 1;
  return RecvMsg(fd, &message, flags);
}

ssize_t RecvFrom(int fd, void* data, std::size_t length, int flags, Address* address) {
  iovec buffer = {data, std::min(length, kMostAtOnce)};
  Message message;
  message.buffers = &buffer;
  message.buffer_count = 1;
  message.address = address;
  return RecvMsg(fd, &message, flags);
}

#endif

std::vector<int> DescriptorsOf(const Message& message, int type) {
  std::vector<int> fds;
  msghdr header = Header(message);
  const auto* end = static_cast<const std::uint8_t*>(message.control) + message.control_length;
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = Next(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != type) continue;
    const std::uint8_t* data = CMSG_DATA(item);
    // If there was no room for all, BSDs leave the length that all would have had.
    const std::size_t length =
        std::min<std::size_t>(item->cmsg_len - CMSG_LEN(0), static_cast<std::size_t>(end - data));
    if (length < sizeof(int)) continue;
    const std::size_t first = fds.size();
    fds.resize(first + length / sizeof(int));
    std::memcpy(fds.data() + first, data, (fds.size() - first) * sizeof(int));
  }
  return fds;
}

#ifdef __linux__

namespace {

// An int for glibc, an unsigned one for musl.
template <class Flags, class... More>
Flags FlagsOf(int (*)(int, mmsghdr*, unsigned, Flags, More...));
using MMsgFlags = decltype(FlagsOf(::sendmmsg));

int SendHeaders(int fd, mmsghdr* headers, std::size_t count, int flags) {
  return Uninterrupted([&] {
    return ::sendmmsg(fd, headers, static_cast<unsigned>(count),
                      static_cast<MMsgFlags>(flags | kNoSignal));
  });
}

}  // namespace

int SendMMsg(int fd, Message* messages, std::size_t count, int flags) {
  mmsghdr headers[kMessages];
  count = std::min(count, kMessages);
  for (std::size_t i = 0; i < count; i++) {
    headers[i].msg_hdr = OutgoingHeader(messages[i]);
    headers[i].msg_len = 0;
  }
  const int sent = SendHeaders(fd, headers, count, flags);
  for (int i = 0; i < sent; i++) messages[i].length = headers[i].msg_len;
  return sent;
}

int SendMany(int fd, iovec* messages, std::size_t count, int flags, Address* address) {
  mmsghdr headers[kMessages];
  count = std::min(count, kMessages);
  Message message;
  message.buffer_count = 1;
  message.address = address;
  for (std::size_t i = 0; i < count; i++) {
    message.buffers = &messages[i];
    headers[i].msg_hdr = OutgoingHeader(message);
    headers[i].msg_len = 0;
  }
  return SendHeaders(fd, headers, count, flags);
}

int RecvMMsg(int fd, Message* messages, std::size_t count, int flags) {
  mmsghdr headers[kMessages];
  count = std::min(count, kMessages);
  for (std::size_t i = 0; i < count; i++) {
    headers[i].msg_hdr = IncomingHeader(messages[i]);
    headers[i].msg_len = 0;
  }
  const int received = ReceiveCloseOnExec(flags, [&](int asked) {
    return Uninterrupted([&] {
      return ::recvmmsg(fd, headers, static_cast<unsigned>(count), static_cast<MMsgFlags>(asked),
                        nullptr);
    });
  });
  for (int i = 0; i < received; i++) {
    TakeFrom(headers[i].msg_hdr, &messages[i]);
    messages[i].length = headers[i].msg_len;
  }
  return received;
}

#else

int SendMMsg(int fd, Message* messages, std::size_t count, int flags) {
  int sent = 0;
  for (; static_cast<std::size_t>(sent) < std::min(count, kMessages); sent++) {
    const ssize_t length = SendMsg(fd, messages[sent], flags);
    if (length < 0) return sent > 0 ? sent : static_cast<int>(length);
    messages[sent].length = static_cast<std::size_t>(length);
  }
  return sent;
}

int SendMany(int fd, iovec* messages, std::size_t count, int flags, Address* address) {
  int sent = 0;
  for (; static_cast<std::size_t>(sent) < std::min(count, kMessages); sent++) {
    const iovec& message = messages[sent];
    const ssize_t length = SendTo(fd, message.iov_base, message.iov_len, flags, address);
    if (length < 0) return sent > 0 ? sent : static_cast<int>(length);
  }
  return sent;
}

int RecvMMsg(int fd, Message* messages, std::size_t count, int flags) {
  int received = 0;
  for (; static_cast<std::size_t>(received) < std::min(count, kMessages); received++) {
    const ssize_t length = RecvMsg(fd, &messages[received], flags);
    if (length < 0) return received > 0 ? received : static_cast<int>(length);
    messages[received].length = static_cast<std::size_t>(length);
  }
  return received;
}

#endif

int Adopt(int fd) {
  struct stat status;
  if (::fstat(fd, &status) < 0) return -errno;
  if (!S_ISSOCK(status.st_mode)) return -ENOTSOCK;
  return SetFlags(fd);
}

int Duplicate(int fd) { return Result(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

int LaunchActivateSocket(const char* name, std::vector<int>* fds) {
#ifdef __APPLE__
  int* activated = nullptr;
  std::size_t count = 0;
  const int error = ::launch_activate_socket(name, &activated, &count);
  if (error != 0) return -error;
  fds->assign(activated, activated + count);
  std::free(activated);
  return 0;
#else
  (void)name;
  (void)fds;
  return -ENOSYS;
#endif
}

int Unsent(int fd) {
  int bytes = 0;
#ifdef SIOCOUTQ
  if (::ioctl(fd, SIOCOUTQ, &bytes) < 0) return -errno;
#elif defined(SO_NWRITE)
  socklen_t length = sizeof bytes;
  if (::getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &length) < 0) return -errno;
#else
  (void)fd;
#endif
  return bytes;
}

bool PeerHasEnded(int fd) {
#ifdef POLLRDHUP
  pollfd entry = {fd, POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
#else
  pollfd entry = {fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
#endif
}

bool IsShutDown(int fd) {
#ifdef POLLRDHUP
  pollfd entry = {fd, POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLRDHUP) != 0;
#else
  (void)fd;
  return false;
#endif
}

int HoldsRecord(int fd) {
#if defined(SO_PASSCRED) && defined(SCM_CREDENTIALS)
  // Once SO_PASSCRED is set, every record brings the credentials of its sender; the
  // end brings none.
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) return -errno;
  alignas(cmsghdr) char control[256];
  char byte;
  iovec buffer = {&byte, 1};
  Message message;
  message.buffers = &buffer;
  message.buffer_count = 1;
  message.control = control;
  message.control_length = sizeof control;
  const ssize_t received = RecvMsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
  if (received < 0) return static_cast<int>(received);
  // Peeked descriptors are duplicates.
  for (const int duplicate : DescriptorsOf(message)) ::close(duplicate);
  for (const int process : DescriptorsOf(message, kProcessDescriptor)) ::close(process);
  return received > 0 || message.control_length > 0 ? 1 : 0;
#else
  (void)fd;
  return -EOPNOTSUPP;
#endif
}

int Pipe(int pair[2]) {
#ifdef __linux__
  return Result(::pipe2(pair, O_CLOEXEC | O_NONBLOCK));
#else
  if (::pipe(pair) < 0) return -errno;
  for (int i = 0; i < 2; i++) {
    fcntl(pair[i], F_SETFD, FD_CLOEXEC);
    fcntl(pair[i], F_SETFL, O_NONBLOCK);
  }
  return 0;
#endif
}

}  // namespace sys
