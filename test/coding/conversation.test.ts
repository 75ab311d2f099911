// What a process receives and sends, block by block, with the coding systems that it reports: recorded from Emacs, and
// compared again with a network process of Emacs where it is installed.

import assert from 'node:assert/strict'
import { codingSystem, Decoder, Encoder, inheritedEncoding } from '../../dist/coding/index.js'
import { emacs, lispBytes, lispText, needsEmacs, text } from './emacs.js'

/** Bytes, one for each character. */
const bytes = (string: string): Buffer => Buffer.from(string, 'latin1')

/** What is received or sent, what that gives on the other side, and `process-coding-system` afterwards. */
type Step =
  | { receive: string; gives: string | Buffer; coding: string }
  | { end: true; gives: string | Buffer; coding: string }
  | { send: string | Buffer; gives: string; coding: string }

interface Conversation {
  readonly coding: readonly [string | null, string | null]
  readonly steps: readonly Step[]
  /** What Emacs does instead. */
  readonly notEmacs?: string
}

const receive = (string: string, gives: string | Buffer, coding: string): Step => ({
  receive: string,
  gives,
  coding,
})
const send = (data: string | Buffer, gives: string, coding: string): Step => ({ send: data, gives, coding })
const end = (gives: string | Buffer, coding: string): Step => ({ end: true, gives, coding })

const both = (name: string, ...steps: Step[]): Conversation => ({ coding: [name, name], steps })
const pair = (decoding: string | null, encoding: string | null, ...steps: Step[]): Conversation => ({
  coding: [decoding, encoding],
  steps,
})

const conversations: Readonly<Record<string, readonly Conversation[]>> = {
  'the names that are reported': [
    both('binary', receive('a\r\n\xff', bytes('a\r\n\xff'), 'binary binary')),
    both('no-conversion', receive('a\r\n\xff', bytes('a\r\n\xff'), 'no-conversion no-conversion')),
    both('latin-1', receive('abc\xe9', 'abcé', 'latin-1 latin-1')),
    both(
      'sjis',
      receive('a', 'a', 'sjis sjis'),
      receive('\x82\xa0\n', 'あ\n', 'japanese-shift-jis-unix sjis'),
    ),
    both('mule-utf-8', receive('b\n', 'b\n', 'utf-8-unix mule-utf-8')),
    both('cp65001-mac', receive('a\r\n', 'a\n\n', 'cp65001-mac cp65001-mac')),
    both('utf-8-emacs', send('é\n', '\xc3\xa9\n', 'utf-8-emacs utf-8-emacs-unix')),
  ],

  'line ends': [
    both(
      'latin-1',
      receive('a\r\n\xff', 'a\nÿ', 'iso-latin-1-dos latin-1'),
      receive('b\r', 'b', 'iso-latin-1-dos latin-1'),
      receive('\nc\r\n', '\nc\n', 'iso-latin-1-dos latin-1'),
    ),
    both(
      'latin-1-dos',
      receive('a\r', 'a', 'latin-1-dos latin-1-dos'),
      receive('\nb\r\n', '\nb\n', 'latin-1-dos latin-1-dos'),
      receive('c\r', 'c', 'latin-1-dos latin-1-dos'),
      receive('d\r', '\rd', 'latin-1-dos latin-1-dos'),
      end('\r', 'latin-1-dos latin-1-dos'),
    ),
    both(
      'utf-8',
      receive('\r\r\n\n', '\r\r\n\n', 'utf-8-unix utf-8'),
      receive('\r\n', '\r\n', 'utf-8-unix utf-8'),
    ),
    both('utf-8', receive('\r\r\n', '\r\n', 'utf-8-dos utf-8'), receive('\r\n', '\n', 'utf-8-dos utf-8')),
    both('utf-8', receive('\r\n\n', '\r\n\n', 'utf-8-unix utf-8')),
    both('utf-8', receive('a\rb', 'a\nb', 'utf-8-mac utf-8'), receive('\r\n', '\n\n', 'utf-8-mac utf-8')),
    both('undecided', receive('\r\r\r\n', '\r\r\n', 'undecided-dos undecided')),
    both('raw-text', receive('a\r\n\xff', bytes('a\n\xff'), 'raw-text-dos raw-text')),
    both(
      'raw-text-dos',
      receive('a\r', bytes('a'), 'raw-text-dos raw-text-dos'),
      receive('\nb\r\n', bytes('\nb\n'), 'raw-text-dos raw-text-dos'),
    ),
    both(
      'utf-16le-dos',
      receive('a\0\r\0', 'a', 'utf-16le-dos utf-16le-dos'),
      receive('\n\0', '\n', 'utf-16le-dos utf-16le-dos'),
    ),
    {
      notEmacs: 'takes a CR at the end of a block for a line end, though its LF follows',
      ...both(
        'latin-1',
        receive('a\r', 'a', 'latin-1 latin-1'),
        receive('\nb\r\n', '\nb\n', 'iso-latin-1-dos latin-1'),
      ),
    },
    {
      notEmacs: 'does the same with bytes',
      ...both(
        'raw-text',
        receive('a\r', bytes('a'), 'raw-text raw-text'),
        receive('b', bytes('\nb'), 'raw-text-mac raw-text'),
      ),
    },
  ],

  'characters cut by the end of a block': [
    both(
      'utf-8-unix',
      receive('na\xc3\xafve \xe2\x82', 'naïve ', 'utf-8-unix utf-8-unix'),
      receive('\xac euro', '€ euro', 'utf-8-unix utf-8-unix'),
    ),
    both(
      'utf-8',
      receive('a\xff', 'a', 'utf-8 utf-8'),
      receive('b\x80\x80\x80\x80', '\udcffb', 'utf-8 utf-8'),
      receive('\x80', '\udc80', 'utf-8 utf-8'),
      receive('\xed\xa0', '\udc80\udc80\udc80\udc80', 'utf-8 utf-8'),
      receive('\x80', '\udced', 'utf-8 utf-8'),
      end('\udca0\udc80', 'utf-8 utf-8'),
    ),
    pair('undecided', 'utf-8', receive('a\x81', 'a', 'utf-8 utf-8'), receive('b', '\udc81b', 'utf-8 utf-8')),
    both(
      'euc-jp-unix',
      receive('\x8f\xab', '', 'euc-jp-unix euc-jp-unix'),
      receive('\xb1\xa4', 'é', 'euc-jp-unix euc-jp-unix'),
      receive('\xa2', 'あ', 'euc-jp-unix euc-jp-unix'),
    ),
    both(
      'gb18030-unix',
      receive('\x81\x30\x81', '', 'gb18030-unix gb18030-unix'),
      receive('\x30', '\x80', 'gb18030-unix gb18030-unix'),
    ),
    both(
      'utf-8',
      receive('a\r\n', 'a\n', 'utf-8-dos utf-8'),
      receive('\xc3', '', 'utf-8-dos utf-8'),
      end('\udcc3', 'utf-8-dos utf-8'),
    ),
  ],

  'bytes that are not valid': [
    both('utf-8', receive('a\xffb\xc0\x80c', 'a\udcffb\udcc0\udc80c', 'utf-8 utf-8')),
    both('utf-8', receive('\xed\xa0\x80.', '\udced\udca0\udc80.', 'utf-8 utf-8')),
    both(
      'us-ascii',
      receive('a\xff', 'a\udcff', 'us-ascii us-ascii'),
      send('é\udcff', '?\xff', 'us-ascii us-ascii-unix'),
    ),
    both('windows-1255', receive('\xca\xe0', '\udccaא', 'windows-1255 windows-1255')),
    both('euc-kr', receive('\xb0A\xb0\xa1\xff.', '\udcb0A가\udcff.', 'euc-kr euc-kr')),
    {
      notEmacs: 'has characters above U+10FFFF',
      ...both('utf-8', receive('\xf4\x90\x80\x80.', '\udcf4\udc90\udc80\udc80.', 'utf-8 utf-8')),
    },
    {
      notEmacs: 'loses a byte that is not valid after a CR',
      ...both('utf-8-dos', receive('a\r\xffb', 'a\r\udcffb', 'utf-8-dos utf-8-dos')),
    },
  ],

  signatures: [
    both('utf-8-auto', receive('\xef\xbb\xbfa\r\n', 'a\n', 'utf-8-with-signature-dos utf-8-auto')),
    both(
      'utf-8-auto',
      receive('abc', 'abc', 'utf-8 utf-8-auto'),
      receive('\xef\xbb\xbfa', '\ufeffa', 'utf-8 utf-8-auto'),
    ),
    both(
      'utf-8-auto',
      receive('\xffab', '\udcffab', 'utf-8-auto utf-8-auto'),
      receive('\xc3\xa9', 'é', 'utf-8 utf-8-auto'),
    ),
    both(
      'utf-8-auto',
      receive('\xef\xbb\xbfa\xff\n', 'a\udcff\n', 'utf-8-auto-unix utf-8-auto'),
      receive('\xef\xbb\xbfb\n', 'b\n', 'utf-8-with-signature-unix utf-8-auto'),
    ),
    both('utf-8-auto', send('é', '\xc3\xa9', 'utf-8-auto utf-8-auto-unix')),
    {
      notEmacs: 'does not find a signature that is cut',
      ...both(
        'utf-8-auto',
        receive('\xef\xbb', '', 'utf-8-auto utf-8-auto'),
        receive('\xbfb', 'b', 'utf-8-with-signature utf-8-auto'),
      ),
    },
    both(
      'utf-8-with-signature',
      receive('\xef\xbb', '', 'utf-8-with-signature utf-8-with-signature'),
      receive('\xbfb', 'b', 'utf-8-with-signature utf-8-with-signature'),
      receive('\xef\xbb\xbfb', '\ufeffb', 'utf-8-with-signature utf-8-with-signature'),
    ),
    both(
      'utf-8-with-signature-unix',
      send('é', '\xef\xbb\xbf\xc3\xa9', 'utf-8-with-signature-unix utf-8-with-signature-unix'),
      send('è', '\xc3\xa8', 'utf-8-with-signature-unix utf-8-with-signature-unix'),
      send(bytes('a'), 'a', 'utf-8-with-signature-unix utf-8-with-signature-unix'),
      send('è', '\xef\xbb\xbf\xc3\xa8', 'utf-8-with-signature-unix utf-8-with-signature-unix'),
    ),
    both(
      'utf-16',
      receive('\xfe\xff\0a\0\n', 'a\n', 'utf-16be-with-signature-unix utf-16'),
      receive('\0b', 'b', 'utf-16be-with-signature-unix utf-16'),
      send('é', '\xfe\xff\0\xe9', 'utf-16be-with-signature-unix utf-16-unix'),
      send('é', '\0\xe9', 'utf-16be-with-signature-unix utf-16-unix'),
    ),
    both(
      'utf-16',
      receive('\xff', '', 'utf-16 utf-16'),
      receive('\xfea\0', 'a', 'utf-16le-with-signature utf-16'),
    ),
    both('utf-16', receive('\0a\0', 'a', 'utf-16 utf-16'), receive('b\0\n', 'b\n', 'utf-16-unix utf-16')),
    both(
      'utf-16-le',
      receive('\xff', '', 'utf-16-le utf-16-le'),
      receive('\xfea\0', 'a', 'utf-16-le utf-16-le'),
      send('é', '\xff\xfe\xe9\0', 'utf-16-le utf-16le-with-signature-unix'),
    ),
    both('utf-16-be-dos', send('é\n', '\xfe\xff\0\xe9\0\r\0\n', 'utf-16-be-dos utf-16-be-dos')),
    both('utf-16le', receive('\xff\xfea\0', '\ufeffa', 'utf-16le utf-16le')),
    both('utf-16be', send('\u{1f600}\ud800.', '\xd8\x3d\xde\0\xd8\0\0.', 'utf-16be utf-16be-unix')),
  ],

  detection: [
    pair(
      'undecided',
      'utf-8',
      receive('abc', 'abc', 'undecided utf-8'),
      receive('d\r\n', 'd\n', 'undecided-dos utf-8'),
      receive('\xc3\xa9\r\n', 'é\n', 'utf-8-dos utf-8'),
      receive('\xe9.', '\udce9.', 'utf-8-dos utf-8'),
    ),
    pair(
      'undecided',
      'utf-8',
      receive('\xe9t\xe9 ', 'été ', 'iso-latin-1 utf-8'),
      receive('\xc3\xa9', 'Ã©', 'iso-latin-1 utf-8'),
    ),
    pair(
      'undecided',
      'utf-8',
      receive('caf\xe9', 'caf', 'utf-8 utf-8'),
      receive('s', '\udce9s', 'utf-8 utf-8'),
    ),
    pair('undecided', 'utf-8', receive('caf\xe9', 'caf', 'utf-8 utf-8'), end('\udce9', 'utf-8 utf-8')),
    pair('undecided', 'utf-8', receive('\x93a\x94 caf\xe9\r\n', '\x93a\x94 café\n', 'iso-latin-1-dos utf-8')),
    pair('undecided', 'utf-8', receive('a\x80\n', bytes('a\x80\n'), 'raw-text-unix utf-8')),
    pair('undecided', 'utf-8', receive('\xe9t\xe9 \x85 b', bytes('\xe9t\xe9 \x85 b'), 'raw-text utf-8')),
    pair(
      'undecided',
      'utf-8',
      receive('a\x81\r\n', bytes('a\x81\n'), 'raw-text-dos utf-8'),
      receive('\xc3\xa9\r\n', bytes('\xc3\xa9\n'), 'raw-text-dos utf-8'),
    ),
    pair('undecided', 'utf-8', receive('\x83e\x83X\x83g', 'テスト', 'japanese-shift-jis utf-8')),
    pair('undecided', 'utf-8', receive('\xc3\xa9\0\r\n', bytes('\xc3\xa9\0\r\n'), 'no-conversion utf-8')),
    pair('undecided-dos', 'utf-8', receive('\0\r\n', bytes('\0\r\n'), 'no-conversion utf-8')),
    pair('undecided', 'utf-8', receive('\xff\xfea\0\n\0', 'a\n', 'utf-16le-with-signature-unix utf-8')),
    pair('undecided', 'utf-8', receive('\xfe\xff\x81a', '腡', 'utf-16be-with-signature utf-8')),
    pair('undecided', 'utf-8', receive('\xef\xbb\xbfa\n', '\ufeffa\n', 'utf-8-unix utf-8')),
    pair('undecided', 'utf-8', receive('\xc1\x81abc', '\udcc1\udc81abc', 'utf-8 utf-8')),
    pair(
      'undecided-unix',
      'utf-8',
      receive('a\r\n', 'a\r\n', 'undecided-unix utf-8'),
      receive('\xe9a', 'éa', 'iso-latin-1-unix utf-8'),
    ),
    pair(
      null,
      'utf-8',
      receive('abc', 'abc', 'undecided utf-8'),
      receive('\xc3\xa9\n', 'é\n', 'utf-8-unix utf-8'),
    ),
    both(
      'prefer-utf-8',
      receive('a\n', 'a\n', 'prefer-utf-8-unix prefer-utf-8'),
      receive('\xe9abc\n', 'éabc\n', 'iso-latin-1-unix prefer-utf-8'),
      send('é', '\xc3\xa9', 'iso-latin-1-unix utf-8-unix'),
    ),
    {
      notEmacs: 'detects ISO 2022',
      ...pair('undecided', 'utf-8', receive('\x1b$B$"\x1b(B', '\x1b$B$"\x1b(B', 'undecided utf-8')),
    },
    {
      notEmacs: 'takes these for its own former encoding',
      ...pair(
        'undecided',
        'utf-8',
        receive(
          '\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\n',
          'こんにちは\n',
          'japanese-shift-jis-unix utf-8',
        ),
      ),
    },
  ],

  'an encoding of nil': [
    pair(
      'undecided',
      null,
      receive('\xc3\xa9\r\n', 'é\n', 'utf-8-dos utf-8-dos'),
      send('é\n', '\xc3\xa9\r\n', 'utf-8-dos utf-8-dos'),
    ),
    pair(
      'undecided',
      null,
      receive('\xe9\r\n', 'é\n', 'iso-latin-1-dos iso-latin-1-dos'),
      send('é\n\udcff', '\xe9\r\n\xff', 'iso-latin-1-dos iso-latin-1-dos'),
    ),
    pair(
      'undecided',
      null,
      receive('abc', 'abc', 'undecided nil'),
      receive('d\n', 'd\n', 'undecided-unix undecided-unix'),
      send('é', '\xc3\xa9', 'undecided-unix utf-8-unix'),
    ),
    pair(
      null,
      null,
      receive('abc', 'abc', 'undecided undecided-unix'),
      receive('\xe9.', 'é.', 'iso-latin-1 undecided-unix'),
    ),
    pair(
      'undecided',
      null,
      send('é', '\xc3\xa9', 'undecided utf-8-unix'),
      receive('\xe9a\n', 'éa\n', 'iso-latin-1-unix utf-8-unix'),
    ),
    pair('latin-1', null, receive('a', 'a', 'latin-1 nil'), send('é\n', '\xc3\xa9\n', 'latin-1 utf-8-unix')),
    pair(
      'latin-1',
      null,
      receive('a\r\n', 'a\n', 'iso-latin-1-dos iso-latin-1-dos'),
      send('é\n', '\xe9\r\n', 'iso-latin-1-dos iso-latin-1-dos'),
    ),
    pair(
      'euc-jp-unix',
      null,
      receive('\xa4\xa2\n', 'あ\n', 'euc-jp-unix nil'),
      send('あ', '\xe3\x81\x82', 'euc-jp-unix utf-8-unix'),
    ),
    pair(
      'raw-text',
      null,
      receive('a\r\n', bytes('a\n'), 'raw-text-dos raw-text-dos'),
      send('é\n', '\xc3\xa9\r\n', 'raw-text-dos raw-text-dos'),
    ),
    pair('undecided', null, receive('a\0\r\n', bytes('a\0\r\n'), 'no-conversion no-conversion')),
    pair(
      'undecided-dos',
      null,
      receive('abc', 'abc', 'undecided-dos nil'),
      receive('\xe9abc', 'éabc', 'iso-latin-1-dos iso-latin-1-dos'),
    ),
    pair(
      'utf-8',
      null,
      send(bytes('abc'), 'abc', 'utf-8 nil'),
      receive('a\r\n', 'a\n', 'utf-8-dos utf-8-dos'),
    ),
  ],

  encoding: [
    both('latin-1', send('é\n€\udcff', '\xe9\n \xff', 'latin-1 iso-latin-1-unix')),
    both('latin-1-dos', send('é\r\n€', '\xe9\r\r\n ', 'latin-1-dos latin-1-dos')),
    both('utf-8-mac', send('a\né\n', 'a\r\xc3\xa9\r', 'utf-8-mac utf-8-mac')),
    both('us-ascii', send('aéあ\u{1f600}', 'a???', 'us-ascii us-ascii-unix')),
    both('utf-8', send('\ud800.\u{1f600}\udcff', '\xed\xa0\x80.\xf0\x9f\x98\x80\xff', 'utf-8 utf-8-unix')),
    both('undecided', send('é\n', '\xc3\xa9\n', 'undecided utf-8-unix')),
    both('undecided-dos', send('é\n', '\xc3\xa9\r\n', 'undecided-dos utf-8-dos')),
    both('binary', send('é\n\udcff', '\xc3\xa9\n\xff', 'binary binary')),
    both('raw-text', send('é\n\udcff', '\xc3\xa9\n\xff', 'raw-text raw-text-unix')),
    both('raw-text-dos', send('é\n', '\xc3\xa9\r\n', 'raw-text-dos raw-text-dos')),
    both('latin-1', send(bytes('\xc3\n'), '\xc3\n', 'latin-1 latin-1')),
    both('utf-16-dos', send(bytes('\xc3\n'), '\xc3\r\n', 'utf-16-dos utf-16-dos')),
    both('sjis-mac', send(bytes('\xc3\n'), '\xc3\r', 'sjis-mac sjis-mac')),
    both(
      'euc-jp',
      send('あé€\udcff\u{1f600}z', '\xa4\xa2\x8f\xab\xb1 \xff z', 'euc-jp japanese-iso-8bit-unix'),
    ),
    both('shift_jis', send('あé€\udcff\u{1f600}z', '\x82\xa0  \xff z', 'shift_jis japanese-shift-jis-unix')),
    both('big5', send('あé€\udcff\u{1f600}z', '  \xa3\xe1\xff z', 'big5 chinese-big5-unix')),
    both(
      'gb18030',
      send(
        'あé€\udcff\u{1f600}z\ud800',
        '\xa4\xa2\xa8\xa6\xa2\xe3\xff\x949\xfc6z ',
        'gb18030 chinese-gb18030-unix',
      ),
    ),
    both('cp437', send('あé€\udcff\u{1f600}z', ' \x82 \xff z', 'cp437 cp437-unix')),
    {
      notEmacs: 'loses raw bytes in UTF-16',
      ...both('utf-16le', send('a\udcff', 'a\0\xff', 'utf-16le utf-16le-unix')),
    },
  ],
}

/** What this package gives in a conversation. */
function hold({ coding, steps }: Conversation): Step[] {
  const decoder = new Decoder(codingSystem(coding[0]))
  let encoder = new Encoder(codingSystem(coding[1]))
  return steps.map(step => {
    let gives
    if ('send' in step) gives = Buffer.from(encoder.encode(step.send)).toString('latin1')
    else {
      const before = decoder.system
      const found = 'end' in step ? decoder.flush() : decoder.decode(bytes(step.receive))
      gives = typeof found === 'string' ? found : Buffer.from(found)
      const inherited = inheritedEncoding(encoder.system, before, decoder.system)
      if (inherited !== encoder.system) encoder = new Encoder(inherited)
    }
    const names = `${decoder.system.name ?? 'nil'} ${encoder.system.name ?? 'nil'}`
    return { ...step, gives, coding: names } as Step
  })
}

/** The same, in a network process of Emacs; what was expected shows whether it is text or bytes. */
function holdInEmacs(talks: readonly Conversation[]): Step[][] {
  const step = (one: Step): string => {
    if ('end' in one) return '(ending)'
    if ('receive' in one) return `(receiving ${lispBytes(bytes(one.receive))})`
    return `(sending ${typeof one.send === 'string' ? lispText(one.send) : lispBytes(one.send)})`
  }
  const lines = emacs(`
    (defvar client) (defvar peer) (defvar received)
    (defun names ()
      (line (format "%s %s" (car (process-coding-system client)) (cdr (process-coding-system client)))))
    (defun report (received)
      (line (cond ((not received) "") ((multibyte-string-p received) (concat "t" (units received)))
        (t (concat "b" received))))
      (names))
    (defun receiving (bytes)
      (setq received nil)
      (process-send-string peer bytes)
      (accept-process-output client 10)
      (report received))
    (defun ending ()
      (setq received nil)
      (delete-process peer)
      (while (process-live-p client) (accept-process-output client 0.01))
      (report received))
    (defun sending (data)
      (setq received nil)
      (process-send-string client data)
      (accept-process-output peer 10)
      (line received)
      (names))
    (make-network-process :name "server" :server t :family 'local :service "socket" :coding 'binary :noquery t
      :sentinel #'ignore :filter (lambda (_ data) (setq received data)) :log (lambda (_ child __) (setq peer child)))
    (dolist (talk '(${talks
      .map(
        ({ coding, steps }) =>
          `((${coding[0] ?? 'nil'} . ${coding[1] ?? 'nil'}) ${steps.map(step).join(' ')})`,
      )
      .join('\n')}))
      (setq peer nil
            client (make-network-process :name "client" :family 'local :service "socket" :coding (car talk)
              :noquery t :sentinel #'ignore :filter (lambda (_ data) (setq received data))))
      (while (not peer) (accept-process-output nil 0.01))
      (mapc #'eval (cdr talk))
      (delete-process client)
      (delete-process peer))`)
  return talks.map(({ steps }) =>
    steps.map(one => {
      const [data, names] = lines.splice(0, 2)
      const kind = String.fromCharCode(data![0]!)
      let gives
      if ('send' in one) gives = data!.toString('latin1')
      else if (data!.length === 0) gives = typeof one.gives === 'string' ? '' : Buffer.alloc(0)
      else gives = kind === 't' ? text(data!.subarray(1)) : data!.subarray(1)
      return { ...one, gives, coding: names!.toString() } as Step
    }),
  )
}

for (const [subject, talks] of Object.entries(conversations)) {
  describe(subject, () => {
    for (const talk of talks) {
      const [first] = talk.steps
      const title = `${talk.coding.map(name => name ?? 'nil').join('/')} ${JSON.stringify(first)}`
      it(talk.notEmacs === undefined ? title : `${title}, unlike Emacs, which ${talk.notEmacs}`, () => {
        assert.deepEqual(hold(talk), talk.steps)
      })
    }
  })
}

describe('the conversations in Emacs', () => {
  before(needsEmacs)

  const all = Object.values(conversations).flat()

  it('are the same, except where they are said to differ', () => {
    const talks = all.filter(talk => talk.notEmacs === undefined)
    assert.deepEqual(
      holdInEmacs(talks),
      talks.map(talk => talk.steps),
    )
  }).timeout(60000)

  it('differ where they are said to differ', () => {
    const talks = all.filter(talk => talk.notEmacs !== undefined)
    for (const [index, steps] of holdInEmacs(talks).entries()) {
      assert.notDeepEqual(steps, talks[index]!.steps, talks[index]!.notEmacs)
    }
  }).timeout(60000)
})
