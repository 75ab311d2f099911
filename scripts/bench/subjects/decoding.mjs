// Decoding UTF-8, without a socket: a subject that drives itself, and prints what the driver would. The mode is the
// decoder. Nothing is waited for, so all the time is CPU time.
import { parseArgs } from 'node:util'
import { Decoder, codingSystem } from '../../../dist/coding/index.js'
import { native } from '../../../dist/native.js'

const { values } = parseArgs({
  options: {
    mode: { type: 'string' },
    size: { type: 'string' },
    fill: { type: 'string' },
    'warm-up': { type: 'string' },
    measure: { type: 'string' },
  },
})

const unit = Buffer.from(values.fill)
const bytes = Buffer.alloc(Math.floor(values.size / unit.length) * unit.length, unit)
const decode = {
  native: () => native.decodeUtf8(bytes),
  Decoder: () => new Decoder(codingSystem('utf-8-unix')).decode(bytes, true),
  'Buffer.toString': () => bytes.toString(),
  TextDecoder: () => new TextDecoder().decode(bytes),
}[values.mode]

const expected = bytes.toString().length
const repeat = milliseconds => {
  const began = performance.now()
  const before = process.cpuUsage()
  let messages = 0
  do {
    if (decode().length !== expected) throw new Error('decoded to a wrong length')
    messages++
  } while (performance.now() < began + milliseconds)
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - began) / 1000
  const cpu = (user + system) / 1e6
  return { messages, seconds, cpu, busy: cpu / seconds }
}
repeat(Number(values['warm-up']))
console.log(JSON.stringify(repeat(Number(values.measure))))
