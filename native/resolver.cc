// A few threads, made when there is work and gone when there is none.
#include "resolver.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <iterator>
#include <mutex>

#include "sys/descriptor.h"
#include "sys/socket.h"

namespace mnp {
namespace {
// As many as libuv's pool has; more only wait for the same name server.
constexpr int kThreads = 4;

void Empty(const sys::Descriptor& pipe) {
  char bytes[64];
  while (read(pipe.get(), bytes, sizeof bytes) > 0) {
  }
}
}  // namespace

struct Resolver::Shared {
  struct Request {
    std::uint32_t number;
    sys::Query query;
  };

  sys::Descriptor read_end;
  sys::Descriptor write_end;
  std::mutex mutex;
  std::deque<Request> waiting;  // From here on guarded by the mutex.
  std::deque<LookUp> done;
  int threads = 0;

  static void* Run(void* argument) {
    const std::unique_ptr<std::shared_ptr<Shared>> held(
        static_cast<std::shared_ptr<Shared>*>(argument));
    Shared& shared = **held;
    for (;;) {
      Request request;
      {
        const std::lock_guard<std::mutex> lock(shared.mutex);
        if (shared.waiting.empty()) {
          shared.threads--;
          return nullptr;
        }
        request = std::move(shared.waiting.front());
        shared.waiting.pop_front();
      }
      sys::Answer answer = sys::GetAddrInfo(request.query);
      const std::lock_guard<std::mutex> lock(shared.mutex);
      shared.done.push_back({request.number, std::move(answer)});
      // Writing fails if the pipe is full, but then it is readable already.
      (void)!write(shared.write_end.get(), "", 1);
    }
  }
};

Resolver::Resolver() : shared_(std::make_shared<Shared>()) {}

Resolver::~Resolver() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->waiting.clear();
}

int Resolver::Open() {
  int pair[2];
  const int error = sys::Pipe(pair);
  if (error < 0) return error;
  shared_->read_end = sys::Descriptor(pair[0]);
  shared_->write_end = sys::Descriptor(pair[1]);
  return 0;
}

int Resolver::fd() const { return shared_->read_end.get(); }

int Resolver::Start(const sys::Query& query, std::uint32_t* request) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  *request = ++requests_;
  shared_->waiting.push_back({*request, query});
  if (shared_->threads >= kThreads) return 0;

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  auto held = std::make_unique<std::shared_ptr<Shared>>(shared_);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, Shared::Run, held.get());
  pthread_attr_destroy(&attributes);
  if (error == 0) {
    (void)held.release();
    shared_->threads++;
  } else if (shared_->threads == 0) {
    shared_->waiting.pop_back();
    return -error;
  }
  return 0;
}

std::vector<LookUp> Resolver::Take(std::size_t most) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  std::deque<LookUp>& done = shared_->done;
  // While answers stay here, the pipe stays readable.
  if (done.size() <= most) Empty(shared_->read_end);
  const auto end = done.begin() + static_cast<std::ptrdiff_t>(std::min(most, done.size()));
  std::vector<LookUp> taken(std::make_move_iterator(done.begin()), std::make_move_iterator(end));
  done.erase(done.begin(), end);
  return taken;
}

}  // namespace mnp
