// The ceiling: a program in C that does nothing but the system calls. It is a subject like the
// others, with epoll and without a library. It has three ways of reading and sending; which is the
// fastest depends on the workload, and the benchmark takes the best.
//
//   plain    one recv or send for each event
//   drained  recv until EAGAIN
//   batched  recvmmsg and sendmmsg

#define _GNU_SOURCE
#include <poll.h>
#include <sys/epoll.h>

#include "sockets.h"

static const char *role, *transport_name, *path, *mode = "plain", *size_text = "64";
static struct transport transport;
static size_t size;
static bool drained, batched;
static char block[kLargest];
static char* room;

struct peer {
  int fd;
  double received;  // Messages, or bytes of a stream.
};

struct sender {
  union address address;
  socklen_t length;
};

static struct mmsghdr incoming[kBatch], outgoing[kBatch];
static struct iovec incoming_room[kBatch], outgoing_block[kBatch];
static struct sender senders[kBatch];

static bool IsDatagram(void) { return transport.type == SOCK_DGRAM; }

static bool Is(const char* name) { return strcmp(role, name) == 0; }

static void AwaitRoom(int fd) {
  struct pollfd wanted = {.fd = fd, .events = POLLOUT};
  poll(&wanted, 1, -1);
}

// Sends to the peer, or to the sender of a datagram. False if sending failed.
static bool SendAll(int fd, const char* data, size_t length, const struct sender* to) {
  const struct sockaddr* name = IsDatagram() && to != NULL ? &to->address.any : NULL;
  while (length > 0) {
    ssize_t sent = sendto(fd, data, length, MSG_NOSIGNAL, name, name == NULL ? 0 : to->length);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0)
      AwaitRoom(fd);
    else
      data += sent, length -= (size_t)sent;
  }
  return true;
}

static void SendNumber(struct peer* peer, const struct sender* to) {
  char number[32];
  int length = snprintf(number, sizeof number, "%.0f", peer->received);
  SendAll(peer->fd, number, (size_t)length, to);
}

// ---- roles --------------------------------------------------------------------------------------

static void SendForEver(int fd, const struct sender* to) {
  if (IsDatagram() && connect(fd, &to->address.any, to->length) < 0) Die("connect");
  if (!batched) {
    while (SendAll(fd, block, size, NULL)) continue;
    return;
  }
  for (int i = 0; i < kBatch; i++) {
    outgoing_block[i] = (struct iovec){block, size};
    outgoing[i].msg_hdr = (struct msghdr){.msg_iov = &outgoing_block[i], .msg_iovlen = 1};
  }
  while (sendmmsg(fd, outgoing, kBatch, MSG_NOSIGNAL) >= 0 || errno == EAGAIN)
    if (errno == EAGAIN) errno = 0, AwaitRoom(fd);
}

// Handles one message, or piece of a stream.
static void Handle(struct peer* peer, const char* data, size_t length, const struct sender* from) {
  if (Is("echo"))
    SendAll(peer->fd, data, length, from);
  else if (Is("source"))
    SendForEver(peer->fd, from);
  else if (Is("idle"))
    SendAll(peer->fd, "x", 1, from);
  else if (IsStream(transport))
    peer->received += (double)length;
  else if (length == 1)
    SendNumber(peer, from);
  else
    peer->received++;
}

static void End(struct peer* peer) {
  if (Is("sink") && IsStream(transport)) SendNumber(peer, NULL);
  close(peer->fd);
  free(peer);
}

static void ReadEach(struct peer* peer) {
  struct sender from;
  do {
    from.length = sizeof from.address;
    ssize_t length = IsDatagram()
                         ? recvfrom(peer->fd, room, kLargest, 0, &from.address.any, &from.length)
                         : recv(peer->fd, room, IsStream(transport) ? 4 * kLargest : kLargest, 0);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0 && !IsDatagram()) return End(peer);
    if (length > 0) Handle(peer, room, (size_t)length, &from);
  } while (drained);
}

static void ReadBatch(struct peer* peer) {
  for (int i = 0; i < kBatch; i++) {
    incoming_room[i] = (struct iovec){room + (size_t)i * kLargest, kLargest};
    incoming[i].msg_hdr = (struct msghdr){.msg_iov = &incoming_room[i], .msg_iovlen = 1};
    if (!IsDatagram()) continue;
    incoming[i].msg_hdr.msg_name = &senders[i].address;
    incoming[i].msg_hdr.msg_namelen = sizeof senders[i].address;
  }
  int messages = recvmmsg(peer->fd, incoming, kBatch, 0, NULL);
  if (messages < 0 && errno == EAGAIN) return;
  if (messages <= 0) return End(peer);
  for (int i = 0; i < messages; i++) {
    size_t length = incoming[i].msg_len;
    if (length == 0 && !IsDatagram()) return End(peer);
    senders[i].length = incoming[i].msg_hdr.msg_namelen;
    if (!Is("echo")) {
      Handle(peer, incoming_room[i].iov_base, length, &senders[i]);
      continue;
    }
    outgoing_block[i] = (struct iovec){incoming_room[i].iov_base, length};
    outgoing[i].msg_hdr = (struct msghdr){.msg_iov = &outgoing_block[i], .msg_iovlen = 1};
    if (!IsDatagram()) continue;
    outgoing[i].msg_hdr.msg_name = &senders[i].address;
    outgoing[i].msg_hdr.msg_namelen = senders[i].length;
  }
  for (int sent = 0; Is("echo") && sent < messages;) {
    int now = sendmmsg(peer->fd, outgoing + sent, (unsigned)(messages - sent), MSG_NOSIGNAL);
    if (now < 0 && errno != EAGAIN) return;
    if (now < 0)
      AwaitRoom(peer->fd);
    else
      sent += now;
  }
}

// ---- the loop -----------------------------------------------------------------------------------

static void Watch(int set, int fd) {
  struct peer* peer = calloc(1, sizeof *peer);
  peer->fd = fd;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) Die("epoll_ctl");
}

static void AcceptOne(int set, int server) {
  int fd = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  SetNoDelay(transport, fd);
  if (Is("accept") || Is("idle")) SendAll(fd, "x", 1, NULL);
  if (Is("accept"))
    close(fd);
  else
    Watch(set, fd);
}

int main(int argc, char** argv) {
  const struct setting settings[] = {{"role", &role},
                                     {"transport", &transport_name},
                                     {"path", &path},
                                     {"size", &size_text},
                                     {"mode", &mode}};
  ReadSettings(argc, argv, settings, sizeof settings / sizeof *settings);
  if (role == NULL || transport_name == NULL || path == NULL)
    Refuse("wanted", "--role, --transport and --path");
  transport = FindTransport(transport_name);
  size = (size_t)atol(size_text);
  drained = strcmp(mode, "drained") == 0;
  batched = strcmp(mode, "batched") == 0;
  memset(block, 'a', sizeof block);
  room = malloc((size_t)kBatch * kLargest);

  int server = MakeSocket(transport, SOCK_NONBLOCK);
  union address address = MakeAddress(transport, transport.family == AF_INET ? "0" : path);
  socklen_t length = AddressLength(transport);
  if (bind(server, &address.any, length) < 0) Die("bind");
  if (!IsDatagram() && listen(server, 511) < 0) Die("listen");
  if (getsockname(server, &address.any, &length) < 0) Die("getsockname");
  if (transport.family == AF_INET)
    printf("listening %d\n", ntohs(address.ipv4.sin_port));
  else
    printf("listening %s\n", path);
  fflush(stdout);

  int set = epoll_create1(EPOLL_CLOEXEC);
  struct peer* listener = NULL;
  if (IsDatagram())
    Watch(set, server);
  else {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(set, EPOLL_CTL_ADD, server, &event) < 0) Die("epoll_ctl");
  }
  struct epoll_event ready[256];
  for (;;) {
    int events = epoll_wait(set, ready, 256, -1);
    for (int i = 0; i < events; i++) {
      struct peer* peer = ready[i].data.ptr;
      if (peer == NULL)
        AcceptOne(set, server);
      else if (batched && !IsStream(transport))
        ReadBatch(peer);
      else
        ReadEach(peer);
    }
  }
}
