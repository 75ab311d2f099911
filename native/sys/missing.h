// Constants of Linux's sockets that headers lack: some are newer than those of many systems. Their
// numbers never change.
#pragma once

#include <sys/socket.h>

#ifdef __linux__
#ifndef SO_PASSPIDFD  // Since 6.5.
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif
// udplite(7): in no header.
#define UDPLITE_SEND_CSCOV 10
#define UDPLITE_RECV_CSCOV 11
#endif
