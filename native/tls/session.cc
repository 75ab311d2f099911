// What is buffered where, so that waiting for readiness of the descriptor is always
// enough:
//
// - Receiving reads ahead with one recv(2), of no more than there is room for once it
//   is decrypted, and calls GnuTLS until that is used up. At most a part of a record
//   stays inside. An end or a failure that follows data is kept for the next call, and
//   the descriptor is made readable for it.
// - Sending encrypts a bounded piece, and the next one when the kernel has taken all of
//   it. A piece that is encrypted but not sent is reported as not taken, so that the
//   caller keeps it and waits; when the caller passes it again, it is skipped.
#include "session.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "../sys/socket.h"

namespace tls {
namespace {

constexpr std::size_t kRecord = 16 * 1024;  // The most plain text in a record.
constexpr std::size_t kOutput = 64 * 1024;  // Encrypted before the kernel is called.
constexpr std::size_t kReadAhead = 256 * 1024;
constexpr int kRenegotiations = 3;  // Refused before the session fails.
constexpr int kWarnings = 64;       // Taken in one call of Handshake.
constexpr std::size_t kDrained = 256 * 1024;
constexpr char kServerPurpose[] = "1.3.6.1.5.5.7.3.1";
constexpr char kClientPurpose[] = "1.3.6.1.5.5.7.3.2";

Session* Of(void* transport) { return static_cast<Session*>(transport); }

}  // namespace

Session::Session(std::shared_ptr<const Context> context, Expectations expected,
                 Workspace* workspace, int fd)
    : context_(std::move(context)),
      expected_(std::move(expected)),
      workspace_(workspace),
      fd_(fd) {}

std::unique_ptr<Session> Session::Make(std::shared_ptr<const Context> context,
                                       Expectations expected, Workspace* workspace, int fd,
                                       int* error) {
  std::unique_ptr<Session> session(
      new Session(std::move(context), std::move(expected), workspace, fd));
  *error = session->Begin();
  return *error < 0 ? nullptr : std::move(session);
}

int Session::Begin() {
  const Library& library = this->library();
  int error = library.init(&handle_, (context_->server() ? kServerEnd : kClientEnd) | kNonBlocking);
  if (error < 0) {
    handle_ = nullptr;
    return FailureOf(error);
  }
  library.session_set_ptr(handle_, this);
  error = context_->Apply(handle_);
  if (error == 0 && !expected_.server_name.empty())
    error = library.server_name_set(handle_, kNameDns, expected_.server_name.data(),
                                    expected_.server_name.size());
  if (error < 0) return FailureOf(error);
  if (!context_->anonymous()) {
    library.session_set_verify_function(handle_, [](Handle handle) {
      const auto find = Load()->session_get_ptr;
      return Of(find(handle))->Verify();
    });
  }
  library.transport_set_ptr(handle_, this);
  library.transport_set_pull_function(handle_, [](void* self, void* data, std::size_t length) {
    return Of(self)->Pull(data, length);
  });
  library.transport_set_push_function(handle_,
                                      [](void* self, const void* data, std::size_t length) {
                                        return Of(self)->Push(data, length);
                                      });
  // GnuTLS's own function would take the transport for a descriptor.
  library.transport_set_pull_timeout_function(handle_, [](void*, unsigned) { return 1; });
  return 0;
}

Session::~Session() { TearDown(); }

void Session::TearDown() {
  stage_ = kTornDown;
  if (handle_ != nullptr) library().deinit(std::exchange(handle_, nullptr));
}

// ---- the transport ------------------------------------------------------------------------

ssize_t Session::Pull(void* data, std::size_t length) {
  const auto take = [&](const std::uint8_t* from, std::size_t available) {
    const std::size_t taken = std::min(length, available);
    std::memcpy(data, from, taken);
    return taken;
  };
  if (fed_used_ < fed_.size()) {
    const std::size_t taken = take(fed_.data() + fed_used_, fed_.size() - fed_used_);
    fed_used_ += taken;
    return static_cast<ssize_t>(taken);
  }
  if (input_used_ == input_length_) {
    // During the handshake no more is read than is asked for: what follows stays in the kernel.
    const bool exactly = stage_ != kOpen;
    const std::size_t room = exactly ? length : std::exchange(allowance_, 0);
    ssize_t received = -EAGAIN;
    if (room > 0) {
      void* to = exactly ? data : workspace_->input.data();
      received = sys::Recv(fd_, to, room, MSG_DONTWAIT);
    }
    if (received < 0) {
      const int error = static_cast<int>(-received);
      starved_ = error == EAGAIN;
      if (!starved_) pull_error_ = error;
      library().transport_set_errno(handle_, starved_ ? EAGAIN : error);
      return -1;
    }
    pull_ended_ = received == 0;
    if (exactly || pull_ended_) return received;
    input_used_ = 0;
    input_length_ = static_cast<std::size_t>(received);
  }
  const std::size_t taken =
      take(workspace_->input.data() + input_used_, input_length_ - input_used_);
  input_used_ += taken;
  return static_cast<ssize_t>(taken);
}

// Always takes everything; the function that called GnuTLS flushes.
ssize_t Session::Push(const void* data, std::size_t length) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  workspace_->output.insert(workspace_->output.end(), bytes, bytes + length);
  return static_cast<ssize_t>(length);
}

// Sends all output that there is. Returns 0 or -errno. Leaves the workspace's output empty.
int Session::Flush() {
  std::vector<std::uint8_t>& output = workspace_->output;
  if (!unsent_.empty()) {
    unsent_.insert(unsent_.end(), output.begin(), output.end());
    output.clear();
  }
  const std::vector<std::uint8_t>& all = unsent_.empty() ? output : unsent_;
  std::size_t sent = 0;
  ssize_t result = 0;
  while (sent < all.size()) {
    result = sys::SendTo(fd_, all.data() + sent, all.size() - sent, MSG_DONTWAIT, nullptr);
    if (result < 0) break;
    sent += static_cast<std::size_t>(result);
  }
  if (result != -EAGAIN) {
    output.clear();
    unsent_ = {};
    return result < 0 ? static_cast<int>(result) : 0;
  }
  if (unsent_.empty())
    unsent_.assign(output.begin() + static_cast<std::ptrdiff_t>(sent), output.end());
  else
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
  output.clear();
  return -EAGAIN;
}

void Session::Feed(const std::uint8_t* data, std::size_t length) {
  fed_.insert(fed_.end(), data, data + length);
}

// ---- failures -----------------------------------------------------------------------------

int Session::FailureOf(ssize_t error) {
  if (error == kPullError && pull_error_ != 0) return -pull_error_;
  if (error == kFatalAlertReceived) return -(kAlerts + library().alert_get(handle_));
  // An end in the middle of a record is a premature end like any other.
  if (error == kUnexpectedPacketLength && pull_ended_) error = kPrematureEnd;
  return -(kFailures - static_cast<int>(error));
}

// A session that fails sends a final alert, if the kernel takes it.
int Session::Fail(ssize_t error) {
  failure_ = FailureOf(error);
  if (error != kFatalAlertReceived && error != kPullError && error != kPrematureEnd)
    library().alert_send_appropriate(handle_, static_cast<int>(error));
  (void)Flush();
  return failure_;
}

// ---- the handshake ------------------------------------------------------------------------

int Session::Handshake() {
  if (failure_ != 0) return failure_;
  if (stage_ == kTornDown) return -ENOTCONN;
  const int unsent = Flush();
  if (unsent == -EAGAIN) return kWantsToWrite;
  if (unsent < 0) return failure_ = unsent;
  if (stage_ == kOpen) return kDone;
  stage_ = kShaking;
  const Library& library = this->library();
  int result = kAgain;
  starved_ = false;
  // GnuTLS returns after a warning alert too, when there may be more input.
  for (int i = 0; i < kWarnings && !starved_; i++) {
    result = library.handshake(handle_);
    if (result == 0) break;
    if (library.error_is_fatal(result) != 0) return Fail(result);
  }
  if (result == 0) {
    // No handshake succeeds without the verification that was asked for.
    const bool expecting = expected_.trusted || expected_.named;
    if (expecting && !verdict_.verified) return Fail(kNoCertificateFound);
    // What was fed was read before we sent anything, so it cannot follow the handshake.
    if (fed_used_ < fed_.size()) return Fail(kUnexpectedPacket);
    fed_ = {};
  }
  const int flushed = Flush();
  if (flushed < 0 && flushed != -EAGAIN) return failure_ = flushed;
  if (result == 0) stage_ = kOpen;
  if (flushed == -EAGAIN) return kWantsToWrite;
  return result == 0 ? kDone : kWantsToRead;
}

// Called during the handshake, before anything is entrusted to a peer that is not verified.
int Session::Verify() {
  const Library& library = this->library();
  const char* purpose = context_->server() ? kClientPurpose : kServerPurpose;
  TypedDatum wanted = {kDataKeyPurpose,
                       reinterpret_cast<unsigned char*>(const_cast<char*>(purpose)), 0};
  const Datum* chain = library.certificate_get_peers(handle_, &verdict_.count);
  // A client that was asked for a certificate may have none. Handshake decides what that means.
  if (chain == nullptr || verdict_.count == 0) return 0;
  int error = library.certificate_verify_peers(handle_, &wanted, 1, &verdict_.status);
  if (error < 0) return kCertificateError;

  for (const unsigned index : {0u, verdict_.count - 1}) {
    Certificate certificate = nullptr;
    if (library.x509_crt_init(&certificate) < 0) return kCertificateError;
    error = library.x509_crt_import(certificate, &chain[index], 0);
    const bool own = error == 0 && library.x509_crt_check_issuer(certificate, certificate) != 0;
    verdict_.self_signed_root = own;
    if (index == 0) verdict_.self_signed = own;
    const bool wrong = index == 0 && error == 0 && !expected_.host_name.empty() &&
                       library.x509_crt_check_hostname2(certificate, expected_.host_name.c_str(),
                                                        context_->verify_flags()) == 0;
    if (wrong) verdict_.status |= kUnexpectedOwner;
    library.x509_crt_deinit(certificate);
    if (error < 0) return kCertificateError;
  }
  verdict_.verified = true;
  const bool trusted = (verdict_.status & ~kUnexpectedOwner) == 0;
  const bool named = (verdict_.status & kUnexpectedOwner) == 0;
  return (expected_.trusted && !trusted) || (expected_.named && !named) ? kCertificateError : 0;
}

// ---- receiving ----------------------------------------------------------------------------

ssize_t Session::Receive(void* data, std::size_t length) {
  if (failure_ != 0) return failure_;
  if (stage_ != kOpen) return -ENOTCONN;
  if (ended_) return 0;
  const Library& library = this->library();
  auto* bytes = static_cast<std::uint8_t*>(data);
  // A record of which a part is there already needs room too.
  allowance_ = std::min(length - kRecord, kReadAhead);
  if (workspace_->input.size() < allowance_) workspace_->input.resize(allowance_);
  input_used_ = input_length_ = 0;
  starved_ = false;
  std::size_t total = 0;
  ssize_t result = kAgain;
  while (total < length && !starved_) {
    result = library.record_recv(handle_, bytes + total, length - total);
    if (result > 0) {
      total += static_cast<std::size_t>(result);
    } else if (result == kRehandshake) {
      if (!RefuseRenegotiation()) break;
    } else if (result == 0 || library.error_is_fatal(static_cast<int>(result)) != 0) {
      break;
    }
  }
  if (result == 0) ended_ = true;
  const bool failed =
      result < 0 && (result == kRehandshake || library.error_is_fatal(static_cast<int>(result)));
  if (failed) Fail(result);
  (void)Flush();
  if (total == 0) return failed ? failure_ : ended_ ? 0 : -EAGAIN;
  // The next call reports what follows the data; nothing else may ever make the descriptor readable
  // for it.
  if (failed || ended_) (void)sys::Shutdown(fd_, SHUT_RD);
  return static_cast<ssize_t>(total);
}

// Renegotiation could change who the peer is in the middle of its data.
bool Session::RefuseRenegotiation() {
  library().alert_send(handle_, kWarning, kNoRenegotiation);
  return ++renegotiations_ <= kRenegotiations;
}

// ---- sending ------------------------------------------------------------------------------

ssize_t Session::Send(const iovec* buffers, std::size_t count) {
  if (failure_ != 0) return failure_;
  if (stage_ != kOpen) return -ENOTCONN;
  int error = Flush();
  if (error < 0) return error;
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; i++) length += buffers[i].iov_len;
  if (ended_sending_ && length > 0) return -EPIPE;
  std::size_t sent = std::min(std::exchange(encrypted_, 0), length);
  while (sent < length) {
    const ssize_t encrypted = Encrypt(buffers, count, sent);
    if (encrypted < 0) return Fail(encrypted);
    error = Flush();
    if (error == -EAGAIN) encrypted_ = static_cast<std::size_t>(encrypted);
    if (error < 0) return sent > 0 && error == -EAGAIN ? static_cast<ssize_t>(sent) : error;
    sent += static_cast<std::size_t>(encrypted);
  }
  return static_cast<ssize_t>(sent);
}

// Encrypts what follows the first `skipped` bytes, small pieces together. Returns how many bytes.
ssize_t Session::Encrypt(const iovec* buffers, std::size_t count, std::size_t skipped) {
  std::vector<std::uint8_t>& gathered = workspace_->gathered;
  gathered.clear();
  std::size_t taken = 0;
  for (std::size_t i = 0; i < count && workspace_->output.size() < kOutput; i++) {
    const auto* data = static_cast<const std::uint8_t*>(buffers[i].iov_base);
    std::size_t length = buffers[i].iov_len;
    const std::size_t before = std::min(skipped, length);
    skipped -= before;
    data += before;
    length -= before;
    while (length > 0 && workspace_->output.size() < kOutput) {
      const std::size_t piece = std::min(length, kRecord - gathered.size());
      ssize_t result = static_cast<ssize_t>(piece);
      // What fills a record by itself, or is all there is, needs no copy.
      if (gathered.empty() && (piece == kRecord || i + 1 == count)) {
        result = SendRecord(data, piece);
      } else {
        gathered.insert(gathered.end(), data, data + piece);
        if (gathered.size() == kRecord) {
          result = SendRecord(gathered.data(), gathered.size());
          gathered.clear();
          if (result > 0) result = static_cast<ssize_t>(piece);
        }
      }
      if (result < 0) return result;
      data += result;
      length -= static_cast<std::size_t>(result);
      taken += static_cast<std::size_t>(result);
    }
  }
  if (gathered.empty()) return static_cast<ssize_t>(taken);
  const ssize_t result = SendRecord(gathered.data(), gathered.size());
  return result < 0 ? result : static_cast<ssize_t>(taken);
}

// Encrypts all of it, or returns an error.
ssize_t Session::SendRecord(const std::uint8_t* data, std::size_t length) {
  std::size_t sent = 0;
  while (sent < length) {
    const ssize_t result = library().record_send(handle_, data + sent, length - sent);
    if (result < 0 && library().error_is_fatal(static_cast<int>(result)) != 0) return result;
    if (result > 0) sent += static_cast<std::size_t>(result);
  }
  return static_cast<ssize_t>(length);
}

int Session::EndSending() {
  if (stage_ == kOpen && failure_ == 0 && !ended_sending_) {
    ended_sending_ = true;
    // Never has to wait: Push takes everything.
    (void)library().bye(handle_, kShutWrite);
  }
  return Flush();
}

// Without a close_notify the peer would take the end for an attack. And unread bytes, such as
// session tickets, would make the kernel reset the connection, and lose what we have sent.
void Session::Close() {
  (void)EndSending();
  if (stage_ != kOpen) return;
  std::vector<std::uint8_t>& input = workspace_->input;
  input.resize(std::max(input.size(), kRecord));
  std::size_t drained = 0;
  while (drained < kDrained) {
    const ssize_t received = sys::Recv(fd_, input.data(), input.size(), MSG_DONTWAIT);
    if (received <= 0) return;
    drained += static_cast<std::size_t>(received);
  }
}

}  // namespace tls
