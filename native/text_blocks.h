// Decodes valid UTF-8 sixteen bytes at a time, on processors that shuffle bytes (SSE4.2, NEON).
#pragma once

#include <cstddef>
#include <cstdint>

namespace text {

struct Decoded {
  std::size_t bytes;
  std::size_t units;
};

// Decodes whole characters of one to three bytes from `from` on, and stops before the first block
// that has anything else, or is incomplete. A character has to begin at `from`, which is at least 2
// because the two bytes before a block are read too. `out` needs room for `length - from` units.
Decoded DecodeBlocks(const std::uint8_t* data, std::size_t length, std::size_t from, char16_t* out);

}  // namespace text
