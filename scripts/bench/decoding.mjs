// Decoding against Buffer.toString and TextDecoder, in one run (npm run bench:decoding): blocks of 64 KiB, CPU time,
// the three in rotated order, and the median of each round's ratio. What is printed was measured just now.
import { Decoder, codingSystem } from '../../dist/coding/index.js'
import { acceptProcessOutput, makeNetworkProcess, processList } from 'make-network-process'
import { Socket, constants, encodeAddress } from 'make-network-process/socket'

const size = 64 * 1024
const rounds = 9
const fill = text =>
  Buffer.concat(Array(Math.ceil(size / Buffer.byteLength(text))).fill(Buffer.from(text))).subarray(0, size)
const median = values => values.toSorted((a, b) => a - b)[values.length >> 1]

/** MB per second of CPU time. */
function speed(decode, block) {
  const times = Math.ceil((40 * 1024 * 1024) / block.length)
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) decode(block)
  const { user, system } = process.cpuUsage(before)
  return (times * block.length) / Math.max(1, user + system)
}

const cases = [
  { label: 'ASCII', name: 'utf-8-unix', block: fill('plain text, forty characters in a line\n') },
  { label: 'UTF-8, French', name: 'utf-8-unix', block: fill('déjà vu à la forêt, où le cœur bat\n') },
  { label: 'UTF-8, CJK', name: 'utf-8-unix', block: fill('日本語の文章です。\n') },
  {
    label: 'latin-1',
    name: 'latin-1-unix',
    block: Buffer.from('déjà vu à la forêt\n'.repeat(size / 19), 'latin1'),
    encoding: 'latin1',
    whatwg: 'windows-1252',
  },
]

console.log('decoder, MB/s of CPU time; times Buffer.toString; times TextDecoder')
for (const { label, name, block, encoding = 'utf8', whatwg = 'utf-8' } of cases) {
  const subjects = {
    ours: bytes => new Decoder(codingSystem(name)).decode(bytes, true),
    toString: bytes => bytes.toString(encoding),
    textDecoder: bytes => new TextDecoder(whatwg).decode(bytes),
  }
  const names = Object.keys(subjects)
  const results = Array.from({ length: rounds }, (_, round) => {
    const result = {}
    names.forEach((__, i) => {
      const which = names[(i + round) % names.length]
      result[which] = speed(subjects[which], block)
    })
    return result
  })
  const ours = median(results.map(one => one.ours)).toFixed(0)
  const ratio = peer => median(results.map(one => one.ours / one[peer])).toFixed(2)
  console.log(
    label.padEnd(16) + ours.padStart(8) + ratio('toString').padStart(10) + ratio('textDecoder').padStart(10),
  )
}

// The whole way: from the kernel to the filter, text against bytes, over a local stream.
console.log('\nfrom the kernel to the filter, MB/s of CPU time')
for (const [label, options] of [
  ['text', { coding: 'utf-8-unix' }],
  ['bytes', { coding: 'binary' }],
  ['lent bytes', { coding: 'binary', lend: true }],
  ['latin-1', { coding: 'latin-1-unix' }],
]) {
  let received = 0
  const path = `\0make-network-process-bench-${process.pid}`
  makeNetworkProcess({
    name: 'sink',
    server: true,
    family: 'local',
    service: path,
    ...options,
    filter: (_, data) => (received += data.length),
  })
  const sender = new Socket(constants.AF_UNIX, constants.SOCK_STREAM)
  sender.connect(encodeAddress(path))
  acceptProcessOutput(null, 0.1)
  const block = fill('plain text, forty characters in a line\n')
  const before = process.cpuUsage()
  const goal = 256 * 1024 * 1024
  while (received < goal) {
    for (let i = 0; i < 2; i++) {
      try {
        sender.send(block)
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error
        break
      }
    }
    acceptProcessOutput(null, 0)
  }
  const { user, system } = process.cpuUsage(before)
  console.log(
    `${label.padEnd(16)}${(received / (user + system)).toFixed(0).padStart(8)}   (both ends of the socket)`,
  )
  sender.close()
  for (const one of processList()) one.delete()
}
