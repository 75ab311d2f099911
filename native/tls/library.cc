// The oldest usable version is the first with the final TLS 1.3. The version is checked
// before any other function is looked up, so that the error names it.
#include "library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

namespace tls {
namespace {

constexpr const char* kFloor = "3.6.5";

// A bare name is found where the dynamic linker looks. On macOS that is the working directory,
// where anybody may have put a library, and not the folders of Homebrew and MacPorts.
constexpr const char* kCandidates[] = {
#ifdef __APPLE__
    "/opt/homebrew/lib/libgnutls.30.dylib", "/opt/homebrew/opt/gnutls/lib/libgnutls.30.dylib",
    "/usr/local/lib/libgnutls.30.dylib",    "/usr/local/opt/gnutls/lib/libgnutls.30.dylib",
    "/opt/local/lib/libgnutls.30.dylib",
#else
    "libgnutls.so.30",
#endif
};

// The only state in the addon that all threads share, as they share the library.
struct Loaded {
  std::mutex mutex;
  Library library;
  bool usable = false;
  std::string problem;
};

template <class F>
bool Find(void* handle, const char* name, F* function) {
  void* symbol = dlsym(handle, name);
  *function = reinterpret_cast<F>(symbol);
  return symbol != nullptr;
}

std::string Fill(void* handle, Library* library) {
  if (!Find(handle, "gnutls_check_version", &library->check_version)) return "is no GnuTLS";
  library->version = library->check_version(nullptr);
  if (library->check_version(kFloor) == nullptr)
    return std::string("is GnuTLS ") + library->version + ", and " + kFloor + " is needed";
#define TLS_FIND(result, name, parameters)              \
  if (!Find(handle, "gnutls_" #name, &library->name)) { \
    return "lacks gnutls_" #name;                       \
  }
  TLS_FUNCTIONS(TLS_FIND)
#undef TLS_FIND
  if (!Find(handle, "gnutls_free", &library->free)) return "lacks gnutls_free";
  return library->global_init() < 0 ? "cannot be initialized" : "";
}

bool Try(const char* name, Loaded* loaded) {
  void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  const std::string problem = handle == nullptr ? dlerror() : Fill(handle, &loaded->library);
  if (problem.empty()) return true;
  // dlerror() names the file itself.
  loaded->problem += (handle == nullptr ? problem : std::string(name) + " " + problem) + "\n";
  if (handle != nullptr) dlclose(handle);
  return false;
}

void Look(Loaded* loaded) {
  loaded->problem.clear();
  const char* named = std::getenv("MAKE_NETWORK_PROCESS_GNUTLS");
  if (named != nullptr) {
    loaded->usable = Try(named, loaded);
    return;
  }
  for (const char* candidate : kCandidates) {
    loaded->usable = Try(candidate, loaded);
    if (loaded->usable) return;
  }
}

}  // namespace

const Library* Load(std::string* problem) {
  static Loaded* const loaded = new Loaded;  // Never freed: other threads may outlive main().
  const std::lock_guard<std::mutex> lock(loaded->mutex);
  // Tried again each time: it may have failed for lack of descriptors.
  if (!loaded->usable) Look(loaded);
  if (problem != nullptr) *problem = loaded->problem;
  return loaded->usable ? &loaded->library : nullptr;
}

}  // namespace tls
