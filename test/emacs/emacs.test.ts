// Every function that make-network-process/emacs exports, by its Emacs name; one that has no test fails. The tests
// themselves are in functions.ts, which says why they run in a thread of their own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import * as emacs from 'make-network-process/emacs'

const functions = new URL('functions.ts', import.meta.url).href
const rules = [
  'takes processes only, where Emacs does',
  'takes names and buffers where Emacs does, and says who is missing',
  'gives null, and never undefined, for nil',
  'tells of all that have ended before when a process is deleted, the newest first',
  'keeps the order when a filter waits inside',
  'leaves to others what came behind the end of the process that was waited for',
  'leaves a connect under way that a sentinel has begun',
]

describe('make-network-process/emacs', () => {
  let worker: Worker

  before(async () => {
    // tsx's loader is the main thread's; a worker asks for its own.
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
