// Checks that the C and C++ files are formatted as by clang-format 16 (other versions may differ); `--fix`
// reformats them. If that version is not installed, says so and succeeds, so that linting the TypeScript needs
// no tool of the system.

import { filesBelow, findTool, run } from './native.mjs'

const tool = await findTool(16, 'clang-format-16', 'clang-format')
const files = ['native', 'scripts/bench', 'test/native'].flatMap(folder =>
  filesBelow(folder, '.c', '.cc', '.h'),
)

if (tool === undefined) {
  console.log('clang-format: skipped, version 16 is not installed (Debian: apt-get install clang-format-16)')
} else if (files.length > 0) {
  const mode = process.argv.includes('--fix') ? ['-i'] : ['--dry-run', '--Werror']
  const { ok, output } = await run(tool, [...mode, ...files])
  process.stdout.write(output)
  console.log(`clang-format: ${ok ? 'no complaint about' : 'see above;'} ${files.length} files`)
  process.exitCode = ok ? 0 : 1
}
