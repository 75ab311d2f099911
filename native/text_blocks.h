// Valid UTF-8, sixteen bytes at a time, on processors that shuffle bytes (SSE4.2, NEON).
#pragma once

#include <cstddef>
#include <cstdint>

namespace text {

struct Decoded {
  std::size_t bytes;
  std::size_t units;
};

// Decodes whole characters of one to three bytes from `from` on, and stops before the first block
// that has anything else, or that the bytes do not fill. At `from` a character begins, and it is at
// least 2: the two bytes before a block are looked at. `out` has room for `length - from` units.
Decoded DecodeBlocks(const std::uint8_t* data, std::size_t length, std::size_t from, char16_t* out);

}  // namespace text
