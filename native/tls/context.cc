#include "context.h"

namespace tls {

Context::Context(const Library& library, const Options& options)
    : library_(library),
      server_(options.server),
      anonymous_(options.anonymous),
      verify_flags_(options.verify_flags),
      prime_bits_(options.prime_bits),
      request_(options.request),
      protocols_(options.protocols) {}

std::shared_ptr<const Context> Context::Make(const Library& library, const Options& options,
                                             Refusal* refusal) {
  std::shared_ptr<Context> context(new Context(library, options));
  *refusal = context->Load(options);
  return refusal->what == Refusal::kNothing ? context : nullptr;
}

Context::~Context() {
  if (priority_ != nullptr) library_.priority_deinit(priority_);
  if (certificates_ != nullptr) library_.certificate_free_credentials(certificates_);
  if (anonymous_credentials_ == nullptr) return;
  if (server_)
    library_.anon_free_server_credentials(anonymous_credentials_);
  else
    library_.anon_free_client_credentials(anonymous_credentials_);
}

Refusal Context::Load(const Options& options) {
  const char* where = nullptr;
  int error = library_.priority_init(&priority_, options.priority.c_str(), &where);
  if (error < 0) {
    priority_ = nullptr;
    return {Refusal::kPriority, 0, error};
  }
  if (!anonymous_) return LoadCertificates(options);
  error = server_ ? library_.anon_allocate_server_credentials(&anonymous_credentials_)
                  : library_.anon_allocate_client_credentials(&anonymous_credentials_);
  if (error < 0) return {Refusal::kMemory, 0, error};
  // For clients that do not name a group of their own.
  if (server_) library_.anon_set_server_known_dh_params(anonymous_credentials_, kSecurityMedium);
  return {};
}

Refusal Context::LoadCertificates(const Options& options) {
  int error = library_.certificate_allocate_credentials(&certificates_);
  if (error < 0) return {Refusal::kMemory, 0, error};
  library_.certificate_set_verify_flags(certificates_, options.verify_flags);
  // Without a store in the system nobody is trusted, which shows when a peer is verified.
  if (options.system_trust) library_.certificate_set_x509_system_trust(certificates_);
  for (std::size_t i = 0; i < options.trust_files.size(); i++) {
    error = library_.certificate_set_x509_trust_file(certificates_, options.trust_files[i].c_str(),
                                                     kPem);
    if (error < 0) return {Refusal::kTrustFile, i, error};
  }
  for (std::size_t i = 0; i < options.crl_files.size(); i++) {
    error =
        library_.certificate_set_x509_crl_file(certificates_, options.crl_files[i].c_str(), kPem);
    if (error < 0) return {Refusal::kCrlFile, i, error};
  }
  const char* password = options.password.empty() ? nullptr : options.password.c_str();
  for (std::size_t i = 0; i < options.keys.size(); i++) {
    const KeyFiles& files = options.keys[i];
    error = library_.certificate_set_x509_key_file2(certificates_, files.certificate.c_str(),
                                                    files.key.c_str(), kPem, password,
                                                    options.key_flags);
    if (error < 0) return {Refusal::kKeyFiles, i, error};
  }
  if (server_) library_.certificate_set_known_dh_params(certificates_, kSecurityMedium);
  return {};
}

int Context::Apply(Handle session) const {
  int error = library_.priority_set(session, priority_);
  if (error < 0) return error;
  error = anonymous_
              ? library_.credentials_set(session, kAnonymousCredentials, anonymous_credentials_)
              : library_.credentials_set(session, kCertificateCredentials, certificates_);
  if (error < 0) return error;
  if (server_) library_.certificate_server_set_request(session, request_);
  if (prime_bits_ > 0) library_.dh_set_prime_bits(session, prime_bits_);
  if (protocols_.empty()) return 0;
  std::vector<Datum> names(protocols_.size());
  for (std::size_t i = 0; i < names.size(); i++) {
    auto* name = const_cast<char*>(protocols_[i].data());
    names[i] = {reinterpret_cast<unsigned char*>(name),
                static_cast<unsigned>(protocols_[i].size())};
  }
  // Without a common protocol a client goes on, and sees that there is none; a server refuses.
  return library_.alpn_set_protocols(session, names.data(), static_cast<unsigned>(names.size()),
                                     server_ ? unsigned{kAlpnMandatory} : 0);
}

}  // namespace tls
