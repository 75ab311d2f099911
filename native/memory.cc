// Memory as a file, for JavaScript.
#include "sys/memory.h"

#include "exports.h"
#include "values.h"

namespace mnp {
namespace {

// sealedMemory(name, data): a descriptor, which the caller owns, or -errno
Napi::Value SealedMemory(const Napi::CallbackInfo& info) {
  const Bytes data = BytesOf(info.Env(), info[1]);
  return Number(info,
                sys::SealedMemory(info[0].As<Napi::String>().Utf8Value(), data.data, data.length));
}

}  // namespace

void ExportMemory(Napi::Object exports, Environment* environment) {
  Export(exports, environment, {{"sealedMemory", SealedMemory}});
}

}  // namespace mnp
