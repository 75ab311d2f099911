// npm run test:lab: tests address families that few kernels are built with. It boots Debian's kernel, which has them
// as modules, in QEMU without KVM or a network, on this machine's own root file system (read-only, under an overlay in
// memory), runs the tests of examples and families there, and says which families were exercised. The kernel is fetched
// once, by apt, into ~/.cache/make-network-process-lab; MAKE_NETWORK_PROCESS_LAB names another folder.
//
//   npm run test:lab [-- COMMAND]      COMMAND is run instead, by bash as root, in this folder
//
// Debian, as root: apt-get install qemu-system-x86 busybox-static cpio kmod

import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './native.mjs'

const lab = process.env.MAKE_NETWORK_PROCESS_LAB ?? path.join(homedir(), '.cache/make-network-process-lab')
const limit = 600_000 // milliseconds that a run may take

const fail = message => {
  console.error(`test:lab: ${message}`)
  process.exit(1)
}

function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (error !== undefined) fail(`${program}: ${error.message}`)
  if (status !== 0) fail(`${[program, ...args].join(' ')} failed:\n${stderr || stdout}`)
  return stdout
}

if (process.platform !== 'linux' || process.arch !== 'x64')
  fail('only on x86-64 Linux, whose files the guest runs')
const needed = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  cpio: 'cpio',
  depmod: 'kmod',
  modprobe: 'kmod',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
}
const missing = Object.keys(needed).filter(name => spawnSync('which', [name]).status !== 0)
if (missing.length > 0)
  fail(
    `not found: ${missing.join(', ')}\n  apt-get install ${[...new Set(missing.map(name => needed[name]))].join(' ')}`,
  )

// ---- the guest: a kernel, its modules, and a first program that puts the file system together -------------------

// The init script of the initial file system. The kernel loads modules on demand by the modprobe of that file system,
// which passes the request on to the root that has them.
const init = `#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /host /memory /root
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for module in $($b cat /modules.list); do $b insmod "$module"; done
share() { $b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose "$1" "$2"; }
share host /host || $b poweroff -f
$b mount -t tmpfs memory /memory; $b mkdir /memory/upper /memory/work
$b mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /root
$b mkdir -p /root/proc /root/sys /root/dev /root/run /root/tmp /root/lib/modules
$b mount -t proc proc /root/proc; $b mount -t sysfs sys /root/sys; $b mount -t devtmpfs dev /root/dev
$b mount -t tmpfs run /root/run; $b mount -t tmpfs tmp /root/tmp
share modules /root/lib/modules
$b mkdir /root/run/lab; share job /root/run/lab
$b ip link set lo up
$b chroot /root /bin/bash /run/lab/job.sh </dev/null
echo "lab-status $?"
$b poweroff -f
`
const loader = '#!/bin/busybox sh\nexec /bin/busybox chroot /root /sbin/modprobe "$@"\n'

function prepare() {
  console.log(`test:lab: fetching Debian's kernel into ${lab}`)
  mkdirSync(lab, { recursive: true })
  const work = mkdtempSync(path.join(lab, 'making-'))
  try {
    const name = /Depends: (linux-image-\S+)/.exec(run('apt-cache', ['depends', 'linux-image-amd64']))?.[1]
    if (name === undefined) fail('apt knows no linux-image-amd64: apt-get update, on Debian')
    run('apt-get', ['download', '-qq', name], { cwd: work })
    const archive = readdirSync(work).find(file => file.endsWith('.deb'))
    run('dpkg-deb', ['-x', path.join(work, archive), path.join(work, 'kernel')])
    rmSync(path.join(work, archive))
    const kernel = path.join(work, 'kernel')
    const version = readdirSync(path.join(kernel, 'lib/modules'))[0]
    run('depmod', ['-b', kernel, version])

    const first = path.join(work, 'first')
    for (const folder of ['bin', 'sbin', 'modules']) mkdirSync(path.join(first, folder), { recursive: true })
    copyFileSync(run('which', ['busybox']).trim(), path.join(first, 'bin/busybox'))
    const files = ['virtio_pci', '9pnet_virtio', '9p', 'overlay'].flatMap(module =>
      [
        ...run('modprobe', ['-d', kernel, '-S', version, '--show-depends', module]).matchAll(
          /^insmod (\S+)/gm,
        ),
      ].map(match => match[1]),
    )
    const modules = [...new Set(files)]
    for (const file of modules) cpSync(file, path.join(first, 'modules', path.basename(file)))
    const list = modules.map(file => `/modules/${path.basename(file)}\n`).join('')
    writeFileSync(path.join(first, 'modules.list'), list)
    for (const [file, text] of [
      ['init', init],
      ['sbin/modprobe', loader],
    ]) {
      writeFileSync(path.join(first, file), text)
      chmodSync(path.join(first, file), 0o755)
    }
    run('bash', ['-c', 'set -o pipefail; find . | cpio -o -H newc --quiet | gzip -1 > ../first.gz'], {
      cwd: first,
    })
    rmSync(first, { recursive: true })
    // All or nothing: a guest whose making was interrupted is made anew.
    renameSync(work, path.join(lab, 'guest'))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const guest = path.join(lab, 'guest')
if (!existsSync(guest)) prepare()

// ---- a run ------------------------------------------------------------------------------------------------------

const quoted = text => `'${text.replaceAll("'", "'\\''")}'`
// Debian keeps some modules from being loaded on demand; vsock's loopback and the virtual CAN bus are never demanded.
// VSOCK_LOOPBACK says that a vsock connection stays inside this kernel.
const setUp = `modprobe -a vsock_loopback tipc vcan can_raw sctp algif_hash
ip link add vcan0 type vcan && ip link set vcan0 up
sysctl -qw net.ipv4.ping_group_range='0 2147483647'
export VSOCK_LOOPBACK=1`
const tests =
  'node node_modules/mocha/bin/mocha.js --timeout 120000 test/examples/*.test.ts test/socket/families.test.ts test/process/{families,protocol,sctp}.test.ts'
const command = process.argv.length > 2 ? process.argv.slice(2).join(' ') : tests

const job = mkdtempSync(path.join(tmpdir(), 'make-network-process-lab-'))
process.on('exit', () => rmSync(job, { recursive: true, force: true }))
writeFileSync(
  path.join(job, 'job.sh'),
  `export HOME=${quoted(homedir())} PATH=${quoted(path.dirname(process.execPath))}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LANG=C.UTF-8 NO_COLOR=1
cd ${quoted(root)}
${setUp}
${command}
`,
)

const kernel = path.join(guest, 'kernel')
const image = readdirSync(path.join(kernel, 'boot')).find(name => name.startsWith('vmlinuz-'))
const share = (folder, tag) => [
  '-virtfs',
  `local,path=${folder},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`,
]
const machine = spawn(
  'qemu-system-x86_64',
  [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-M', 'q35', '-m', '2048', '-smp', '2'],
    ...['-display', 'none', '-no-reboot', '-nodefaults', '-serial', 'stdio'],
    ...['-kernel', path.join(kernel, 'boot', image), '-initrd', path.join(guest, 'first.gz')],
    ...share('/', 'host'),
    ...share(path.join(kernel, 'lib/modules'), 'modules'),
    ...share(job, 'job'),
    ...['-append', 'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off'],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'], timeout: limit, killSignal: 'SIGKILL' },
)
machine.on('error', error => fail(`qemu-system-x86_64: ${error.message}`))

let status
const families = new Set()
for await (const line of createInterface({ input: machine.stdout })) {
  // Leaves out what the firmware prints, and its escape sequences.
  // eslint-disable-next-line no-control-regex
  const text = line.replace(/\x1b(\[[?=0-9;]*[A-Za-z]|c)/g, '').trimEnd()
  if (/SeaBIOS|Booting from ROM|iPXE/.test(text)) continue
  const ended = /^lab-status (\d+)/.exec(text)
  const family = /^\s*[✔√] exercises (.+?)(?: \(\d+ms\))?$/.exec(text)
  if (family) family[1].split(', ').forEach(name => families.add(name))
  if (ended) status = Number(ended[1])
  else console.log(text)
}
if (status === undefined) fail(`the guest did not come to its end (limit: ${limit / 1000} seconds)`)
if (families.size > 0) console.log(`test:lab: families exercised: ${[...families].sort().join(', ')}`)
process.exit(status)
