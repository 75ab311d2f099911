// The socket calls of the system, one function each, named after it.
//
// Every function returns what the call returns, or -errno. Descriptors are
// close-on-exec and non-blocking from the start, and no call here raises SIGPIPE.
// EINTR is handled here; EAGAIN and EINPROGRESS are left to the caller.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <vector>

#include "address.h"
#include "missing.h"

namespace sys {

// One message of RecvMsg, SendMsg and their many-message forms.
struct Message {
  iovec* buffers = nullptr;
  std::size_t buffer_count = 0;
  Address* address = nullptr;  // Receiving: filled in. Sending: where to, unless null.
  void* control = nullptr;
  std::size_t control_length = 0;  // Receiving: the room there is, then the length received.
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
// Other programs that have the socket may have made it blocking for all, as Node does with a
// child's standard input.
int MakeNonblocking(int fd);
// accept4(2) where there is one.
int Accept(int fd, Address* peer);

int GetSockName(int fd, Address* address);
int GetPeerName(int fd, Address* address);
int GetSockOpt(int fd, int level, int name, void* value, socklen_t* length);
int SetSockOpt(int fd, int level, int name, const void* value, socklen_t length);
// An option that is a program of classic BPF: so many struct sock_filter. ENOPROTOOPT where there
// is none.
int SetSockOptProgram(int fd, int level, int name, const void* instructions, std::size_t count);
// SO_ERROR: the pending error of the socket, which reading it clears.
int SocketError(int fd);
// Drops what is in the error queue, kMessages at most. Sockets with IP_RECVERR or SO_TIMESTAMPING
// have one, and are reported as failed until it is empty.
void DropQueuedErrors(int fd);
int Shutdown(int fd, int how);

ssize_t SendTo(int fd, const void* data, std::size_t length, int flags, const Address* address);
ssize_t SendMsg(int fd, const Message& message, int flags);
ssize_t Recv(int fd, void* data, std::size_t length, int flags);
ssize_t RecvFrom(int fd, void* data, std::size_t length, int flags, Address* address);
ssize_t RecvMsg(int fd, Message* message, int flags);
// The descriptors in a received message, which the caller owns: those that the sender has passed
// or, for kProcessDescriptor (SO_PASSPIDFD), the one of the sender's process.
#ifdef SCM_PIDFD
constexpr int kProcessDescriptor = SCM_PIDFD;
#else
constexpr int kProcessDescriptor = -1;  // There is none.
#endif
std::vector<int> DescriptorsOf(const Message& message, int type = SCM_RIGHTS);

// At most kMessages messages, by one call where the system has sendmmsg(2) and
// recvmmsg(2), elsewhere by one call each. They return how many were sent or received.
constexpr std::size_t kMessages = 64;
int SendMMsg(int fd, Message* messages, std::size_t count, int flags);
int RecvMMsg(int fd, Message* messages, std::size_t count, int flags);
// SendMMsg for messages of one buffer each, all to one address unless it is null.
int SendMany(int fd, iovec* messages, std::size_t count, int flags, Address* address);

// Sets up a descriptor from elsewhere like one that was made here. ENOTSOCK if it is
// not a socket.
int Adopt(int fd);
// Another descriptor of the same file, close-on-exec too.
int Duplicate(int fd);
// The sockets that launchd holds for this program under a name. It gives them once,
// and the caller owns them. ENOSYS where there is no launchd.
int LaunchActivateSocket(const char* name, std::vector<int>* fds);
// Bytes that were sent and not yet acknowledged (SIOCOUTQ, SO_NWRITE).
int Unsent(int fd);
// Whether the peer has ended its sending half. A read of no bytes is an empty
// record if it has not, and may be the end if it has.
bool PeerHasEnded(int fd);
// Whether the receiving half is shut down, which only Linux says of a datagram socket.
bool IsShutDown(int fd);
// Whether a record, perhaps an empty one, is waiting and not the end: 1 or 0, or
// -errno where the kernel does not let them be told apart.
int HoldsRecord(int fd);

// A pair of connected descriptors for waking up a thread: [read, write].
int Pipe(int pair[2]);

}  // namespace sys
