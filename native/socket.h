// Sockets for JavaScript, by id: one function per syscall, and the hub's.
#pragma once

#include <napi.h>

#include "environment.h"

namespace mnp {

void ExportSocket(Napi::Env env, Napi::Object exports, Environment* environment);
void ExportHub(Napi::Env env, Napi::Object exports, Environment* environment);

}  // namespace mnp
