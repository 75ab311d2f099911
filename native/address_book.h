// Socket addresses by small integer ids: a message carries the id of its
// sender, and JavaScript makes an object for it only on demand.
//
// Ids are valid until Retain() is called without them; JavaScript knows which it
// still holds.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "sys/address.h"

namespace mnp {

class AddressBook {
 public:
  static constexpr std::size_t kFirstLimit = 4096;

  std::int32_t Intern(const sys::Address& address);
  // Null for an id that is not in use.
  const sys::Address* Get(std::int32_t id) const;
  // Many addresses have come since the last Retain(): time for another.
  bool full() const { return ids_.size() >= limit_; }
  void Retain(const std::int32_t* live, std::size_t count);

 private:
  static std::string Key(const sys::Address& address) {
    return std::string(reinterpret_cast<const char*>(address.bytes), address.length);
  }

  struct Entry {
    sys::Address address;
    bool used = false;
  };
  std::deque<Entry> entries_;
  std::vector<std::int32_t> free_;
  std::unordered_map<std::string, std::int32_t> ids_;
  std::size_t limit_ = kFirstLimit;
};

}  // namespace mnp
