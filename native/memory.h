// Memory as a file, for JavaScript.
#pragma once

#include <napi.h>

namespace mnp {

void ExportMemory(Napi::Env env, Napi::Object exports);

}  // namespace mnp
