// What the C++ test programs share: one line for each case, and an exit status.
#pragma once

#include <cstdio>

namespace check {

inline int failures = 0;

inline void Case(const char* name, bool passed, const char* file, int line) {
  if (passed) {
    std::printf("ok %s\n", name);
  } else {
    std::printf("not ok %s %s:%d\n", name, file, line);
    ++failures;
  }
}

// For main to return.
inline int Status() { return failures == 0 ? 0 : 1; }

}  // namespace check

// The case must be safe to evaluate even when an earlier one failed.
#define CHECK(name, passed) check::Case(name, passed, __FILE__, __LINE__)
