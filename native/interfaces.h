// The machine's network interfaces, for JavaScript.
#pragma once

#include <napi.h>

namespace mnp {

void ExportInterfaces(Napi::Env env, Napi::Object exports);

}  // namespace mnp
