// Emacs's coding systems for network processes: the part of lib/coding that the layers above may use.

export { bytesAsText } from './codecs.js'
export { Decoder } from './decoder.js'
export { Encoder } from './encoder.js'
export {
  asUnibyte,
  codingSystem,
  codingSystemAliases,
  codingSystemBases,
  inheritedEncoding,
  withLineEnds,
  type CodingSystem,
  type LineEnd,
} from './names.js'
