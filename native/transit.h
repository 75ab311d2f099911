// Descriptors passed with messages, while they belong to nobody else: received and
// not taken by anybody yet, or waiting to be sent.
//
// Whatever happens to the message and the thread, they are closed exactly once. A
// number that is not here is never closed here.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "sys/descriptor.h"

namespace mnp {

class Transit {
 public:
  void Add(sys::Descriptor descriptor) { descriptors_.push_back(std::move(descriptor)); }

  // Hands the descriptor to the caller; gives a closed one if it is not here.
  sys::Descriptor Take(int fd) {
    const auto found =
        std::find_if(descriptors_.begin(), descriptors_.end(),
                     [fd](const sys::Descriptor& descriptor) { return descriptor.get() == fd; });
    if (found == descriptors_.end()) return sys::Descriptor();
    std::swap(*found, descriptors_.back());
    sys::Descriptor taken = std::move(descriptors_.back());
    descriptors_.pop_back();
    return taken;
  }

 private:
  std::vector<sys::Descriptor> descriptors_;
};

}  // namespace mnp
