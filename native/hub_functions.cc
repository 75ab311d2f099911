// The hub for JavaScript. Sending is the hot path: plain Node-API functions that
// go straight to the syscall, with no object in between.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "arguments.h"
#include "socket.h"
#include "sys/socket.h"
#include "text.h"

namespace mnp {
namespace {

// ---- the hot path -----------------------------------------------------------------------------

constexpr std::size_t kArguments = 3;
// Strings of up to this many UTF-16 units are encoded on the stack.
constexpr std::size_t kTextUnits = 16 * 1024;

Environment* Receive(napi_env env, napi_callback_info info, napi_value (&arguments)[kArguments]) {
  std::size_t count = kArguments;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  return static_cast<Environment*>(data);
}

napi_value Integer(napi_env env, std::int64_t number) {
  napi_value value = nullptr;
  napi_create_int64(env, number, &value);
  return value;
}

// Sends; gives how many bytes are left over, or -errno when none went.
std::int64_t Transmit(Environment* environment, napi_env env, napi_value id, const void* data,
                      std::size_t length, napi_value to) {
  Socket* socket = environment->sockets().Get(static_cast<Id>(IntegerOf(env, id)));
  if (socket == nullptr) return -EBADF;
  const std::int32_t to_id = IntegerOf(env, to);
  const sys::Address* address = environment->hub().addresses().Get(to_id);
  if (to_id >= 0 && address == nullptr) return -EINVAL;
  const ssize_t sent = sys::SendTo(socket->descriptor.get(), data, length, MSG_DONTWAIT, address);
  if (sent < 0) return sent;
  socket->bytes_written += static_cast<std::size_t>(sent);
  return static_cast<std::int64_t>(length) - sent;
}

// send(id, Uint8Array, address id or -1): bytes left over, or -errno
napi_value Send(napi_env env, napi_callback_info info) {
  napi_value arguments[kArguments];
  Environment* environment = Receive(env, info, arguments);
  const Bytes bytes = BytesOf(env, arguments[1]);
  return Integer(env,
                 Transmit(environment, env, arguments[0], bytes.data, bytes.length, arguments[2]));
}

// sendText(id, string of at most kTextUnits, address id or -1): the same, of its UTF-8
napi_value SendText(napi_env env, napi_callback_info info) {
  napi_value arguments[kArguments];
  Environment* environment = Receive(env, info, arguments);
  char bytes[3 * kTextUnits + 1];
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env, arguments[1], bytes, sizeof bytes, &length) != napi_ok) {
    return Integer(env, -EINVAL);
  }
  // V8 writes U+FFFD for lone surrogates, which may stand for raw bytes here.
  if (std::memchr(bytes, 0xEF, length) != nullptr) {
    char16_t units[kTextUnits + 1];
    std::size_t count = 0;
    napi_get_value_string_utf16(env, arguments[1], units, kTextUnits + 1, &count);
    length = text::EncodeUtf8(units, count, reinterpret_cast<std::uint8_t*>(bytes));
  }
  return Integer(env, Transmit(environment, env, arguments[0], bytes, length, arguments[2]));
}

// ---- everything else --------------------------------------------------------------------------

Socket* SocketOf(const Napi::CallbackInfo& info) {
  return Environment::Of(info)->sockets().Get(static_cast<Id>(IntegerOf(info.Env(), info[0])));
}

// sendv(id, array of views): bytes sent by one call, or -errno
Napi::Value SendVector(const Napi::CallbackInfo& info) {
  Socket* socket = SocketOf(info);
  if (socket == nullptr) return Number(info, -EBADF);
  std::vector<iovec> buffers = BuffersOf(info.Env(), info[1]);
  sys::Message message;
  message.buffers = buffers.data();
  message.buffer_count = buffers.size();
  const ssize_t sent = sys::SendMsg(socket->descriptor.get(), message, MSG_DONTWAIT);
  if (sent > 0) socket->bytes_written += static_cast<std::size_t>(sent);
  return Number(info, static_cast<double>(sent));
}

// encodeUtf8(string): its bytes, raw ones included
Napi::Value EncodeUtf8(const Napi::CallbackInfo& info) {
  const std::u16string units = info[0].As<Napi::String>().Utf16Value();
  std::vector<std::uint8_t> bytes(3 * units.size());
  const std::size_t length = text::EncodeUtf8(units.data(), units.size(), bytes.data());
  return Napi::Buffer<std::uint8_t>::Copy(info.Env(), bytes.data(), length);
}

// decodeUtf8(Uint8Array): a string, with what is not UTF-8 as raw bytes
Napi::Value DecodeUtf8(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[0]);
  std::vector<char16_t> units(bytes.length);
  const std::size_t length = text::DecodeUtf8(bytes.data, bytes.length, units.data());
  return Napi::String::New(info.Env(), units.data(), length);
}

// start(dispatch)
Napi::Value Start(const Napi::CallbackInfo& info) {
  Environment::Of(info)->hub().SetDispatch(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

// takeTurns()
Napi::Value TakeTurns(const Napi::CallbackInfo& info) {
  Environment::Of(info)->hub().TakeTurns();
  return info.Env().Undefined();
}

// configure(id, mode, kind, delivery, addressed, interest): 0 or -errno
Napi::Value Configure(const Napi::CallbackInfo& info) {
  Socket* socket = SocketOf(info);
  if (socket == nullptr) return Number(info, -EBADF);
  const auto enumerator = [&](std::size_t index, int last) {
    return std::clamp(static_cast<int>(IntegerOf(info.Env(), info[index])), 0, last);
  };
  socket->mode = static_cast<Mode>(enumerator(1, static_cast<int>(Mode::kReceiving)));
  socket->kind = static_cast<Kind>(enumerator(2, static_cast<int>(Kind::kDatagrams)));
  socket->delivery = static_cast<Delivery>(enumerator(3, static_cast<int>(Delivery::kLent)));
  socket->addressed = enumerator(4, 1) == 1;
  return Number(info, Environment::Of(info)->hub().SetInterest(
                          static_cast<Id>(IntegerOf(info.Env(), info[0])),
                          static_cast<std::uint8_t>(enumerator(5, 3))));
}

// setInterest(id, interest): 0 or -errno
Napi::Value SetInterest(const Napi::CallbackInfo& info) {
  return Number(info, Environment::Of(info)->hub().SetInterest(
                          static_cast<Id>(IntegerOf(info.Env(), info[0])),
                          static_cast<std::uint8_t>(IntegerOf(info.Env(), info[1]) & 3)));
}

// setCounted(id, boolean)
Napi::Value SetCounted(const Napi::CallbackInfo& info) {
  Environment::Of(info)->hub().SetCounted(static_cast<Id>(IntegerOf(info.Env(), info[0])),
                                          info[1].ToBoolean());
  return info.Env().Undefined();
}

// wait(timeout, id or undefined): how many events were dispatched
Napi::Value Wait(const Napi::CallbackInfo& info) {
  const int timeout = IntegerOf(info.Env(), info[0]);
  const Id only = static_cast<Id>(IntegerOf(info.Env(), info[1]));
  const int events =
      Environment::Of(info)->hub().Wait(timeout, info[1].IsUndefined() ? nullptr : &only);
  if (info.Env().IsExceptionPending()) return Napi::Value();
  return Number(info, events);
}

// counts(id): [bytes read, bytes written]
Napi::Value Counts(const Napi::CallbackInfo& info) {
  const Socket* socket = SocketOf(info);
  Napi::Array counts = Napi::Array::New(info.Env(), 2);
  counts.Set(0u, Number(info, socket == nullptr ? 0 : static_cast<double>(socket->bytes_read)));
  counts.Set(1u, Number(info, socket == nullptr ? 0 : static_cast<double>(socket->bytes_written)));
  return counts;
}

// address(address id): bytes, or undefined
Napi::Value AddressById(const Napi::CallbackInfo& info) {
  const sys::Address* address =
      Environment::Of(info)->hub().addresses().Get(IntegerOf(info.Env(), info[0]));
  return address == nullptr ? info.Env().Undefined() : AddressValue(info.Env(), *address);
}

// internAddress(bytes): address id, or -EINVAL
Napi::Value InternAddress(const Napi::CallbackInfo& info) {
  sys::Address address;
  if (!AddressOf(info.Env(), info[0], &address)) return Number(info, -EINVAL);
  return Number(info, Environment::Of(info)->hub().addresses().Intern(address));
}

// addressesFull(): whether it is time for retainAddresses
Napi::Value AddressesFull(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Environment::Of(info)->hub().addresses().full());
}

// retainAddresses(Int32Array of address ids): forgets all others
Napi::Value RetainAddresses(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    return Number(info, -EINVAL);
  }
  const auto live = info[0].As<Napi::Int32Array>();
  Environment::Of(info)->hub().addresses().Retain(live.Data(), live.ElementLength());
  return Number(info, 0);
}

// uncaught(error): what Node does with an exception that nobody caught
Napi::Value Uncaught(const Napi::CallbackInfo& info) {
  napi_fatal_exception(info.Env(), info[0]);
  return info.Env().Undefined();
}

}  // namespace

void ExportHub(Napi::Env env, Napi::Object exports, Environment* environment) {
  const auto hot = [&](const char* name, napi_callback call) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, environment, &function);
    exports.Set(name, Napi::Value(env, function));
  };
  hot("send", Send);
  hot("sendText", SendText);

  const auto function = [&](const char* name, Napi::Value (*call)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, call, name, environment));
  };
  function("sendv", SendVector);
  function("encodeUtf8", EncodeUtf8);
  function("decodeUtf8", DecodeUtf8);
  function("start", Start);
  function("takeTurns", TakeTurns);
  function("configure", Configure);
  function("setInterest", SetInterest);
  function("setCounted", SetCounted);
  function("wait", Wait);
  function("counts", Counts);
  function("address", AddressById);
  function("internAddress", InternAddress);
  function("addressesFull", AddressesFull);
  function("retainAddresses", RetainAddresses);
  function("uncaught", Uncaught);
}

}  // namespace mnp
