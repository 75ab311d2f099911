// What one end of TLS needs before it meets a peer: credentials, trusted authorities
// and priorities. Sessions share a context, as those of a server's connections do.
//
// Keys and passwords are kept by GnuTLS only, which wipes them. No Node-API.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library.h"

namespace tls {

struct KeyFiles {
  std::string key;
  std::string certificate;
};

struct Options {
  bool server = false;
  bool anonymous = false;
  std::string priority;
  unsigned verify_flags = 0;
  bool system_trust = false;
  std::vector<std::string> trust_files;
  std::vector<std::string> crl_files;
  std::vector<KeyFiles> keys;
  std::string password;  // Of all keys; empty: none.
  unsigned key_flags = 0;
  unsigned prime_bits = 0;  // The fewest that a client accepts; 0: the library's default.
  int request = 0;          // A server asks for a certificate: 0 no, 1 optional, 2 required.
  std::vector<std::string> protocols;  // ALPN
};

// Which option could not be used, and why.
struct Refusal {
  enum What { kNothing, kMemory, kPriority, kTrustFile, kCrlFile, kKeyFiles };

  What what = kNothing;
  std::size_t index = 0;  // In the list of files.
  int error = 0;          // GnuTLS's.
};

class Context {
 public:
  // Null on failure; `refusal` says why.
  static std::shared_ptr<const Context> Make(const Library& library, const Options& options,
                                             Refusal* refusal);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Library& library() const { return library_; }
  bool server() const { return server_; }
  bool anonymous() const { return anonymous_; }
  unsigned verify_flags() const { return verify_flags_; }
  // Applies the options to a session. Returns 0 or a GnuTLS error.
  int Apply(Handle session) const;

 private:
  Context(const Library& library, const Options& options);
  Refusal Load(const Options& options);
  Refusal LoadCertificates(const Options& options);

  const Library& library_;
  const bool server_;
  const bool anonymous_;
  const unsigned verify_flags_;
  const unsigned prime_bits_;
  const int request_;
  std::vector<std::string> protocols_;
  Priority priority_ = nullptr;
  CertificateCredentials certificates_ = nullptr;
  AnonymousCredentials anonymous_credentials_ = nullptr;
};

}  // namespace tls
