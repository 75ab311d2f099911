// Memory that JavaScript shares with the addon for sending: the bytes, and the
// socket, the address and the lengths of a call. lib/socket/outbox.ts fills it in,
// says why it is used, and keeps it alive.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "socket_table.h"
#include "sys/socket.h"
#include "values.h"

namespace mnp {

class Outbox {
 public:
  // Socket id; address id; offset; length. For many messages: their number instead of the length,
  // then their lengths.
  static constexpr std::size_t kCall = 4 + sys::kMessages;

  Outbox() = default;
  Outbox(Bytes bytes, const std::int32_t* call) : bytes_(bytes), call_(call) {}

  Id id() const { return static_cast<Id>(call_[0]); }
  std::int32_t to() const { return call_[1]; }
  // The shared memory from `offset` on.
  Bytes From(std::size_t offset) const { return Behind(bytes_, offset); }
  // The message, in the shared memory …
  Bytes Message() const { return MessageIn(bytes_); }
  // … or elsewhere.
  Bytes MessageIn(Bytes memory) const {
    const Bytes rest = Behind(memory, Number(2));
    return {rest.data, std::min(Number(3), rest.length)};
  }
  // The messages, which lie one after the other in `memory`. Returns how many.
  std::size_t MessagesIn(Bytes memory, iovec (&messages)[sys::kMessages]) const {
    Bytes rest = Behind(memory, Number(2));
    const std::size_t count = std::min(Number(3), sys::kMessages);
    for (std::size_t i = 0; i < count; i++) {
      const std::size_t length = std::min(Number(4 + i), rest.length);
      messages[i] = {rest.data, length};
      rest = Behind(rest, length);
    }
    return count;
  }

 private:
  std::size_t Number(std::size_t index) const { return static_cast<std::uint32_t>(call_[index]); }
  // Never past the end.
  static Bytes Behind(Bytes bytes, std::size_t offset) {
    offset = std::min(offset, bytes.length);
    return {bytes.data + offset, bytes.length - offset};
  }

  static constexpr std::int32_t kNothing[kCall] = {-1, -1};
  Bytes bytes_;
  const std::int32_t* call_ = kNothing;
};

}  // namespace mnp
