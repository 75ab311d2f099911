// Sizes and limits are measured (docs/performance.md): a page fault and an entry
// into JavaScript cost more than a syscall, so batches are large and memory is
// reused where that is safe.
#include "hub.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "look_up.h"
#include "sys/socket.h"
#include "text.h"

namespace mnp {
namespace {

constexpr Id kResolverToken = 0xFFFFFFFF;
constexpr ssize_t kPeerEnded = -0x10000;  // Not an errno.

constexpr std::int32_t kFrameEvents = 1024;
constexpr int kRounds = 4;       // Calls into JavaScript in one turn of the loop …
constexpr int kTurns = 64;       // … or, in turns, where each brings one message.
constexpr int kAnswers = 32;     // … or while it is always the same socket that is ready.
constexpr unsigned kStreak = 4;  // So many wake-ups in a row for one socket count as always.
constexpr int kMostUnanswered = 6;
constexpr int kAccepts = 16;   // Per listener and wake-up.
constexpr int kMessages = 64;  // Per socket and wake-up; also of look-ups' answers.
constexpr std::size_t kBytesBudget = 256 * 1024;
constexpr std::size_t kTextBudget = 64 * 1024;    // Also the most that a callback gets at once.
constexpr std::size_t kLongestText = 120 * 1024;  // Longer strings do not fit V8's young space.

constexpr std::size_t kStreamRead = 64 * 1024;
constexpr std::size_t kSlab = 256 * 1024;
// A stream fills slab after slab: with smaller ones malloc returns more pages to the kernel, and
// gets fresh ones.
constexpr std::size_t kStreamSlab = 512 * 1024;
constexpr std::size_t kLarge = 8 * 1024;  // From here on a copy costs more than a slab.
constexpr std::size_t kSmallRoom = 4 * 1024;
constexpr std::size_t kLargeRoom =
    kStreamRead;                   // A read that is cut short costs more than unused room.
constexpr std::size_t kLine = 64;  // A cache line.
constexpr std::size_t kAhead = 2 * 1024;
// Untouched pages cost nothing.
constexpr std::size_t kScratch = 8 * 1024 * 1024;
constexpr std::size_t kAddressRoom = sys::Address::kCapacity;
static_assert(std::max(kSlab, kStreamSlab) < std::size_t{1} << kLengthShift);
static_assert(kAddressRoom < std::size_t{1} << (31 - kLengthShift));
// The kernel passes at most 253 descriptors, besides credentials, a security label and
// timestamps.
constexpr std::size_t kControlRoom = 4096;

#ifdef __linux__
constexpr int kTrueLength = MSG_TRUNC;  // Gives the full length of a message. Not for streams.
#else
constexpr int kTrueLength = 0;
#endif

// Memory that was not used for long is not in the cache. The next message is about as long as the
// last, so the memory for it is fetched while the kernel is asked. For a short one that does not
// pay, and after the beginning of a long one the processor fetches ahead by itself.
void FetchAhead(const std::uint8_t* memory, std::size_t length) {
  if (length < kLine * 4) return;
  for (std::size_t i = 0; i < std::min(length, kAhead); i += kLine)
    __builtin_prefetch(memory + i, 1);
}

std::size_t Aligned(std::size_t length) { return (length + 7) & ~std::size_t{7}; }

// A socket that brings one message, or connection, at a time is asked for a
// second one ever more rarely; one that brought two together is drained, within
// its budget.
bool AsksForSecond(Socket* socket) { return socket->hot || (++socket->turn & socket->mask) == 0; }

void Learn(Socket* socket, int found, bool drained) {
  if (found >= 2) {
    socket->hot = true;
    socket->mask = 0;
  } else if (drained && found == 1) {
    socket->hot = false;
    if ((socket->turn & socket->mask) == 0) {
      socket->mask = static_cast<std::uint8_t>(std::min(63, socket->mask * 2 + 1));
    }
  }
}

}  // namespace

// ---- life ---------------------------------------------------------------------------------

int Hub::Open() {
  int error = set_.Open();
  if (error < 0) return error;
  error = resolver_.Open();
  if (error < 0) return error;
  error = set_.Change(resolver_.fd(), kResolverToken, sys::kNone, sys::kReadable);
  if (error < 0) return error;

  scratch_.reset(new std::uint8_t[kScratch]);
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -EINVAL;
  error = uv_poll_init(loop, &poll_, set_.fd());
  if (error < 0) return error;
  poll_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&poll_));
  return uv_poll_start(&poll_, UV_READABLE, OnPoll);
}

void Hub::SetDispatch(Napi::Function dispatch) {
  napi_value resource;
  napi_value name;
  napi_create_object(env_, &resource);
  napi_create_string_utf8(env_, "make-network-process", NAPI_AUTO_LENGTH, &name);
  napi_create_reference(env_, dispatch, 1, &dispatch_);
  napi_create_reference(env_, resource, 1, &resource_);
  napi_async_init(env_, resource, name, &context_);
}

void Hub::Close(void (*closed)(void*), void* argument) {
  closed_ = closed;
  closed_argument_ = argument;
  for (Id id = 0; id < sockets_.size(); id++) {
    if (sockets_.Get(id) == nullptr) continue;
    Forget(id);
    sockets_.Close(id);
  }
  for (Frame& frame : frames_) {
    napi_delete_reference(env_, frame.events_reference);
    for (Slab* slab : {&frame.kept, &frame.lent}) {
      if (slab->reference != nullptr) napi_delete_reference(env_, slab->reference);
    }
  }
  if (dispatch_ != nullptr) {
    napi_async_destroy(env_, context_);
    napi_delete_reference(env_, resource_);
    napi_delete_reference(env_, dispatch_);
    dispatch_ = nullptr;
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    const Hub* hub = static_cast<Hub*>(handle->data);
    hub->closed_(hub->closed_argument_);
  });
}

// ---- what JavaScript asks for ---------------------------------------------------------------

int Hub::SetInterest(Id id, std::uint8_t interest) {
  Socket* socket = sockets_.Get(id);
  if (socket == nullptr) return -EBADF;
  // A sender that has filled the kernel's queue often fills it again at once, so the set looks for
  // room until it finds some that nobody waits for.
  const std::uint8_t kept = interest == sys::kNone ? interest : socket->watched & sys::kWritable;
  const int error = Watch(id, socket, interest | kept);
  if (error == 0) socket->interest = interest;
  return error;
}

int Hub::Watch(Id id, Socket* socket, std::uint8_t interest) {
  const int error = set_.Change(socket->descriptor.get(), id, socket->watched, interest);
  if (error == 0) socket->watched = interest;
  return error;
}

void Hub::SetCounted(Id id, bool counted) {
  Socket* socket = sockets_.Get(id);
  if (socket == nullptr || socket->counted == counted) return;
  socket->counted = counted;
  counted_ += counted ? 1 : -1;
  const auto handle = reinterpret_cast<uv_handle_t*>(&poll_);
  if (counted_ == 0) uv_unref(handle);
  if (counted_ == 1 && counted) uv_ref(handle);
}

void Hub::SetResource(Id id, napi_value resource) {
  if (sockets_.Get(id) == nullptr) return;
  contexts_.resize(std::max<std::size_t>(contexts_.size(), id + 1));
  if (contexts_[id] != nullptr) return;
  napi_value name;
  napi_create_string_utf8(env_, "NETWORKPROCESS", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env_, resource, name, &contexts_[id]);
}

void Hub::DropContext(Id id) {
  if (id >= contexts_.size() || contexts_[id] == nullptr) return;
  napi_async_destroy(env_, std::exchange(contexts_[id], nullptr));
}

void Hub::Forget(Id id) {
  SetCounted(id, false);
  DropContext(id);
  (void)SetInterest(id, sys::kNone);
  // Readiness that is not handled yet would be taken for that of the id's next socket.
  ready_count_ =
      static_cast<int>(std::remove_if(ready_ + cursor_, ready_ + ready_count_,
                                      [id](const sys::Ready& ready) { return ready.token == id; }) -
                       ready_);
}

int Hub::StartLookUp(const sys::Query& query, std::uint32_t* request) {
  const int error = resolver_.Start(query, request);
  if (error == 0 && counted_++ == 0) uv_ref(reinterpret_cast<uv_handle_t*>(&poll_));
  return error;
}

// ---- waking up ------------------------------------------------------------------------------

void Hub::OnPoll(uv_poll_t* poll, int, int) {
  Hub* hub = static_cast<Hub*>(poll->data);
  if (hub->dispatch_ == nullptr) return;
  bool found = true;
  for (int round = 0; found && round < (hub->in_turns_ ? kTurns : kRounds); round++) {
    found = hub->Round();
    if (!hub->in_turns_ && hub->cursor_ == hub->ready_count_) break;
  }
  for (int round = 0; found && round < kAnswers && hub->ExpectsAnswer(); round++) {
    found = hub->Round();
    hub->unanswered_ = found ? 0 : std::min(hub->unanswered_ + 1, kMostUnanswered);
    hub->skip_ = found ? 0 : 1u << hub->unanswered_;
  }
}

bool Hub::Round() {
  napi_handle_scope scope;
  if (dispatch_ == nullptr || napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  Reclaim();
  bool found = false;
  if (in_turns_) {
    found = Turn(0, true) > 0;
  } else {
    found = Collect(0);
    if (found) Emit(true);
  }
  napi_close_handle_scope(env_, scope);
  return found;
}

// When it is always the same socket that is ready, the answer to what its callback
// has sent is often there when the callback returns: looking again is cheaper than
// a turn of the loop. If it is not there, it is looked for ever more rarely.
bool Hub::ExpectsAnswer() {
  if (in_turns_ || streak_ < kStreak) return false;
  if (skip_ == 0) return true;
  skip_--;
  return false;
}

// Lets closed ids be given out again, but never during a dispatch, whose events may name them.
void Hub::Reclaim() {
  if (depth_ == 0) sockets_.Reclaim();
}

int Hub::Wait(int timeout, const Id* only) {
  Reclaim();
  if (dispatch_ == nullptr || !EnterFrame()) return 0;
  if (only == nullptr && in_turns_) return Turn(timeout, false);
  read_ = -1;
  if (only == nullptr) {
    Collect(timeout);
  } else if (const Socket* socket = sockets_.Get(*only)) {
    const std::uint8_t interest = socket->interest;
    const bool reading = (interest & sys::kReadable) != 0;
    const bool writing = (interest & sys::kWritable) != 0;
    // Without any interest not even the end of the socket is looked for, but the time is waited.
    pollfd entry = {interest == sys::kNone ? -1 : socket->descriptor.get(),
                    static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), 0};
    if (sys::Poll(&entry, 1, timeout) > 0) {
      Handle({*only, (entry.revents & POLLIN) != 0, (entry.revents & POLLOUT) != 0,
              (entry.revents & (POLLERR | POLLHUP)) != 0,
              (entry.revents & (POLLERR | POLLHUP)) != 0});
    }
  }
  const int count = frame_->count;
  const int read = read_;
  if (count > 0) Emit(false);
  EndTurn(read, false);
  return count;
}

// Makes the frame of the next dispatch the current one: what it lent last time is free.
bool Hub::EnterFrame() {
  frame_ = depth_ < frames_.size() ? &frames_[depth_] : AddFrame();
  if (frame_ == nullptr) return false;
  frame_->lent.used = 0;
  return true;
}

Hub::Frame* Hub::AddFrame() {
  napi_value buffer;
  napi_value events;
  void* data = nullptr;
  constexpr std::size_t kNumbers = 4 * kFrameEvents;
  Frame frame;
  if (napi_create_arraybuffer(env_, kNumbers * sizeof(std::int32_t), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env_, napi_int32_array, kNumbers, buffer, 0, &events) != napi_ok ||
      napi_create_reference(env_, events, 1, &frame.events_reference) != napi_ok) {
    return nullptr;
  }
  frame.events = static_cast<std::int32_t*>(data);
  frames_.push_back(frame);
  return &frames_.back();
}

// Fills the current frame; false if nothing came.
bool Hub::Collect(int timeout) {
  if (!EnterFrame()) return false;
  if (cursor_ == ready_count_) {
    cursor_ = ready_count_ = 0;
    Guess();
    if (frame_->count > 0) return true;
    ready_count_ = std::max(set_.Wait(ready_, sizeof ready_ / sizeof *ready_, timeout), 0);
    const bool alone =
        ready_count_ == 1 && ready_[0].readable && !ready_[0].writable && !ready_[0].failed;
    if (alone && ready_[0].token == favourite_) {
      streak_++;
    } else {
      streak_ = 0;
      favourite_ = alone ? ready_[0].token : kResolverToken;
    }
  }
  // What finds no room stays for the next round, so no socket has a wake-up to itself.
  while (cursor_ < ready_count_ && Handle(ready_[cursor_])) cursor_++;
  return frame_->count > 0;
}

// Brings one message: handles look-ups, then ready descriptors in order, from the one after the
// last that was read, until one brings a message; behind that only those that are connecting. Each
// is dispatched by itself, because its callbacks may wait, and have to find the others as they
// were.
int Hub::Turn(int timeout, bool from_loop) {
  const int count = std::max(set_.Wait(ready_, sizeof ready_ / sizeof *ready_, timeout), 0);
  std::vector<sys::Ready> ready(ready_, ready_ + count);
  const auto turn = [this](const sys::Ready& one) -> std::int64_t {
    if (one.token == kResolverToken) return -1;
    const Socket* socket = sockets_.Get(one.token);
    const std::int64_t fd = socket == nullptr ? 0 : socket->descriptor.get();
    return fd > last_read_ ? fd : fd + INT32_MAX;
  };
  std::sort(ready.begin(), ready.end(), [&](const sys::Ready& one, const sys::Ready& other) {
    return turn(one) < turn(other);
  });
  int events = 0;
  int read = -1;
  for (auto one = ready.begin(); one != ready.end() && EnterFrame(); ++one) {
    if (read >= 0 && !IsConnecting(one->token)) continue;
    read_ = -1;
    Handle(*one);
    read = std::max(read, read_);
    events += frame_->count;
    if (frame_->count > 0) Emit(from_loop);
  }
  EndTurn(read, from_loop);
  return events;
}

bool Hub::IsConnecting(Id id) {
  const Socket* socket = sockets_.Get(id);
  return socket != nullptr && socket->mode == Mode::kConnecting;
}

// The callbacks have run; `read` is from before, since what a wait inside them read does not count.
void Hub::EndTurn(int read, bool from_loop) {
  if (!in_turns_) return;
  if (read >= 0) last_read_ = read;
  EmitWhenIdle(from_loop);
}

void Hub::EmitWhenIdle(bool from_loop) {
  sys::Ready ready;
  if (!busy_ || set_.Wait(&ready, 1, 0) > 0 || !EnterFrame()) return;
  Emit(from_loop);
  busy_ = false;
}

void Hub::Guess() {
  if (in_turns_ || streak_ < kStreak || depth_ > 0 || (++turn_ & 7) == 0) return;
  Socket* socket = sockets_.Get(favourite_);
  const bool reads = socket != nullptr && socket->interest == sys::kReadable &&
                     (socket->mode == Mode::kReceiving || socket->mode == Mode::kListening);
  if (!reads || !HasRoom(*socket)) {
    streak_ = 0;
    return;
  }
  if (socket->mode == Mode::kListening) {
    AcceptFrom(favourite_, socket);
  } else {
    Read(favourite_, socket, false);
  }
  if (frame_->count == 0) streak_ = 0;
}

// False if there is no room for what the socket may bring.
bool Hub::Handle(const sys::Ready& ready) {
  if (frame_->count > kFrameEvents - 3 * kMessages) return false;
  if (ready.token == kResolverToken) {
    TakeLookUps();
    return true;
  }
  const Id id = ready.token;
  Socket* socket = sockets_.Get(id);
  if (socket == nullptr || socket->interest == sys::kNone) return true;
  const bool writing = (socket->interest & sys::kWritable) != 0;
  if (ready.writable && !writing) (void)Watch(id, socket, socket->interest);
  switch (socket->mode) {
    case Mode::kIdle:
      return true;
    case Mode::kWatched: {
      int now = (ready.readable || ready.ended ? sys::kReadable : 0) |
                (ready.writable ? sys::kWritable : 0);
      if (ready.failed) now |= socket->interest;
      now &= socket->interest;
      if (now != sys::kNone) Push(id, kReady, now, -1);
      return true;
    }
    case Mode::kListening:
      if (!HasRoom(*socket)) return false;
      AcceptFrom(id, socket);
      return true;
    case Mode::kConnecting:
      (void)SetInterest(id, sys::kNone);
      Push(id, kConnected, sys::SocketError(socket->descriptor.get()), -1);
      return true;
    case Mode::kReceiving:
      break;
  }
  const bool reading = (socket->interest & sys::kReadable) != 0;
  if (reading && (ready.readable || ready.failed) && !HasRoom(*socket)) return false;
  // The set would report them for as long as nobody reads and there is no room.
  if (!reading && ready.failed && !ready.writable) sys::DropQueuedErrors(socket->descriptor.get());
  if (writing && (ready.writable || ready.failed)) Push(id, kWritable, 0, -1);
  if (reading && (ready.readable || ready.failed)) Read(id, socket, ready.ended);
  return true;
}

// ---- reading --------------------------------------------------------------------------------

Hub::Slab* Hub::SlabOf(const Socket& socket) {
  const bool lent = socket.mode == Mode::kReceiving && socket.delivery == Delivery::kLent;
  return lent ? &frame_->lent : &frame_->kept;
}

std::size_t Hub::ScratchRoom() const { return kScratch - text_length_; }

bool Hub::HasRoom(const Socket& socket) {
  if (frame_->count > kFrameEvents - 3 * kMessages || text_length_ >= kTextBudget) return false;
  if (socket.mode == Mode::kReceiving && socket.delivery == Delivery::kText) return true;
  Slab* slab = SlabOf(socket);
  const std::size_t room = socket.large ? kLargeRoom : kSmallRoom;
  if (slab->room() >= room && (slab->shown || !IsGone(*slab))) return true;
  return !slab->shown && RenewSlab(slab, socket.kind == Kind::kStream ? kStreamSlab : kSlab);
}

// Code that has a view of the slab can transfer its memory (ArrayBuffer.prototype.transfer): then
// it is no longer ours, and perhaps freed. No JavaScript runs between the reads of one frame.
bool Hub::IsGone(const Slab& slab) {
  napi_value memory = nullptr;
  bool detached = false;
  napi_get_reference_value(env_, slab.reference, &memory);
  napi_is_detached_arraybuffer(env_, memory, &detached);
  return detached;
}

// The memory of a Buffer, because that of an ArrayBuffer would be filled with zeros.
bool Hub::RenewSlab(Slab* slab, std::size_t size) {
  napi_value buffer;
  napi_value memory;
  void* data = nullptr;
  if (napi_create_buffer(env_, size, &data, &buffer) != napi_ok ||
      napi_get_typedarray_info(env_, buffer, nullptr, nullptr, nullptr, &memory, nullptr) !=
          napi_ok) {
    return false;
  }
  if (slab->reference != nullptr) napi_delete_reference(env_, slab->reference);
  *slab = Slab();
  if (napi_create_reference(env_, memory, 1, &slab->reference) != napi_ok) return false;
  slab->data = static_cast<std::uint8_t*>(data);
  slab->size = size;
  return true;
}

void Hub::AcceptFrom(Id id, Socket* socket) {
  Slab* slab = &frame_->kept;
  const int accepts = in_turns_ ? 1 : kAccepts;
  bool drained = false;
  int connections = 0;
  // Messages are received with MSG_DONTWAIT, for which accept(2) has no equal.
  if (socket->altered) (void)sys::MakeNonblocking(socket->descriptor.get());
  while (connections < accepts && slab->room() >= kAddressRoom) {
    sys::Address peer;
    const int fd = sys::Accept(socket->descriptor.get(), &peer);
    if (fd == -EAGAIN) {
      drained = true;
      break;
    }
    // The connection ended before it was accepted; the next one may be there.
    if (fd == -ECONNABORTED || fd == -EPROTO) continue;
    if (fd < 0) {
      // Out of descriptors or memory: the connection stays in the queue, so the
      // set would report it for ever.
      (void)SetInterest(id, sys::kNone);
      Push(id, kAcceptFailed, -fd, -1);
      return;
    }
    const Id accepted = sockets_.Add(fd, socket->altered);
    std::memcpy(slab->end(), peer.bytes, peer.length);
    slab->shown = true;
    const std::size_t place = slab->used | std::size_t{peer.length} << kLengthShift;
    Push(id, kAccepted, static_cast<std::int32_t>(place), static_cast<std::int32_t>(accepted));
    slab->used += std::min(Aligned(peer.length), slab->room());
    if (++connections == 1 && !AsksForSecond(socket)) return;
  }
  Learn(socket, connections, drained);
}

// Reads until the socket is drained or its budget spent. A short read drains a stream.
void Hub::Read(Id id, Socket* socket, bool ended) {
  const bool text = socket->delivery == Delivery::kText;
  const std::size_t budget = text ? kTextBudget : kBytesBudget;
  std::size_t bytes = 0;
  int messages = 0;
  bool drained = false;
  while (messages < kMessages && bytes < budget && (messages == 0 || HasRoom(*socket))) {
    // Once the peer has ended its half, an empty record has to be told from the end before it is
    // read.
    const int record =
        ended && socket->kind == Kind::kPackets ? sys::HoldsRecord(socket->descriptor.get()) : -1;
    if (record == 0) {
      End(id, socket);
      return;
    }
    empty_is_record_ = record == 1;
    asked_ = text && socket->large && !in_turns_ ? kStreamSlab : kStreamRead;
    const ssize_t received = text                                         ? ReadText(id, socket)
                             : socket->large && socket->carry_length == 0 ? ReadLarge(id, socket)
                                                                          : ReadSmall(id, socket);
    if (received == -EAGAIN) {
      if (ended && messages == 0) SilenceErrors(id, socket);
      drained = true;
      break;
    }
    if (received < 0) {
      if (received == kPeerEnded) {
        End(id, socket);
        return;
      }
      // Reading an error has cleared it, so a datagram socket goes on.
      if (socket->kind != Kind::kDatagrams) (void)SetInterest(id, sys::kNone);
      Push(id, kFailed, static_cast<std::int32_t>(-received), -1);
      return;
    }
    const std::size_t length = static_cast<std::size_t>(received);
    socket->bytes_read += length;
    socket->messages_read++;
    // A channel needs more room than a slab is sure to have.
    socket->large = length >= kLarge && socket->channel == nullptr;
    bytes += length;
    messages++;
    read_ = socket->descriptor.get();
    if (in_turns_) return;
    if (socket->kind == Kind::kStream) {
      if (length < asked_) return;
    } else if (messages == 1 && !AsksForSecond(socket)) {
      return;
    }
  }
  Learn(socket, messages, drained);
}

// The set has reported something that is no input, and would report it for ever: errors in the
// queue, or that somebody has shut down the receiving half of a datagram socket.
void Hub::SilenceErrors(Id id, Socket* socket) {
  const int fd = socket->descriptor.get();
  sys::DropQueuedErrors(fd);
  if (socket->kind == Kind::kDatagrams && sys::IsShutDown(fd))
    (void)SetInterest(id, socket->interest & sys::kWritable);
}

// Returns the full length of the message, which may be more than there was room
// for, or kPeerEnded, or -errno.
ssize_t Hub::Receive(Id id, Socket* socket, iovec* buffers, std::size_t count) {
  if (socket->channel != nullptr) {
    const ssize_t received = socket->channel->Receive(buffers->iov_base, buffers->iov_len);
    return received == 0 ? kPeerEnded : received;
  }
  const int fd = socket->descriptor.get();
  const int flags = MSG_DONTWAIT | (socket->kind == Kind::kStream ? 0 : kTrueLength);
  if (socket->ancillary || count > 1) return ReceiveMessage(id, socket, buffers, count, flags);
  ssize_t received;
  if (socket->addressed) {
    sys::Address sender;
    received = sys::RecvFrom(fd, buffers->iov_base, buffers->iov_len, flags, &sender);
    if (received >= 0) NoteSender(socket, sender);
  } else {
    received = sys::Recv(fd, buffers->iov_base, buffers->iov_len, flags);
  }
  return received == 0 && HasEnded(*socket) ? kPeerEnded : received;
}

// The same by recvmsg(2), which costs a quarter more than recv(2). Ancillary data
// becomes an event before the message.
ssize_t Hub::ReceiveMessage(Id id, Socket* socket, iovec* buffers, std::size_t count, int flags) {
  alignas(cmsghdr) std::uint8_t control[kControlRoom];
  sys::Address sender;
  sys::Message message;
  message.buffers = buffers;
  message.buffer_count = count;
  message.address = socket->addressed ? &sender : nullptr;
  message.control = socket->ancillary ? control : nullptr;
  message.control_length = socket->ancillary ? sizeof control : 0;
  const ssize_t received = sys::RecvMsg(socket->descriptor.get(), &message, flags);
  if (received < 0) return received;
  // The end has no ancillary data, except that of a stream, which has credentials of nobody.
  const bool may_end = socket->kind == Kind::kStream || message.control_length == 0;
  if (received == 0 && may_end && HasEnded(*socket)) return kPeerEnded;
  if (socket->addressed) NoteSender(socket, sender);
  if (message.control_length > 0 || message.flags != 0) {
    for (const int fd : sys::DescriptorsOf(message)) transit_.Add(sys::Descriptor(fd));
    // Nobody asks for the descriptor of the sender's process.
    for (const int fd : sys::DescriptorsOf(message, sys::kProcessDescriptor))
      sys::Descriptor(fd).Close();
    napi_value bytes = nullptr;
    napi_create_buffer_copy(env_, message.control_length, control, nullptr, &bytes);
    Push(id, kAncillary, ~AddExtra(bytes), message.flags);
  }
  return received;
}

// Whether a read that gave no bytes was the end.
bool Hub::HasEnded(const Socket& socket) {
  if (socket.kind != Kind::kPackets) return socket.kind == Kind::kStream;
  const int fd = socket.descriptor.get();
  // The peer may have ended its half since the set was asked. No record follows the end.
  return !empty_is_record_ && sys::PeerHasEnded(fd) && sys::HoldsRecord(fd) != 1;
}

void Hub::NoteSender(Socket* socket, const sys::Address& sender) {
  const sys::Address* last = addresses_.Get(socket->sender);
  if (last == nullptr || !(*last == sender)) socket->sender = addresses_.Intern(sender);
}

// Reads into the scratch area, after the bytes that were held back. Only a stream has such: it
// delivered text then, though it may deliver bytes by now. `length` becomes the length of all.
ssize_t Hub::ReadScratch(Id id, Socket* socket, std::size_t* length) {
  const std::size_t carried = socket->carry_length;
  std::memcpy(ScratchEnd(), socket->carry, carried);
  const std::size_t room = socket->kind == Kind::kStream ? asked_ : ScratchRoom() - carried;
  iovec buffer = {ScratchEnd() + carried, room};
  const ssize_t received = Receive(id, socket, &buffer, 1);
  if (received < 0) return received;
  socket->carry_length = 0;
  *length = carried + std::min(static_cast<std::size_t>(received), room);
  return received;
}

ssize_t Hub::ReadText(Id id, Socket* socket) {
  const bool stream = socket->kind == Kind::kStream;
  const std::uint8_t* text = ScratchEnd();
  const std::int32_t events = frame_->count;
  std::size_t length = 0;
  const ssize_t received = ReadScratch(id, socket, &length);
  if (received < 0) return received;
  const std::size_t tail = stream ? text::IncompleteTail(text, length) : 0;
  socket->carry_length = static_cast<std::uint8_t>(tail);
  std::memcpy(socket->carry, text + length - tail, tail);
  // If a stream has brought only a part of a character, there is nothing to show yet, except its
  // ancillary data: otherwise a peer that holds the rest back could pile up descriptors here.
  const bool beside = frame_->count > events;
  if (!stream || (beside && length == tail)) ShowText(id, *socket, length - tail);
  for (std::size_t rest = stream ? length - tail : 0; rest > 0;) {
    std::size_t piece = std::min(rest, kTextBudget);
    if (piece < rest) piece -= text::IncompleteTail(ScratchEnd(), piece);
    ShowText(id, *socket, piece);
    rest -= piece;
  }
  if (length < static_cast<std::size_t>(received))
    Push(id, kTruncated, static_cast<std::int32_t>(received), -1);
  return received;
}

void Hub::ShowText(Id id, const Socket& socket, std::size_t length) {
  Push(id, static_cast<std::int32_t>(length) | kTextBit, static_cast<std::int32_t>(text_length_),
       socket.sender);
  text_length_ += length;
}

ssize_t Hub::ReadSmall(Id id, Socket* socket) {
  std::size_t length = 0;
  const ssize_t received = ReadScratch(id, socket, &length);
  if (received < 0) return received;
  Slab* slab = SlabOf(*socket);
  if (length <= slab->room()) {
    std::memcpy(slab->end(), ScratchEnd(), length);
    ShowSlab(id, *socket, length);
    FetchAhead(slab->end(), std::min(length, slab->room()));
  } else {
    ShowBuffer(id, *socket, ScratchEnd(), length, nullptr, 0);
  }
  if (length < static_cast<std::size_t>(received))
    Push(id, kTruncated, static_cast<std::int32_t>(received), -1);
  return received;
}

// Large messages are read where they stay. A packet that is larger than the rest of the
// slab spills into the scratch memory, and is put together in a buffer of its own.
ssize_t Hub::ReadLarge(Id id, Socket* socket) {
  Slab* slab = SlabOf(*socket);
  if (socket->kind == Kind::kStream) {
    // As much as there is room for: over TCP each read opens the window, and may send an update.
    asked_ = slab->room();
    iovec buffer = {slab->end(), asked_};
    const ssize_t received = Receive(id, socket, &buffer, 1);
    if (received > 0) ShowSlab(id, *socket, static_cast<std::size_t>(received));
    return received;
  }
  iovec buffers[2] = {{slab->end(), slab->room()}, {ScratchEnd(), ScratchRoom()}};
  const ssize_t received = Receive(id, socket, buffers, 2);
  if (received < 0) return received;
  const std::size_t whole = static_cast<std::size_t>(received);
  const std::size_t length = std::min(whole, slab->room() + ScratchRoom());
  if (length <= slab->room()) {
    ShowSlab(id, *socket, length);
  } else {
    ShowBuffer(id, *socket, slab->end(), slab->room(), ScratchEnd(), length - slab->room());
  }
  if (length < whole) Push(id, kTruncated, static_cast<std::int32_t>(whole), -1);
  return received;
}

void Hub::ShowSlab(Id id, const Socket& socket, std::size_t length) {
  Slab* slab = SlabOf(socket);
  const std::int32_t bits = slab == &frame_->lent ? kLentBit : 0;
  Push(id, static_cast<std::int32_t>(length) | bits, static_cast<std::int32_t>(slab->used),
       socket.sender);
  slab->shown = true;
  slab->used += std::min(Aligned(length), slab->room());
}

void Hub::ShowBuffer(Id id, const Socket& socket, const std::uint8_t* first,
                     std::size_t first_length, const std::uint8_t* rest, std::size_t rest_length) {
  napi_value buffer;
  void* data = nullptr;
  if (napi_create_buffer(env_, first_length + rest_length, &data, &buffer) != napi_ok) {
    Push(id, kFailed, ENOMEM, -1);
    return;
  }
  std::memcpy(data, first, first_length);
  if (rest_length > 0)
    std::memcpy(static_cast<std::uint8_t*>(data) + first_length, rest, rest_length);
  Push(id, static_cast<std::int32_t>(first_length + rest_length), ~AddExtra(buffer), socket.sender);
}

// The socket leaves the set before JavaScript hears of it: the set would report
// the end for ever.
void Hub::End(Id id, Socket* socket) {
  (void)SetInterest(id, socket->interest & sys::kWritable);
  if (socket->carry_length > 0) {
    std::memcpy(ScratchEnd(), socket->carry, socket->carry_length);
    Push(id, socket->carry_length | kTextBit, static_cast<std::int32_t>(text_length_),
         socket->sender);
    text_length_ += std::exchange(socket->carry_length, std::uint8_t{0});
  }
  Push(id, kEnd, 0, -1);
}

// Any number of look-ups may be done: answers that find no room stay with the resolver.
void Hub::TakeLookUps() {
  for (const LookUp& done : resolver_.Take(kMessages)) {
    if (--counted_ == 0) uv_unref(reinterpret_cast<uv_handle_t*>(&poll_));
    Push(done.request, kLookedUp, AddExtra(AnswerValue(env_, done.answer)), -1);
  }
}

// ---- into JavaScript ------------------------------------------------------------------------

void Hub::Push(Id id, std::int32_t what, std::int32_t offset, std::int32_t address) {
  std::int32_t* quad = frame_->events + 4 * frame_->count++;
  quad[0] = static_cast<std::int32_t>(id);
  quad[1] = what;
  quad[2] = offset;
  quad[3] = address;
}

std::int32_t Hub::AddExtra(napi_value value) {
  frame_->extras.push_back(value);
  return static_cast<std::int32_t>(frame_->extras.size() - 1);
}

// One string of all text of the frame; offsets are places in it. If it is not ASCII, offsets and
// lengths are changed from bytes to UTF-16 units.
napi_value Hub::Text() {
  napi_value string = nullptr;
  if (text::IsAscii(scratch_.get(), text_length_)) {
    napi_create_string_latin1(env_, reinterpret_cast<const char*>(scratch_.get()), text_length_,
                              &string);
    return string;
  }
  char16_t* room = Units(text_length_);
  std::size_t units = 0;
  ForEachText([&](std::int32_t* quad, const std::uint8_t* text, std::size_t text_length) {
    const std::size_t length = text::DecodeUtf8(text, text_length, room + units);
    quad[1] = static_cast<std::int32_t>(length) | kTextBit;
    quad[2] = static_cast<std::int32_t>(units);
    units += length;
  });
  napi_create_string_utf16(env_, room, units, &string);
  return string;
}

// A string for each text, in the extras.
void Hub::SplitText() {
  ForEachText([&](std::int32_t* quad, const std::uint8_t* text, std::size_t length) {
    napi_value string = nullptr;
    if (text::IsAscii(text, length)) {
      napi_create_string_latin1(env_, reinterpret_cast<const char*>(text), length, &string);
    } else {
      char16_t* room = Units(length);
      napi_create_string_utf16(env_, room, text::DecodeUtf8(text, length, room), &string);
    }
    quad[2] = ~AddExtra(string);
  });
}

// Room for `count` UTF-16 units, until the next call.
char16_t* Hub::Units(std::size_t count) {
  if (units_.size() < count) units_.resize(count);
  return units_.data();
}

template <class Use>
void Hub::ForEachText(Use use) {
  for (std::int32_t i = 0; i < frame_->count; i++) {
    std::int32_t* quad = frame_->events + 4 * i;
    if (quad[1] >= 0 && (quad[1] & kTextBit) != 0)
      use(quad, scratch_.get() + quad[2], static_cast<std::size_t>(quad[1] & ~kTextBit));
  }
}

// The context of the socket that the only event of the frame is for, if it has one.
napi_async_context Hub::OwnContext() {
  const std::int32_t* quad = frame_->events;
  const bool one = frame_->count == 1 && (quad[1] >= 0 || quad[1] == kAccepted);
  const auto id = static_cast<std::size_t>(quad[0]);
  return one && id < contexts_.size() ? contexts_[id] : nullptr;
}

void Hub::Emit(bool from_loop) {
  if (addresses_.full()) Push(0, kBookFull, 0, -1);
  napi_value arguments[7];
  // Place 0 is the event loop's; -1 is the same, with the resource of the socket entered.
  const napi_async_context own = from_loop ? OwnContext() : nullptr;
  napi_create_int32(env_, own != nullptr ? -1 : static_cast<std::int32_t>(depth_), &arguments[0]);
  napi_create_int32(env_, frame_->count, &arguments[1]);
  std::size_t argument_count = 2;
  const auto give = [&](std::size_t index, napi_value value) {
    while (argument_count < index) napi_get_undefined(env_, &arguments[argument_count++]);
    arguments[argument_count++] = value;
  };
  const auto give_once = [&](std::size_t index, napi_ref reference, bool* known) {
    if (*known) return;
    napi_value value = nullptr;
    napi_get_reference_value(env_, reference, &value);
    give(index, value);
    *known = true;
  };
  give_once(2, frame_->events_reference, &frame_->known);
  if (frame_->kept.shown) give_once(3, frame_->kept.reference, &frame_->kept.known);
  if (frame_->lent.shown) give_once(4, frame_->lent.reference, &frame_->lent.known);
  if (text_length_ > kLongestText) {
    SplitText();
  } else if (text_length_ > 0) {
    give(5, Text());
  }
  if (!frame_->extras.empty()) {
    napi_value extras = nullptr;
    napi_create_array_with_length(env_, frame_->extras.size(), &extras);
    for (std::uint32_t i = 0; i < frame_->extras.size(); i++) {
      napi_set_element(env_, extras, i, frame_->extras[i]);
    }
    give(6, extras);
    frame_->extras.clear();
  }
  busy_ = true;
  frame_->count = 0;
  frame_->kept.shown = frame_->lent.shown = false;
  text_length_ = 0;

  napi_value dispatch;
  napi_value resource;
  napi_value result;
  napi_get_reference_value(env_, dispatch_, &dispatch);
  napi_get_reference_value(env_, resource_, &resource);
  depth_++;
  const napi_status status =
      from_loop ? napi_make_callback(env_, own != nullptr ? own : context_, resource, dispatch,
                                     argument_count, arguments, &result)
                : napi_call_function(env_, resource, dispatch, argument_count, arguments, &result);
  depth_--;
  // The dispatcher catches what callbacks throw; what gets here is an exhausted
  // stack or the end of a worker, which is a state and not an error.
  if (from_loop && status == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env_, &error) == napi_ok)
      napi_fatal_exception(env_, error);
  }
}

}  // namespace mnp
