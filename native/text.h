// UTF-8 and UTF-16, with bytes that are not valid UTF-8 kept as lone surrogates:
// each byte 0x80+n becomes U+DC80+n, which is encoded to the same byte again.
//
// It knows nothing of Node, sockets or other encodings.
#pragma once

#include <cstddef>
#include <cstdint>

namespace text {

bool IsAscii(const std::uint8_t* data, std::size_t length);

// How many bytes at the end have to wait for the next read (0 to 4): the bytes of a
// character that is cut off, and also invalid bytes, until a byte follows that is no
// continuation byte.
std::size_t IncompleteTail(const std::uint8_t* data, std::size_t length);

// Returns the number of code units written; `out` needs room for `length` of them.
std::size_t DecodeUtf8(const std::uint8_t* data, std::size_t length, char16_t* out);

// Returns the number of bytes written; `out` needs room for 3 * `length` of them. A
// lone surrogate that stands for no byte becomes U+FFFD, as everywhere in Node.
std::size_t EncodeUtf8(const char16_t* data, std::size_t length, std::uint8_t* out);

}  // namespace text
