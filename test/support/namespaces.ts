// Networks of a test's own, in network namespaces.

import { spawnSync } from 'node:child_process'

/** Arguments of unshare(1). Root needs no user namespace to make a network namespace, and cannot make one in a chroot. */
export const inNetwork = process.getuid?.() === 0 ? ['--net'] : ['--map-root-user', '--net']

/** Skips the test unless a program can have a network of its own. */
export function needsNetwork(context: Mocha.Context): void {
  if (spawnSync('unshare', [...inNetwork, 'true']).status !== 0) context.skip()
}
