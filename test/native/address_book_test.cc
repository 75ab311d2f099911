// native/address_book without Node: ids that are given out, kept, and reused.
#include "../../native/address_book.h"

#include <cstdint>
#include <string>
#include <vector>

#include "check.h"

namespace {

sys::Address AddressOf(const std::string& bytes) {
  sys::Address address;
  (void)address.Assign(bytes.data(), bytes.size());
  return address;
}

bool Holds(const mnp::AddressBook& book, std::int32_t id, const std::string& bytes) {
  const sys::Address* address = book.Get(id);
  return address != nullptr && *address == AddressOf(bytes);
}

void Addresses() {
  sys::Address address;
  CHECK("an address may be empty", address.Assign(nullptr, 0) && address.length == 0);
  const std::string longest(sys::Address::kCapacity, 'x');
  CHECK("the longest address fits",
        address.Assign(longest.data(), longest.size()) && address.length == longest.size());
  CHECK("a longer address is refused", !address.Assign((longest + "x").data(), longest.size() + 1));
  CHECK("a refused address leaves the old one", address == AddressOf(longest));
  CHECK("addresses of different lengths differ", !(AddressOf("a") == AddressOf("ab")));
  CHECK("addresses of different bytes differ", !(AddressOf("ab") == AddressOf("ac")));
}

void Ids() {
  mnp::AddressBook book;
  CHECK("an empty book has no addresses",
        book.Get(0) == nullptr && book.Get(-1) == nullptr && !book.full());
  const std::int32_t one = book.Intern(AddressOf("one"));
  const std::int32_t other = book.Intern(AddressOf("other"));
  const std::int32_t nothing = book.Intern(AddressOf(""));
  CHECK("each address has its own id", one != other && other != nothing && one != nothing);
  CHECK("ids are not negative", one >= 0 && other >= 0 && nothing >= 0);
  CHECK("an address keeps its id",
        book.Intern(AddressOf("one")) == one && book.Intern(AddressOf("")) == nothing);
  CHECK("an id gives its address",
        Holds(book, one, "one") && Holds(book, other, "other") && Holds(book, nothing, ""));
  CHECK("NUL bytes count as bytes", book.Intern(AddressOf(std::string("one\0", 4))) != one);
  CHECK("ids that are not in use have no address", book.Get(100) == nullptr &&
                                                       book.Get(INT32_MAX) == nullptr &&
                                                       book.Get(INT32_MIN) == nullptr);
}

void Retaining() {
  mnp::AddressBook book;
  const std::int32_t kept = book.Intern(AddressOf("kept"));
  const std::int32_t gone = book.Intern(AddressOf("gone"));
  // One id twice, and ids that were never given out.
  const std::vector<std::int32_t> live = {kept, kept, -1, 99, INT32_MIN};
  book.Retain(live.data(), live.size());
  CHECK("a live address keeps its id",
        Holds(book, kept, "kept") && book.Intern(AddressOf("kept")) == kept);
  CHECK("an address that is not live is forgotten", book.Get(gone) == nullptr);
  const std::int32_t heir = book.Intern(AddressOf("heir"));
  CHECK("the id of a forgotten address is reused", heir == gone && Holds(book, heir, "heir"));
  const std::int32_t again = book.Intern(AddressOf("gone"));
  CHECK("a forgotten address gets an id again",
        again != heir && again != kept && Holds(book, again, "gone"));
  book.Retain(&gone, 0);
  CHECK("all addresses are forgotten when none is live",
        book.Get(kept) == nullptr && book.Get(heir) == nullptr && book.Get(again) == nullptr);
  book.Retain(&kept, 1);
  CHECK("a forgotten address cannot be retained", book.Get(kept) == nullptr);
}

void Filling() {
  mnp::AddressBook book;
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < mnp::AddressBook::kFirstLimit; i++) {
    if (book.full()) break;
    ids.push_back(book.Intern(AddressOf(std::to_string(i))));
  }
  CHECK("the book is full at its limit and not before",
        book.full() && ids.size() == mnp::AddressBook::kFirstLimit);
  book.Retain(ids.data(), ids.size());
  CHECK("the limit grows with the live addresses", !book.full());
  const sys::Address* first = book.Get(ids[0]);
  for (std::size_t i = 0; i < mnp::AddressBook::kFirstLimit; i++) {
    (void)book.Intern(AddressOf("more " + std::to_string(i)));
  }
  CHECK("the new limit is reached too", book.full());
  CHECK("a live address is not moved", book.Get(ids[0]) == first && Holds(book, ids[0], "0"));
  book.Retain(ids.data(), 1);
  CHECK("all but the live address are forgotten",
        !book.full() && Holds(book, ids[0], "0") && book.Get(ids[1]) == nullptr);
}

}  // namespace

int main() {
  Addresses();
  Ids();
  Retaining();
  Filling();
  return check::Status();
}
