// Sockets for JavaScript, by id: one function per syscall, in the order: make, address, transfer,
// state, options. The first argument is the socket's id, except where one is made.
//
// Each returns what the call returns, or -errno; lib/socket/errors.ts decides what
// becomes an Error, and with which message.
#include "sys/socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "exports.h"
#include "values.h"

namespace mnp {
namespace {

Id IdOf(const Napi::CallbackInfo& info) { return static_cast<Id>(IntegerOf(info.Env(), info[0])); }

// The descriptor of the socket that the first argument names; -1 when it is closed.
int DescriptorOf(const Napi::CallbackInfo& info) {
  const Socket* socket = Environment::SocketOf(info);
  return socket == nullptr ? -1 : socket->descriptor.get();
}

int Integer(const Napi::CallbackInfo& info, std::size_t index) {
  return IntegerOf(info.Env(), info[index]);
}

Napi::Value Made(const Napi::CallbackInfo& info, int fd, bool altered) {
  if (fd < 0) return Number(info, fd);
  return Number(info, Environment::Of(info)->sockets().Add(fd, altered));
}

// ---- make -----------------------------------------------------------------------------------

// socket(domain, type, protocol): id
Napi::Value MakeSocket(const Napi::CallbackInfo& info) {
  return Made(info, sys::Socket(Integer(info, 0), Integer(info, 1), Integer(info, 2)), false);
}

// socketpair(domain, type, protocol): [id, id]
Napi::Value MakePair(const Napi::CallbackInfo& info) {
  int pair[2];
  const int error = sys::SocketPair(Integer(info, 0), Integer(info, 1), Integer(info, 2), pair);
  if (error < 0) return Number(info, error);
  return ArrayOf(info.Env(), {Made(info, pair[0], false), Made(info, pair[1], false)});
}

// adopt(fd): id
Napi::Value Adopt(const Napi::CallbackInfo& info) {
  const int fd = Integer(info, 0);
  if (fd < 0) return Number(info, -EBADF);
  // Two owners would close it twice, and by the second time the number may name another file.
  if (Environment::Of(info)->sockets().Owns(fd)) return Number(info, -EEXIST);
  const int error = sys::Adopt(fd);
  return Made(info, error < 0 ? error : fd, true);
}

// launch_activate_socket(name): descriptors, which the caller owns
Napi::Value LaunchActivateSocket(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return Number(info, -EINVAL);
  std::vector<int> fds;
  const int error = sys::LaunchActivateSocket(info[0].As<Napi::String>().Utf8Value().c_str(), &fds);
  if (error < 0) return Number(info, error);
  Napi::Array list = Napi::Array::New(info.Env(), fds.size());
  for (std::uint32_t i = 0; i < fds.size(); i++) list.Set(i, Napi::Number::New(info.Env(), fds[i]));
  return list;
}

// accept(id): [id, address]
Napi::Value Accept(const Napi::CallbackInfo& info) {
  sys::Address peer;
  const int fd = sys::Accept(DescriptorOf(info), &peer);
  if (fd < 0) return Number(info, fd);
  return ArrayOf(info.Env(), {Made(info, fd, true), AddressValue(info.Env(), peer)});
}

// detach(id): fd, which the caller owns from now on
Napi::Value Detach(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info);
  const Id id = IdOf(info);
  const Socket* socket = environment->sockets().Get(id);
  if (socket == nullptr) return Number(info, -EBADF);
  // The part of a character that has been read would be missing for the next reader. And the
  // descriptor of a TLS session is of no use without the session's secrets, which stay here.
  if (socket->carry_length > 0 || socket->channel != nullptr) return Number(info, -EBUSY);
  environment->hub().Forget(id);
  return Number(info, environment->sockets().Detach(id));
}

// Whoever knows it may give the socket to others.
Napi::Value FileDescriptor(const Napi::CallbackInfo& info) {
  Socket* socket = Environment::SocketOf(info);
  if (socket == nullptr) return Number(info, -1);
  socket->altered = true;
  return Number(info, socket->descriptor.get());
}

// ---- address --------------------------------------------------------------------------------

Napi::Value Bind(const Napi::CallbackInfo& info) {
  sys::Address address;
  if (!AddressOf(info.Env(), info[1], &address)) return Number(info, -EINVAL);
  return Number(info, sys::Bind(DescriptorOf(info), address));
}

Napi::Value Listen(const Napi::CallbackInfo& info) {
  return Number(info, sys::Listen(DescriptorOf(info), Integer(info, 1)));
}

Napi::Value Connect(const Napi::CallbackInfo& info) {
  sys::Address address;
  if (!AddressOf(info.Env(), info[1], &address)) return Number(info, -EINVAL);
  return Number(info, sys::Connect(DescriptorOf(info), address));
}

template <int (*Name)(int, sys::Address*)>
Napi::Value NameOf(const Napi::CallbackInfo& info) {
  sys::Address address;
  const int error = Name(DescriptorOf(info), &address);
  return error < 0 ? Number(info, error) : AddressValue(info.Env(), address);
}

// ---- transfer -------------------------------------------------------------------------------

// recv(id, view, flags): length
Napi::Value Recv(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[1]);
  return Number(info, static_cast<double>(sys::Recv(DescriptorOf(info), bytes.data, bytes.length,
                                                    Integer(info, 2))));
}

// recvfrom(id, view, flags): [length, address]
Napi::Value RecvFrom(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[1]);
  sys::Address address;
  const ssize_t length =
      sys::RecvFrom(DescriptorOf(info), bytes.data, bytes.length, Integer(info, 2), &address);
  if (length < 0) return Number(info, static_cast<double>(length));
  return ArrayOf(info.Env(),
                 {Number(info, static_cast<double>(length)), AddressValue(info.Env(), address)});
}

// A message of recvmsg as [length, address, control, flags].
Napi::Value MessageValue(Napi::Env env, const sys::Message& message, std::size_t length) {
  const auto* control = static_cast<const std::uint8_t*>(message.control);
  return ArrayOf(env, {Napi::Number::New(env, static_cast<double>(length)),
                       AddressValue(env, *message.address),
                       Napi::Buffer<std::uint8_t>::Copy(env, control, message.control_length),
                       Napi::Number::New(env, message.flags)});
}

// recvmsg(id, views, control length, flags): [length, address, control, flags]
Napi::Value RecvMsg(const Napi::CallbackInfo& info) {
  std::vector<iovec> buffers = BuffersOf(info.Env(), info[1]);
  std::vector<std::uint8_t> control(static_cast<std::size_t>(std::max(Integer(info, 2), 0)));
  sys::Address address;
  sys::Message message;
  message.buffers = buffers.data();
  message.buffer_count = buffers.size();
  message.address = &address;
  message.control = control.data();
  message.control_length = control.size();
  const ssize_t length = sys::RecvMsg(DescriptorOf(info), &message, Integer(info, 3));
  if (length < 0) return Number(info, static_cast<double>(length));
  return MessageValue(info.Env(), message, static_cast<std::size_t>(length));
}

// recvmmsg(id, views, flags): [[length, address, control, flags], …], one view per message
Napi::Value RecvMMsg(const Napi::CallbackInfo& info) {
  std::vector<iovec> buffers = BuffersOf(info.Env(), info[1]);
  const std::size_t capacity = std::min(buffers.size(), sys::kMessages);
  std::vector<sys::Address> addresses(capacity);
  std::vector<sys::Message> messages(capacity);
  for (std::size_t i = 0; i < capacity; i++) {
    messages[i].buffers = &buffers[i];
    messages[i].buffer_count = 1;
    messages[i].address = &addresses[i];
  }
  const int count = sys::RecvMMsg(DescriptorOf(info), messages.data(), capacity, Integer(info, 2));
  if (count < 0) return Number(info, count);
  Napi::Array received = Napi::Array::New(info.Env(), static_cast<std::size_t>(count));
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count); i++) {
    received.Set(i, MessageValue(info.Env(), messages[i], messages[i].length));
  }
  return received;
}

// sendto(id, view, flags, address or undefined): length
Napi::Value SendTo(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesOf(info.Env(), info[1]);
  sys::Address address;
  const bool addressed = !info[3].IsUndefined();
  if (addressed && !AddressOf(info.Env(), info[3], &address)) return Number(info, -EINVAL);
  return Number(info,
                static_cast<double>(sys::SendTo(DescriptorOf(info), bytes.data, bytes.length,
                                                Integer(info, 2), addressed ? &address : nullptr)));
}

// sendmsg(id, views, flags, address or undefined, control): length
Napi::Value SendMsg(const Napi::CallbackInfo& info) {
  std::vector<iovec> buffers = BuffersOf(info.Env(), info[1]);
  sys::Address address;
  const bool addressed = !info[3].IsUndefined();
  if (addressed && !AddressOf(info.Env(), info[3], &address)) return Number(info, -EINVAL);
  const Bytes control = BytesOf(info.Env(), info[4]);
  sys::Message message;
  message.buffers = buffers.data();
  message.buffer_count = buffers.size();
  message.address = addressed ? &address : nullptr;
  message.control = control.length > 0 ? control.data : nullptr;
  message.control_length = control.length;
  return Number(info,
                static_cast<double>(sys::SendMsg(DescriptorOf(info), message, Integer(info, 2))));
}

// sendmmsg(id, views, flags, addresses or undefined): how many were sent, one view per message
Napi::Value SendMMsg(const Napi::CallbackInfo& info) {
  std::vector<iovec> buffers = BuffersOf(info.Env(), info[1]);
  const std::size_t count = std::min(buffers.size(), sys::kMessages);
  const bool addressed = info[3].IsArray();
  std::vector<sys::Address> addresses(addressed ? count : 0);
  std::vector<sys::Message> messages(count);
  for (std::uint32_t i = 0; i < count; i++) {
    messages[i].buffers = &buffers[i];
    messages[i].buffer_count = 1;
    if (!addressed) continue;
    if (!AddressOf(info.Env(), info[3].As<Napi::Array>().Get(i), &addresses[i]))
      return Number(info, -EINVAL);
    messages[i].address = &addresses[i];
  }
  return Number(info, sys::SendMMsg(DescriptorOf(info), messages.data(), count, Integer(info, 2)));
}

// ---- state ----------------------------------------------------------------------------------

Napi::Value Shutdown(const Napi::CallbackInfo& info) {
  const int how = Integer(info, 1);
  const Socket* socket = Environment::SocketOf(info);
  if (socket != nullptr && socket->channel != nullptr && how != SHUT_RD) {
    const int error = socket->channel->EndSending();
    if (error < 0) return Number(info, error);
  }
  return Number(info, sys::Shutdown(DescriptorOf(info), how));
}

Napi::Value SocketError(const Napi::CallbackInfo& info) {
  return Number(info, sys::SocketError(DescriptorOf(info)));
}

Napi::Value Unsent(const Napi::CallbackInfo& info) {
  return Number(info, sys::Unsent(DescriptorOf(info)));
}

// poll(Int32Array of [id, events, revents, …], timeout): how many are ready
Napi::Value Poll(const Napi::CallbackInfo& info) {
  napi_typedarray_type type;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(info.Env(), info[0], &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != napi_int32_array) {
    return Number(info, -EINVAL);
  }
  auto* triples = static_cast<std::int32_t*>(data);
  std::vector<pollfd> entries(length / 3);
  for (std::size_t i = 0; i < entries.size(); i++) {
    const Socket* socket = Environment::Of(info)->sockets().Get(static_cast<Id>(triples[3 * i]));
    if (socket == nullptr) return Number(info, -EBADF);
    entries[i] = {socket->descriptor.get(), static_cast<short>(triples[3 * i + 1]), 0};
  }
  const int ready = sys::Poll(entries.data(), entries.size(), Integer(info, 1));
  for (std::size_t i = 0; i < entries.size(); i++) triples[3 * i + 2] = entries[i].revents;
  return Number(info, ready);
}

// ---- options --------------------------------------------------------------------------------

// getsockopt(id, level, name, length): bytes
Napi::Value GetSockOpt(const Napi::CallbackInfo& info) {
  std::vector<std::uint8_t> value(static_cast<std::size_t>(std::max(Integer(info, 3), 0)));
  auto length = static_cast<socklen_t>(value.size());
  const int error = sys::GetSockOpt(DescriptorOf(info), Integer(info, 1), Integer(info, 2),
                                    value.data(), &length);
  if (error < 0) return Number(info, error);
  return Napi::Buffer<std::uint8_t>::Copy(info.Env(), value.data(),
                                          std::min<std::size_t>(length, value.size()));
}

bool IsLinger(int name) {
#ifdef SO_LINGER_SEC
  if (name == SO_LINGER_SEC) return true;
#endif
  return name == SO_LINGER;
}

// setsockopt(id, level, name, bytes)
Napi::Value SetSockOpt(const Napi::CallbackInfo& info) {
  Socket* socket = Environment::SocketOf(info);
  if (socket == nullptr) return Number(info, -EBADF);
  const Bytes value = BytesOf(info.Env(), info[3]);
  const int level = Integer(info, 1);
  const int name = Integer(info, 2);
  if (level == SOL_SOCKET && IsLinger(name)) socket->altered = true;
  return Number(info, sys::SetSockOpt(socket->descriptor.get(), level, name, value.data,
                                      static_cast<socklen_t>(value.length)));
}

// setsockoptProgram(id, level, name, instructions)
Napi::Value SetSockOptProgram(const Napi::CallbackInfo& info) {
  const Socket* socket = Environment::SocketOf(info);
  if (socket == nullptr) return Number(info, -EBADF);
  constexpr std::size_t kInstruction = 8;  // sizeof(sock_filter)
  const Bytes instructions = BytesOf(info.Env(), info[3]);
  return Number(info,
                sys::SetSockOptProgram(socket->descriptor.get(), Integer(info, 1), Integer(info, 2),
                                       instructions.data, instructions.length / kInstruction));
}

}  // namespace

void ExportSocket(Napi::Object exports, Environment* environment) {
  Export(exports, environment,
         {{"socket", MakeSocket},
          {"socketpair", MakePair},
          {"adopt", Adopt},
          {"launch_activate_socket", LaunchActivateSocket},
          {"accept", Accept},
          {"detach", Detach},
          {"fd", FileDescriptor},
          {"bind", Bind},
          {"listen", Listen},
          {"connect", Connect},
          {"getsockname", NameOf<sys::GetSockName>},
          {"getpeername", NameOf<sys::GetPeerName>},
          {"recv", Recv},
          {"recvfrom", RecvFrom},
          {"recvmsg", RecvMsg},
          {"recvmmsg", RecvMMsg},
          {"sendto", SendTo},
          {"sendmsg", SendMsg},
          {"sendmmsg", SendMMsg},
          {"shutdown", Shutdown},
          {"socketError", SocketError},
          {"unsent", Unsent},
          {"poll", Poll},
          {"getsockopt", GetSockOpt},
          {"setsockopt", SetSockOpt},
          {"setsockoptProgram", SetSockOptProgram}});
}

}  // namespace mnp
