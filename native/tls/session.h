// One TLS session over a non-blocking stream: the handshake, and what the hub and
// the senders call instead of the kernel once it stands.
//
// GnuTLS gets its bytes from here and gives them back here: it never sees the
// descriptor, which belongs to whoever owns the session. Until the handshake is
// over nothing can be received or sent, and after a failure nothing more can: there
// is no way past it to the clear text. No Node-API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../channel.h"
#include "context.h"

namespace tls {

// Failures that are not the system's, as negative numbers that no errno has.
constexpr int kFailures = 0x20000;  // -(this - a GnuTLS error)
constexpr int kAlerts = 0x30000;    // -(this + the number of an alert from the peer)

// What the sessions of one thread use while they work, and leave empty.
struct Workspace {
  std::vector<std::uint8_t> input;
  std::vector<std::uint8_t> output;
  std::vector<std::uint8_t> gathered;
};

// Whom to expect at the other end.
struct Expectations {
  std::string server_name;  // What a client asks for (SNI); empty: nothing.
  std::string host_name;    // What the certificate has to be for; empty: anything.
  bool trusted = false;     // It has to be signed by somebody who is trusted.
  bool named = false;       // It has to be for the host name.
};

// What is known of the peer's certificates.
struct Verdict {
  bool verified = false;  // They were looked at.
  unsigned status = 0;    // GnuTLS's bits; a wrong name is one of them.
  unsigned count = 0;
  bool self_signed = false;       // The first one is its own issuer …
  bool self_signed_root = false;  // … or the last one.
};

class Session final : public mnp::Channel {
 public:
  enum : int { kDone = 0, kWantsToRead = 1, kWantsToWrite = 2 };
  // As gnutls-get-initstage counts.
  enum Stage : int { kTornDown = 3, kReadyToShake = 7, kShaking = 8, kOpen = 9 };

  // Null, with a failure's number in `error`. The descriptor and the workspace have to outlive it.
  static std::unique_ptr<Session> Make(std::shared_ptr<const Context> context,
                                       Expectations expected, Workspace* workspace, int fd,
                                       int* error);
  ~Session() override;

  // Bytes of the peer that somebody has read already. Before the handshake is over.
  void Feed(const std::uint8_t* data, std::size_t length);
  // Goes on with it: kDone, what it wants, or a failure.
  [[nodiscard]] int Handshake();

  ssize_t Receive(void* data, std::size_t length) override;
  ssize_t Send(const iovec* buffers, std::size_t count) override;
  int EndSending() override;
  void Close() override;
  // Forgets all secrets; what is received and sent from now on fails.
  void TearDown();

  Stage stage() const { return stage_; }
  bool peer_has_ended() const { return ended_; }
  const Verdict& verdict() const { return verdict_; }
  Handle handle() const { return handle_; }
  const Library& library() const { return context_->library(); }

 private:
  Session(std::shared_ptr<const Context> context, Expectations expected, Workspace* workspace,
          int fd);
  int Begin();
  int Verify();

  ssize_t Pull(void* data, std::size_t length);
  ssize_t Push(const void* data, std::size_t length);
  int Flush();
  ssize_t SendRecord(const std::uint8_t* data, std::size_t length);
  ssize_t Encrypt(const iovec* buffers, std::size_t count, std::size_t skipped);
  bool RefuseRenegotiation();
  int FailureOf(ssize_t error);
  int Fail(ssize_t error);

  const std::shared_ptr<const Context> context_;
  const Expectations expected_;
  Workspace* const workspace_;
  const int fd_;
  Handle handle_ = nullptr;
  Stage stage_ = kReadyToShake;
  Verdict verdict_;

  // Input: what somebody else had read, and in Receive what one recv(2) gave.
  std::vector<std::uint8_t> fed_;
  std::size_t fed_used_ = 0;
  std::size_t input_used_ = 0;
  std::size_t input_length_ = 0;
  std::size_t allowance_ = 0;  // How much may be read ahead of the records that are wanted.
  bool starved_ = false;

  // Output that the kernel did not take, and how much of what it is made of was not reported as
  // sent: it comes again, and is not to be sent again.
  std::vector<std::uint8_t> unsent_;
  std::size_t encrypted_ = 0;

  int pull_error_ = 0;
  bool pull_ended_ = false;  // The connection is at its end.
  int failure_ = 0;
  int renegotiations_ = 0;
  bool ended_ = false;          // The peer has said that it is done.
  bool ended_sending_ = false;  // We have.
};

}  // namespace tls
