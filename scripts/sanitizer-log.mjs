// Reads what ASan, UBSan and LSan wrote, and tells which leaks are the addon's. Node itself leaves some blocks
// behind at its end, and a suppression of `node::` or `v8::` would hide the addon's too, because those frames are
// below every call into it. So a leak is the addon's if its first frame outside the allocator and the library
// headers is in native/, or in the addon without a line number.

const allocator =
  /interceptor|libasan|libsanitizer|libstdc\+\+|operator new|\/include\/c\+\+\/|\/node-addon-api\//
const ours = /\/native\/[\w/]+\.(cc|h):|\/make_network_process\.node\+/

/** Whether a log has errors other than leaks; the addon's own leaks, as text; and the number of other leaks. */
export function readLog(log) {
  const leaks = log.split(/\n\s*\n/).filter(report => /^(Direct|Indirect) leak of /m.test(report))
  const own = leaks.filter(leak => {
    const frame = leak.split('\n').find(line => /^\s*#\d+ /.test(line) && !allocator.test(line))
    return frame !== undefined && ours.test(frame)
  })
  return {
    isError: /ERROR: AddressSanitizer|runtime error: /.test(log),
    leaks: own,
    others: leaks.length - own.length,
  }
}
