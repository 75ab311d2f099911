// Every function that make-network-process/emacs exports, by its Emacs name; one that has no test fails. The tests
// themselves are in functions.ts, which says why they run in a thread of their own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import * as emacs from 'make-network-process/emacs'

const functions = new URL('functions.ts', import.meta.url).href
const rules = [
  'takes only processes where Emacs does',
  'takes names and buffers where Emacs does, and says which does not exist',
  'gives null, and never undefined, for nil',
  'takes bytes for names and paths, unchanged',
  'calls the sentinels of all processes that have ended when one is deleted, newest first',
  'keeps the order of messages when a filter waits',
  'reports the end while a filter waits that got the rest of a character, and after it',
  'calls no sentinels in a wait for a process that has ended',
  'leaves a connect in progress that a sentinel has begun',
]

describe('make-network-process/emacs', () => {
  let worker: Worker

  before(async () => {
    // tsx's loader is for the main thread; a worker registers its own.
    const start = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(functions)})))`
    worker = new Worker(start, { eval: true, execArgv: [] })
    assert.deepEqual(await once(worker, 'message'), [rules])
  })
  after(() => worker.terminate())

  for (const name of [...Object.keys(emacs), ...rules])
    it(rules.includes(name) ? name : name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase(), async () => {
      worker.postMessage(name)
      const [failure] = (await once(worker, 'message')) as [string | undefined]
      if (failure !== undefined) assert.fail(failure)
    })
})
