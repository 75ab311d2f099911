// Constants of Linux's sockets that are newer than many systems' headers. Their numbers never
// change.
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
#endif
