// A kernel without UDP_SEGMENT would send a run as one datagram, so it is asked
// first. Runs that it refuses all the same are sent one datagram at a time: those of
// datagrams longer than the network's packets, and all of them where the hardware or
// IPsec does not allow segmentation.
#include "segmentation.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "socket.h"

namespace sys {

#ifdef __linux__

namespace {

#ifdef UDP_SEGMENT
constexpr int kSegment = UDP_SEGMENT;
#else
constexpr int kSegment = 103;
#endif
// The longest IP packet, less the longest IPv4 header (as much is left for IPv6) and UDP's.
constexpr std::size_t kRun = 0xFFFF - 60 - 8;
constexpr std::size_t kControl = CMSG_SPACE(sizeof(std::uint16_t));

// 0 if the socket is not UDP, or the user has set UDP_SEGMENT on it.
std::int32_t LongestOf(int fd) {
  int segment = 0;
  socklen_t length = sizeof segment;
  const int error = GetSockOpt(fd, IPPROTO_UDP, kSegment, &segment, &length);
  return error == 0 && segment == 0 ? std::int32_t{kRun} : 0;
}

// How many messages, from the first on, make a run.
std::size_t RunOf(const iovec* messages, std::size_t count, std::size_t longest) {
  const std::size_t length = messages[0].iov_len;
  if (length == 0 || length > longest) return 1;
  std::size_t run = 1;
  std::size_t bytes = length;
  while (run < count && messages[run].iov_len > 0 && messages[run].iov_len <= length) {
    bytes += messages[run].iov_len;
    if (bytes > kRun) break;
    if (messages[run++].iov_len < length) break;
  }
  return run;
}

void AskForSegments(Message* message, std::uint16_t length, char* control) {
  msghdr header = {};
  header.msg_control = control;
  header.msg_controllen = kControl;
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = IPPROTO_UDP;
  item->cmsg_type = kSegment;
  item->cmsg_len = CMSG_LEN(sizeof length);
  std::memcpy(CMSG_DATA(item), &length, sizeof length);
  message->control = control;
  message->control_length = kControl;
}

}  // namespace

int Segmentation::SendMany(int fd, iovec* messages, std::size_t count, int flags,
                           Address* address) {
  if (longest_ == kUnknown) longest_ = LongestOf(fd);
  if (longest_ == 0) return sys::SendMany(fd, messages, count, flags, address);

  count = std::min(count, kMessages);
  Message runs[kMessages];
  alignas(cmsghdr) char control[kMessages][kControl] = {};
  std::size_t run_count = 0;
  for (std::size_t first = 0; first < count; run_count++) {
    Message& run = runs[run_count];
    run.address = address;
    run.buffers = &messages[first];
    run.buffer_count = RunOf(run.buffers, count - first, static_cast<std::size_t>(longest_));
    if (run.buffer_count > 1)
      AskForSegments(&run, static_cast<std::uint16_t>(run.buffers->iov_len), control[run_count]);
    first += run.buffer_count;
  }
  const int sent_runs = SendMMsg(fd, runs, run_count, flags);
  if (sent_runs < 0 && runs[0].buffer_count > 1 &&
      (sent_runs == -EINVAL || sent_runs == -EMSGSIZE || sent_runs == -EIO)) {
    const int sent = sys::SendMany(fd, messages, count, flags, address);
    if (sent > 0)
      longest_ = sent_runs == -EIO ? 0 : static_cast<std::int32_t>(messages[0].iov_len) - 1;
    return sent;
  }
  int sent = sent_runs;
  for (int i = 0; i < sent_runs; i++) sent += static_cast<int>(runs[i].buffer_count) - 1;
  return sent;
}

#else

int Segmentation::SendMany(int fd, iovec* messages, std::size_t count, int flags,
                           Address* address) {
  return sys::SendMany(fd, messages, count, flags, address);
}

#endif

}  // namespace sys
