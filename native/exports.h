// What the files of native/ export to JavaScript, each by one function; addon.cc calls
// them all, and lib/native.ts declares what they export.
#pragma once

#include <napi.h>

#include <initializer_list>

#include "environment.h"

namespace mnp {

struct NamedFunction {
  const char* name;
  Napi::Value (*call)(const Napi::CallbackInfo&);
};

inline void Export(Napi::Object exports, Environment* environment,
                   std::initializer_list<NamedFunction> functions) {
  for (const auto& [name, call] : functions)
    exports.Set(name, Napi::Function::New(exports.Env(), call, name, environment));
}

void ExportSocket(Napi::Object exports, Environment* environment);
void ExportHub(Napi::Object exports, Environment* environment);
void ExportLookUp(Napi::Object exports, Environment* environment);
void ExportInterfaces(Napi::Object exports, Environment* environment);
void ExportMemory(Napi::Object exports, Environment* environment);
void ExportTls(Napi::Object exports, Environment* environment);

}  // namespace mnp
