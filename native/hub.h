// All sockets of one environment in its event loop.
//
// One uv_poll_t watches one kernel set (epoll, kqueue) that holds every socket
// and the resolver. A wake-up collects what is ready, reads it, and makes one
// call into JavaScript that carries every message of every socket: quads of
// (id, length or event, offset, address id) in an Int32Array, over one slab of
// bytes and one string. Waiting without the loop (Wait) does the same.
//
// It knows ids, bytes and readiness, but no names and no policy. It runs only on
// the thread of its environment.
#pragma once

#include <napi.h>
#include <uv.h>

#include <deque>
#include <memory>
#include <vector>

#include "address_book.h"
#include "resolver.h"
#include "socket_table.h"
#include "sys/readiness.h"
#include "transit.h"

namespace mnp {

// What a quad's second number means when it is negative. lib/socket/hub.ts has
// the same list.
enum Event : std::int32_t {
  kEnd = -1,       // the peer has ended its half
  kWritable = -2,  // there is room to send
  kFailed = -3,    // offset: errno
  kAccepted = -4,  // offset: the peer's address, its length << kLengthShift; address: the new id
  kAcceptFailed = -5,  // offset: errno; the listener has left the set
  kConnected = -6,     // offset: errno, or 0
  kReady = -7,         // offset: the interest that is ready
  kLookedUp = -8,      // id: the request; offset: the answer's index in the extras
  kTruncated = -9,     // offset: the full length of the message before
  kAncillary = -10,    // offset: ~index of the next message's control messages; address: its flags
  kBookFull = -11,     // many addresses have come: time for AddressBook::Retain
};
// Bits in the length of a message: it is text, or lent bytes.
constexpr std::int32_t kTextBit = 1 << 30;
constexpr std::int32_t kLentBit = 1 << 29;
// An offset in a slab fits below this bit, and the length of an address above it.
constexpr int kLengthShift = 20;

class Hub {
 public:
  explicit Hub(napi_env env) : env_(env) {}
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Begins to watch. Returns 0 or -errno (libuv's errors are such numbers too).
  [[nodiscard]] int Open();
  // Closes everything; the hub may be freed when `closed` is called.
  void Close(void (*closed)(void*), void* argument);
  void SetDispatch(Napi::Function dispatch);
  // From now on a wake-up brings at most one message, from the next descriptor after
  // that of the last message, and an empty dispatch says that no input is left.
  void TakeTurns() { in_turns_ = true; }
  // In turns: an empty dispatch is wanted although none is due, because something is to be
  // told when nothing is left.
  void HaveNews() { busy_ = true; }

  SocketTable& sockets() { return sockets_; }
  AddressBook& addresses() { return addresses_; }
  Transit& transit() { return transit_; }

  [[nodiscard]] int SetInterest(Id id, std::uint8_t interest);
  // Whether the socket keeps the loop alive.
  void SetCounted(Id id, bool counted);
  // From now on a wake-up with something for this socket alone is delivered under this resource of
  // async_hooks, at no cost; otherwise JavaScript enters the resource of each socket.
  void SetResource(Id id, napi_value resource);
  // Removes the socket from everything that may still name it, before close(2).
  void Forget(Id id);
  [[nodiscard]] int StartLookUp(const sys::Query& query, std::uint32_t* request);

  // Waits for at most `timeout` milliseconds (-1: no limit) and dispatches what
  // there is, on the caller's stack; with `only`, for that socket alone. Returns
  // the number of events.
  int Wait(int timeout, const Id* only);

 private:
  // Memory that JavaScript owns; sockets are read into it from `used` on.
  struct Slab {
    napi_ref reference = nullptr;  // An ArrayBuffer.
    std::uint8_t* data = nullptr;
    std::size_t size = 0;
    std::size_t used = 0;
    bool shown = false;  // An event of this frame points into it.
    bool known = false;  // JavaScript has been given it.

    std::size_t room() const { return size - used; }
    std::uint8_t* end() const { return data + used; }
  };
  // What one dispatch owns. A nested wait uses the next frame.
  struct Frame {
    napi_ref events_reference = nullptr;
    bool known = false;  // JavaScript has been given the events.
    std::int32_t* events = nullptr;
    std::int32_t count = 0;
    Slab kept;
    Slab lent;
    std::vector<napi_value> extras;
  };

  static void OnPoll(uv_poll_t* poll, int status, int events);

  void Reclaim();
  bool EnterFrame();
  Frame* AddFrame();
  bool Round();
  bool ExpectsAnswer();
  bool Collect(int timeout);
  void Guess();
  int Turn(int timeout, bool from_loop);
  void EndTurn(int read, bool from_loop);
  bool IsConnecting(Id id);
  void EmitWhenIdle(bool from_loop);
  bool Handle(const sys::Ready& ready);
  [[nodiscard]] int Watch(Id id, Socket* socket, std::uint8_t interest);
  bool HasRoom(const Socket& socket);
  bool IsGone(const Slab& slab);
  bool RenewSlab(Slab* slab, std::size_t size);

  void AcceptFrom(Id id, Socket* socket);
  void Read(Id id, Socket* socket, bool ended);
  ssize_t ReadScratch(Id id, Socket* socket, std::size_t* length);
  ssize_t ReadText(Id id, Socket* socket);
  ssize_t ReadSmall(Id id, Socket* socket);
  ssize_t ReadLarge(Id id, Socket* socket);
  ssize_t Receive(Id id, Socket* socket, iovec* buffers, std::size_t count);
  ssize_t ReceiveMessage(Id id, Socket* socket, iovec* buffers, std::size_t count, int flags);
  bool HasEnded(const Socket& socket);
  void SilenceErrors(Id id, Socket* socket);
  void NoteSender(Socket* socket, const sys::Address& sender);
  void ShowText(Id id, const Socket& socket, std::size_t length);
  void ShowSlab(Id id, const Socket& socket, std::size_t length);
  void ShowBuffer(Id id, const Socket& socket, const std::uint8_t* first, std::size_t first_length,
                  const std::uint8_t* rest, std::size_t rest_length);
  void End(Id id, Socket* socket);
  void TakeLookUps();

  void Push(Id id, std::int32_t what, std::int32_t offset, std::int32_t address);
  std::int32_t AddExtra(napi_value value);
  Slab* SlabOf(const Socket& socket);
  std::uint8_t* ScratchEnd() { return scratch_.get() + text_length_; }
  std::size_t ScratchRoom() const;
  napi_value Text();
  void SplitText();
  char16_t* Units(std::size_t count);
  template <class Use>
  void ForEachText(Use use);
  napi_async_context OwnContext();
  void DropContext(Id id);
  void Emit(bool from_loop);

  napi_env env_;
  sys::ReadinessSet set_;
  SocketTable sockets_;
  AddressBook addresses_;
  Transit transit_;
  Resolver resolver_;

  uv_poll_t poll_ = {};
  napi_ref dispatch_ = nullptr;
  napi_ref resource_ = nullptr;
  napi_async_context context_ = nullptr;
  std::vector<napi_async_context> contexts_;  // By id; null for most.
  int counted_ = 0;
  void (*closed_)(void*) = nullptr;
  void* closed_argument_ = nullptr;

  std::deque<Frame> frames_;
  std::size_t depth_ = 0;   // Dispatches under way.
  Frame* frame_ = nullptr;  // That of the next dispatch.

  sys::Ready ready_[256];
  int ready_count_ = 0;
  int cursor_ = 0;

  // Small messages and all text are read here first; no message is larger.
  std::unique_ptr<std::uint8_t[]> scratch_;
  std::size_t text_length_ = 0;
  std::vector<char16_t> units_;

  // While it is always the same socket that is ready, it is read before the set is asked.
  Id favourite_ = 0;
  unsigned streak_ = 0;
  unsigned turn_ = 0;
  int unanswered_ = 0;  // How often in a row no answer was there …
  unsigned skip_ = 0;   // … and how often not to look for one.

  bool empty_is_record_ = false;  // The next read is known not to be the end.
  std::size_t asked_ = 0;         // How many bytes of a stream the last read asked for.

  bool in_turns_ = false;
  bool busy_ = false;   // A message or news came since the last empty dispatch.
  int read_ = -1;       // The descriptor that this wake-up's message came from.
  int last_read_ = -1;  // The descriptor that the last turn's message came from.
};

}  // namespace mnp
