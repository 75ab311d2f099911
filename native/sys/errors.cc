// Each system has its list of names. They are not guarded one by one: in ten years
// neither system has lost any, and only Darwin has gained one.
#include "errors.h"

#include <netdb.h>

#include <cerrno>
#include <iterator>

namespace sys {
namespace {

#define NAMED(error) \
  { #error, error }

// EWOULDBLOCK is EAGAIN everywhere. EOPNOTSUPP and EDEADLOCK have numbers of their
// own on some systems only.
static_assert(EWOULDBLOCK == EAGAIN);
constexpr Constant kErrors[] = {
    NAMED(E2BIG),
    NAMED(EACCES),
    NAMED(EADDRINUSE),
    NAMED(EADDRNOTAVAIL),
    NAMED(EAFNOSUPPORT),
    NAMED(EAGAIN),
    NAMED(EALREADY),
    NAMED(EBADF),
    NAMED(EBADMSG),
    NAMED(EBUSY),
    NAMED(ECANCELED),
    NAMED(ECHILD),
    NAMED(ECONNABORTED),
    NAMED(ECONNREFUSED),
    NAMED(ECONNRESET),
    NAMED(EDEADLK),
    NAMED(EDESTADDRREQ),
    NAMED(EDOM),
    NAMED(EDQUOT),
    NAMED(EEXIST),
    NAMED(EFAULT),
    NAMED(EFBIG),
    NAMED(EHOSTDOWN),
    NAMED(EHOSTUNREACH),
    NAMED(EIDRM),
    NAMED(EILSEQ),
    NAMED(EINPROGRESS),
    NAMED(EINTR),
    NAMED(EINVAL),
    NAMED(EIO),
    NAMED(EISCONN),
    NAMED(EISDIR),
    NAMED(ELOOP),
    NAMED(EMFILE),
    NAMED(EMLINK),
    NAMED(EMSGSIZE),
    NAMED(EMULTIHOP),
    NAMED(ENAMETOOLONG),
    NAMED(ENETDOWN),
    NAMED(ENETRESET),
    NAMED(ENETUNREACH),
    NAMED(ENFILE),
    NAMED(ENOBUFS),
    NAMED(ENODATA),
    NAMED(ENODEV),
    NAMED(ENOENT),
    NAMED(ENOEXEC),
    NAMED(ENOLCK),
    NAMED(ENOLINK),
    NAMED(ENOMEM),
    NAMED(ENOMSG),
    NAMED(ENOPROTOOPT),
    NAMED(ENOSPC),
    NAMED(ENOSR),
    NAMED(ENOSTR),
    NAMED(ENOSYS),
    NAMED(ENOTBLK),
    NAMED(ENOTCONN),
    NAMED(ENOTDIR),
    NAMED(ENOTEMPTY),
    NAMED(ENOTRECOVERABLE),
    NAMED(ENOTSOCK),
    NAMED(ENOTSUP),
    NAMED(ENOTTY),
    NAMED(ENXIO),
    NAMED(EOVERFLOW),
    NAMED(EOWNERDEAD),
    NAMED(EPERM),
    NAMED(EPFNOSUPPORT),
    NAMED(EPIPE),
    NAMED(EPROTO),
    NAMED(EPROTONOSUPPORT),
    NAMED(EPROTOTYPE),
    NAMED(ERANGE),
    NAMED(EREMOTE),
    NAMED(EROFS),
    NAMED(ESHUTDOWN),
    NAMED(ESOCKTNOSUPPORT),
    NAMED(ESPIPE),
    NAMED(ESRCH),
    NAMED(ESTALE),
    NAMED(ETIME),
    NAMED(ETIMEDOUT),
    NAMED(ETOOMANYREFS),
    NAMED(ETXTBSY),
    NAMED(EUSERS),
    NAMED(EXDEV),
#if EOPNOTSUPP != ENOTSUP
    NAMED(EOPNOTSUPP),
#endif
#ifdef __linux__
    NAMED(EADV),
    NAMED(EBADE),
    NAMED(EBADFD),
    NAMED(EBADR),
    NAMED(EBADRQC),
    NAMED(EBADSLT),
    NAMED(EBFONT),
    NAMED(ECHRNG),
    NAMED(ECOMM),
    NAMED(EDOTDOT),
    NAMED(EHWPOISON),
    NAMED(EISNAM),
    NAMED(EKEYEXPIRED),
    NAMED(EKEYREJECTED),
    NAMED(EKEYREVOKED),
    NAMED(EL2HLT),
    NAMED(EL2NSYNC),
    NAMED(EL3HLT),
    NAMED(EL3RST),
    NAMED(ELIBACC),
    NAMED(ELIBBAD),
    NAMED(ELIBEXEC),
    NAMED(ELIBMAX),
    NAMED(ELIBSCN),
    NAMED(ELNRNG),
    NAMED(EMEDIUMTYPE),
    NAMED(ENAVAIL),
    NAMED(ENOANO),
    NAMED(ENOCSI),
    NAMED(ENOKEY),
    NAMED(ENOMEDIUM),
    NAMED(ENONET),
    NAMED(ENOPKG),
    NAMED(ENOTNAM),
    NAMED(ENOTUNIQ),
    NAMED(EREMCHG),
    NAMED(EREMOTEIO),
    NAMED(ERESTART),
    NAMED(ERFKILL),
    NAMED(ESRMNT),
    NAMED(ESTRPIPE),
    NAMED(EUCLEAN),
    NAMED(EUNATCH),
    NAMED(EXFULL),
#if EDEADLOCK != EDEADLK
    NAMED(EDEADLOCK),
#endif
#endif
#ifdef __APPLE__
    NAMED(EAUTH),
    NAMED(EBADARCH),
    NAMED(EBADEXEC),
    NAMED(EBADMACHO),
    NAMED(EBADRPC),
    NAMED(EDEVERR),
    NAMED(EFTYPE),
    NAMED(ENEEDAUTH),
    NAMED(ENOATTR),
    NAMED(ENOPOLICY),
    NAMED(EPROCLIM),
    NAMED(EPROCUNAVAIL),
    NAMED(EPROGMISMATCH),
    NAMED(EPROGUNAVAIL),
    NAMED(EPWROFF),
    NAMED(EQFULL),
    NAMED(ERPCMISMATCH),
    NAMED(ESHLIBVERS),
#ifdef ENOTCAPABLE
    NAMED(ENOTCAPABLE),
#endif
#endif
};

#undef NAMED

}  // namespace

ConstantList ErrorNames() { return {kErrors, std::size(kErrors)}; }

AddressInfoError AddressInfoErrorName(int eai) {
  switch (eai) {
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
      return {"EAI_ADDRFAMILY", -3000};
#endif
    case EAI_AGAIN:
      return {"EAI_AGAIN", -3001};
    case EAI_BADFLAGS:
      return {"EAI_BADFLAGS", -3002};
#ifdef EAI_CANCELED
    case EAI_CANCELED:
      return {"EAI_CANCELED", -3003};
#endif
    case EAI_FAIL:
      return {"EAI_FAIL", -3004};
    case EAI_FAMILY:
      return {"EAI_FAMILY", -3005};
    case EAI_MEMORY:
      return {"EAI_MEMORY", -3006};
#ifdef EAI_NODATA
    case EAI_NODATA:
      return {"ENOTFOUND", -3007};
#endif
    case EAI_NONAME:
      return {"ENOTFOUND", -3008};
    case EAI_OVERFLOW:
      return {"EAI_OVERFLOW", -3009};
    case EAI_SERVICE:
      return {"EAI_SERVICE", -3010};
    case EAI_SOCKTYPE:
      return {"EAI_SOCKTYPE", -3011};
#ifdef EAI_BADHINTS
    case EAI_BADHINTS:
      return {"EAI_BADHINTS", -3013};
#endif
#ifdef EAI_PROTOCOL
    case EAI_PROTOCOL:
      return {"EAI_PROTOCOL", -3014};
#endif
    default:
      return {nullptr, 0};
  }
}

}  // namespace sys
