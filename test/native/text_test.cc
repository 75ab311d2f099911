// native/text without Node: every character, every short sequence of bytes, and text that is cut
// anywhere.
//
// What is expected comes from a decoder that is as plain as can be, byte by byte from the
// definition of UTF-8 (RFC 3629).
#include "../../native/text.h"

#include <cstdint>
#include <string>
#include <vector>

#include "check.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

std::u16string Decode(const Bytes& bytes) {
  std::u16string units(bytes.size(), u'\0');
  units.resize(text::DecodeUtf8(bytes.data(), bytes.size(), units.data()));
  return units;
}

Bytes Encode(const std::u16string& units) {
  Bytes bytes(3 * units.size());
  bytes.resize(text::EncodeUtf8(units.data(), units.size(), bytes.data()));
  return bytes;
}

// The bytes of a scalar value, by the table of RFC 3629.
Bytes BytesOf(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<std::uint8_t>(value); };
  const auto tail = [&](int shift) { return byte(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), tail(0)};
  if (point < 0x10000) return {byte(0xE0 | point >> 12), tail(6), tail(0)};
  return {byte(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
}

std::u16string UnitsOf(std::uint32_t point) {
  if (point < 0x10000) return {static_cast<char16_t>(point)};
  return {static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10)),
          static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF))};
}

bool IsScalar(std::uint32_t point) {
  return point < 0x110000 && (point < 0xD800 || point > 0xDFFF);
}

// The length of the character at `at`, and its value; 0 where there is none.
std::size_t CharacterAt(const Bytes& bytes, std::size_t at, std::uint32_t* point) {
  const std::uint8_t lead = bytes[at];
  const std::size_t size = lead < 0x80             ? 1
                           : (lead & 0xE0) == 0xC0 ? 2
                           : (lead & 0xF0) == 0xE0 ? 3
                           : (lead & 0xF8) == 0xF0 ? 4
                                                   : 0;
  if (size == 0 || at + size > bytes.size()) return 0;
  *point = size == 1 ? lead : lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; i++) {
    if ((bytes[at + i] & 0xC0) != 0x80) return 0;
    *point = *point << 6 | (bytes[at + i] & 0x3F);
  }
  return IsScalar(*point) && BytesOf(*point).size() == size ? size : 0;
}

std::u16string Expected(const Bytes& bytes) {
  std::u16string units;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint32_t point = 0;
    const std::size_t size = CharacterAt(bytes, at, &point);
    units +=
        size == 0 ? std::u16string(1, static_cast<char16_t>(0xDC00 | bytes[at])) : UnitsOf(point);
    at += size == 0 ? 1 : size;
  }
  return units;
}

// What a reader gets that receives the bytes in two reads, and carries a cut character over to the
// second.
std::u16string DecodeCut(const Bytes& bytes, std::size_t cut) {
  const Bytes first(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
  const std::size_t tail = text::IncompleteTail(first.data(), first.size());
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(cut - tail);
  return Decode(Bytes(bytes.begin(), middle)) + Decode(Bytes(middle, bytes.end()));
}

bool AgreesCutAnywhere(const Bytes& bytes) {
  for (std::size_t cut = 0; cut <= bytes.size(); cut++) {
    if (DecodeCut(bytes, cut) != Expected(bytes)) return false;
  }
  return true;
}

void Characters() {
  bool decoded = true;
  bool encoded = true;
  bool cut = true;
  for (std::uint32_t point = 0; point < 0x110000; point++) {
    if (!IsScalar(point)) continue;
    const Bytes bytes = BytesOf(point);
    decoded = decoded && Decode(bytes) == UnitsOf(point);
    encoded = encoded && Encode(UnitsOf(point)) == bytes;
    for (std::size_t length = 1; length < bytes.size(); length++) {
      cut = cut && text::IncompleteTail(bytes.data(), length) == length;
    }
    cut = cut && text::IncompleteTail(bytes.data(), bytes.size()) == 0;
  }
  CHECK("every character is decoded", decoded);
  CHECK("every character is encoded", encoded);
  CHECK("every character that is cut waits for its rest", cut);
}

void ShortSequences() {
  bool decoded = true;
  bool restored = true;
  bool cut = true;
  const auto check = [&](const Bytes& bytes) {
    decoded = decoded && Decode(bytes) == Expected(bytes);
    restored = restored && Encode(Decode(bytes)) == bytes;
    cut = cut && AgreesCutAnywhere(bytes);
  };
  for (unsigned first = 0; first < 256; first++) {
    check({static_cast<std::uint8_t>(first)});
    for (unsigned second = 0; second < 256; second++) {
      check({static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second)});
    }
  }
  CHECK("every sequence of one or two bytes is decoded", decoded);
  CHECK("every sequence of one or two bytes is encoded back", restored);
  CHECK("every sequence of one or two bytes may be cut", cut);

  decoded = restored = cut = true;
  // The values at which something changes, and their neighbours.
  const Bytes edges = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                       0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                       0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFE, 0xFF};
  for (const std::uint8_t first : edges) {
    for (const std::uint8_t second : edges) {
      for (const std::uint8_t third : edges) {
        check({first, second, third});
        for (const std::uint8_t fourth : edges) check({first, second, third, fourth});
      }
    }
  }
  CHECK("sequences of three and four bytes are decoded", decoded);
  CHECK("sequences of three and four bytes are encoded back", restored);
  CHECK("sequences of three and four bytes may be cut", cut);
}

void Invalid() {
  CHECK("an overlong form becomes raw bytes", Decode({0xC0, 0xAF}) == u"\xDCC0\xDCAF");
  CHECK("a surrogate becomes raw bytes", Decode({0xED, 0xA0, 0x80}) == u"\xDCED\xDCA0\xDC80");
  CHECK("a value above U+10FFFF becomes raw bytes",
        Decode({0xF4, 0x90, 0x80, 0x80}) == u"\xDCF4\xDC90\xDC80\xDC80");
  CHECK("a character after a bad byte is decoded", Decode({0xFF, 0xC3, 0xA9}) == u"\xDCFF\u00E9");
  CHECK("a character after a cut one is decoded",
        Decode({0xE2, 0x82, 0xC3, 0xA9}) == u"\xDCE2\xDC82\u00E9");
}

// Recorded from Emacs.
void Tails() {
  const auto waiting = [](const Bytes& bytes) {
    return text::IncompleteTail(bytes.data(), bytes.size());
  };
  CHECK("a byte that begins no character waits for the next one",
        waiting({0xFF}) == 1 && waiting({0x80}) == 1 && waiting({0xC0}) == 1);
  CHECK("a bad byte with another byte behind it does not wait",
        waiting({0xFF, 'a'}) == 0 && waiting({0xFF, 0xFE}) == 1 && waiting({0xC2, 0xFF}) == 1);
  CHECK("four bytes that continue nothing wait for a fifth",
        waiting({0x80, 0x80, 0x80, 0x80}) == 4 && waiting(Bytes(5, 0x80)) == 4);
  CHECK("a surrogate is rejected when it is complete",
        waiting({0xED, 0xA0}) == 2 && waiting({0xED, 0xA0, 0x80}) == 2);
  CHECK("an overlong form is rejected when it is complete",
        waiting({0xC0, 0x80}) == 1 && waiting({0xF0, 0x80, 0x80}) == 3 &&
            waiting({0xF0, 0x80, 0x80, 0x80}) == 3);
  CHECK("a continuation byte behind a character waits", waiting({0xC3, 0xA9, 0xA9}) == 1);
}

void LongTexts() {
  // ASCII is decoded many bytes at a time: something else at every place of such a run, and at
  // every length.
  bool agrees = true;
  bool ascii = true;
  for (std::size_t length = 0; length < 40; length++) {
    const Bytes plain(length, 'a');
    ascii = ascii && text::IsAscii(plain.data(), length) &&
            Decode(plain) == std::u16string(length, u'a');
    for (std::size_t at = 0; at < length; at++) {
      for (const Bytes& other : {Bytes{0xFF}, Bytes{0xC3, 0xA9}, Bytes{0xE2, 0x82, 0xAC},
                                 Bytes{0xF0, 0x9F, 0x92, 0xA9}}) {
        Bytes mixed = plain;
        mixed.insert(mixed.begin() + static_cast<std::ptrdiff_t>(at), other.begin(), other.end());
        agrees = agrees && Decode(mixed) == Expected(mixed) && Encode(Decode(mixed)) == mixed;
        agrees = agrees && AgreesCutAnywhere(mixed) && !text::IsAscii(mixed.data(), mixed.size());
      }
    }
  }
  CHECK("ASCII of any length is decoded", ascii);
  CHECK("one character in ASCII of any length is decoded", agrees);

  // IsAscii looks at blocks of 1024.
  bool found = true;
  Bytes block(3000, 'a');
  CHECK("three blocks of ASCII are ASCII", text::IsAscii(block.data(), block.size()));
  for (const std::size_t at : {0u, 1023u, 1024u, 2047u, 2048u, 2999u}) {
    block[at] = 0x80;
    found = found && !text::IsAscii(block.data(), block.size());
    block[at] = 'a';
  }
  CHECK("one other byte is found at the edges of blocks", found);
}

// Other text is decoded sixteen bytes at a time.
void Blocks() {
  // Every character, one after the other, so that each lies across the edge of a block once.
  for (std::size_t shift = 0; shift < 16; shift++) {
    Bytes bytes(shift, 'a');
    std::u16string units(shift, u'a');
    for (std::uint32_t point = 0; point < 0x10000; point++) {
      if (!IsScalar(point)) continue;
      const Bytes character = BytesOf(point);
      bytes.insert(bytes.end(), character.begin(), character.end());
      units += static_cast<char16_t>(point);
    }
    if (Decode(bytes) != units) {
      CHECK("all characters of the basic plane are decoded in a row", false);
      return;
    }
  }
  CHECK("all characters of the basic plane are decoded in a row", true);

  // Bad and four-byte sequences at every place of a block, and behind each kind of character.
  bool agrees = true;
  const Bytes edges = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                       0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
  const std::vector<Bytes> kinds = {{'a'}, {0xC3, 0xA9}, {0xE6, 0x97, 0xA5}};
  for (const Bytes& kind : kinds) {
    Bytes around;
    while (around.size() < 48) around.insert(around.end(), kind.begin(), kind.end());
    for (std::size_t at = 16; at <= 32; at++) {
      for (const std::uint8_t first : edges) {
        for (const std::uint8_t second : edges) {
          for (const std::uint8_t third : edges) {
            Bytes bytes = around;
            bytes[at - 1] = first;
            bytes[at] = second;
            bytes[at + 1] = third;
            agrees = agrees && Decode(bytes) == Expected(bytes);
          }
        }
      }
    }
  }
  CHECK("sequences at the edges are decoded at every place of a block", agrees);

  agrees = true;
  for (const Bytes& kind : kinds) {
    Bytes bytes(2, 'a');
    while (bytes.size() < 70) {
      bytes.insert(bytes.end(), kind.begin(), kind.end());
      agrees = agrees && Decode(bytes) == Expected(bytes) && AgreesCutAnywhere(bytes);
    }
  }
  CHECK("characters of each kind, of any length, may be cut", agrees);

  // A sequence that is cut off at the end of a block, before a block that is all ASCII.
  agrees = true;
  for (const Bytes& cut : {Bytes{0xC3}, Bytes{0xE6}, Bytes{0xE6, 0x97}, Bytes{0xF0, 0x9F}}) {
    for (std::size_t at = 2; at <= 40; at++) {
      Bytes bytes(80, 'a');
      bytes[0] = 0xC3;
      bytes[1] = 0xA9;
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), cut.begin(), cut.end());
      agrees = agrees && Decode(bytes) == Expected(bytes);
    }
  }
  CHECK("a sequence that is cut off before ASCII is decoded", agrees);
}

void Surrogates() {
  bool raw = true;
  for (unsigned byte = 0x80; byte < 0x100; byte++) {
    const std::u16string unit(1, static_cast<char16_t>(0xDC00 + byte));
    raw = raw && Encode(unit) == Bytes{static_cast<std::uint8_t>(byte)};
  }
  CHECK("a raw-byte character is encoded as its byte", raw);

  const Bytes replacement = {0xEF, 0xBF, 0xBD};
  bool replaced = true;
  for (unsigned unit = 0xD800; unit < 0xE000; unit++) {
    if (unit >= 0xDC80 && unit <= 0xDCFF) continue;
    replaced = replaced && Encode(std::u16string(1, static_cast<char16_t>(unit))) == replacement;
  }
  CHECK("every other lone surrogate becomes U+FFFD", replaced);

  const std::u16string high_then_letter = {0xD83D, u'a'};
  CHECK("a high surrogate before a letter is replaced",
        Encode(high_then_letter) == (Bytes{0xEF, 0xBF, 0xBD, 'a'}));
  const std::u16string two_high = {0xD83D, 0xD83D, 0xDCA9};
  CHECK("a high surrogate before a pair is replaced",
        Encode(two_high) == (Bytes{0xEF, 0xBF, 0xBD, 0xF0, 0x9F, 0x92, 0xA9}));
  const std::u16string pair_of_raw = {0xD800, 0xDC80};
  CHECK("a pair is one character, whatever its second half",
        Encode(pair_of_raw) == (Bytes{0xF0, 0x90, 0x82, 0x80}));
  const std::u16string raw_at_end = {u'a', 0xDCFF};
  CHECK("a raw byte at the end is encoded", Encode(raw_at_end) == (Bytes{'a', 0xFF}));
}

void Nothing() {
  CHECK("no bytes are decoded to nothing",
        Decode({}).empty() && text::IncompleteTail(nullptr, 0) == 0 && text::IsAscii(nullptr, 0));
  CHECK("no units are encoded to nothing", Encode({}).empty());
}

}  // namespace

int main() {
  Characters();
  ShortSequences();
  Invalid();
  Tails();
  LongTexts();
  Blocks();
  Surrogates();
  Nothing();
  return check::Status();
}
