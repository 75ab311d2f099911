// Arguments and results of native functions. The callers are all in lib/, and have
// checked the arguments; the checks here keep memory safe whatever is passed.
#pragma once

#include <napi.h>
#include <sys/uio.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "sys/address.h"

namespace mnp {

struct Bytes {
  std::uint8_t* data = nullptr;
  std::size_t length = 0;
};

inline std::int32_t IntegerOf(napi_env env, napi_value value) {
  std::int32_t integer = -1;
  napi_get_value_int32(env, value, &integer);
  return integer;
}

// The bytes of a Uint8Array (or of a Buffer, which is one); none if it is no typed array. For one
// with larger elements, as many bytes as it has elements: asking for their type takes longer than
// all the rest.
inline Bytes BytesOf(napi_env env, napi_value value) {
  void* data = nullptr;
  Bytes bytes;
  if (napi_get_typedarray_info(env, value, nullptr, &bytes.length, &data, nullptr, nullptr) !=
      napi_ok) {
    return Bytes();
  }
  bytes.data = static_cast<std::uint8_t*>(data);
  return bytes;
}

// The memory of an array of Uint8Arrays.
inline std::vector<iovec> BuffersOf(Napi::Env env, Napi::Value value) {
  const Napi::Array views = value.As<Napi::Array>();
  std::vector<iovec> buffers(views.Length());
  for (std::uint32_t i = 0; i < buffers.size(); i++) {
    const Bytes bytes = BytesOf(env, views.Get(i));
    buffers[i] = {bytes.data, bytes.length};
  }
  return buffers;
}

inline bool AddressOf(napi_env env, napi_value value, sys::Address* address) {
  const Bytes bytes = BytesOf(env, value);
  return address->Assign(bytes.data, bytes.length);
}

inline Napi::Value AddressValue(Napi::Env env, const sys::Address& address) {
  return Napi::Buffer<std::uint8_t>::Copy(env, address.bytes, address.length);
}

inline Napi::Value ArrayOf(Napi::Env env, std::initializer_list<napi_value> values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  std::uint32_t at = 0;
  for (const napi_value value : values) array.Set(at++, value);
  return array;
}

inline Napi::Value Number(const Napi::CallbackInfo& info, double number) {
  return Napi::Number::New(info.Env(), number);
}

}  // namespace mnp
