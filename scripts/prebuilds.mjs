// The addons that are packed, prebuilds/PLATFORM-ARCH[-musl].node, and what zig calls the systems that they are for.
// lib/native.ts looks for these names. glibc 2.28 and macOS 11 are what Node 20 asks for itself.

export const prebuilds = {
  'linux-x64': 'x86_64-linux-gnu.2.28',
  'linux-arm64': 'aarch64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
  'darwin-x64': 'x86_64-macos.11.0',
  'darwin-arm64': 'aarch64-macos.11.0',
}
