// A value, or the errno of the call that did not give one.
//
// Calls whose value is an integer need none of this: they return it, or -errno,
// as the kernel itself does.
#pragma once

#include <utility>

namespace sys {

template <class T>
class [[nodiscard]] Result {
 public:
  static Result Of(T value) { return Result(std::move(value), 0); }
  static Result Error(int error) { return Result(T(), error); }

  bool ok() const { return error_ == 0; }
  int error() const { return error_; }
  const T& value() const { return value_; }
  T& value() { return value_; }

 private:
  Result(T value, int error) : value_(std::move(value)), error_(error) {}

  T value_;
  int error_;
};

}  // namespace sys
