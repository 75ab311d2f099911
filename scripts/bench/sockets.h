// What the driver and the reference share: the transports by name, their addresses, command-line
// options, and exiting with an error. It knows no workload and no role.

#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  kLargest = 65536,  // The longest message.
  kBatch = 64,       // Messages per recvmmsg or sendmmsg.
};

struct transport {
  const char* name;
  int family, type;
};

static const struct transport kTransports[] = {
    {"udp", AF_INET, SOCK_DGRAM},           {"tcp", AF_INET, SOCK_STREAM},
    {"local-stream", AF_UNIX, SOCK_STREAM}, {"local-datagram", AF_UNIX, SOCK_DGRAM},
    {"seqpacket", AF_UNIX, SOCK_SEQPACKET},
};

union address {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_un local;
};

static _Noreturn void Die(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static _Noreturn void Refuse(const char* what, const char* value) {
  fprintf(stderr, "%s: %s\n", what, value);
  exit(2);
}

static struct transport FindTransport(const char* name) {
  for (size_t i = 0; i < sizeof kTransports / sizeof *kTransports; i++)
    if (strcmp(kTransports[i].name, name) == 0) return kTransports[i];
  Refuse("no such transport", name);
}

// `where` is a port of the loopback address, or a path.
static union address MakeAddress(struct transport transport, const char* where) {
  union address address = {.any = {.sa_family = (sa_family_t)transport.family}};
  if (transport.family == AF_INET) {
    address.ipv4.sin_port = htons((uint16_t)atoi(where));
    address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    if (strlen(where) >= sizeof address.local.sun_path) Refuse("path is too long", where);
    strcpy(address.local.sun_path, where);
  }
  return address;
}

static socklen_t AddressLength(struct transport transport) {
  return transport.family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_un);
}

static int MakeSocket(struct transport transport, int flags) {
  int fd = socket(transport.family, transport.type | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) Die("socket");
  return fd;
}

static void SetNoDelay(struct transport transport, int fd) {
  int on = 1;
  if (transport.family == AF_INET && transport.type == SOCK_STREAM)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static bool IsStream(struct transport transport) { return transport.type == SOCK_STREAM; }

// A command line consists of `--name value` only.
struct setting {
  const char* name;
  const char** value;
};

static void ReadSettings(int argc, char** argv, const struct setting* settings, int count) {
  for (int i = 1; i < argc; i += 2) {
    int known = 0;
    while (known < count &&
           (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, settings[known].name) != 0))
      known++;
    if (known == count) Refuse("unknown option", argv[i]);
    if (i + 1 == argc) Refuse("option without a value", argv[i]);
    *settings[known].value = argv[i + 1];
  }
}
