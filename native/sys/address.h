// A socket address as the kernel takes and gives it: raw bytes from the first
// byte of `struct sockaddr`, and an exact length.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sys {

struct Address {
  // Darwin takes names of up to 255 bytes (SOCK_MAXADDRLEN), which is more than
  // a sockaddr_storage holds.
  static constexpr std::size_t kCapacity = 256;

  alignas(sockaddr_storage) std::uint8_t bytes[kCapacity];
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(bytes); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(bytes); }

  // False when the bytes do not fit; no kernel takes such an address either.
  [[nodiscard]] bool Assign(const void* data, std::size_t size) {
    if (size > kCapacity) return false;
    if (size > 0) std::memcpy(bytes, data, size);
    length = static_cast<socklen_t>(size);
    return true;
  }

  bool operator==(const Address& other) const {
    return length == other.length && std::memcmp(bytes, other.bytes, length) == 0;
  }
};

}  // namespace sys
