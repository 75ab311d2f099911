// TLS for JavaScript. A session belongs to a socket and is named by the socket's id.
// Certificates are passed on raw; lib/tls/ decides how they are shown, and names failures.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "../exports.h"
#include "../sys/socket.h"
#include "../values.h"
#include "context.h"
#include "library.h"
#include "session.h"

namespace mnp {
namespace {

using SharedContext = std::shared_ptr<const tls::Context>;

// Null if the socket has none. All channels are sessions.
tls::Session* SessionOf(const Napi::CallbackInfo& info) {
  Socket* socket = Environment::SocketOf(info);
  return socket == nullptr ? nullptr : static_cast<tls::Session*>(socket->channel.get());
}

std::string StringOf(const Napi::Value& value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::vector<std::string> StringsOf(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings(array.Length());
  for (std::uint32_t i = 0; i < strings.size(); i++) strings[i] = StringOf(array.Get(i));
  return strings;
}

Napi::Value Text(Napi::Env env, const char* text) {
  return text == nullptr ? env.Undefined() : Napi::String::New(env, text);
}

// Not memset(), which the compiler may leave out.
void Wipe(std::string* secret) {
  volatile char* at = secret->data();
  for (std::size_t i = 0; i < secret->size(); i++) at[i] = 0;
}

// ---- the library ------------------------------------------------------------------------------

// tlsLoad(): [version or undefined, what is wrong]
Napi::Value LoadLibrary(const Napi::CallbackInfo& info) {
  std::string problem;
  const tls::Library* library = tls::Load(&problem);
  return ArrayOf(info.Env(), {Text(info.Env(), library == nullptr ? nullptr : library->version),
                              Text(info.Env(), problem.c_str())});
}

// tlsError(GnuTLS error): [name, text, whether it is fatal]
Napi::Value Error(const Napi::CallbackInfo& info) {
  const tls::Library* library = tls::Load();
  if (library == nullptr) return ArrayOf(info.Env(), {});
  const int number = IntegerOf(info.Env(), info[0]);
  return ArrayOf(info.Env(),
                 {Text(info.Env(), library->strerror_name(number)),
                  Text(info.Env(), library->strerror(number)),
                  Napi::Boolean::New(info.Env(), library->error_is_fatal(number) != 0)});
}

// tlsAlert(number): its name, or undefined
Napi::Value Alert(const Napi::CallbackInfo& info) {
  const tls::Library* library = tls::Load();
  return library == nullptr
             ? info.Env().Undefined()
             : Text(info.Env(), library->alert_get_strname(IntegerOf(info.Env(), info[0])));
}

// tlsExtension(number): the name of a TLS extension that the library knows, or undefined
Napi::Value Extension(const Napi::CallbackInfo& info) {
  const tls::Library* library = tls::Load();
  if (library == nullptr) return info.Env().Undefined();
  const auto number = static_cast<unsigned>(IntegerOf(info.Env(), info[0]));
  return Text(info.Env(), library->ext_get_name(number));
}

// tlsLog(level): makes the library log to standard error from now on
Napi::Value Log(const Napi::CallbackInfo& info) {
  const tls::Library* library = tls::Load();
  if (library == nullptr) return info.Env().Undefined();
  library->global_set_log_function([](int level, const char* message) {
    (void)std::fprintf(stderr, "gnutls[%d]: %s", level, message);
  });
  library->global_set_log_level(IntegerOf(info.Env(), info[0]));
  return info.Env().Undefined();
}

// ---- contexts ---------------------------------------------------------------------------------

// tlsContext(options): a context, or [what was refused, index, GnuTLS error]
Napi::Value MakeContext(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const tls::Library* library = tls::Load();
  if (library == nullptr || !info[0].IsObject()) return env.Undefined();
  const auto given = info[0].As<Napi::Object>();
  const auto number = [&](const char* name) {
    return static_cast<unsigned>(given.Get(name).ToNumber().Uint32Value());
  };
  tls::Options options;
  options.server = given.Get("server").ToBoolean();
  options.anonymous = given.Get("anonymous").ToBoolean();
  options.priority = StringOf(given.Get("priority"));
  options.verify_flags = number("verifyFlags");
  options.system_trust = given.Get("systemTrust").ToBoolean();
  options.trust_files = StringsOf(given.Get("trustFiles"));
  options.crl_files = StringsOf(given.Get("crlFiles"));
  const auto keys = given.Get("keys").As<Napi::Array>();
  for (std::uint32_t i = 0; i < keys.Length(); i++) {
    std::vector<std::string> files = StringsOf(keys.Get(i));
    files.resize(2);
    options.keys.push_back({std::move(files[0]), std::move(files[1])});
  }
  options.password = StringOf(given.Get("password"));
  options.key_flags = number("keyFlags");
  options.prime_bits = number("primeBits");
  options.request = static_cast<int>(number("request"));
  options.protocols = StringsOf(given.Get("protocols"));
  tls::Refusal refusal;
  SharedContext context = tls::Context::Make(*library, options, &refusal);
  Wipe(&options.password);
  if (context != nullptr) {
    return Napi::External<SharedContext>::New(
        env, new SharedContext(std::move(context)),
        [](Napi::BasicEnv, SharedContext* collected) { delete collected; });
  }
  return ArrayOf(env, {Number(info, refusal.what), Number(info, static_cast<double>(refusal.index)),
                       Number(info, refusal.error)});
}

// ---- sessions ---------------------------------------------------------------------------------

// tlsStart(id, context, server name, host name, trusted, named): 0, or a failure
Napi::Value Start(const Napi::CallbackInfo& info) {
  Socket* socket = Environment::SocketOf(info);
  if (socket == nullptr) return Number(info, -EBADF);
  if (!info[1].IsExternal()) return Number(info, -EINVAL);
  if (socket->channel != nullptr) return Number(info, -EALREADY);
  const auto context = info[1].As<Napi::External<SharedContext>>();
  tls::Expectations expected;
  expected.server_name = StringOf(info[2]);
  expected.host_name = StringOf(info[3]);
  expected.trusted = info[4].ToBoolean();
  expected.named = info[5].ToBoolean();
  int error = 0;
  auto session =
      tls::Session::Make(*context.Data(), std::move(expected), &Environment::Of(info)->workspace(),
                         socket->descriptor.get(), &error);
  if (session == nullptr) return Number(info, error);
  // Bytes that looked like the beginning of a character belong to TLS.
  session->Feed(socket->carry, std::exchange(socket->carry_length, std::uint8_t{0}));
  socket->channel = std::move(session);
  return Number(info, 0);
}

// tlsFeed(id, bytes): passes what was read before there was a session
Napi::Value Feed(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[1]);
  if (tls::Session* session = SessionOf(info)) session->Feed(bytes.data, bytes.length);
  return info.Env().Undefined();
}

// tlsHandshake(id): 0 when it is over, 1 when it waits to read, 2 to write, or a failure
Napi::Value Handshake(const Napi::CallbackInfo& info) {
  tls::Session* session = SessionOf(info);
  if (session == nullptr) return Number(info, -EBADF);
  const int result = session->Handshake();
  // The set would report them for as long as the handshake waits.
  if (result > 0) sys::DropQueuedErrors(Environment::SocketOf(info)->descriptor.get());
  return Number(info, result);
}

// tlsTearDown(id): whether there was a usable session
Napi::Value TearDown(const Napi::CallbackInfo& info) {
  tls::Session* session = SessionOf(info);
  const bool alive = session != nullptr && session->handle() != nullptr;
  if (alive) session->TearDown();
  return Napi::Boolean::New(info.Env(), alive);
}

// tlsStage(id): the number of gnutls-get-initstage; 0 without a session
Napi::Value Stage(const Napi::CallbackInfo& info) {
  const tls::Session* session = SessionOf(info);
  return Number(info, session == nullptr ? 0 : session->stage());
}

// tlsEnded(id): whether the peer has sent its close_notify
Napi::Value Ended(const Napi::CallbackInfo& info) {
  const tls::Session* session = SessionOf(info);
  return Napi::Boolean::New(info.Env(), session != nullptr && session->peer_has_ended());
}

// tlsVerdict(id): [status bits, length of the chain, first is self-signed, last is], or undefined
Napi::Value VerdictOf(const Napi::CallbackInfo& info) {
  const tls::Session* session = SessionOf(info);
  if (session == nullptr || !session->verdict().verified) return info.Env().Undefined();
  const tls::Verdict& verdict = session->verdict();
  return ArrayOf(info.Env(), {Number(info, verdict.status), Number(info, verdict.count),
                              Napi::Boolean::New(info.Env(), verdict.self_signed),
                              Napi::Boolean::New(info.Env(), verdict.self_signed_root)});
}

// ---- what is known of the peer ------------------------------------------------------------------

// The output of a function that is first called for the size; empty if there is none.
template <class Function, class... Arguments>
std::string Sized(Function function, tls::Certificate certificate, Arguments... arguments) {
  std::size_t size = 0;
  (void)function(certificate, arguments..., nullptr, &size);
  std::string bytes(size, '\0');
  if (function(certificate, arguments..., bytes.data(), &size) < 0) return std::string();
  bytes.resize(std::min(size, bytes.size()));
  return bytes;
}

Napi::Value BytesValue(Napi::Env env, const std::string& bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

Napi::Value CertificateValue(Napi::Env env, const tls::Library& library,
                             tls::Certificate certificate) {
  Napi::Object value = Napi::Object::New(env);
  const auto time = [&](std::time_t seconds) {
    return Napi::Number::New(env, static_cast<double>(seconds));
  };
  const auto bytes = [&](const std::string& found) { return BytesValue(env, found); };
  unsigned bits = 0;
  const int algorithm = library.x509_crt_get_pk_algorithm(certificate, &bits);
  const int level = library.pk_bits_to_sec_param(algorithm, bits);
  const int signature = library.x509_crt_get_signature_algorithm(certificate);
  value.Set("version", Napi::Number::New(env, library.x509_crt_get_version(certificate)));
  value.Set("serial", bytes(Sized(library.x509_crt_get_serial, certificate)));
  value.Set("issuer", bytes(Sized(library.x509_crt_get_issuer_dn, certificate)));
  value.Set("from", time(library.x509_crt_get_activation_time(certificate)));
  value.Set("to", time(library.x509_crt_get_expiration_time(certificate)));
  value.Set("subject", bytes(Sized(library.x509_crt_get_dn, certificate)));
  value.Set("publicKeyAlgorithm", Text(env, library.pk_algorithm_get_name(algorithm)));
  value.Set("securityLevel", Text(env, library.sec_param_get_name(level)));
  value.Set("issuerId", bytes(Sized(library.x509_crt_get_issuer_unique_id, certificate)));
  value.Set("subjectId", bytes(Sized(library.x509_crt_get_subject_unique_id, certificate)));
  value.Set("signatureAlgorithm", Text(env, library.sign_get_name(signature)));
  value.Set("keyId", bytes(Sized(library.x509_crt_get_key_id, certificate, 0u)));
  value.Set("keyIdSha256", bytes(Sized(library.x509_crt_get_key_id, certificate, 1u)));
  value.Set("fingerprint",
            bytes(Sized(library.x509_crt_get_fingerprint, certificate, int{tls::kSha1})));
  value.Set("pem", bytes(Sized(library.x509_crt_export, certificate, int{tls::kPem})));
  return value;
}

Napi::Value CertificatesValue(Napi::Env env, const tls::Session& session) {
  const tls::Library& library = session.library();
  Napi::Array list = Napi::Array::New(env);
  unsigned count = 0;
  const tls::Datum* chain = library.certificate_get_peers(session.handle(), &count);
  for (unsigned i = 0; chain != nullptr && i < count; i++) {
    tls::Certificate certificate = nullptr;
    if (library.x509_crt_init(&certificate) < 0) break;
    if (library.x509_crt_import(certificate, &chain[i], 0) == 0)
      list.Set(i, CertificateValue(env, library, certificate));
    library.x509_crt_deinit(certificate);
  }
  return list;
}

// tlsStatus(id): what the two ends have agreed on, or undefined when they have not
Napi::Value Status(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const tls::Session* session = SessionOf(info);
  if (session == nullptr || session->stage() != tls::Session::kOpen) return env.Undefined();
  const tls::Library& library = session->library();
  const tls::Handle handle = session->handle();
  const auto number = [&](double value) { return Napi::Number::New(env, value); };
  Napi::Object status = Napi::Object::New(env);
  status.Set("certificates", CertificatesValue(env, *session));
  status.Set("primeBits", number(library.dh_get_prime_bits(handle)));
  status.Set("keyExchange", Text(env, library.kx_get_name(library.kx_get(handle))));
  const int version = library.protocol_get_version(handle);
  status.Set("protocol", Text(env, library.protocol_get_name(version)));
  status.Set("cipher", Text(env, library.cipher_get_name(library.cipher_get(handle))));
  status.Set("mac", Text(env, library.mac_get_name(library.mac_get(handle))));
  const int compression = library.compression_get(handle);
  status.Set("compression", Text(env, library.compression_get_name(compression)));
  const bool mac_follows = library.session_etm_status(handle) != 0;
  status.Set("encryptThenMac", Napi::Boolean::New(env, mac_follows));
  const bool safe = library.safe_renegotiation_status(handle) != 0;
  status.Set("safeRenegotiation", Napi::Boolean::New(env, safe));
  tls::Datum protocol = {};
  if (library.alpn_get_selected_protocol(handle, &protocol) == 0) {
    const char* name = reinterpret_cast<const char*>(protocol.data);
    status.Set("alpn", Napi::String::New(env, name, protocol.size));
  }
  return status;
}

// tlsPrint(PEM bytes): a description of the certificate, or a GnuTLS error
Napi::Value Print(const Napi::CallbackInfo& info) {
  const tls::Library* library = tls::Load();
  if (library == nullptr) return info.Env().Undefined();
  const Bytes bytes = BytesOf(info.Env(), info[0]);
  const tls::Datum pem = {bytes.data, static_cast<unsigned>(bytes.length)};
  tls::Certificate certificate = nullptr;
  int error = library->x509_crt_init(&certificate);
  if (error < 0) return Number(info, error);
  tls::Datum text = {};
  error = library->x509_crt_import(certificate, &pem, tls::kPem);
  if (error == 0) error = library->x509_crt_print(certificate, tls::kPrintFull, &text);
  library->x509_crt_deinit(certificate);
  if (error < 0) return Number(info, error);
  const char* words = reinterpret_cast<const char*>(text.data);
  const Napi::Value value = Napi::String::New(info.Env(), words, text.size);
  (*library->free)(text.data);
  return value;
}

}  // namespace

void ExportTls(Napi::Object exports, Environment* environment) {
  Export(exports, environment,
         {{"tlsLoad", LoadLibrary},
          {"tlsError", Error},
          {"tlsAlert", Alert},
          {"tlsExtension", Extension},
          {"tlsLog", Log},
          {"tlsContext", MakeContext},
          {"tlsStart", Start},
          {"tlsFeed", Feed},
          {"tlsHandshake", Handshake},
          {"tlsTearDown", TearDown},
          {"tlsStage", Stage},
          {"tlsEnded", Ended},
          {"tlsVerdict", VerdictOf},
          {"tlsStatus", Status},
          {"tlsPrint", Print}});
}

}  // namespace mnp
