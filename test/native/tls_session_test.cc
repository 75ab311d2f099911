// native/tls/session without Node: two sessions over a pair of sockets whose buffers are small, so
// that every call finds no room sooner or later. They use no certificates, which would need
// files.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "../../native/sys/descriptor.h"
#include "../../native/sys/socket.h"
#include "../../native/tls/session.h"
#include "check.h"

namespace {

constexpr std::size_t kRoom = 64 * 1024;

std::shared_ptr<const tls::Context> MakeContext(bool server, const char* priority) {
  tls::Options options;
  options.server = server;
  options.anonymous = true;
  options.priority = priority;
  tls::Refusal refusal;
  return tls::Context::Make(*tls::Load(), options, &refusal);
}

struct Ends {
  tls::Workspace workspace;
  sys::Descriptor near;
  sys::Descriptor far;
  std::unique_ptr<tls::Session> client;
  std::unique_ptr<tls::Session> server;

  Ends() {
    int pair[2];
    if (sys::SocketPair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) return;
    near = sys::Descriptor(pair[0]);
    far = sys::Descriptor(pair[1]);
    const int small = 1;
    for (const int fd : pair) {
      (void)sys::SetSockOpt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    }
    constexpr const char* kPriority = "NORMAL:-KX-ALL:+ANON-ECDH:-VERS-TLS1.3";
    int error = 0;
    client = tls::Session::Make(MakeContext(false, kPriority), {}, &workspace, near.get(), &error);
    server = tls::Session::Make(MakeContext(true, kPriority), {}, &workspace, far.get(), &error);
  }

  bool ShakeHands() {
    for (int i = 0; i < 1000; i++) {
      const int one = client->Handshake();
      const int other = server->Handshake();
      if (one < 0 || other < 0) return false;
      if (one == tls::Session::kDone && other == tls::Session::kDone) return true;
    }
    return false;
  }
};

bool IsReadable(int fd) {
  pollfd entry = {fd, POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

ssize_t SendSome(tls::Session* session, const std::vector<std::uint8_t>& data, std::size_t from) {
  // In three pieces, of which the middle one is empty.
  auto* bytes = const_cast<std::uint8_t*>(data.data());
  const std::size_t half = (data.size() - from) / 2;
  const iovec pieces[] = {
      {bytes + from, half}, {bytes, 0}, {bytes + from + half, data.size() - from - half}};
  return session->Send(pieces, 3);
}

void Transfer() {
  Ends ends;
  CHECK("two ends shake hands", ends.ShakeHands());
  std::vector<std::uint8_t> data(3000000);
  for (std::size_t i = 0; i < data.size(); i++) data[i] = static_cast<std::uint8_t>(i * i >> 8);
  std::vector<std::uint8_t> heard;
  std::vector<std::uint8_t> room(kRoom);
  std::size_t sent = 0;
  int refusals = 0;
  bool honest = true;
  while (heard.size() < data.size()) {
    const ssize_t taken = sent < data.size() ? SendSome(ends.client.get(), data, sent) : 0;
    if (taken > 0) sent += static_cast<std::size_t>(taken);
    if (taken == -EAGAIN) refusals++;
    if (taken < 0 && taken != -EAGAIN) break;
    const bool ready = IsReadable(ends.far.get());
    const ssize_t received = ends.server->Receive(room.data(), room.size());
    // Nothing that could be received stays inside the session: a descriptor that is not readable
    // has nothing to give.
    honest = honest && (ready || received == -EAGAIN);
    if (received > 0) heard.insert(heard.end(), room.begin(), room.begin() + received);
    if (received < 0 && received != -EAGAIN) break;
  }
  CHECK("everything is received once and in order", heard == data);
  CHECK("there was no room at times", refusals > 0);
  CHECK("a session holds no data while its descriptor is not readable", honest);

  const iovec last = {data.data(), 5};
  CHECK("a last piece is sent", ends.client->Send(&last, 1) == 5);
  CHECK("sending is ended by close_notify", ends.client->EndSending() == 0);
  CHECK("nothing is sent after that", ends.client->Send(&last, 1) == -EPIPE);
  CHECK("the last piece is received first", ends.server->Receive(room.data(), room.size()) == 5);
  CHECK("the end makes the descriptor readable", IsReadable(ends.far.get()));
  CHECK("the end is received", ends.server->Receive(room.data(), room.size()) == 0);
  CHECK("the end is received again", ends.server->Receive(room.data(), room.size()) == 0);
  CHECK("the other half is still open", ends.server->Send(&last, 1) == 5);
}

void Failures() {
  std::uint8_t room[kRoom];
  const iovec secret = {room, 5};
  {
    Ends ends;
    CHECK("nothing is sent or received before the handshake",
          ends.client->Send(&secret, 1) == -ENOTCONN &&
              ends.client->Receive(room, kRoom) == -ENOTCONN);
    CHECK("a handshake waits for the peer", ends.client->Handshake() == tls::Session::kWantsToRead);
    (void)sys::SendTo(ends.far.get(), "in clear", 8, 0, nullptr);
    const int failure = ends.client->Handshake();
    CHECK("a peer without TLS makes the handshake fail", failure <= -tls::kFailures);
    CHECK("the failure stays", ends.client->Handshake() == failure);
    CHECK("nothing is sent or received after it",
          ends.client->Send(&secret, 1) == failure && ends.client->Receive(room, kRoom) == failure);
  }
  {
    Ends ends;
    CHECK("two other ends shake hands", ends.ShakeHands());
    (void)ends.server->Send(&secret, 1);
    ends.far.Close();
    CHECK("data before an end are received", ends.client->Receive(room, kRoom) == 5);
    CHECK("an end without close_notify is a failure",
          ends.client->Receive(room, kRoom) <= -tls::kFailures);
    ends.client->TearDown();
    CHECK("a session that is torn down sends nothing",
          ends.client->stage() == tls::Session::kTornDown && ends.client->Send(&secret, 1) < 0);
  }
  {
    Ends ends;
    CHECK("two more ends shake hands", ends.ShakeHands());
    const char bytes[] = "\x17\x03\x03\x00\x20 that nobody has encrypted .......";
    (void)sys::SendTo(ends.far.get(), bytes, 5 + 32, 0, nullptr);
    CHECK("an unencrypted record is a failure",
          ends.client->Receive(room, kRoom) <= -tls::kFailures);
    std::uint8_t heard[kRoom];
    CHECK("the peer receives an alert", ends.server->Receive(heard, kRoom) <= -tls::kAlerts);
  }
}

void Feeding() {
  Ends ends;
  (void)ends.client->Handshake();
  std::uint8_t hello[4096];
  const ssize_t length = sys::Recv(ends.far.get(), hello, sizeof hello, 0);
  CHECK("the first bytes are read outside of the session", length > 0);
  ends.server->Feed(hello, static_cast<std::size_t>(length));
  CHECK("the session takes them back", ends.ShakeHands());

  Ends others;
  (void)others.client->Handshake();
  const ssize_t other = sys::Recv(others.far.get(), hello, sizeof hello, 0);
  others.server->Feed(hello, static_cast<std::size_t>(other));
  others.server->Feed(hello, static_cast<std::size_t>(other));
  CHECK("bytes that are fed twice are refused", !others.ShakeHands());
}

}  // namespace

int main() {
  std::string problem;
  if (tls::Load(&problem) == nullptr) {
    std::printf("skipped: %s\n", problem.c_str());
    return 0;
  }
  Transfer();
  Failures();
  Feeding();
  return check::Status();
}
