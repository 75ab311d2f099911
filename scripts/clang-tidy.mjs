// Runs clang-tidy 16 with the checks of .clang-tidy on every C++ file, or on the files named. It takes some
// seconds per file, so it is not part of `npm run lint`.

import path from 'node:path'
import { countFailures, filesBelow, findTool, root, run } from './native.mjs'

const tool = await findTool(16, 'clang-tidy-16', 'clang-tidy')
if (tool === undefined) {
  console.log('clang-tidy: skipped, version 16 is not installed (Debian: apt-get install clang-tidy-16)')
  process.exit()
}

const configured = await run('cmake', ['-S', '.', '-B', 'build/tidy'])
if (!configured.ok) {
  process.stderr.write(configured.output)
  process.exit(1)
}

const named = process.argv.slice(2).map(file => path.relative(root, path.resolve(file)))
const files =
  named.length > 0 ? named : ['native', 'test/native'].flatMap(folder => filesBelow(folder, '.cc'))
const failures = await countFailures(files, file => run(tool, ['--quiet', '-p', 'build/tidy', file]))
console.log(`clang-tidy: ${files.length - failures} of ${files.length} files are clean`)
process.exitCode = failures === 0 ? 0 : 1
