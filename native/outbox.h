// Memory that JavaScript shares with the addon for what it sends: bytes, and
// beside them whose they are and where they go. lib/socket/outbox.ts fills it
// in, says why, and keeps it for as long as it can call.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "arguments.h"
#include "socket_table.h"
#include "sys/socket.h"

namespace mnp {

class Outbox {
 public:
  // Of one message: id, address id, length. Of many: id, address id, their number, their lengths.
  static constexpr std::size_t kCall = 3 + sys::kMessages;

  Outbox() = default;
  Outbox(Bytes bytes, const std::int32_t* call) : bytes_(bytes), call_(call) {}

  Id id() const { return static_cast<Id>(call_[0]); }
  std::int32_t to() const { return call_[1]; }
  // What is behind `offset`, and never behind the end.
  Bytes From(std::size_t offset) const {
    offset = std::min(offset, bytes_.length);
    return {bytes_.data + offset, bytes_.length - offset};
  }
  Bytes message() const { return {bytes_.data, std::min(Length(2), bytes_.length)}; }
  // Those that lie one behind the other in `bytes`; gives how many.
  std::size_t Messages(Bytes bytes, iovec (&messages)[sys::kMessages]) const {
    const std::size_t count = std::min(Length(2), sys::kMessages);
    for (std::size_t i = 0; i < count; i++) {
      const std::size_t length = std::min(Length(3 + i), bytes.length);
      messages[i] = {bytes.data, length};
      bytes.data += length;
      bytes.length -= length;
    }
    return count;
  }

 private:
  std::size_t Length(std::size_t index) const { return static_cast<std::uint32_t>(call_[index]); }

  static constexpr std::int32_t kNothing[kCall] = {-1, -1};
  Bytes bytes_;
  const std::int32_t* call_ = kNothing;
};

}  // namespace mnp
