// Line ends, in text and, one unit a byte, in bytes: which there are, how they become LF, and a CR that the end of a
// block parts from what follows it. It must not know what the text was encoded in.

import type { LineEnd } from './names.js'

/**
 * The line ends of a block, as Emacs judges them: CRLF and stray CRs are CRLF; any other mixture is LF, for nothing is
 * lost then.
 */
export function detectLineEnds(text: string): LineEnd | undefined {
  if (!text.includes('\r')) return text.includes('\n') ? 'unix' : undefined
  if (/(?<!\r)\n/.test(text)) return 'unix'
  return text.includes('\n') ? 'dos' : 'mac'
}

/** Turns the line ends of a stream's blocks into LF, and finds out what they are where that is not known. */
export class LineEnds {
  #eol: LineEnd | undefined
  #heldCr = ''

  constructor(eol: LineEnd | undefined) {
    this.#eol = eol
  }

  /** What the line ends are, as soon as that is decided. */
  get eol(): LineEnd | undefined {
    return this.#eol
  }

  /** Whether it holds a part of a line end back. */
  get pending(): boolean {
    return this.#heldCr !== ''
  }

  /** Whether a block comes out as it goes in. */
  get passes(): boolean {
    return this.#eol === 'unix' && !this.pending
  }

  /** From the next block on nothing is converted: what was taken for text is bytes. */
  pass(): void {
    this.#eol = 'unix'
  }

  /**
   * Converts a block.
   *
   * A CR at its end may be half of a CRLF and waits for the next block, unless this is the last one. Emacs does not
   * let it wait while the line ends are undecided, and takes them for `mac`.
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
