// native/sys/resolve and native/resolver without Node: answers, and what becomes of those that are
// not waited for.
//
// Only numeric addresses and localhost are looked up, so that no name server is asked.
#include "../../native/resolver.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../../native/sys/readiness.h"
#include "check.h"

namespace {

sys::Query QueryFor(const std::string& host) {
  sys::Query query;
  query.host = host;
  query.has_host = true;
  query.type = SOCK_STREAM;
  query.flags = AI_NUMERICHOST;
  return query;
}

std::uint32_t HostOf(const sys::Answer& answer) {
  if (answer.error != 0 || answer.addresses.size() != 1) return 0;
  sockaddr_in address;
  std::memcpy(&address, answer.addresses[0].address.bytes, sizeof address);
  return ntohl(address.sin_addr.s_addr);
}

void Blocking() {
  sys::Query query = QueryFor("192.0.2.7");
  query.service = "80";
  query.has_service = true;
  const sys::Answer answer = sys::GetAddrInfo(query);
  CHECK("a numeric host has an answer",
        answer.error == 0 && answer.addresses.size() == 1 && HostOf(answer) == 0xC0000207);
  if (!answer.addresses.empty()) {
    const sys::Found& found = answer.addresses[0];
    CHECK("the answer has family, type and protocol",
          found.family == AF_INET && found.type == SOCK_STREAM && found.protocol == IPPROTO_TCP);
    CHECK("the answer has the length of its address", found.address.length == sizeof(sockaddr_in));
  }
  const sys::Answer none = sys::GetAddrInfo(QueryFor("not a number"));
  CHECK("an unknown host has none", none.error == EAI_NONAME && none.addresses.empty());
  CHECK("an empty query has none", sys::GetAddrInfo(sys::Query()).error == EAI_NONAME);

  sys::Query service;
  service.service = "80";
  service.has_service = true;
  service.family = AF_INET;
  service.type = SOCK_STREAM;
  CHECK("a service without a host is the loopback's",
        HostOf(sys::GetAddrInfo(service)) == INADDR_LOOPBACK);
  service.flags = AI_PASSIVE;
  CHECK("a service can be looked up for listening",
        sys::GetAddrInfo(service).addresses.size() == 1);
}

// Takes answers until there are `count`; fewer after ten seconds without one.
std::vector<mnp::LookUp> TakeAll(mnp::Resolver* resolver, std::size_t count) {
  std::vector<mnp::LookUp> all;
  pollfd entry = {resolver->fd(), POLLIN, 0};
  while (all.size() < count && sys::Poll(&entry, 1, 10000) == 1) {
    for (mnp::LookUp& done : resolver->Take(SIZE_MAX)) all.push_back(std::move(done));
  }
  return all;
}

void Waiting() {
  mnp::Resolver resolver;
  CHECK("a resolver can be opened", resolver.Open() == 0 && resolver.fd() >= 0);
  CHECK("there is nothing to take at first", resolver.Take(SIZE_MAX).empty());
  std::uint32_t request = 0;
  CHECK("a query can be started", resolver.Start(QueryFor("192.0.2.7"), &request) == 0);
  const std::vector<mnp::LookUp> done = TakeAll(&resolver, 1);
  CHECK("its answer comes",
        done.size() == 1 && done[0].request == request && HostOf(done[0].answer) == 0xC0000207);
  pollfd entry = {resolver.fd(), POLLIN, 0};
  CHECK("an answer comes once", sys::Poll(&entry, 1, 0) == 0 && resolver.Take(SIZE_MAX).empty());

  CHECK("another query can be started", resolver.Start(QueryFor("not a number"), &request) == 0);
  const std::vector<mnp::LookUp> failed = TakeAll(&resolver, 1);
  CHECK("an error is an answer", failed.size() == 1 && failed[0].answer.error == EAI_NONAME);
}

void Many() {
  mnp::Resolver resolver;
  (void)resolver.Open();
  constexpr std::uint32_t kCount = 200;
  std::vector<std::uint32_t> requests(kCount);
  bool started = true;
  for (std::uint32_t i = 0; i < kCount; i++) {
    started =
        started && resolver.Start(QueryFor("192.0.2." + std::to_string(i)), &requests[i]) == 0;
  }
  CHECK("many queries can be started at once", started);
  const std::set<std::uint32_t> numbers(requests.begin(), requests.end());
  CHECK("each query has a number of its own", numbers.size() == kCount && numbers.count(0) == 0);
  bool right = true;
  std::set<std::uint32_t> answered;
  for (const mnp::LookUp& done : TakeAll(&resolver, kCount)) {
    answered.insert(done.request);
    for (std::uint32_t i = 0; i < kCount; i++) {
      if (requests[i] == done.request) right = right && HostOf(done.answer) == 0xC0000200 + i;
    }
  }
  CHECK("each query has its answer", answered == numbers && right);
}

void Pieces() {
  mnp::Resolver resolver;
  (void)resolver.Open();
  std::uint32_t request = 0;
  for (int i = 0; i < 3; i++) (void)resolver.Start(QueryFor("192.0.2.7"), &request);
  pollfd entry = {resolver.fd(), POLLIN, 0};
  std::size_t count = 0;
  std::size_t most = 0;
  while (count < 3 && sys::Poll(&entry, 1, 10000) == 1) {
    const std::size_t taken = resolver.Take(1).size();
    most = std::max(most, taken);
    count += taken;
  }
  CHECK("no more answers are taken than were asked for", most == 1);
  CHECK("the descriptor stays readable while there are more answers", count == 3);
  CHECK("the descriptor is not readable after the last answer", sys::Poll(&entry, 1, 0) == 0);
}

void Ending() {
  // The threads of a resolver that is gone write only to memory that they keep alive; a
  // sanitizer would report anything else.
  for (int i = 0; i < 50; i++) {
    mnp::Resolver resolver;
    (void)resolver.Open();
    std::uint32_t request = 0;
    for (int k = 0; k < 8; k++) (void)resolver.Start(QueryFor("192.0.2.1"), &request);
  }
  CHECK("a resolver may end while look-ups run", true);

  auto unopened = std::make_unique<mnp::Resolver>();
  CHECK("a resolver that was never opened has no descriptor", unopened->fd() == -1);
  unopened.reset();
}

void Descriptors() {
  mnp::Resolver resolver;
  (void)resolver.Open();
  CHECK("its descriptor is close-on-exec", (fcntl(resolver.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK("its descriptor is non-blocking", (fcntl(resolver.fd(), F_GETFL) & O_NONBLOCK) != 0);
}

}  // namespace

int main() {
  Blocking();
  Waiting();
  Many();
  Pieces();
  Ending();
  Descriptors();
  return check::Status();
}
