// The entry point: what the addon exports. lib/native.ts declares it for TypeScript.
#include <napi.h>

#ifdef __APPLE__
#include <dlfcn.h>
#endif

#include "exports.h"
#include "sys/constants.h"
#include "sys/errors.h"

namespace mnp {
namespace {

void ExportTables(Napi::Env env, Napi::Object exports) {
  Napi::Object constants = Napi::Object::New(env);
  for (const sys::Constant& constant : sys::Constants()) {
    constants.Set(constant.name, Napi::Number::New(env, static_cast<double>(constant.value)));
  }
  exports.Set("constants", constants);

  Napi::Object errors = Napi::Object::New(env);
  for (const sys::Constant& error : sys::ErrorNames()) {
    errors.Set(error.name, Napi::Number::New(env, static_cast<double>(error.value)));
  }
  exports.Set("errors", errors);
}

// A look-up thread may outlive the worker that asked, and Node unloads the addon with the worker:
// its code has to stay mapped. On Linux the linker sees to that (binding.gyp).
void StayLoaded() {
#ifdef __APPLE__
  Dl_info self;
  if (::dladdr(reinterpret_cast<const void*>(&StayLoaded), &self) != 0)
    (void)::dlopen(self.dli_fname, RTLD_LAZY | RTLD_NODELETE);
#endif
}

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  Environment* environment = Environment::Make(env);
  if (environment == nullptr) return exports;
  StayLoaded();
  ExportTables(env, exports);
  ExportSocket(exports, environment);
  ExportHub(exports, environment);
  ExportLookUp(exports, environment);
  ExportInterfaces(exports, environment);
  ExportMemory(exports, environment);
  ExportTls(exports, environment);
  return exports;
}

}  // namespace
}  // namespace mnp

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  return mnp::Initialize(env, exports);
}

NODE_API_MODULE(make_network_process, Init)
