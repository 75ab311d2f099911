// node examples/alg-sha256.mjs package.json
//
// Has the kernel compute the SHA-256 of a file: AF_ALG. The bound socket stands for the algorithm. accept(2) gives an
// operation, which takes the data, in parts if they are sent with MSG_MORE, and is then read for the digest.

import { createReadStream } from 'node:fs'
import { constants, encodeAddress, sockaddr, Socket } from 'make-network-process/socket'

const file = process.argv[2] ?? 'package.json'
const algorithm = new Socket(constants.AF_ALG, constants.SOCK_SEQPACKET)
algorithm.bind(encodeAddress(sockaddr.alg({ type: 'hash', name: 'sha256' })))
const { socket: operation } = algorithm.accept()

for await (const chunk of createReadStream(file)) {
  for (let sent = 0; sent < chunk.length;) sent += operation.send(chunk.subarray(sent), constants.MSG_MORE)
}
const digest = Buffer.alloc(32)
operation.recv(digest)
console.log(`${digest.toString('hex')}  ${file}`)
operation.close()
algorithm.close()
