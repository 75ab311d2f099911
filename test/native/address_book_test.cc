// native/address_book without Node: ids that are given out, kept, and given out again.
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
  CHECK("nothing is an address, too", address.Assign(nullptr, 0) && address.length == 0);
  const std::string longest(sys::Address::kCapacity, 'x');
  CHECK("an address that just fits",
        address.Assign(longest.data(), longest.size()) && address.length == longest.size());
  CHECK("one that does not fit", !address.Assign((longest + "x").data(), longest.size() + 1));
  CHECK("and leaves what was there", address == AddressOf(longest));
  CHECK("addresses of other lengths differ", !(AddressOf("a") == AddressOf("ab")));
  CHECK("addresses of other bytes differ", !(AddressOf("ab") == AddressOf("ac")));
}

void Ids() {
  mnp::AddressBook book;
  CHECK("an empty book", book.Get(0) == nullptr && book.Get(-1) == nullptr && !book.full());
  const std::int32_t one = book.Intern(AddressOf("one"));
  const std::int32_t other = book.Intern(AddressOf("other"));
  const std::int32_t nothing = book.Intern(AddressOf(""));
  CHECK("each address has an id of its own", one != other && other != nothing && one != nothing);
  CHECK("ids are not negative", one >= 0 && other >= 0 && nothing >= 0);
  CHECK("an address keeps its id",
        book.Intern(AddressOf("one")) == one && book.Intern(AddressOf("")) == nothing);
  CHECK("an id gives its address",
        Holds(book, one, "one") && Holds(book, other, "other") && Holds(book, nothing, ""));
  CHECK("NUL bytes count", book.Intern(AddressOf(std::string("one\0", 4))) != one);
  CHECK("ids that are not in use", book.Get(100) == nullptr && book.Get(INT32_MAX) == nullptr &&
                                       book.Get(INT32_MIN) == nullptr);
}

void Retaining() {
  mnp::AddressBook book;
  const std::int32_t kept = book.Intern(AddressOf("kept"));
  const std::int32_t gone = book.Intern(AddressOf("gone"));
  // Twice, and with ids that never were.
  const std::vector<std::int32_t> live = {kept, kept, -1, 99, INT32_MIN};
  book.Retain(live.data(), live.size());
  CHECK("what is live stays", Holds(book, kept, "kept") && book.Intern(AddressOf("kept")) == kept);
  CHECK("what is not goes", book.Get(gone) == nullptr);
  const std::int32_t heir = book.Intern(AddressOf("heir"));
  CHECK("its id is given out again", heir == gone && Holds(book, heir, "heir"));
  const std::int32_t again = book.Intern(AddressOf("gone"));
  CHECK("an address that went may come back",
        again != heir && again != kept && Holds(book, again, "gone"));
  book.Retain(&gone, 0);
  CHECK("nothing is live",
        book.Get(kept) == nullptr && book.Get(heir) == nullptr && book.Get(again) == nullptr);
  book.Retain(&kept, 1);
  CHECK("what is gone cannot be kept", book.Get(kept) == nullptr);
}

void Filling() {
  mnp::AddressBook book;
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < mnp::AddressBook::kFirstLimit; i++) {
    if (book.full()) break;
    ids.push_back(book.Intern(AddressOf(std::to_string(i))));
  }
  CHECK("it is full at its limit and not before",
        book.full() && ids.size() == mnp::AddressBook::kFirstLimit);
  book.Retain(ids.data(), ids.size());
  CHECK("the limit grows with what is live", !book.full());
  const sys::Address* first = book.Get(ids[0]);
  for (std::size_t i = 0; i < mnp::AddressBook::kFirstLimit; i++) {
    (void)book.Intern(AddressOf("more " + std::to_string(i)));
  }
  CHECK("and is reached again", book.full());
  CHECK("an address stays where it is", book.Get(ids[0]) == first && Holds(book, ids[0], "0"));
  book.Retain(ids.data(), 1);
  CHECK("the rest is forgotten",
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
