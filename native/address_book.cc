#include "address_book.h"

#include <algorithm>

namespace mnp {

std::int32_t AddressBook::Intern(const sys::Address& address) {
  const auto inserted = ids_.emplace(Key(address), 0);
  if (!inserted.second) return inserted.first->second;
  std::int32_t id;
  if (free_.empty()) {
    id = static_cast<std::int32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  entries_[static_cast<std::size_t>(id)] = {address, true};
  return inserted.first->second = id;
}

const sys::Address* AddressBook::Get(std::int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= entries_.size()) return nullptr;
  const Entry& entry = entries_[static_cast<std::size_t>(id)];
  return entry.used ? &entry.address : nullptr;
}

void AddressBook::Retain(const std::int32_t* live, std::size_t count) {
  std::vector<bool> keep(entries_.size(), false);
  for (std::size_t i = 0; i < count; i++) {
    if (Get(live[i]) != nullptr) keep[static_cast<std::size_t>(live[i])] = true;
  }
  for (std::size_t i = 0; i < entries_.size(); i++) {
    if (!entries_[i].used || keep[i]) continue;
    ids_.erase(Key(entries_[i].address));
    entries_[i].used = false;
    free_.push_back(static_cast<std::int32_t>(i));
  }
  limit_ = std::max(kFirstLimit, 2 * ids_.size());
}

}  // namespace mnp
