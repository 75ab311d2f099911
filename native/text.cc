// Plain loops, which compilers vectorize where it pays. Valid text is decoded in blocks
// (text_blocks.h), everything else one character at a time.
#include "text.h"

#include <algorithm>
#include <cstring>

#include "text_blocks.h"

namespace text {
namespace {

constexpr char16_t kRawByte = 0xDC00;  // + the byte, 0x80 to 0xFF
constexpr std::uint64_t kHighBits = 0x8080808080808080u;

bool Continues(std::uint8_t byte) { return (byte & 0xC0) == 0x80; }

// The length of the character that this byte begins; 0 if it begins none.
std::size_t SequenceLength(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// How many bytes have to be there before a byte that is not ASCII is judged, as long as only
// continuation bytes follow it: by its form it may begin a character of five bytes.
std::size_t LengthBeforeJudged(std::uint8_t lead) {
  if (lead < 0xC0) return 5;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF8 ? 4 : 5;
}

// The second byte tells whether it is an overlong form, a surrogate or above U+10FFFF.
bool SecondFits(std::uint8_t lead, std::uint8_t second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second < 0xC0;
    case 0xED:
      return second >= 0x80 && second < 0xA0;
    case 0xF0:
      return second >= 0x90 && second < 0xC0;
    case 0xF4:
      return second >= 0x80 && second < 0x90;
    default:
      return Continues(second);
  }
}

std::uint8_t* EncodeThree(char16_t unit, std::uint8_t* to) {
  *to++ = static_cast<std::uint8_t>(0xE0 | unit >> 12);
  *to++ = static_cast<std::uint8_t>(0x80 | (unit >> 6 & 0x3F));
  *to++ = static_cast<std::uint8_t>(0x80 | (unit & 0x3F));
  return to;
}

template <class Unit>
bool AllAscii(const Unit* data, std::size_t length) {
  constexpr std::size_t kBlock = 1024;
  constexpr std::size_t kLanes = 64;  // Several vectors, so that none waits for another.
  std::size_t i = 0;
  Unit bits = 0;
  for (; i + kBlock <= length && bits < 0x80; i += kBlock) {
    Unit lanes[kLanes] = {};
    for (std::size_t k = i; k < i + kBlock; k += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; lane++) lanes[lane] |= data[k + lane];
    }
    for (const Unit lane : lanes) bits |= lane;
  }
  if (bits >= 0x80) return false;
  for (; i < length; i++) bits |= data[i];
  return bits < 0x80;
}

}  // namespace

bool IsAscii(const std::uint8_t* data, std::size_t length) { return AllAscii(data, length); }

std::size_t IncompleteTail(const std::uint8_t* data, std::size_t length) {
  std::size_t run = 0;
  while (run < length && Continues(data[length - 1 - run])) run++;
  if (run < length && data[length - 1 - run] >= 0xC0) {
    const std::uint8_t* lead = data + (length - 1 - run);
    if (run + 1 < LengthBeforeJudged(*lead)) return run + 1;
    // The character at the beginning of the run is complete, and does not wait.
    const std::size_t size = SequenceLength(*lead);
    if (size > 0 && SecondFits(*lead, lead[1])) run -= size - 1;
  }
  return std::min(run, LengthBeforeJudged(0x80) - 1);
}

std::size_t DecodeUtf8(const std::uint8_t* data, std::size_t length, char16_t* out) {
  constexpr std::size_t kOneByOne = 16;  // Bytes decoded here before blocks are tried again.
  char16_t* to = out;
  std::size_t i = 0;
  std::size_t blocks_from = 2;
  while (i < length) {
    if (i >= blocks_from) {
      const Decoded decoded = DecodeBlocks(data, length, i, to);
      to += decoded.units;
      i += decoded.bytes;
      blocks_from = i + kOneByOne;
    }
    while (i + 8 <= length) {
      std::uint64_t word;
      std::memcpy(&word, data + i, 8);
      if (word & kHighBits) break;
      for (std::size_t k = 0; k < 8; k++) to[k] = data[i + k];
      to += 8;
      i += 8;
    }
    if (i >= length) break;
    const std::uint8_t lead = data[i];
    if (lead < 0x80) {
      *to++ = lead;
      i++;
      continue;
    }
    const std::size_t size = SequenceLength(lead);
    bool valid = size > 1 && i + size <= length && SecondFits(lead, data[i + 1]);
    for (std::size_t k = 2; valid && k < size; k++) valid = Continues(data[i + k]);
    if (!valid) {
      *to++ = static_cast<char16_t>(kRawByte | lead);
      i++;
      continue;
    }
    if (size == 2) {
      *to++ = static_cast<char16_t>((lead & 0x1F) << 6 | (data[i + 1] & 0x3F));
    } else if (size == 3) {
      *to++ = static_cast<char16_t>((lead & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 |
                                    (data[i + 2] & 0x3F));
    } else {
      const std::uint32_t point = static_cast<std::uint32_t>(lead & 0x07) << 18 |
                                  static_cast<std::uint32_t>(data[i + 1] & 0x3F) << 12 |
                                  static_cast<std::uint32_t>(data[i + 2] & 0x3F) << 6 |
                                  static_cast<std::uint32_t>(data[i + 3] & 0x3F);
      *to++ = static_cast<char16_t>(0xD7C0 + (point >> 10));
      *to++ = static_cast<char16_t>(0xDC00 | (point & 0x3FF));
    }
    i += size;
  }
  return static_cast<std::size_t>(to - out);
}

std::size_t EncodeUtf8(const char16_t* data, std::size_t length, std::uint8_t* out) {
  if (AllAscii(data, length)) {
    for (std::size_t i = 0; i < length; i++) out[i] = static_cast<std::uint8_t>(data[i]);
    return length;
  }
  std::uint8_t* to = out;
  for (std::size_t i = 0; i < length; i++) {
    const char16_t unit = data[i];
    if (unit < 0x80) {
      *to++ = static_cast<std::uint8_t>(unit);
    } else if (unit < 0x800) {
      *to++ = static_cast<std::uint8_t>(0xC0 | unit >> 6);
      *to++ = static_cast<std::uint8_t>(0x80 | (unit & 0x3F));
    } else if ((unit & 0xF800) != 0xD800) {
      to = EncodeThree(unit, to);
    } else if (unit < 0xDC00 && i + 1 < length && (data[i + 1] & 0xFC00) == 0xDC00) {
      const std::uint32_t point =
          (static_cast<std::uint32_t>(unit) - 0xD7C0u) << 10 | (data[++i] & 0x3FFu);
      *to++ = static_cast<std::uint8_t>(0xF0 | point >> 18);
      *to++ = static_cast<std::uint8_t>(0x80 | (point >> 12 & 0x3F));
      *to++ = static_cast<std::uint8_t>(0x80 | (point >> 6 & 0x3F));
      *to++ = static_cast<std::uint8_t>(0x80 | (point & 0x3F));
    } else if (unit >= 0xDC80 && unit <= 0xDCFF) {
      *to++ = static_cast<std::uint8_t>(unit & 0xFF);
    } else {
      to = EncodeThree(0xFFFD, to);
    }
  }
  return static_cast<std::size_t>(to - out);
}

}  // namespace text
