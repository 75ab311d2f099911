// The live line of messages and bytes per second, drawn only on a terminal. It owns the last line of its stream and
// nothing else there: any other writer to the terminal calls `hide` first.

import { styleText } from 'node:util'

/** Counts what goes in and out, and shows the rates once a second if its stream is a terminal. */
export class Meter {
  readonly #stream: NodeJS.WriteStream
  readonly #received = { messages: 0, bytes: 0 }
  readonly #sent = { messages: 0, bytes: 0 }
  #since = performance.now()
  #timer: NodeJS.Timeout | undefined
  #isShown = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** Starts the live line, which does not keep Node's event loop alive. */
  start(): void {
    if (this.#stream.isTTY) this.#timer = setInterval(() => this.draw(), 1000).unref()
  }

  /** Counts a message that came in. */
  received(bytes: number): void {
    count(this.#received, bytes)
  }

  /** Counts a message that went out. */
  sent(bytes: number): void {
    count(this.#sent, bytes)
  }

  /** Shows the rates since the last call; called every second. */
  draw(now = performance.now()): void {
    const seconds = (now - this.#since) / 1000
    this.#since = now
    const line = `in ${rate(this.#received, seconds)}   out ${rate(this.#sent, seconds)}`
    this.hide()
    this.#stream.write(styleText('dim', line.slice(0, (this.#stream.columns || 80) - 1)))
    this.#isShown = true
  }

  /** Removes the line, so that something else can be written in its place. */
  hide(): void {
    if (this.#isShown) this.#stream.write('\r\x1b[K')
    this.#isShown = false
  }

  /** Removes the line for good. */
  stop(): void {
    clearInterval(this.#timer)
    this.hide()
  }
}

interface Traffic {
  messages: number
  bytes: number
}

function count(traffic: Traffic, bytes: number): void {
  traffic.messages++
  traffic.bytes += bytes
}

/** The rates of `traffic` as text; resets the counters. */
function rate(traffic: Traffic, seconds: number): string {
  const messages = Math.round(traffic.messages / seconds).toLocaleString('en')
  const bytes = formatBytes(traffic.bytes / seconds)
  traffic.messages = traffic.bytes = 0
  return `${messages} messages/s ${bytes}/s`
}

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let unit = 0
  for (; bytes >= 999.5 && unit < units.length - 1; unit++) bytes /= 1000
  return `${bytes.toFixed(unit === 0 || bytes >= 99.95 ? 0 : 1)} ${units[unit]!}`
}
