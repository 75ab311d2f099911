// The network interfaces of the machine, for JavaScript.
#include "sys/interfaces.h"

#include "exports.h"
#include "values.h"

namespace mnp {
namespace {

// Undefined if there is no such address.
Napi::Value Sockaddr(Napi::Env env, const sys::SockaddrBytes& bytes) {
  if (bytes.empty()) return env.Undefined();
  return Napi::Buffer<std::uint8_t>::Copy(env, bytes.data(), bytes.size());
}

// getifaddrs(): [[name, flags, address, netmask, broadcast], …], or -errno
Napi::Value GetIfAddrs(const Napi::CallbackInfo& info) {
  std::vector<sys::InterfaceAddress> addresses;
  const int error = sys::GetIfAddrs(&addresses);
  if (error < 0) return Number(info, error);
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env, addresses.size());
  std::uint32_t at = 0;
  for (const sys::InterfaceAddress& item : addresses) {
    list.Set(at++, ArrayOf(env, {Napi::String::New(env, item.name),
                                 Napi::Number::New(env, item.flags), Sockaddr(env, item.address),
                                 Sockaddr(env, item.netmask), Sockaddr(env, item.broadcast)}));
  }
  return list;
}

// interfaceInfo(name): [flags, address, netmask, broadcast, hardware], or -errno
Napi::Value InterfaceInfo(const Napi::CallbackInfo& info) {
  sys::InterfaceInfo found;
  const int error = sys::GetInterfaceInfo(info[0].As<Napi::String>().Utf8Value(), &found);
  if (error < 0) return Number(info, error);
  const Napi::Env env = info.Env();
  return ArrayOf(env, {Napi::Number::New(env, found.flags), Sockaddr(env, found.address),
                       Sockaddr(env, found.netmask), Sockaddr(env, found.broadcast),
                       Sockaddr(env, found.hardware)});
}

// if_nametoindex(name): index, or -errno
Napi::Value IfNameToIndex(const Napi::CallbackInfo& info) {
  return Number(info, sys::IfNameToIndex(info[0].As<Napi::String>().Utf8Value()));
}

// if_indextoname(index): name, or -errno
Napi::Value IfIndexToName(const Napi::CallbackInfo& info) {
  std::string name;
  const int error =
      sys::IfIndexToName(static_cast<unsigned>(IntegerOf(info.Env(), info[0])), &name);
  if (error < 0) return Number(info, error);
  return Napi::String::New(info.Env(), name);
}

}  // namespace

void ExportInterfaces(Napi::Object exports, Environment* environment) {
  Export(exports, environment,
         {{"getifaddrs", GetIfAddrs},
          {"interfaceInfo", InterfaceInfo},
          {"if_nametoindex", IfNameToIndex},
          {"if_indextoname", IfIndexToName}});
}

}  // namespace mnp
