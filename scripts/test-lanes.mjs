// npm run test:lanes: tests the addon on other processors: a big-endian one, one with 32 bits and one with another vector
// unit. The addon is cross-compiled. Its C++ tests and the tests of sockets, addresses and decoding run in qemu's user
// mode, which passes system calls on to this machine's kernel, with Debian's Node for that processor. Those Nodes are
// fetched once, by apt, into ~/.cache/make-network-process-lanes; MAKE_NETWORK_PROCESS_LANES names another folder.
//
//   npm run test:lanes [-- test/socket/address.test.ts …]
//
// Debian, as root: apt-get install cmake qemu-user-static \
//   g++-s390x-linux-gnu g++-arm-linux-gnueabihf g++-aarch64-linux-gnu

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { root } from './native.mjs'

const cache =
  process.env.MAKE_NETWORK_PROCESS_LANES ?? path.join(homedir(), '.cache/make-network-process-lanes')

// cortex-a72 has no pointer authentication (arm64 from 8.3 on), with which qemu takes a minute for a second's work.
const lanes = [
  { name: 's390x', what: 'big-endian, 64 bits', prefix: 's390x-linux-gnu', qemu: 'qemu-s390x-static' },
  { name: 'armhf', what: 'little-endian, 32 bits', prefix: 'arm-linux-gnueabihf', qemu: 'qemu-arm-static' },
  {
    name: 'arm64',
    what: 'NEON',
    prefix: 'aarch64-linux-gnu',
    qemu: 'qemu-aarch64-static',
    options: ['-cpu', 'cortex-a72'],
  },
]

// Always trixie, whatever release this machine has: bookworm's Nodes are too old for mocha.
const source =
  'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n'

const chosen = process.argv.slice(2)
const tests =
  chosen.length > 0
    ? chosen
    : [
        'socket/*',
        'coding/decoder',
        ...['contact', 'datagrams', 'delivery', 'families', 'make', 'options'].map(name => `process/${name}`),
      ].map(name => `test/${name}.test.ts`)

// Where qemu's user mode differs from the kernel, by the titles of the tests that see it.
const emulatorDiffers = [
  ['are closed by the kernel where there is no room', 'no MSG_CTRUNC where some descriptors find no room'],
  ['come as far as there is room for them', 'the same'],
  ['that has no such type is an error', 'a type of socket that does not exist becomes another'],
  ['takes numbers with and without a sign', 'no SO_MAX_PACING_RATE'],
  ['agree on a scope', 'half of sin6_scope_id is swapped, on a big-endian processor'],
  [':bindtodevice is set and taken back', 'no SO_BINDTODEVICE for getsockopt(2)'],
  ['is checked, instruction by instruction, and by the kernel', 'EFAULT for an empty program of BPF'],
  ['that the client of a transparent proxy asked for', 'no IP_TRANSPARENT'],
  ['netlink does not poll a peer that does not read', 'no netlink between programs'],
  ['netlink sends a message to a group once', 'the same'],
]

// The same for C++ tests, by lane.
const filter = ['filter_test', 'no SO_GET_FILTER']
const emulatorBreaks = {
  s390x: [filter, ['segmentation_test', 'the two bytes of UDP_SEGMENT are handed on in the wrong order']],
  armhf: [filter],
  arm64: [filter],
}

function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) console.error(String(error))
  return status === 0
}

const has = program => spawnSync('which', [program]).status === 0
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`

/** Writes a shell script that stands in for a program. */
function script(file, text) {
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
}

// ---- the other processor's Node ---------------------------------------------------------------------------------

/** The folder of Debian's Node for a processor, unpacked with what it needs; undefined if it cannot be fetched. */
function nodeRootOf(name) {
  const folder = path.join(cache, name)
  if (existsSync(folder)) return folder
  if (!has('apt-get') || !has('dpkg-deb')) return undefined
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(path.join(cache, 'making-'))
  try {
    return fetchInto(work, name) ? folder : undefined
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

// apt gets a state of its own, independent of what this machine has installed.
function fetchInto(work, name) {
  console.log(`test:lanes: fetching Node for ${name} into ${cache}`)
  const at = (...names) => path.join(work, ...names)
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'root'])
    mkdirSync(at(folder), { recursive: true })
  writeFileSync(at('status'), '')
  writeFileSync(at('sources.list'), source)
  const settings = {
    'APT::Architecture': name,
    'APT::Architectures': name,
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Dir::State': at('state'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
  }
  writeFileSync(
    at('apt.conf'),
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  )
  const env = { ...process.env, APT_CONFIG: at('apt.conf') }
  if (!run('apt-get', ['-q', 'update'], { env })) return false
  if (!run('apt-get', ['-q', '-y', 'install', '--download-only', 'nodejs'], { env })) return false
  // The packages expect /bin, /lib and so on to be links into /usr.
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(at('root/usr', folder), { recursive: true })
    if (!run('ln', ['-s', `usr/${folder}`, at('root', folder)])) return false
  }
  const archives = at('cache/archives')
  for (const archive of readdirSync(archives).filter(file => file.endsWith('.deb'))) {
    const unpack = `dpkg-deb --fsys-tarfile ${quoted(archive)} | tar -x -C ${quoted(at('root'))} --keep-directory-symlink`
    if (!run('sh', ['-c', unpack], { cwd: archives })) return false
  }
  // All or nothing: if this is interrupted, everything is fetched anew.
  renameSync(at('root'), path.join(cache, name))
  return true
}

// ---- a lane -----------------------------------------------------------------------------------------------------

/** Runs one lane; returns why it was skipped or what failed, or undefined. */
function runLane({ name, prefix, qemu, options = [] }) {
  const missing = ['cmake', qemu, `${prefix}-g++`, `${prefix}-gcc`].filter(program => !has(program))
  if (missing.length > 0) return `skipped: no ${missing.join(', ')}`
  const foreign = nodeRootOf(name)
  if (foreign === undefined) return 'skipped: no Node for it could be fetched'

  const build = path.join(root, 'build/lanes', name)
  const configure = [
    ...[
      '-S',
      root,
      '-B',
      build,
      '-DCMAKE_BUILD_TYPE=Release',
      '-DCMAKE_SYSTEM_NAME=Linux',
      '--log-level=WARNING',
    ],
    `-DCMAKE_CXX_COMPILER=${prefix}-g++`,
    '-DCMAKE_CXX_FLAGS=-Wno-psabi', // No notes on how arguments were passed before gcc 7.
    `-DCMAKE_CROSSCOMPILING_EMULATOR=${[qemu, ...options, '-L', foreign].join(';')}`,
  ]
  if (!run('cmake', configure) || !run('cmake', ['--build', build, '--parallel']))
    return 'FAILED: the addon was not built'
  const failed = []
  const unfit = emulatorBreaks[name]
  unfit.forEach(([test, why]) => console.log(`test:lanes: ${name}: left out: ${test} (${why})`))
  const fit = ['--exclude-regex', `^(${unfit.map(([test]) => test).join('|')})$`]
  if (!run('ctest', ['--test-dir', build, '--output-on-failure', ...fit])) failed.push('the C++ tests')

  // Tests start Node again, and compile a C program to compare with: the node and cc that they find are the lane's.
  const bin = path.join(build, 'bin')
  mkdirSync(bin, { recursive: true })
  const node = path.join(bin, 'node')
  const emulator = [qemu, ...options, '-L', quoted(foreign)].join(' ')
  script(node, `exec ${emulator} ${quoted(path.join(foreign, 'usr/bin/node'))} "$@"`)
  script(
    path.join(bin, 'cc'),
    `${prefix}-gcc -static "$@" || exit
for argument do
  if [ "$before" = -o ] && [ -f "$argument" ]; then
    mv "$argument" "$argument.elf"
    printf '#!/bin/sh\\nexec ${qemu} "%s" "$@"\\n' "$argument.elf" > "$argument"
    chmod +x "$argument"
  fi
  before=$argument
done`,
  )
  const itself = `data:text/javascript,process.execPath=${encodeURIComponent(JSON.stringify(node))}`
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    NODE_OPTIONS: `--import ${itself}`,
    MAKE_NETWORK_PROCESS_ADDON: path.join(build, 'make_network_process.node'),
    // tsx's compiler runs natively.
    ESBUILD_BINARY_PATH: path.join(
      root,
      `node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
    ),
  }
  const without = emulatorDiffers.map(([title]) => title).join('|')
  const mocha = ['node_modules/mocha/bin/mocha.js', '--reporter', 'dot']
  if (!run(node, [...mocha, '--grep', without, '--invert', ...tests], { env })) failed.push('the tests')
  return failed.length > 0 ? `FAILED: ${failed.join(' and ')}` : undefined
}

if (process.platform !== 'linux') {
  console.log('test:lanes: skipped: qemu’s user mode is for Linux')
  process.exit()
}
const results = lanes.map(lane => ({ ...lane, result: runLane(lane) }))
console.log('test:lanes: not run, because qemu differs from the kernel:')
for (const [title, why] of emulatorDiffers) console.log(`  ${title} (${why})`)
for (const { name, what, result } of results)
  console.log(`test:lanes: ${name} (${what}): ${result ?? `passed the C++ tests and ${tests.join(' ')}`}`)
process.exitCode = results.some(({ result }) => result?.startsWith('FAILED')) ? 1 : 0
