// Every socket of one environment, by a small integer id. The table owns the
// descriptors; JavaScript and the hub hold ids.
//
// An id is not given out again before the wake-up in which it was closed is
// over, because events of that wake-up may still name it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "channel.h"
#include "sys/descriptor.h"
#include "sys/segmentation.h"

namespace mnp {

using Id = std::uint32_t;

// What the hub does with a socket that is ready.
enum class Mode : std::uint8_t {
  kIdle,        // nothing
  kWatched,     // reports the readiness itself
  kListening,   // accepts
  kConnecting,  // reports how the connect ended
  kReceiving,   // reads, and reports what came and when it can be written to
};

// How the bytes that the hub reads reach JavaScript.
enum class Delivery : std::uint8_t {
  kBytes,  // views that stay valid
  kText,   // strings, decoded from UTF-8
  kLent,   // views that are valid until the callback returns
};

// Whether messages have boundaries, and what a read of no bytes means.
enum class Kind : std::uint8_t {
  kStream,     // no boundaries; the end
  kPackets,    // connected, with boundaries; the end, or an empty packet
  kDatagrams,  // no connection, so no end
};

struct Socket {
  sys::Descriptor descriptor;
  std::unique_ptr<Channel> channel;  // What bytes go through, if they are not sent as they are.
  sys::Segmentation segmentation;

  Mode mode = Mode::kIdle;
  Delivery delivery = Delivery::kBytes;
  Kind kind = Kind::kStream;
  bool addressed = false;     // Unconnected: each message has a sender of its own.
  bool ancillary = false;     // Control messages are wanted too.
  std::uint8_t interest = 0;  // What JavaScript waits for …
  std::uint8_t watched = 0;   // … and what the set looks for, which may be more.
  bool counted = false;       // Keeps the event loop alive.

  bool altered = true;  // SO_LINGER may be set, or O_NONBLOCK cleared by others who have it.

  // The adaptive loops (hub.cc).
  bool hot = false;
  bool large = false;
  std::uint8_t turn = 0;
  std::uint8_t mask = 0;

  // Bytes of text that are held back until more follow.
  std::uint8_t carry_length = 0;
  std::uint8_t carry[4] = {};

  std::int32_t sender = -1;  // Of the last message, an address id.
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t messages_read = 0;  // For a stream, reads that brought something.
  std::uint64_t messages_written = 0;
};

class SocketTable {
 public:
  // Takes over the descriptor. `altered`: it may be so already, by whoever made the socket or by
  // inheritance from a listener.
  Id Add(int fd, bool altered);
  // Null for an id that is closed or never was.
  Socket* Get(Id id) {
    return id < sockets_.size() && sockets_[id].descriptor.open() ? &sockets_[id] : nullptr;
  }
  bool Owns(int fd) const;
  // The descriptor must have left the hub. Gives up the id.
  void Close(Id id);
  // The same without closing: hands the descriptor to the caller.
  int Detach(Id id);
  // Between wake-ups: closed ids may be given out again.
  void Reclaim();
  Id size() const { return static_cast<Id>(sockets_.size()); }

 private:
  void Retire(Id id);

  std::deque<Socket> sockets_;  // Never moves an element.
  std::vector<Id> retired_;
  std::vector<Id> free_;
};

}  // namespace mnp
