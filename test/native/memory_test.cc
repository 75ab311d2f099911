// native/sys/memory without Node: what is in sealed memory, and the error where there is none.
#include "../../native/sys/memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "../../native/sys/descriptor.h"
#include "check.h"

namespace {

const std::uint8_t kData[] = {'d', 'a', 't', 'a'};

#ifdef __linux__

void Made() {
  const sys::Descriptor memory(sys::SealedMemory("a name", kData, sizeof kData));
  CHECK("sealed memory can be made", memory.open());
  CHECK("it is close-on-exec", (fcntl(memory.get(), F_GETFD) & FD_CLOEXEC) != 0);
  char data[8];
  CHECK("it is read from the beginning",
        read(memory.get(), data, sizeof data) == 4 && std::string(data, 4) == "data");
  CHECK("it has every seal", fcntl(memory.get(), F_GET_SEALS) ==
                                 (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
}

void Refused() {
  const std::string name(250, 'x');
  CHECK("a name that is too long is refused",
        sys::SealedMemory(name, kData, sizeof kData) == -EINVAL);
  const sys::Descriptor empty(sys::SealedMemory("", nullptr, 0));
  struct stat status = {};
  CHECK("it may be empty", fstat(empty.get(), &status) == 0 && status.st_size == 0);
}

#else

void Made() {
  CHECK("no sealed memory here", sys::SealedMemory("a name", kData, sizeof kData) == -ENOSYS);
}
void Refused() {}

#endif

}  // namespace

int main() {
  Made();
  Refused();
  return check::Status();
}
