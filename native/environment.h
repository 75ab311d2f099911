// What one environment (the main thread or a worker) has: a hub with its sockets
// and addresses. None of it is static, because workers come and go.
//
// It is the data of every function that JavaScript calls. An asynchronous clean-up
// hook ends it, because libuv closes a handle only in a later turn, and a loop that
// is closed while it has one aborts the process.
#pragma once

#include <napi.h>

#include "hub.h"
#include "outbox.h"
#include "tls/session.h"

namespace mnp {

class Environment {
 public:
  // Null, with an exception pending, if the hub cannot be opened.
  static Environment* Make(Napi::Env env);
  static Environment* Of(const Napi::CallbackInfo& info) {
    return static_cast<Environment*>(info.Data());
  }
  // The socket whose id is the first argument; null for one that is closed or never was.
  static Socket* SocketOf(const Napi::CallbackInfo& info) {
    return Of(info)->sockets().Get(static_cast<Id>(IntegerOf(info.Env(), info[0])));
  }

  Hub& hub() { return hub_; }
  SocketTable& sockets() { return hub_.sockets(); }
  Outbox& outbox() { return outbox_; }
  tls::Workspace& workspace() { return workspace_; }

  // Memory that JavaScript shares and keeps alive: bytes read and written, messages read and
  // written.
  static constexpr std::size_t kCounts = 4;
  void ShareCounts(double* counts) { counts_ = counts; }
  void ShowCounts(const Socket& socket);

 private:
  explicit Environment(napi_env env) : hub_(env) {}
  static void CleanUp(napi_async_cleanup_hook_handle handle, void* argument);

  tls::Workspace workspace_;  // Outlives the sockets, which are the hub's.
  Hub hub_;
  Outbox outbox_;
  double* counts_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace mnp
