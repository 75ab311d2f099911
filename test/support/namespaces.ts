// Networks of a test's own, in namespaces of the kernel.

import { spawnSync } from 'node:child_process'

/** What unshare(1) is told. Root needs no namespace of users for one of networks, and cannot have one in a chroot. */
export const inNetwork = process.getuid?.() === 0 ? ['--net'] : ['--map-root-user', '--net']

/** Skips the test unless a program can have a network of its own. */
export function needsNetwork(context: Mocha.Context): void {
  if (spawnSync('unshare', [...inNetwork, 'true']).status !== 0) context.skip()
}
