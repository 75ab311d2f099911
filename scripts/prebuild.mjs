// npm run prebuilds: makes the addons that are packed, prebuilds/PLATFORM-ARCH[-musl].node, all with zig on this machine.
// The one that this machine can run is loaded, and sends itself a message; the others are only linked, and untested. g++
// would do for x64, but its addon would need a C library as new as this machine's: these need glibc 2.28, as Node itself
// does.
//
//   npm run prebuilds [-- linux-x64 darwin-arm64 …]

import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { addonFlags, filesBelow, root, run } from './native.mjs'
import { findZig, noZig, prebuilds, zigEnvironment } from './zig.mjs'

// As in binding.gyp: the code of a look-up thread has to stay mapped when its worker has ended.
const linkFlags = target =>
  target.includes('macos') ? ['-undefined', 'dynamic_lookup'] : ['-Wl,-z,nodelete']

const smoke = `import { socketpair, constants } from 'make-network-process/socket'
const [one, other] = socketpair(constants.AF_UNIX, constants.SOCK_STREAM)
one.send(Buffer.from('hello'))
const buffer = Buffer.alloc(5)
other.recv(buffer)
if (buffer.toString() !== 'hello') process.exit(1)`

const zig = await findZig()
if (zig === undefined) {
  console.error(`prebuild: ${noZig}`)
  process.exit(1)
}
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(prebuilds)
const unknown = wanted.filter(name => !(name in prebuilds))
if (unknown.length > 0) {
  console.error(`prebuild: no ${unknown.join(', ')}; there are ${Object.keys(prebuilds).join(', ')}`)
  process.exit(1)
}

const own = `${process.platform}-${process.arch}`
const sources = filesBelow('native', '.cc')
mkdirSync(path.join(root, 'prebuilds'), { recursive: true })
// The first link for a target compiles its C++ library, which takes a minute or two of all processors.
for (const name of wanted) {
  const file = path.join('prebuilds', `${name}.node`)
  const target = prebuilds[name]
  const args = [
    'c++',
    '-target',
    target,
    ...addonFlags(),
    '-O2',
    '-shared',
    '-s',
    ...linkFlags(target),
    '-o',
    file,
  ]
  const built = await run(zig, [...args, ...sources], zigEnvironment)
  const isOurs = name === own && process.report.getReport().header.glibcVersionRuntime !== undefined
  const ran =
    built.ok && isOurs
      ? await run(process.execPath, ['--input-type=module', '--eval', smoke], {
          MAKE_NETWORK_PROCESS_ADDON: path.join(root, file),
        })
      : built
  if (ran.ok)
    console.log(`${file}: ${statSync(path.join(root, file)).size} bytes${isOurs ? ', run here' : ''}`)
  else {
    console.error(`${file}: FAILED\n${ran.output}`)
    process.exitCode = 1
  }
}
