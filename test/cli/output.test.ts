// The forms in which messages, addresses and rates are shown.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { Meter } from '../../dist/cli/meter.js'
import { formatAddress, hexDump, toBytes } from '../../dist/cli/output.js'

describe('formatAddress()', () => {
  const cases: [address: unknown, text: string][] = [
    [[127, 0, 0, 1, 7000], '127.0.0.1:7000'],
    [[0, 0, 0, 0, 0, 0, 0, 1, 80], '[::1]:80'],
    [[0xfe80, 0, 0, 0, 1, 0, 0, 0xabc, 65535], '[fe80::1:0:0:abc]:65535'],
    ['/tmp/echo.sock', '/tmp/echo.sock'],
    ['\0name', '"\\000name"'],
    ['/tmp/\x1b[2J', '"/tmp/\\033[2J"'],
    ['/tmp/\udcff', '"/tmp/\\377"'],
    [{ family: 16, data: Uint8Array.of(0, 0, 7) }, '(16 . [0 0 7])'],
  ]
  for (const [address, text] of cases)
    it(`shows ${text}`, () => {
      assert.equal(formatAddress(address), text)
    })
})

describe('hexDump()', () => {
  it('shows sixteen bytes on each line', () => {
    assert.equal(
      hexDump(Buffer.from('0123456789abcdef\n\xff~', 'latin1')),
      '00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n' +
        '00000010  0a ff 7e                                          |..~|\n',
    )
  })

  it('shows nothing for no bytes', () => {
    assert.equal(hexDump(new Uint8Array()), '')
  })
})

describe('toBytes()', () => {
  it('gives the bytes that lone surrogates stand for', () => {
    assert.deepEqual(toBytes('é\udcff😀\udc80'), Buffer.from('c3a9fff09f988080', 'hex'))
  })

  it('gives bytes as they are', () => {
    const bytes = Uint8Array.of(1, 2)
    assert.equal(toBytes(bytes), bytes)
  })
})

describe('Meter', () => {
  function terminal() {
    let text = ''
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 })
    stream.on('data', (some: string) => (text += some))
    return { stream: stream as unknown as NodeJS.WriteStream, taken: () => [text, (text = '')][0]! }
  }

  it('shows messages and bytes a second since the last time', () => {
    const { stream, taken } = terminal()
    const meter = new Meter(stream)
    const start = performance.now()
    meter.draw(start)
    taken()
    for (let i = 0; i < 3000; i++) meter.received(1000)
    meter.sent(200)
    meter.sent(300)
    meter.draw(start + 2000)
    assert.match(taken(), /in 1,500 messages\/s 1\.5 MB\/s {3}out 1 messages\/s 250 B\/s/)
    meter.draw(start + 3000)
    assert.match(taken(), /in 0 messages\/s 0 B\/s {3}out 0 messages\/s 0 B\/s/)
  })

  it('erases its line only once', () => {
    const { stream, taken } = terminal()
    const meter = new Meter(stream)
    meter.hide()
    assert.equal(taken(), '')
    meter.draw(performance.now() + 1000)
    taken()
    meter.hide()
    meter.stop()
    assert.equal(taken(), '\r\x1b[K')
  })

  it('fits a narrow terminal', () => {
    const { stream, taken } = terminal()
    stream.columns = 10
    const meter = new Meter(stream)
    meter.draw(performance.now() + 1000)
    // eslint-disable-next-line no-control-regex
    assert.equal(taken().replace(/\x1b\[\d*[mK]/g, ''), 'in 0 mess')
  })
})
