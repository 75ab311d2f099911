// Name look-ups on threads of their own. A descriptor becomes readable when an
// answer is there.
//
// No Node-API here: the hub takes the answers. A look-up cannot be interrupted,
// so a thread may outlive the environment that asked; the queue that it writes to
// lives as long as the last thread, and the addon is never unloaded (binding.gyp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sys/resolve.h"

namespace mnp {

struct LookUp {
  std::uint32_t request;
  sys::Answer answer;
};

class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  [[nodiscard]] int Open();
  // Readable while Take() has something to give.
  int fd() const;
  // Begins a look-up; its answer comes with this number.
  [[nodiscard]] int Start(const sys::Query& query, std::uint32_t* request);
  // Answers, the oldest first, and no more than `most`.
  std::vector<LookUp> Take(std::size_t most);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::uint32_t requests_ = 0;
};

}  // namespace mnp
