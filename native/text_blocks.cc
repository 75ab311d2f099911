// Each byte of a block is taken for the last of a character. What that character would be is
// computed from the byte and the two before it, for all sixteen at once; then those of the bytes
// that do end a character are kept. Only where the next characters are written depends on where
// the characters lie.
#include "text_blocks.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#endif

namespace text {
namespace {

constexpr std::size_t kBlock = 16;

// Indexed by a mask of the units to keep: the places of their bytes among those of eight units.
struct Selections {
  alignas(16) std::uint8_t bytes[256][16];
};

constexpr Selections MakeSelections() {
  Selections selections{};
  for (int mask = 0; mask < 256; mask++) {
    std::uint8_t* to = selections.bytes[mask];
    for (int unit = 0; unit < 8; unit++) {
      if ((mask >> unit & 1) == 0) continue;
      *to++ = static_cast<std::uint8_t>(2 * unit);
      *to++ = static_cast<std::uint8_t>(2 * unit + 1);
    }
  }
  return selections;
}

constexpr Selections kSelections = MakeSelections();

using Block = std::uint8_t __attribute__((vector_size(kBlock)));
using SignedBlock = signed char __attribute__((vector_size(kBlock)));
using Halfwords = std::uint16_t __attribute__((vector_size(kBlock)));

// ---- what differs by processor --------------------------------------------------------------

#if defined(__x86_64__)

#define TEXT_BLOCKS __attribute__((target("sse4.2,popcnt")))

bool HasShuffles() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kNeeded = bit_SSE4_2 | bit_POPCNT;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & kNeeded) == kNeeded;
}

// The highest bit of each byte.
TEXT_BLOCKS inline unsigned HighBits(Block block) {
  return static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(block)));
}

// Sets the highest bit of each byte that is at least `least`, which is at least 0x80.
TEXT_BLOCKS inline Block AtLeast(Block block, std::uint8_t least) {
  const __m128i below = _mm_set1_epi8(static_cast<char>(least - 0x80));
  return reinterpret_cast<Block>(_mm_subs_epu8(reinterpret_cast<__m128i>(block), below));
}

TEXT_BLOCKS inline Block Select(Block units, unsigned mask) {
  const auto* selection = reinterpret_cast<const __m128i*>(kSelections.bytes[mask]);
  return reinterpret_cast<Block>(
      _mm_shuffle_epi8(reinterpret_cast<__m128i>(units), _mm_load_si128(selection)));
}

TEXT_BLOCKS inline Block FirstUnits(Block low, Block high) {
  return reinterpret_cast<Block>(
      _mm_unpacklo_epi8(reinterpret_cast<__m128i>(low), reinterpret_cast<__m128i>(high)));
}

TEXT_BLOCKS inline Block LastUnits(Block low, Block high) {
  return reinterpret_cast<Block>(
      _mm_unpackhi_epi8(reinterpret_cast<__m128i>(low), reinterpret_cast<__m128i>(high)));
}

#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define TEXT_BLOCKS

constexpr bool HasShuffles() { return true; }

inline uint8x16_t Neon(Block block) { return reinterpret_cast<uint8x16_t>(block); }

inline unsigned HighBits(Block block) {
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t set = vcltzq_s8(reinterpret_cast<int8x16_t>(block));
  const uint8x16_t bits = vandq_u8(set, weights);
  return vaddv_u8(vget_low_u8(bits)) | static_cast<unsigned>(vaddv_u8(vget_high_u8(bits))) << 8;
}

inline Block AtLeast(Block block, std::uint8_t least) {
  const uint8x16_t below = vdupq_n_u8(static_cast<std::uint8_t>(least - 0x80));
  return reinterpret_cast<Block>(vqsubq_u8(Neon(block), below));
}

inline Block Select(Block units, unsigned mask) {
  return reinterpret_cast<Block>(vqtbl1q_u8(Neon(units), vld1q_u8(kSelections.bytes[mask])));
}

inline Block FirstUnits(Block low, Block high) {
  return reinterpret_cast<Block>(vzip1q_u8(Neon(low), Neon(high)));
}

inline Block LastUnits(Block low, Block high) {
  return reinterpret_cast<Block>(vzip2q_u8(Neon(low), Neon(high)));
}

#endif

}  // namespace

#if defined(TEXT_BLOCKS)
namespace {

TEXT_BLOCKS inline Block Load(const std::uint8_t* from) {
  Block block;
  std::memcpy(&block, from, sizeof block);
  return block;
}

TEXT_BLOCKS inline char16_t* Store(Block units, char16_t* to) {
  std::memcpy(to, &units, sizeof units);
  return to + sizeof units / sizeof *to;
}

TEXT_BLOCKS inline char16_t* StoreSelected(Block units, unsigned mask, char16_t* to) {
  Store(Select(units, mask), to);
  return to + __builtin_popcount(mask);
}

// The caller has to clear the bits that come from the neighbouring byte.
TEXT_BLOCKS inline Block ShiftLeft(Block block, int bits) {
  return reinterpret_cast<Block>(reinterpret_cast<Halfwords>(block) << bits);
}

TEXT_BLOCKS inline Block ShiftRight(Block block, int bits) {
  return reinterpret_cast<Block>(reinterpret_cast<Halfwords>(block) >> bits);
}

TEXT_BLOCKS inline Block Continuing(Block block) {
  return reinterpret_cast<Block>(reinterpret_cast<SignedBlock>(block) < -0x40);
}

TEXT_BLOCKS inline Block Equal(Block block, std::uint8_t byte) {
  return reinterpret_cast<Block>(block == byte);
}

TEXT_BLOCKS Decoded Decode(const std::uint8_t* data, std::size_t length, std::size_t from,
                           char16_t* out) {
  char16_t* to = out;
  std::size_t i = from;
  for (; i + kBlock <= length; i += kBlock) {
    const Block last = Load(data + i);
    const Block before = Load(data + i - 1);
    const Block first = Load(data + i - 2);
    if (HighBits(last | first) == 0) {
      to = Store(FirstUnits(last, Block{}), to);
      to = Store(LastUnits(last, Block{}), to);
      continue;
    }

    // Only the highest bit of each byte counts in these. After E0 come A0 to BF, after ED 80 to 9F:
    // bit 5 tells them apart.
    const Block continues = Continuing(last);
    const Block has_to = AtLeast(before, 0xC2) | AtLeast(first, 0xE0);
    const Block bit5 = ShiftLeft(last, 2);
    const Block wrong = (continues ^ has_to) | Equal(last & 0xFE, 0xC0) | AtLeast(last, 0xF0) |
                        (Equal(before, 0xE0) & ~bit5) | (Equal(before, 0xED) & bit5);
    if (HighBits(wrong) != 0) break;

    const unsigned goes_on = HighBits(AtLeast(last, 0xC2) | AtLeast(before, 0xE0));
    const unsigned ends = goes_on ^ 0xFFFF;
    const Block third = continues & Continuing(before);
    const Block low = (last & ~(continues & 0xC0)) | (ShiftLeft(before, 6) & continues & 0xC0);
    const Block high =
        (ShiftRight(before, 2) & continues & 0x0F) | (ShiftLeft(first, 4) & third & 0xF0);
    to = StoreSelected(FirstUnits(low, high), ends & 0xFF, to);
    to = StoreSelected(LastUnits(low, high), ends >> 8, to);
  }
  // A character that ends in the next block, which is not decoded, is left to the caller.
  if (data[i - 1] >= 0xC2) {
    i--;
  } else if (data[i - 2] >= 0xE0) {
    i -= 2;
  }
  return {i - from, static_cast<std::size_t>(to - out)};
}

}  // namespace

Decoded DecodeBlocks(const std::uint8_t* data, std::size_t length, std::size_t from,
                     char16_t* out) {
  static const bool has_shuffles = HasShuffles();
  // A byte before `from` that looks like a lead byte, but begins no character, must not count.
  if (!has_shuffles || data[from - 1] >= 0xC2 || data[from - 2] >= 0xE0) return {0, 0};
  return Decode(data, length, from, out);
}

#else

Decoded DecodeBlocks(const std::uint8_t* /*data*/, std::size_t /*length*/, std::size_t /*from*/,
                     char16_t* /*out*/) {
  return {0, 0};
}

#endif

}  // namespace text
