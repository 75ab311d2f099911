// TLS for JavaScript; functions.cc says what is exported.
#pragma once

#include <napi.h>

namespace mnp {

class Environment;
void ExportTls(Napi::Env env, Napi::Object exports, Environment* environment);

}  // namespace mnp
