// The same for make-network-process/emacs: nil comes out as null, and designators go in. Compiled, never run.

import { expectTypeOf } from 'expect-type'
import { TextBuffer, type Address } from 'make-network-process'
import * as emacs from 'make-network-process/emacs'

type Process = emacs.NetworkProcess
declare const process: Process

expectTypeOf(emacs.makeNetworkProcess).returns.toEqualTypeOf<Process | null>()
expectTypeOf(emacs.getProcess).returns.toEqualTypeOf<Process | null>()
expectTypeOf(emacs.getBufferProcess).returns.toEqualTypeOf<Process | null>()
expectTypeOf(emacs.processStatus).returns.toEqualTypeOf<string | null>()
expectTypeOf(emacs.processMark).returns.toEqualTypeOf<number | null>()
expectTypeOf(emacs.processCommand).returns.toEqualTypeOf<true | null>()
expectTypeOf(emacs.processId).returns.toEqualTypeOf<null>()
expectTypeOf(emacs.processDatagramAddress).returns.toEqualTypeOf<Address | null>()
expectTypeOf(emacs.networkLookupAddressInfo).returns.toEqualTypeOf<Address[] | null>()
expectTypeOf(emacs.formatNetworkAddress).returns.toEqualTypeOf<string | null>()
expectTypeOf(emacs.processContact).returns.toEqualTypeOf<unknown>()
expectTypeOf(emacs.processSendString).returns.toEqualTypeOf<null>()

emacs.makeNetworkProcess({
  name: 'x',
  server: true,
  filter: (process, data) => {
    expectTypeOf(process).toEqualTypeOf<Process>()
    expectTypeOf(data).toEqualTypeOf<string>()
  },
})
expectTypeOf(
  emacs.makeNetworkProcess({
    name: 'x',
    coding: 'binary',
    filter: (_, data) => expectTypeOf(data).toEqualTypeOf<Buffer>(),
  }),
).toEqualTypeOf<Process>()
expectTypeOf(emacs.makeNetworkProcess(':name', 'x')).toEqualTypeOf<Process | null>()

// A function that returns its argument has the type of that.
expectTypeOf(emacs.processSendEof(process)).toEqualTypeOf<Process>()
expectTypeOf(emacs.processSendEof('name')).toExtend<string>()
expectTypeOf(emacs.setProcessQueryOnExitFlag(process, [1])).toEqualTypeOf<number[]>()
expectTypeOf(emacs.processPut(process, 'x', [true])).toEqualTypeOf<boolean[]>()

for (const designator of [process, 'name', TextBuffer.named('x')]) {
  emacs.deleteProcess(designator)
  emacs.processSendString(designator, 'x')
  emacs.processType(designator)
}
// @ts-expect-error Not of that type.
emacs.deleteProcess(5)
// @ts-expect-error Only a process itself.
emacs.processName('name')
// @ts-expect-error Not of that type.
emacs.setProcessFilter('name', null)
