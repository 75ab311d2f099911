#include "environment.h"

#include <cstring>

namespace mnp {

Environment* Environment::Make(Napi::Env env) {
  auto* environment = new Environment(env);
  const int error = environment->hub_.Open();
  if (error < 0) {
    // Descriptors may have run out: close those taken so far, so that the next try has as many.
    delete environment;
    Napi::Error::New(env, std::string("cannot watch sockets: ") + std::strerror(-error))
        .ThrowAsJavaScriptException();
    return nullptr;
  }
  napi_add_async_cleanup_hook(env, CleanUp, environment, &environment->hook_);
  return environment;
}

void Environment::ShowCounts(const Socket& socket) {
  if (counts_ == nullptr) return;
  counts_[0] = static_cast<double>(socket.bytes_read);
  counts_[1] = static_cast<double>(socket.bytes_written);
  counts_[2] = static_cast<double>(socket.messages_read);
  counts_[3] = static_cast<double>(socket.messages_written);
}

void Environment::CleanUp(napi_async_cleanup_hook_handle, void* argument) {
  static_cast<Environment*>(argument)->hub_.Close(
      [](void* closed) {
        auto* environment = static_cast<Environment*>(closed);
        const napi_async_cleanup_hook_handle hook = environment->hook_;
        delete environment;
        napi_remove_async_cleanup_hook(hook);
      },
      argument);
}

}  // namespace mnp
