// native/sys/segmentation without Node: that runs go as one, and that a receiver that has not asked
// for that receives each datagram.
#include "../../native/sys/segmentation.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "../../native/sys/descriptor.h"
#include "../../native/sys/socket.h"
#include "check.h"

namespace {

// Two UDP sockets, of which the first is connected to the second.
struct Pair {
  Pair() {
    sockaddr_in loopback = {};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sys::Address address;
    (void)address.Assign(&loopback, sizeof loopback);
    (void)sys::Bind(other.get(), address);
    (void)sys::GetSockName(other.get(), &address);
    (void)sys::Connect(one.get(), address);
  }
  sys::Descriptor one{sys::Socket(AF_INET, SOCK_DGRAM, 0)};
  sys::Descriptor other{sys::Socket(AF_INET, SOCK_DGRAM, 0)};
};

std::string Pattern(std::size_t length, std::size_t index) {
  return std::string(length, static_cast<char>('a' + index % 26));
}

int Send(sys::Segmentation* segmentation, int fd, const std::vector<std::size_t>& lengths) {
  std::vector<std::string> data;
  data.reserve(lengths.size());
  std::vector<iovec> messages;
  messages.reserve(lengths.size());
  for (const std::size_t length : lengths) data.push_back(Pattern(length, data.size()));
  for (std::string& one : data) messages.push_back({one.data(), one.size()});
  return segmentation->SendMany(fd, messages.data(), messages.size(), 0, nullptr);
}

// The lengths of what comes; -1 where the bytes are not those that were sent.
std::vector<int> Receive(int fd) {
  std::vector<int> lengths;
  std::vector<char> buffer(65536);
  for (;;) {
    const ssize_t received = sys::Recv(fd, buffer.data(), buffer.size(), 0);
    if (received < 0) return lengths;
    const auto length = static_cast<std::size_t>(received);
    const std::string text(buffer.data(), length);
    lengths.push_back(text == Pattern(length, lengths.size()) ? static_cast<int>(received) : -1);
  }
}

void Bounds() {
  Pair pair;
  sys::Segmentation segmentation;
  const std::vector<std::vector<std::size_t>> batches = {{5},
                                                         {5, 5, 5},
                                                         {5, 5, 3, 5, 5},
                                                         {1, 2, 3, 2, 1},
                                                         {0, 0, 4, 4, 0, 4},
                                                         {9000, 9000},
                                                         {30000, 30000, 1},
                                                         {65507, 7, 7, 65507},
                                                         {}};
  bool whole = true;
  for (const std::vector<std::size_t>& lengths : batches) {
    whole =
        Send(&segmentation, pair.one.get(), lengths) == static_cast<int>(lengths.size()) && whole;
    whole = Receive(pair.other.get()) == std::vector<int>(lengths.begin(), lengths.end()) && whole;
  }
  CHECK("each datagram arrives by itself", whole);

  const std::vector<std::size_t> most(64, 512);
  CHECK("as many are sent as one call takes",
        Send(&segmentation, pair.one.get(), most) == 64 && Receive(pair.other.get()).size() == 64);
  CHECK("the count ends before one that is too long",
        Send(&segmentation, pair.one.get(), {8, 8, 8, 65508, 8}) == 3);
  CHECK("only those are sent", Receive(pair.other.get()) == std::vector<int>({8, 8, 8}));
  CHECK("it is an error if the first is too long",
        Send(&segmentation, pair.one.get(), {65508, 8}) == -EMSGSIZE);
}

void SmallBuffer() {
  Pair pair;
  const int smallest = 1;
  (void)sys::SetSockOpt(pair.one.get(), SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
  sys::Segmentation segmentation;
  const std::vector<std::size_t> lengths(9, 5000);
  const int sent = Send(&segmentation, pair.one.get(), lengths);
  CHECK("a small buffer takes some of them",
        sent > 0 &&
            Receive(pair.other.get()) == std::vector<int>(lengths.begin(), lengths.begin() + sent));
}

void Other() {
  int fds[2] = {-1, -1};
  (void)sys::SocketPair(AF_UNIX, SOCK_DGRAM, 0, fds);
  const sys::Descriptor one(fds[0]);
  const sys::Descriptor other(fds[1]);
  sys::Segmentation segmentation;
  CHECK("other datagrams keep their bounds",
        Send(&segmentation, one.get(), {4, 4, 4}) == 3 &&
            Receive(other.get()) == std::vector<int>({4, 4, 4}));
}

#if defined(UDP_SEGMENT) && defined(UDP_GRO)

void Runs() {
  Pair pair;
  const int on = 1;
  if (sys::SetSockOpt(pair.other.get(), IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0) return;
  sys::Segmentation segmentation;
  (void)Send(&segmentation, pair.one.get(), {6, 6, 6, 2, 6});
  char buffer[64];
  CHECK("a run goes as one", sys::Recv(pair.other.get(), buffer, sizeof buffer, 0) == 20);
  CHECK("a shorter datagram ends the run",
        sys::Recv(pair.other.get(), buffer, sizeof buffer, 0) == 6);

  const int segment = 3;
  (void)sys::SetSockOpt(pair.one.get(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
  sys::Segmentation own;
  (void)Send(&own, pair.one.get(), {6, 6});
  CHECK("the user's own segment size is left alone",
        sys::Recv(pair.other.get(), buffer, sizeof buffer, 0) == 6);
}

#else

void Runs() {}

#endif

}  // namespace

int main() {
  Bounds();
  SmallBuffer();
  Other();
  Runs();
  return check::Status();
}
