// Line ends, in text or in bytes (one unit per byte): detects them, turns them into LF, and holds back a CR at the end
// of a block. It must not know what the text was encoded in.

import type { LineEnd } from './names.js'

/**
 * The line ends of a block, as Emacs detects them: CRLF mixed with stray CRs is CRLF; any other mixture is LF, because
 * then nothing is lost.
 */
export function detectLineEnds(text: string): LineEnd | undefined {
  if (!text.includes('\r')) return text.includes('\n') ? 'unix' : undefined
  if (/(?<!\r)\n/.test(text)) return 'unix'
  return text.includes('\n') ? 'dos' : 'mac'
}

/** Turns the line ends of a stream's blocks into LF, and detects them if they are not known. */
export class LineEnds {
  #eol: LineEnd | undefined
  #heldCr = ''

  constructor(eol: LineEnd | undefined) {
    this.#eol = eol
  }

  /** The line ends; undefined until they are decided. */
  get eol(): LineEnd | undefined {
    return this.#eol
  }

  /** Whether it holds back a CR. */
  get pending(): boolean {
    return this.#heldCr !== ''
  }

  /** Whether blocks are left unchanged. */
  get passes(): boolean {
    return this.#eol === 'unix' && !this.pending
  }

  /** Stops converting from the next block on: what was taken for text is bytes. */
  pass(): void {
    this.#eol = 'unix'
  }

  /**
   * Converts a block.
   *
   * A CR at its end may be half of a CRLF and is held back for the next block, unless this is the last one. Emacs does not
   * hold it back while the line ends are undecided, and takes them for `mac`.
   */
  convert(block: string, end: boolean): string {
    if (this.passes) return block
    const whole = this.#heldCr + block
    const cut = !end && whole.endsWith('\r')
    const text = cut ? whole.slice(0, -1) : whole
    this.#eol ??= detectLineEnds(text)
    const waits = cut && (this.#eol === undefined || this.#eol === 'dos')
    this.#heldCr = waits ? '\r' : ''
    const ready = waits ? text : whole
    if (this.#eol === 'dos') return ready.replaceAll('\r\n', '\n')
    return this.#eol === 'mac' ? ready.replaceAll('\r', '\n') : ready
  }
}
