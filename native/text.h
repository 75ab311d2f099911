// UTF-8 and UTF-16, with bytes that are not valid UTF-8 kept as lone surrogates:
// byte 0x80+n is U+DC80+n, each on its own, and goes back to the same byte.
//
// It knows nothing of Node, sockets or other encodings.
#pragma once

#include <cstddef>
#include <cstdint>

namespace text {

bool IsAscii(const std::uint8_t* data, std::size_t length);

// How many bytes at the end wait for the next read (0 to 4): the bytes of a
// character that is cut off, and also a byte that begins none until one follows that continues
// none.
std::size_t IncompleteTail(const std::uint8_t* data, std::size_t length);

// Gives the number of code units written; `out` has room for `length` of them.
std::size_t DecodeUtf8(const std::uint8_t* data, std::size_t length, char16_t* out);

// Gives the number of bytes written; `out` has room for 3 * `length` of them. A
// lone surrogate that stands for no byte becomes U+FFFD, as everywhere in Node.
std::size_t EncodeUtf8(const char16_t* data, std::size_t length, std::uint8_t* out);

}  // namespace text
