// One TLS session over a non-blocking stream: the handshake, and then the channel that
// the hub and the senders call instead of the kernel.
//
// GnuTLS reads and writes through functions of this class: it never sees the
// descriptor, which belongs to the owner of the session. Nothing can be received or
// sent until the handshake is over, nor after a failure: nothing bypasses TLS in clear
// text. No Node-API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../channel.h"
#include "context.h"

namespace tls {

// Failures of TLS, as negative numbers beyond every -errno.
constexpr int kFailures = 0x20000;  // -(this - a GnuTLS error)
constexpr int kAlerts = 0x30000;    // -(this + the number of an alert from the peer)

// Buffers that the sessions of one thread share; nothing is kept in them between calls.
struct Workspace {
  std::vector<std::uint8_t> input;
  std::vector<std::uint8_t> output;
  std::vector<std::uint8_t> gathered;
};

// What is expected of the peer.
struct Expectations {
  std::string server_name;  // The name that a client sends (SNI); empty: none.
  std::string host_name;    // The name that the certificate is checked for; empty: none.
  bool trusted = false;     // The certificate has to be signed by a trusted authority.
  bool named = false;       // The certificate has to be for the host name.
};

// What was found out about the peer's certificates.
struct Verdict {
  bool verified = false;  // Verification has taken place.
  unsigned status = 0;    // GnuTLS's bits; a wrong name is one of them.
  unsigned count = 0;
  bool self_signed = false;       // The first certificate is its own issuer …
  bool self_signed_root = false;  // … or the last one is.
};

class Session final : public mnp::Channel {
 public:
  enum : int { kDone = 0, kWantsToRead = 1, kWantsToWrite = 2 };
  // The numbers of gnutls-get-initstage.
  enum Stage : int { kTornDown = 3, kReadyToShake = 7, kShaking = 8, kOpen = 9 };

  // Null on failure, with its number in `error`. The descriptor and the workspace have to outlive
  // the session.
  static std::unique_ptr<Session> Make(std::shared_ptr<const Context> context,
                                       Expectations expected, Workspace* workspace, int fd,
                                       int* error);
  ~Session() override;

  // Passes bytes of the peer that were read already. Only before the handshake is over.
  void Feed(const std::uint8_t* data, std::size_t length);
  // Continues the handshake. Returns kDone, what it waits for, or a failure.
  [[nodiscard]] int Handshake();

  ssize_t Receive(void* data, std::size_t length) override;
  ssize_t Send(const iovec* buffers, std::size_t count) override;
  int EndSending() override;
  void Close() override;
  // Drops all secrets; receiving and sending fail from now on.
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

  // Input: what was fed and, during Receive, what one recv(2) gave.
  std::vector<std::uint8_t> fed_;
  std::size_t fed_used_ = 0;
  std::size_t input_used_ = 0;
  std::size_t input_length_ = 0;
  std::size_t allowance_ = 0;  // How much the next recv(2) may read.
  bool starved_ = false;

  // Encrypted output that the kernel did not take, and how many plain bytes of it were not reported
  // as sent: the caller passes them again, and they must not be sent again.
  std::vector<std::uint8_t> unsent_;
  std::size_t encrypted_ = 0;

  int pull_error_ = 0;
  bool pull_ended_ = false;  // recv(2) gave the end of the connection.
  int failure_ = 0;
  int renegotiations_ = 0;
  bool ended_ = false;          // The peer has sent its close_notify …
  bool ended_sending_ = false;  // … and so have we.
};

}  // namespace tls
