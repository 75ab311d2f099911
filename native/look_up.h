// Answers of getaddrinfo(3) as JavaScript values.
#pragma once

#include <napi.h>

#include "sys/resolve.h"

namespace mnp {

// [family, type, protocol, address, family, …], or -EAI_… , or for EAI_SYSTEM
// the errno as a positive number.
napi_value AnswerValue(napi_env env, const sys::Answer& answer);

}  // namespace mnp
