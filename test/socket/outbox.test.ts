// Sending, below Socket: only what the layers above cannot ask for is tested here.

import assert from 'node:assert/strict'
import { constants, Socket } from 'make-network-process/socket'
import { native } from '../../dist/native.js'
import * as built from '../../dist/socket/outbox.js'
import type * as source from '../../lib/socket/outbox.js'
import { own, receiveAll } from './sockets.js'

// They are internal, and so without a declaration.
const { sendPart } = built as unknown as typeof source
const { AF_UNIX, SOCK_STREAM } = constants

describe('sendPart()', () => {
  let memory: Uint8Array

  before(function () {
    try {
      // Pages that are never written to take no memory.
      memory = new Uint8Array(2 ** 32)
    } catch {
      this.skip()
    }
    memory.set(Buffer.from('the end'), memory.length - 7)
  })

  after(() => (memory = new Uint8Array()))

  function aStream(): [id: number, peer: Socket] {
    const [one, other] = Socket.pair(AF_UNIX, SOCK_STREAM)
    return [native.adopt(one.detach()), own(other)]
  }

  it('counts what is left of 4 GiB', () => {
    const [id, peer] = aStream()
    const left = sendPart(id, memory, 0, memory.length, -1)
    const sent = memory.length - left
    native.close(id)
    assert.equal(receiveAll(peer, sent).length, sent)
    assert.equal(peer.recv(Buffer.alloc(1)), 0)
  })

  it('sends from an offset of almost 4 GiB', () => {
    const [id, peer] = aStream()
    assert.equal(sendPart(id, memory, memory.length - 7, memory.length, -1), 0)
    assert.equal(receiveAll(peer, 7), 'the end')
    native.close(id)
  })
})
