// Name look-ups for JavaScript: getaddrinfo(3), blocking or by the resolver, and getnameinfo(3).
#include "look_up.h"

#include <netdb.h>

#include <cstdlib>

#include "exports.h"
#include "sys/errors.h"
#include "values.h"

namespace mnp {
namespace {

// A negative EAI_ number, or the positive errno behind EAI_SYSTEM. EAI_ numbers are negative on
// Linux and positive on macOS.
int ErrorNumber(int error, int system_error) {
  return error == EAI_SYSTEM ? system_error : -std::abs(error);
}

sys::Query QueryOf(const Napi::CallbackInfo& info) {
  sys::Query query;
  if (info[0].IsString()) {
    query.host = info[0].As<Napi::String>().Utf8Value();
    query.has_host = true;
  }
  if (info[1].IsString()) {
    query.service = info[1].As<Napi::String>().Utf8Value();
    query.has_service = true;
  }
  query.family = IntegerOf(info.Env(), info[2]);
  query.type = IntegerOf(info.Env(), info[3]);
  query.protocol = IntegerOf(info.Env(), info[4]);
  query.flags = IntegerOf(info.Env(), info[5]);
  return query;
}

// getaddrinfo(host, service, family, type, protocol, flags): see AnswerValue
Napi::Value GetAddrInfo(const Napi::CallbackInfo& info) {
  return Napi::Value(info.Env(), AnswerValue(info.Env(), sys::GetAddrInfo(QueryOf(info))));
}

// lookUp(the same): the number of the request, or -errno
Napi::Value StartLookUp(const Napi::CallbackInfo& info) {
  std::uint32_t request = 0;
  const int error = Environment::Of(info)->hub().StartLookUp(QueryOf(info), &request);
  return error < 0 ? Number(info, error) : Number(info, request);
}

// getnameinfo(address, flags): [host, service], or the error as of an answer
Napi::Value GetNameInfo(const Napi::CallbackInfo& info) {
  sys::Address address;
  if (!AddressOf(info.Env(), info[0], &address)) return Number(info, -std::abs(EAI_FAMILY));
  const sys::Name name = sys::GetNameInfo(address, IntegerOf(info.Env(), info[1]));
  if (name.error != 0) return Number(info, ErrorNumber(name.error, name.system_error));
  return ArrayOf(info.Env(), {Napi::String::New(info.Env(), name.host),
                              Napi::String::New(info.Env(), name.service)});
}

// addressInfoError(eai): [code, number, text]
Napi::Value AddressInfoError(const Napi::CallbackInfo& info) {
  const int eai = IntegerOf(info.Env(), info[0]);
  const sys::AddressInfoError error = sys::AddressInfoErrorName(eai);
  return ArrayOf(info.Env(),
                 {Napi::String::New(info.Env(), error.code == nullptr ? "EAI_FAIL" : error.code),
                  Number(info, error.number), Napi::String::New(info.Env(), ::gai_strerror(eai))});
}

}  // namespace

napi_value AnswerValue(napi_env env, const sys::Answer& answer) {
  napi_value value = nullptr;
  if (answer.error != 0) {
    napi_create_int32(env, ErrorNumber(answer.error, answer.system_error), &value);
    return value;
  }
  const Napi::Env environment(env);
  Napi::Array list = Napi::Array::New(environment, 5 * answer.addresses.size());
  std::uint32_t at = 0;
  for (const sys::Found& found : answer.addresses) {
    list.Set(at++, Napi::Number::New(environment, found.family));
    list.Set(at++, Napi::Number::New(environment, found.type));
    list.Set(at++, Napi::Number::New(environment, found.protocol));
    list.Set(at++, AddressValue(environment, found.address));
    list.Set(at++, Napi::String::New(environment, found.canonical_name));
  }
  return list;
}

void ExportLookUp(Napi::Object exports, Environment* environment) {
  Export(exports, environment,
         {{"getaddrinfo", GetAddrInfo},
          {"getnameinfo", GetNameInfo},
          {"lookUp", StartLookUp},
          {"addressInfoError", AddressInfoError}});
}

}  // namespace mnp
