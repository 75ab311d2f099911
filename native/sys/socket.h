// The socket calls of the system, one function each, named after it.
//
// Every function returns what the call returns, or -errno. Descriptors are
// close-on-exec and non-blocking from birth, and no call here raises SIGPIPE.
// EINTR is taken care of; EAGAIN and EINPROGRESS are the caller's.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <vector>

#include "address.h"

namespace sys {

// One message of RecvMsg, SendMsg and their many-message forms.
struct Message {
  iovec* buffers = nullptr;
  std::size_t buffer_count = 0;
  Address* address = nullptr;  // Receiving: filled in. Sending: where to, unless null.
  void* control = nullptr;
  std::size_t control_length = 0;  // Receiving: the room there is, then what came.
  int flags = 0;                   // Receiving: MSG_TRUNC, MSG_CTRUNC, MSG_EOR …
  std::size_t length = 0;          // The many-message forms: bytes of this one.
};

int Socket(int domain, int type, int protocol);
int SocketPair(int domain, int type, int protocol, int pair[2]);

int Bind(int fd, const Address& address);
int Listen(int fd, int backlog);
// An interrupted connect goes on by itself and must not be called again, so
// EINTR is returned as EINPROGRESS.
int Connect(int fd, const Address& address);
// accept4(2) where there is one.
int Accept(int fd, Address* peer);

int GetSockName(int fd, Address* address);
int GetPeerName(int fd, Address* address);
int GetSockOpt(int fd, int level, int name, void* value, socklen_t* length);
int SetSockOpt(int fd, int level, int name, const void* value, socklen_t length);
// SO_ERROR: the pending error of the socket, which reading it clears.
int SocketError(int fd);
// Empties the error queue, which sockets with IP_RECVERR or SO_TIMESTAMPING have, of kMessages at
// most: whoever does not look into it is told of it for ever.
void DropQueuedErrors(int fd);
int Shutdown(int fd, int how);

ssize_t SendTo(int fd, const void* data, std::size_t length, int flags, const Address* address);
ssize_t SendMsg(int fd, const Message& message, int flags);
ssize_t Recv(int fd, void* data, std::size_t length, int flags);
ssize_t RecvFrom(int fd, void* data, std::size_t length, int flags, Address* address);
ssize_t RecvMsg(int fd, Message* message, int flags);
// The descriptors that a received message has brought, which are the caller's: those that its
// sender has sent, or, with SO_PASSPIDFD, the one of its sender's process.
#ifdef __linux__
constexpr int kProcessDescriptor = 4;  // SCM_PIDFD, which is newer than many a system's headers.
#else
constexpr int kProcessDescriptor = -1;  // There is none.
#endif
std::vector<int> DescriptorsOf(const Message& message, int type = SCM_RIGHTS);

// At most kMessages messages by one call where the system has sendmmsg(2) and
// recvmmsg(2), one call each elsewhere. They return how many went or came.
constexpr std::size_t kMessages = 64;
int SendMMsg(int fd, Message* messages, std::size_t count, int flags);
int RecvMMsg(int fd, Message* messages, std::size_t count, int flags);
// SendMMsg for messages in one piece each, and to one address unless it is null.
int SendMany(int fd, iovec* messages, std::size_t count, int flags, Address* address);

// Makes a descriptor that came from elsewhere like one that was born here.
// ENOTSOCK for one that is no socket.
int Adopt(int fd);
// Another descriptor of the same file, close-on-exec too.
int Duplicate(int fd);
// The sockets that launchd holds for us under a name, which it gives once and
// whose owner is the caller. ENOSYS where there is no launchd.
int LaunchActivateSocket(const char* name, std::vector<int>* fds);
// Bytes that were sent and not yet acknowledged (SIOCOUTQ, SO_NWRITE).
int Unsent(int fd);
// Whether the peer has ended its sending half. A read of no bytes is an empty
// record while it has not, and may be the end when it has.
bool PeerHasEnded(int fd);
// Whether a record is waiting, of no bytes perhaps, and not the end: 1 or 0, or
// -errno where the kernel does not let them be told apart.
int HoldsRecord(int fd);

// A pair of connected descriptors for waking up a thread: [read, write].
int Pipe(int pair[2]);

}  // namespace sys
