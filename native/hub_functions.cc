// The hub for JavaScript. Sending, configuring and closing are the hot path: plain
// Node-API functions that go straight to the syscall, with no object in between.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "exports.h"
#include "sys/socket.h"
#include "text.h"
#include "values.h"

namespace mnp {
namespace {

// ---- the hot path -----------------------------------------------------------------------------

// Strings of up to this many UTF-16 units are encoded on the stack.
constexpr std::size_t kTextUnits = 16 * 1024;

Environment* EnvironmentOf(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  return static_cast<Environment*>(data);
}

template <std::size_t kCount>
Environment* Receive(napi_env env, napi_callback_info info, napi_value (&arguments)[kCount]) {
  std::size_t count = kCount;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  return static_cast<Environment*>(data);
}

// Undefined for 0: that is the usual case, and costs nothing.
napi_value Integer(napi_env env, std::int64_t number) {
  napi_value value = nullptr;
  if (number == 0) return value;
  // The cheaper call, which is enough unless gigabytes are sent at once.
  if (number == static_cast<std::int32_t>(number)) {
    napi_create_int32(env, static_cast<std::int32_t>(number), &value);
  } else {
    napi_create_int64(env, number, &value);
  }
  return value;
}

// The UTF-8 of a string of at most `capacity / 3` UTF-16 units; false if it is not a string.
bool Encode(napi_env env, napi_value string, std::uint8_t* bytes, std::size_t capacity,
            std::size_t* length) {
  if (napi_get_value_string_utf8(env, string, reinterpret_cast<char*>(bytes), capacity, length) !=
      napi_ok) {
    return false;
  }
  // V8 writes U+FFFD for lone surrogates, which may stand for raw bytes here.
  if (std::memchr(bytes, 0xEF, *length) == nullptr) return true;
  std::vector<char16_t> units(*length + 1);
  std::size_t count = 0;
  napi_get_value_string_utf16(env, string, units.data(), units.size(), &count);
  *length = text::EncodeUtf8(units.data(), count, bytes);
  return true;
}

// The address of an id, null for -1; false for an id that is not in use.
bool AddressOfId(Environment* environment, std::int32_t id, const sys::Address** address) {
  *address = environment->hub().addresses().Get(id);
  return id < 0 || *address != nullptr;
}

// Sends through the socket, and to the address, that the outbox names. Returns how many bytes are
// left over, or a negative number when none were sent.
std::int64_t Transmit(Environment* environment, const void* data, std::size_t length) {
  const Outbox& outbox = environment->outbox();
  Socket* socket = environment->sockets().Get(outbox.id());
  if (socket == nullptr) return -EBADF;
  const sys::Address* address = nullptr;
  if (!AddressOfId(environment, outbox.to(), &address)) return -EINVAL;
  const iovec bytes = {const_cast<void*>(data), length};
  const ssize_t sent = socket->channel == nullptr ? sys::SendTo(socket->descriptor.get(), data,
                                                                length, MSG_DONTWAIT, address)
                                                  : socket->channel->Send(&bytes, 1);
  if (sent < 0) return sent;
  socket->bytes_written += static_cast<std::size_t>(sent);
  socket->messages_written++;
  return static_cast<std::int64_t>(length) - sent;
}

// send(Uint8Array): how many bytes are left over of the part that the outbox names, or -errno
napi_value Send(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  Environment* environment = Receive(env, info, arguments);
  const Bytes message = environment->outbox().MessageIn(BytesOf(env, arguments[0]));
  return Integer(env, Transmit(environment, message.data, message.length));
}

// sendText(string of at most kTextUnits): the same for its UTF-8
napi_value SendText(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  Environment* environment = Receive(env, info, arguments);
  std::uint8_t bytes[3 * kTextUnits + 1];
  std::size_t length = 0;
  if (!Encode(env, arguments[0], bytes, sizeof bytes, &length)) return Integer(env, -EINVAL);
  return Integer(env, Transmit(environment, bytes, length));
}

// sendOutbox(): the same for the bytes in the outbox
napi_value SendOutbox(napi_env env, napi_callback_info info) {
  Environment* environment = EnvironmentOf(env, info);
  const Bytes message = environment->outbox().Message();
  return Integer(env, Transmit(environment, message.data, message.length));
}

// sendMany(Uint8Array): how many of the packets in it were sent, or -errno when none was; the
// outbox has their lengths
napi_value SendMany(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  Environment* environment = Receive(env, info, arguments);
  const Outbox& outbox = environment->outbox();
  Socket* socket = environment->sockets().Get(outbox.id());
  if (socket == nullptr) return Integer(env, -EBADF);
  // A channel has no packets.
  if (socket->channel != nullptr) return Integer(env, -EOPNOTSUPP);
  const sys::Address* to = nullptr;
  if (!AddressOfId(environment, outbox.to(), &to)) return Integer(env, -EINVAL);
  iovec messages[sys::kMessages];
  const std::size_t count = outbox.MessagesIn(BytesOf(env, arguments[0]), messages);
  const int sent = socket->segmentation.SendMany(socket->descriptor.get(), messages, count,
                                                 MSG_DONTWAIT, const_cast<sys::Address*>(to));
  for (int i = 0; i < sent; i++) socket->bytes_written += messages[i].iov_len;
  if (sent > 0) socket->messages_written += static_cast<unsigned>(sent);
  return Integer(env, sent);
}

// writeOutbox(string, offset): writes its UTF-8 to the outbox; the length in bytes
napi_value WriteOutbox(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  const Outbox& outbox = Receive(env, info, arguments)->outbox();
  const Bytes room = outbox.From(static_cast<std::size_t>(IntegerOf(env, arguments[1])));
  std::size_t length = 0;
  Encode(env, arguments[0], room.data, room.length, &length);
  return Integer(env, static_cast<std::int64_t>(length));
}

// configure(id, mode, kind, delivery, addressed, ancillary, interest): -errno when it failed
napi_value Configure(napi_env env, napi_callback_info info) {
  napi_value arguments[7];
  Environment* environment = Receive(env, info, arguments);
  const Id id = static_cast<Id>(IntegerOf(env, arguments[0]));
  Socket* socket = environment->sockets().Get(id);
  if (socket == nullptr) return Integer(env, -EBADF);
  const auto enumerator = [&](std::size_t index, int last) {
    return std::clamp(static_cast<int>(IntegerOf(env, arguments[index])), 0, last);
  };
  socket->mode = static_cast<Mode>(enumerator(1, static_cast<int>(Mode::kReceiving)));
  socket->kind = static_cast<Kind>(enumerator(2, static_cast<int>(Kind::kDatagrams)));
  socket->delivery = static_cast<Delivery>(enumerator(3, static_cast<int>(Delivery::kLent)));
  socket->addressed = enumerator(4, 1) == 1;
  socket->ancillary = enumerator(5, 1) == 1;
  return Integer(env,
                 environment->hub().SetInterest(id, static_cast<std::uint8_t>(enumerator(6, 3))));
}

// setInterest(id, interest): -errno when it failed
napi_value SetInterest(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  Environment* environment = Receive(env, info, arguments);
  return Integer(env, environment->hub().SetInterest(
                          static_cast<Id>(IntegerOf(env, arguments[0])),
                          static_cast<std::uint8_t>(IntegerOf(env, arguments[1]) & 3)));
}

// setCounted(id, boolean)
napi_value SetCounted(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  Environment* environment = Receive(env, info, arguments);
  bool counted = false;
  napi_get_value_bool(env, arguments[1], &counted);
  environment->hub().SetCounted(static_cast<Id>(IntegerOf(env, arguments[0])), counted);
  return nullptr;
}

// counts(id): fills in what the socket has counted
napi_value Counts(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  Environment* environment = Receive(env, info, arguments);
  const Socket* socket = environment->sockets().Get(static_cast<Id>(IntegerOf(env, arguments[0])));
  if (socket != nullptr) environment->ShowCounts(*socket);
  return nullptr;
}

// close(id): the same, and closes it: removes it from the hub, then closes the descriptor, then
// gives up the id
napi_value Close(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  Environment* environment = Receive(env, info, arguments);
  const Id id = static_cast<Id>(IntegerOf(env, arguments[0]));
  const Socket* socket = environment->sockets().Get(id);
  if (socket == nullptr) return nullptr;
  environment->ShowCounts(*socket);
  environment->hub().Forget(id);
  environment->sockets().Close(id);
  return nullptr;
}

// ---- everything else --------------------------------------------------------------------------

// sendv(id, array of views, address id or -1, control messages or undefined): bytes sent by one
// call, or -errno
Napi::Value SendVector(const Napi::CallbackInfo& info) {
  Socket* socket = Environment::SocketOf(info);
  if (socket == nullptr) return Number(info, -EBADF);
  std::vector<iovec> buffers = BuffersOf(info.Env(), info[1]);
  const sys::Address* to = nullptr;
  if (!AddressOfId(Environment::Of(info), IntegerOf(info.Env(), info[2]), &to))
    return Number(info, -EINVAL);
  const Bytes control = BytesOf(info.Env(), info[3]);
  sys::Message message;
  message.buffers = buffers.data();
  message.buffer_count = buffers.size();
  message.address = const_cast<sys::Address*>(to);
  message.control = control.data;
  message.control_length = control.length;
  ssize_t sent = -EOPNOTSUPP;
  if (socket->channel == nullptr) {
    sent = sys::SendMsg(socket->descriptor.get(), message, MSG_DONTWAIT);
  } else if (control.length == 0) {
    // A channel cannot carry control messages.
    sent = socket->channel->Send(buffers.data(), buffers.size());
  }
  if (sent >= 0) {
    socket->bytes_written += static_cast<std::size_t>(sent);
    socket->messages_written++;
  }
  return Number(info, static_cast<double>(sent));
}

// keepDescriptors(fds): duplicates, held in transit, or -errno
Napi::Value KeepDescriptors(const Napi::CallbackInfo& info) {
  const Napi::Array fds = info[0].As<Napi::Array>();
  Napi::Array kept = Napi::Array::New(info.Env(), fds.Length());
  std::vector<sys::Descriptor> duplicates;
  for (std::uint32_t i = 0; i < fds.Length(); i++) {
    const int fd = sys::Duplicate(IntegerOf(info.Env(), fds.Get(i)));
    if (fd < 0) return Number(info, fd);
    duplicates.emplace_back(fd);
    kept.Set(i, Number(info, fd));
  }
  for (sys::Descriptor& duplicate : duplicates)
    Environment::Of(info)->hub().transit().Add(std::move(duplicate));
  return kept;
}

// takeDescriptor(fd): removes it from transit; the caller owns it from now on
Napi::Value TakeDescriptor(const Napi::CallbackInfo& info) {
  Environment::Of(info)->hub().transit().Take(IntegerOf(info.Env(), info[0])).Release();
  return info.Env().Undefined();
}

// dropDescriptor(fd): closes it, if it is in transit
Napi::Value DropDescriptor(const Napi::CallbackInfo& info) {
  Environment::Of(info)->hub().transit().Take(IntegerOf(info.Env(), info[0])).Close();
  return info.Env().Undefined();
}

// Room for what users send, which may be more than there is memory; null then, with an exception
// pending.
template <class Unit>
std::unique_ptr<Unit[]> RoomFor(Napi::Env env, std::size_t count) {
  std::unique_ptr<Unit[]> room(new (std::nothrow) Unit[count]);
  if (room == nullptr) Napi::RangeError::New(env, "Out of memory").ThrowAsJavaScriptException();
  return room;
}

// encodeUtf8(string): its bytes, raw ones included
Napi::Value EncodeUtf8(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  std::size_t count = 0;
  napi_get_value_string_utf16(env, info[0], nullptr, 0, &count);
  const auto units = RoomFor<char16_t>(env, count + 1);
  if (units == nullptr) return Napi::Value();
  napi_get_value_string_utf16(env, info[0], units.get(), count + 1, &count);
  const auto bytes = RoomFor<std::uint8_t>(env, 3 * count);
  if (bytes == nullptr) return Napi::Value();
  const std::size_t length = text::EncodeUtf8(units.get(), count, bytes.get());
  return Napi::Buffer<std::uint8_t>::Copy(env, bytes.get(), length);
}

// decodeUtf8(Uint8Array): a string, with invalid bytes as raw bytes
Napi::Value DecodeUtf8(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[0]);
  const auto units = RoomFor<char16_t>(info.Env(), bytes.length);
  if (units == nullptr) return Napi::Value();
  const std::size_t length = text::DecodeUtf8(bytes.data, bytes.length, units.get());
  return Napi::String::New(info.Env(), units.get(), length);
}

// incompleteTail(Uint8Array): how many bytes at its end have to wait for the next block
Napi::Value IncompleteTail(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[0]);
  return Napi::Number::New(info.Env(),
                           static_cast<double>(text::IncompleteTail(bytes.data, bytes.length)));
}

// shareOutbox(bytes, call)
Napi::Value ShareOutbox(const Napi::CallbackInfo& info) {
  const Napi::Int32Array call = info[1].As<Napi::Int32Array>();
  if (call.ElementLength() == Outbox::kCall)
    Environment::Of(info)->outbox() = Outbox(BytesOf(info.Env(), info[0]), call.Data());
  return info.Env().Undefined();
}

// shareCounts(Float64Array of four)
Napi::Value ShareCounts(const Napi::CallbackInfo& info) {
  Napi::Float64Array counts = info[0].As<Napi::Float64Array>();
  if (counts.ElementLength() == Environment::kCounts)
    Environment::Of(info)->ShareCounts(counts.Data());
  return info.Env().Undefined();
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

// haveNews()
Napi::Value HaveNews(const Napi::CallbackInfo& info) {
  Environment::Of(info)->hub().HaveNews();
  return info.Env().Undefined();
}

// setResource(id, object): callbacks for the socket alone run under it
Napi::Value SetResource(const Napi::CallbackInfo& info) {
  if (info[1].IsObject())
    Environment::Of(info)->hub().SetResource(static_cast<Id>(IntegerOf(info.Env(), info[0])),
                                             info[1]);
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

void ExportHub(Napi::Object exports, Environment* environment) {
  const auto hot = [&](const char* name, napi_callback call) {
    napi_value function;
    napi_create_function(exports.Env(), name, NAPI_AUTO_LENGTH, call, environment, &function);
    exports.Set(name, function);
  };
  hot("send", Send);
  hot("sendText", SendText);
  hot("sendOutbox", SendOutbox);
  hot("sendMany", SendMany);
  hot("writeOutbox", WriteOutbox);
  hot("configure", Configure);
  hot("setInterest", SetInterest);
  hot("setCounted", SetCounted);
  hot("counts", Counts);
  hot("close", Close);

  Export(exports, environment,
         {{"shareOutbox", ShareOutbox},
          {"shareCounts", ShareCounts},
          {"sendv", SendVector},
          {"keepDescriptors", KeepDescriptors},
          {"takeDescriptor", TakeDescriptor},
          {"dropDescriptor", DropDescriptor},
          {"encodeUtf8", EncodeUtf8},
          {"decodeUtf8", DecodeUtf8},
          {"incompleteTail", IncompleteTail},
          {"start", Start},
          {"takeTurns", TakeTurns},
          {"haveNews", HaveNews},
          {"setResource", SetResource},
          {"wait", Wait},
          {"address", AddressById},
          {"internAddress", InternAddress},
          {"retainAddresses", RetainAddresses},
          {"uncaught", Uncaught}});
}

}  // namespace mnp
