// GnuTLS, opened when it is first needed. The types, constants and functions that are
// used are declared here, so that neither the machine that builds the addon nor the
// one that runs it has to have GnuTLS.
//
// One copy serves all threads of the process and is never closed. No Node-API.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <ctime>
#include <string>

namespace tls {

// GnuTLS's opaque types.
struct SessionState;
struct PriorityState;
struct CertificateCredentialsState;
struct AnonymousCredentialsState;
struct CertificateState;
using Handle = SessionState*;
using Priority = PriorityState*;
using CertificateCredentials = CertificateCredentialsState*;
using AnonymousCredentials = AnonymousCredentialsState*;
using Certificate = CertificateState*;

struct Datum {
  unsigned char* data;
  unsigned int size;
};
struct TypedDatum {
  int type;
  unsigned char* data;
  unsigned int size;
};

using PullFunction = ssize_t (*)(void* transport, void* data, std::size_t length);
using PushFunction = ssize_t (*)(void* transport, const void* data, std::size_t length);
using PullTimeoutFunction = int (*)(void* transport, unsigned int milliseconds);
using VerifyFunction = int (*)(Handle session);
using LogFunction = void (*)(int level, const char* message);

// Constants of its headers.
enum : int {
  kUnexpectedPacketLength = -9,
  kFatalAlertReceived = -12,
  kUnexpectedPacket = -15,
  kAgain = -28,
  kRehandshake = -37,
  kCertificateError = -43,
  kNoCertificateFound = -49,
  kPullError = -54,
  kPrematureEnd = -110,
};
enum : unsigned { kServerEnd = 1, kClientEnd = 1 << 1, kNonBlocking = 1 << 3 };
enum : int { kCertificateCredentials = 1, kAnonymousCredentials = 2 };
enum : int { kPem = 1, kShutWrite = 1, kNameDns = 1, kDataKeyPurpose = 2, kSha1 = 3 };
enum : int { kWarning = 1, kNoRenegotiation = 100 };
enum : unsigned { kAlpnMandatory = 1 };
enum : int { kSecurityMedium = 35, kPrintFull = 0 };
// Bits of a verification status.
enum : unsigned { kUnexpectedOwner = 1 << 14 };

// F(result, name, parameters) for each function, whose name begins with "gnutls_". Pointers to
// output buffers are void* here, whatever the header declares.
#define TLS_FUNCTIONS(F)                                                              \
  F(const char*, check_version, (const char*))                                        \
  F(int, global_init, (void))                                                         \
  F(void, global_set_log_function, (LogFunction))                                     \
  F(void, global_set_log_level, (int))                                                \
  F(const char*, strerror, (int))                                                     \
  F(const char*, strerror_name, (int))                                                \
  F(int, error_is_fatal, (int))                                                       \
  F(const char*, ext_get_name, (unsigned))                                            \
  F(int, alert_get, (Handle))                                                         \
  F(const char*, alert_get_strname, (int))                                            \
  F(int, alert_send, (Handle, int, int))                                              \
  F(int, alert_send_appropriate, (Handle, int))                                       \
                                                                                      \
  F(int, priority_init, (Priority*, const char*, const char**))                       \
  F(void, priority_deinit, (Priority))                                                \
  F(int, certificate_allocate_credentials, (CertificateCredentials*))                 \
  F(void, certificate_free_credentials, (CertificateCredentials))                     \
  F(int, certificate_set_x509_system_trust, (CertificateCredentials))                 \
  F(int, certificate_set_x509_trust_file, (CertificateCredentials, const char*, int)) \
  F(int, certificate_set_x509_crl_file, (CertificateCredentials, const char*, int))   \
  F(int, certificate_set_x509_key_file2,                                              \
    (CertificateCredentials, const char*, const char*, int, const char*, unsigned))   \
  F(void, certificate_set_verify_flags, (CertificateCredentials, unsigned))           \
  F(int, certificate_set_known_dh_params, (CertificateCredentials, int))              \
  F(int, anon_allocate_client_credentials, (AnonymousCredentials*))                   \
  F(void, anon_free_client_credentials, (AnonymousCredentials))                       \
  F(int, anon_allocate_server_credentials, (AnonymousCredentials*))                   \
  F(void, anon_free_server_credentials, (AnonymousCredentials))                       \
  F(int, anon_set_server_known_dh_params, (AnonymousCredentials, int))                \
                                                                                      \
  F(int, init, (Handle*, unsigned))                                                   \
  F(void, deinit, (Handle))                                                           \
  F(void, session_set_ptr, (Handle, void*))                                           \
  F(void*, session_get_ptr, (Handle))                                                 \
  F(int, priority_set, (Handle, Priority))                                            \
  F(int, credentials_set, (Handle, int, void*))                                       \
  F(void, certificate_server_set_request, (Handle, int))                              \
  F(void, session_set_verify_function, (Handle, VerifyFunction))                      \
  F(void, dh_set_prime_bits, (Handle, unsigned))                                      \
  F(int, server_name_set, (Handle, int, const void*, std::size_t))                    \
  F(int, alpn_set_protocols, (Handle, const Datum*, unsigned, unsigned))              \
  F(int, alpn_get_selected_protocol, (Handle, Datum*))                                \
  F(void, transport_set_ptr, (Handle, void*))                                         \
  F(void, transport_set_pull_function, (Handle, PullFunction))                        \
  F(void, transport_set_push_function, (Handle, PushFunction))                        \
  F(void, transport_set_pull_timeout_function, (Handle, PullTimeoutFunction))         \
  F(void, transport_set_errno, (Handle, int))                                         \
  F(int, handshake, (Handle))                                                         \
  F(ssize_t, record_recv, (Handle, void*, std::size_t))                               \
  F(ssize_t, record_send, (Handle, const void*, std::size_t))                         \
  F(int, bye, (Handle, int))                                                          \
                                                                                      \
  F(int, certificate_verify_peers, (Handle, TypedDatum*, unsigned, unsigned*))        \
  F(const Datum*, certificate_get_peers, (Handle, unsigned*))                         \
  F(int, dh_get_prime_bits, (Handle))                                                 \
  F(int, kx_get, (Handle))                                                            \
  F(const char*, kx_get_name, (int))                                                  \
  F(int, protocol_get_version, (Handle))                                              \
  F(const char*, protocol_get_name, (int))                                            \
  F(int, cipher_get, (Handle))                                                        \
  F(const char*, cipher_get_name, (int))                                              \
  F(int, mac_get, (Handle))                                                           \
  F(const char*, mac_get_name, (int))                                                 \
  F(int, compression_get, (Handle))                                                   \
  F(const char*, compression_get_name, (int))                                         \
  F(unsigned, session_etm_status, (Handle))                                           \
  F(int, safe_renegotiation_status, (Handle))                                         \
                                                                                      \
  F(int, x509_crt_init, (Certificate*))                                               \
  F(void, x509_crt_deinit, (Certificate))                                             \
  F(int, x509_crt_import, (Certificate, const Datum*, int))                           \
  F(unsigned, x509_crt_check_hostname2, (Certificate, const char*, unsigned))         \
  F(unsigned, x509_crt_check_issuer, (Certificate, Certificate))                      \
  F(int, x509_crt_get_version, (Certificate))                                         \
  F(int, x509_crt_get_serial, (Certificate, void*, std::size_t*))                     \
  F(int, x509_crt_get_issuer_dn, (Certificate, void*, std::size_t*))                  \
  F(int, x509_crt_get_dn, (Certificate, void*, std::size_t*))                         \
  F(std::time_t, x509_crt_get_activation_time, (Certificate))                         \
  F(std::time_t, x509_crt_get_expiration_time, (Certificate))                         \
  F(int, x509_crt_get_pk_algorithm, (Certificate, unsigned*))                         \
  F(const char*, pk_algorithm_get_name, (int))                                        \
  F(int, pk_bits_to_sec_param, (int, unsigned))                                       \
  F(const char*, sec_param_get_name, (int))                                           \
  F(int, x509_crt_get_issuer_unique_id, (Certificate, void*, std::size_t*))           \
  F(int, x509_crt_get_subject_unique_id, (Certificate, void*, std::size_t*))          \
  F(int, x509_crt_get_signature_algorithm, (Certificate))                             \
  F(const char*, sign_get_name, (int))                                                \
  F(int, x509_crt_get_key_id, (Certificate, unsigned, void*, std::size_t*))           \
  F(int, x509_crt_get_fingerprint, (Certificate, int, void*, std::size_t*))           \
  F(int, x509_crt_export, (Certificate, int, void*, std::size_t*))                    \
  F(int, x509_crt_print, (Certificate, int, Datum*))

struct Library {
  // Neither a name nor a parameter list can be put in parentheses.
#define TLS_DECLARE(result, name, parameters) \
  result(*name) parameters = nullptr; /* NOLINT(bugprone-macro-parentheses) */
  TLS_FUNCTIONS(TLS_DECLARE)
#undef TLS_DECLARE

  // gnutls_free, a variable: it holds the function that frees memory which the library
  // has returned.
  void (**free)(void*) = nullptr;
  const char* version = nullptr;
};

// The library, opened the first time; null if no usable one is found. `problem` then
// becomes the reason, one line for each that was tried.
const Library* Load(std::string* problem = nullptr);

}  // namespace tls
