// What is measured, against which peers, and the goals. How it is measured is elsewhere.
//
// A goal belongs to one subject of a case: `peer` is its rate (for idle connections: its memory, inverted) as a multiple
// of the peer's, `cpu` the peer's CPU time per message as a multiple of its own, `reference` its rate as a fraction of
// that of the program in C. Each is [at least, aim].

const ours = { text: 'ours, text', bytes: 'ours, bytes', lent: 'ours, lent', many: 'ours, sendMany' }
const plain = ['C, plain']
const receiving = ['C, drained', 'C, batched']
const sending = ['C, plain', 'C, batched']
const small = 64
const medium = 1024
const packet = 1400
const large = 65536

const peers = {
  udp: 'node:dgram',
  tcp: 'node:net',
  'local-stream': 'node:net',
  'local-datagram': 'unix-dgram',
  seqpacket: 'node-unix-socket',
}

/** A case; `modes` are this package's subjects, `others` are measured besides the peer. */
function define(workload, transport, size, modes, references, goals = {}, more = {}) {
  const { others = [], ...rest } = more
  return {
    workload,
    transport,
    size,
    count: 1,
    peer: peers[transport],
    subjects: [...modes, peers[transport], ...others, ...references],
    goals,
    ...rest,
  }
}

const asyncio = { others: ['asyncio'] }
const { text, bytes, lent, many } = ours
const datagramsNeverBehind = { peer: [1, 1] }
const udpSendGoals = { [bytes]: { peer: [1.5, 2] }, [many]: { peer: [1.5, 2] } }
const packetGoal = { peer: [6, 8], reference: [0.8, 0.95], cpu: [10] }

const untitled = [
  // ---- echo, one message in flight ----
  define('echo', 'udp', small, [text, bytes], plain, { [bytes]: { peer: [1.3, 1.5] } }, asyncio),
  define('echo', 'udp', packet, [bytes], plain, { [bytes]: { peer: [1.3, 1.5] } }),
  define('echo', 'tcp', small, [text, bytes], plain, { [bytes]: { peer: [1.1, 1.3] } }, asyncio),
  define('echo', 'local-stream', small, [text, bytes], plain, { [bytes]: { peer: [1.15, 1.4] } }, asyncio),
  define('echo', 'local-datagram', small, [text, bytes], plain, { [bytes]: { peer: [1.05, 1.3] } }, asyncio),
  define('echo', 'local-datagram', medium, [bytes], plain, { [bytes]: { peer: [1.05, 1.3] } }),
  define('echo', 'local-datagram', large, [bytes, lent], plain, {
    [bytes]: datagramsNeverBehind,
    [lent]: datagramsNeverBehind,
  }),
  define(
    'echo',
    'seqpacket',
    small,
    [text, bytes],
    plain,
    { [bytes]: { peer: [1.9, 2.4], reference: [0.7, 0.87] } },
    asyncio,
  ),
  define('echo', 'seqpacket', medium, [bytes], plain, {
    [bytes]: { peer: [1.9, 2.4], reference: [0.7, 0.87] },
  }),
  define('echo', 'seqpacket', large, [bytes, lent], plain),

  // ---- echo, several in flight; more datagrams than a local socket's queue takes would come to a standstill ----
  define('echo', 'udp', small, [text, bytes], receiving, { [bytes]: { peer: [2.5, 3.3] } }, { count: 32 }),
  define('echo', 'tcp', small, [bytes], plain, {}, { count: 32 }),
  define('echo', 'local-stream', small, [bytes], plain, {}, { count: 32 }),
  define('echo', 'local-datagram', small, [bytes], receiving, {}, { count: 8 }),
  define(
    'echo',
    'seqpacket',
    small,
    [text, bytes],
    receiving,
    { [bytes]: { peer: [3.7, 6] } },
    { count: 32 },
  ),

  // ---- echo over many connections, one message in flight on each ----
  ...['tcp', 'local-stream', 'seqpacket'].flatMap(transport =>
    [16, 128].map(count =>
      define(
        'connections',
        transport,
        small,
        [text, bytes],
        plain,
        count === 16
          ? {}
          : {
              tcp: { [bytes]: { peer: [1.8, 2.3] } },
              'local-stream': { [bytes]: { peer: [2.2, 3] } },
              seqpacket: { [bytes]: { peer: [4.3, 5.5], reference: [undefined, 0.95] } },
            }[transport],
        { count, ...(count === 128 ? asyncio : {}) },
      ),
    ),
  ),

  // ---- receive ----
  define(
    'receive',
    'udp',
    small,
    [text, bytes],
    receiving,
    { [bytes]: { peer: [1.6, 2.2], reference: [0.9] } },
    asyncio,
  ),
  define('receive', 'udp', packet, [bytes], receiving, {
    [bytes]: { peer: [1.6, 2.2], reference: [0.9] },
  }),
  define('receive', 'local-datagram', small, [text, bytes], receiving, { [bytes]: { peer: [2.4, 3.5] } }),
  define('receive', 'local-datagram', medium, [bytes], receiving, { [bytes]: { peer: [2.4, 3.5] } }),
  define('receive', 'local-datagram', large, [bytes, lent], plain, {
    [bytes]: datagramsNeverBehind,
    [lent]: datagramsNeverBehind,
  }),
  ...[small, medium].map(size =>
    define(
      'receive',
      'seqpacket',
      size,
      [text, bytes, lent],
      receiving,
      { [bytes]: packetGoal, [lent]: packetGoal },
      size === small ? asyncio : {},
    ),
  ),
  define('receive', 'seqpacket', large, [bytes, lent], plain, {
    [lent]: { peer: [3.7, 4.4], reference: [undefined, 0.97] },
  }),
  ...['tcp', 'local-stream'].flatMap(transport => [
    define(
      'receive',
      transport,
      large,
      [bytes, lent],
      plain,
      { [bytes]: { peer: [1.05, 1.3] }, [lent]: { peer: [1.8, 2.1] } },
      asyncio,
    ),
    define('receive', transport, large, [text], [], { [text]: { peer: [1.3, 2] } }, textFromNet('ASCII')),
    define('receive', transport, large, [text], [], {}, textFromNet('French')),
  ]),

  // ---- send; sendMany is compared with peers that have no such function ----
  define('send', 'udp', small, [text, bytes, many], sending, udpSendGoals, asyncio),
  define('send', 'udp', packet, [bytes, many], sending, udpSendGoals),
  define('send', 'local-datagram', small, [text, bytes, many], sending, { [bytes]: { peer: [1.15, 1.6] } }),
  define('send', 'local-datagram', medium, [bytes], sending, { [bytes]: { peer: [1.15, 1.6] } }),
  define('send', 'local-datagram', large, [bytes], plain, { [bytes]: datagramsNeverBehind }),
  ...[small, medium].map(size =>
    define(
      'send',
      'seqpacket',
      size,
      size === small ? [text, bytes, many] : [bytes, many],
      sending,
      { [bytes]: { peer: [2, 2.4] }, [many]: { peer: [2.7, 2.9], reference: [undefined, 0.98] } },
      size === small ? asyncio : {},
    ),
  ),
  define('send', 'seqpacket', large, [bytes], plain),
  define('send', 'tcp', large, [bytes], plain, { [bytes]: { peer: [1.05, 1.3] } }, asyncio),
  define('send', 'local-stream', large, [bytes], plain, { [bytes]: { peer: [1.05, 1.3] } }, asyncio),

  // ---- connections: accepted, and idle ----
  define('accept', 'tcp', small, [bytes], plain, { [bytes]: { peer: [1.8, 3] } }, asyncio),
  define('accept', 'local-stream', small, [bytes], plain, { [bytes]: { peer: [2, 3] } }, asyncio),
  define('accept', 'seqpacket', small, [bytes], plain),
  define('idle', 'tcp', small, [bytes], plain, { [bytes]: { peer: [2, 5] } }, { count: 10_000, ...asyncio }),
  define(
    'idle',
    'local-stream',
    small,
    [bytes],
    plain,
    { [bytes]: { peer: [2, 5] } },
    { count: 10_000, ...asyncio },
  ),
  define('idle', 'seqpacket', small, [bytes], plain, {}, { count: 10_000 }),

  // ---- UTF-8 to a string ----
  ...['French', 'Russian', 'Japanese'].map(text => ({
    workload: 'decode',
    size: large,
    count: 1,
    text,
    peer: 'Buffer.toString',
    subjects: ['ours, native', 'ours, Decoder', 'Buffer.toString', 'TextDecoder'],
    goals: { 'ours, native': { peer: [2, 8] } },
  })),
]

function textFromNet(text) {
  const peer = 'node:net, setEncoding'
  return { text, peer, subjects: [ours.text, peer] }
}

/** What messages of text are filled with. */
export const texts = {
  ASCII: 'plain text, forty characters in a line\n',
  French: 'déjà vu à la forêt, où le cœur bat\n',
  Russian: 'съешь ещё этих мягких булок\n',
  Japanese: '日本語の文章です。\n',
}

const transportNames = {
  udp: 'UDP',
  tcp: 'TCP',
  'local-stream': 'local stream',
  'local-datagram': 'local datagram',
  seqpacket: 'seqpacket',
}

/** A length in bytes, readable. */
export const formatSize = size => (size < 1024 || size % 1024 !== 0 ? `${size} B` : `${size / 1024} KiB`)

// The title of a case, which `--only` is matched against.
function title({ workload, transport, size, count, text }) {
  const where = transportNames[transport]
  const content = text === undefined ? '' : ` of ${text} text`
  switch (workload) {
    case 'decode':
      return `decode ${formatSize(size)}${content}`
    case 'idle':
      return `${where} idle, ${count} connections`
    case 'accept':
      return `${where} accept`
    case 'connections':
      return `${where} echo ${formatSize(size)}, ${count} connections`
    case 'echo':
      return `${where} echo ${formatSize(size)}, ${count === 1 ? 'one' : count} in flight`
    default:
      return `${where} ${workload} ${formatSize(size)}${content}`
  }
}

/** All cases. */
export const cases = untitled.map(one => ({ title: title(one), ...one }))
