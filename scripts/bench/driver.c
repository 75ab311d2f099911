// The load driver: it puts one workload on one subject, a process that listens, and prints what it
// measured as a line of JSON. It is the same for every subject, and in C, so that it is never the
// bottleneck. It needs only the subject's address and its process id, by which it reads the CPU
// time from /proc.
//
// A subject answers a message of the one byte `?` with the number of messages that it has received
// so far, and starts to send at a message of the one byte `!`. Every message is accounted for: a
// lost one ends the measurement.

#define _GNU_SOURCE
#include <dirent.h>
#include <linux/sock_diag.h>
#include <sys/epoll.h>
#include <time.h>

#include "sockets.h"

static const char *workload_name, *transport_name, *where, *fill = "a";
static const char *pid_text, *size_text = "64", *count_text = "1";
static const char *warm_up_text = "200", *measure_text = "300";

static struct transport transport;
static size_t size;  // Of a message.
static int count;    // Messages in flight, or connections.
static char block[kLargest];
static char* room;  // kBatch messages.

// ---- the measured window ------------------------------------------------------------------------

// Opens when the warm-up is over, and closes after the time to measure. At both edges the messages
// so far are counted and the subject's CPU time is read.
static struct {
  double opens, lasts;  // In seconds: by the monotonic clock, and a duration.
  bool open;
  double began, seconds, cpu, own_cpu, messages;
} window;

static double Seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double Now(void) { return Seconds(CLOCK_MONOTONIC); }

// The CPU time of all threads of the subject, in seconds.
static double SubjectCpu(void) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/task", pid_text);
  DIR* tasks = opendir(path);
  if (tasks == NULL) Die(path);
  double nanoseconds = 0;
  for (struct dirent* task; (task = readdir(tasks)) != NULL;) {
    if (task->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%s/task/%.20s/schedstat", pid_text, task->d_name);
    FILE* file = fopen(path, "r");
    if (file == NULL) continue;  // The thread has ended since.
    double running;
    if (fscanf(file, "%lf", &running) == 1) nanoseconds += running;
    fclose(file);
  }
  closedir(tasks);
  return nanoseconds * 1e-9;
}

// In bytes.
static double SubjectMemory(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/statm", pid_text);
  FILE* file = fopen(path, "r");
  double pages;
  if (file == NULL || fscanf(file, "%*s %lf", &pages) != 1) Die(path);
  fclose(file);
  return pages * (double)sysconf(_SC_PAGESIZE);
}

// Whether it is time to open or close the window. Reads the clock only every eighth time.
static bool EdgeIsDue(void) {
  static unsigned calls;
  if (++calls % 8 != 0) return false;
  return Now() >= (window.open ? window.began + window.lasts : window.opens);
}

// Opens or closes the window; true when all is measured.
static bool Edge(double messages) {
  double now = Now(), cpu = SubjectCpu(), own_cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  if (window.open) {
    window.seconds = now - window.began;
    window.cpu = cpu - window.cpu;
    window.own_cpu = own_cpu - window.own_cpu;
    window.messages = messages - window.messages;
    return true;
  }
  window.open = true;
  window.began = now;
  window.cpu = cpu;
  window.own_cpu = own_cpu;
  window.messages = messages;
  return false;
}

// ---- sockets ------------------------------------------------------------------------------------

// A socket that the subject can answer to. Its time-outs are longer than any subject should need.
static int Open(void) {
  int fd = MakeSocket(transport, 0);
  SetNoDelay(transport, fd);
  if (transport.type == SOCK_DGRAM && transport.family == AF_INET) {
    int space = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &space, sizeof space);
  } else if (transport.type == SOCK_DGRAM) {
    char own[sizeof(((struct sockaddr_un*)NULL)->sun_path)];
    snprintf(own, sizeof own, "%s.driver", where);
    union address address = MakeAddress(transport, own);
    if (bind(fd, &address.any, sizeof address.local) < 0) Die("bind");
  }
  struct timeval patience = {.tv_sec = 3};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return fd;
}

static int Connect(void) {
  int fd = Open();
  union address address = MakeAddress(transport, where);
  if (connect(fd, &address.any, AddressLength(transport)) < 0) Die("connect");
  return fd;
}

static void Send(int fd, size_t length) {
  if (send(fd, block, length, MSG_NOSIGNAL) != (ssize_t)length) Die("send");
}

static void Receive(int fd, size_t length) {
  ssize_t received =
      IsStream(transport) ? recv(fd, room, length, MSG_WAITALL) : recv(fd, room, kLargest, 0);
  if (received < 0) Die("recv");
  if ((size_t)received != length) Refuse("a message has another length", transport_name);
}

static struct mmsghdr incoming[kBatch], outgoing[kBatch];
static struct iovec incoming_room[kBatch], outgoing_block;

static void PrepareBatches(void) {
  outgoing_block = (struct iovec){block, size};
  for (int i = 0; i < kBatch; i++) {
    incoming_room[i] = (struct iovec){room + (size_t)i * kLargest, kLargest};
    incoming[i].msg_hdr = (struct msghdr){.msg_iov = &incoming_room[i], .msg_iovlen = 1};
    outgoing[i].msg_hdr = (struct msghdr){.msg_iov = &outgoing_block, .msg_iovlen = 1};
  }
}

static int ReceiveMany(int fd) {
  int messages = recvmmsg(fd, incoming, kBatch, MSG_WAITFORONE, NULL);
  if (messages <= 0) Die("recvmmsg");
  for (int i = 0; i < messages; i++)
    if (incoming[i].msg_len != size) Refuse("a message has another length", transport_name);
  return messages;
}

static void SendMany(int fd, int messages) {
  for (int sent = 0; sent < messages;) {
    int now = sendmmsg(fd, outgoing, (unsigned)(messages - sent), MSG_NOSIGNAL);
    if (now <= 0) Die("sendmmsg");
    sent += now;
  }
}

// How many messages the subject has received. It answers in order, so by then it has received all
// that was sent before.
static long Ask(int fd) {
  char answer[32];
  if (send(fd, "?", 1, MSG_NOSIGNAL) < 0) Die("send");
  ssize_t length = recv(fd, answer, sizeof answer - 1, 0);
  if (length <= 0) Die("no answer");
  answer[length] = '\0';
  return atol(answer);
}

// How many datagrams a UDP socket has dropped because it was full.
static double Dropped(int fd) {
  __u32 memory[SK_MEMINFO_VARS];
  socklen_t length = sizeof memory;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) Die("SO_MEMINFO");
  return memory[SK_MEMINFO_DROPS];
}

// ---- workloads ----------------------------------------------------------------------------------

// The subject sends back what it receives, with `count` messages in flight.
static void Echo(void) {
  int fd = Connect();
  double messages = 0;
  if (count == 1) {
    do {
      Send(fd, size);
      Receive(fd, size);
      messages++;
    } while (!EdgeIsDue() || !Edge(messages));
  } else if (IsStream(transport)) {
    for (int i = 0; i < count; i++) Send(fd, size);
    do {
      ssize_t received = recv(fd, room, kLargest, 0);
      if (received <= 0) Die("recv");
      Send(fd, (size_t)received);
      messages += (double)received / (double)size;
    } while (!EdgeIsDue() || !Edge(messages));
  } else {
    SendMany(fd, count);
    do {
      int received = ReceiveMany(fd);
      SendMany(fd, received);
      messages += received;
    } while (!EdgeIsDue() || !Edge(messages));
  }
}

// The same over `count` connections, one message in flight on each.
static void Connections(void) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ready[256];
  for (int i = 0; i < count; i++) {
    int fd = Connect();
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) Die("epoll_ctl");
    Send(fd, size);
  }
  double messages = 0;
  do {
    int events = epoll_wait(set, ready, 256, 3000);
    if (events <= 0) Die("no echo");
    for (int i = 0; i < events; i++) {
      Receive(ready[i].data.fd, size);
      Send(ready[i].data.fd, size);
    }
    messages += events;
  } while (!EdgeIsDue() || !Edge(messages));
}

// The subject receives as fast as it can. The kernel drops UDP datagrams that find no room, so they
// are sent in bursts that fit, each of which is confirmed.
static void ReceiveMessages(void) {
  int fd = Connect();
  int together = size > 8192 ? 4 : 32;
  bool bursts = transport.family == AF_INET;
  long sent = 0;
  for (;;) {
    SendMany(fd, together);
    sent += together;
    bool due = EdgeIsDue();
    if (!due && !(bursts && sent % kBatch == 0)) continue;
    long received = Ask(fd);
    if (received != sent) {
      fprintf(stderr, "of %ld messages %ld were received\n", sent, received);
      exit(1);
    }
    if (due && Edge((double)received)) return;
  }
}

// A stream has no messages to ask with: at its end the subject says how many bytes it received.
static void ReceiveStream(void) {
  int fd = Connect();
  double messages = 0;
  do {
    Send(fd, size);
    messages++;
  } while (!EdgeIsDue() || !Edge(messages));
  if (shutdown(fd, SHUT_WR) < 0) Die("shutdown");
  char answer[32];
  ssize_t length = recv(fd, answer, sizeof answer - 1, 0);
  if (length <= 0) Die("no answer");
  answer[length] = '\0';
  if (strcmp(fill, "a") == 0 && atof(answer) != messages * (double)size)
    Refuse("not all was received, but", answer);
}

// The subject sends as fast as it can. It may send datagrams from another socket, which a connected
// one would refuse.
static void SendMessages(void) {
  bool drops = transport.family == AF_INET;
  int fd;
  if (transport.type == SOCK_DGRAM) {
    fd = Open();
    union address address = MakeAddress(transport, where);
    if (sendto(fd, "!", 1, 0, &address.any, AddressLength(transport)) < 0) Die("sendto");
  } else {
    fd = Connect();
    Send(fd, 1);
  }
  double messages = 0;
  do {
    messages += ReceiveMany(fd);
  } while (!EdgeIsDue() || !Edge(messages + (drops ? Dropped(fd) : 0)));
}

static void SendStream(void) {
  int fd = Connect();
  Send(fd, 1);
  double bytes = 0;
  do {
    ssize_t received = recv(fd, room, 4 * kLargest, 0);
    if (received <= 0) Die("recv");
    bytes += (double)received;
  } while (!EdgeIsDue() || !Edge(bytes / (double)size));
}

// The subject accepts a connection, sends one byte and closes it, again and again.
static void Accept(void) {
  double messages = 0;
  do {
    int fd = Connect();
    if (recv(fd, room, 2, MSG_WAITALL) != 1) Die("recv");
    close(fd);
    messages++;
  } while (!EdgeIsDue() || !Edge(messages));
}

// `count` connections that do nothing; the subject sends one byte on each, and answers a message
// when it has collected its garbage. The first hundredth of them is not measured, because code is
// loaded and compiled for it.
static void Idle(void) {
  int first = -1, early = count / 100;
  double before = 0;
  for (int i = 0; i < count; i++) {
    int fd = Connect();
    if (first < 0) first = fd;
    if (recv(fd, room, 1, 0) != 1) Die("recv");
    if (i + 1 == early || i + 1 == count) {
      Send(first, 1);
      if (recv(first, room, 1, 0) != 1) Die("recv");
      double memory = SubjectMemory();
      if (i + 1 == count) printf("{\"bytes\":%.0f}\n", (memory - before) / (count - early));
      before = memory;
    }
  }
}

static const struct workload {
  const char* name;
  void (*messages)(void), (*stream)(void);
} kWorkloads[] = {
    {"echo", Echo, Echo},
    {"connections", Connections, Connections},
    {"receive", ReceiveMessages, ReceiveStream},
    {"send", SendMessages, SendStream},
    {"accept", Accept, Accept},
    {"idle", Idle, Idle},
};

int main(int argc, char** argv) {
  const struct setting settings[] = {
      {"workload", &workload_name},
      {"transport", &transport_name},
      {"address", &where},
      {"pid", &pid_text},
      {"size", &size_text},
      {"count", &count_text},
      {"fill", &fill},
      {"warm-up", &warm_up_text},
      {"measure", &measure_text},
  };
  ReadSettings(argc, argv, settings, sizeof settings / sizeof *settings);
  if (workload_name == NULL || transport_name == NULL || where == NULL || pid_text == NULL)
    Refuse("wanted", "--workload, --transport, --address and --pid");

  transport = FindTransport(transport_name);
  size = (size_t)atol(size_text);
  count = atoi(count_text);
  if (size < 2 || size > kLargest) Refuse("no such size", size_text);
  if (count < 1) Refuse("no such count", count_text);
  for (size_t i = 0; i < size; i++) block[i] = fill[i % strlen(fill)];
  room = malloc((size_t)kBatch * kLargest);
  memset(room, 0, (size_t)kBatch * kLargest);
  PrepareBatches();

  window.opens = Now() + atof(warm_up_text) / 1000;
  window.lasts = atof(measure_text) / 1000;
  for (size_t i = 0; i < sizeof kWorkloads / sizeof *kWorkloads; i++) {
    if (strcmp(kWorkloads[i].name, workload_name) != 0) continue;
    (IsStream(transport) ? kWorkloads[i].stream : kWorkloads[i].messages)();
    if (window.open)
      printf("{\"messages\":%.0f,\"seconds\":%.6f,\"cpu\":%.6f,\"busy\":%.4f}\n", window.messages,
             window.seconds, window.cpu, (window.cpu + window.own_cpu) / window.seconds);
    return 0;
  }
  Refuse("no such workload", workload_name);
}
