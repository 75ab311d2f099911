// Preloaded into mocha by .mocharc.json: makes the TypeScript tests run as ES modules.
//
// mocha tries require() before import() where Node can require ES modules. For a .ts file that results in a
// second, CommonJS copy of the package besides the one that import() gives, or in an error that hides the
// real one.

import 'tsx/esm'

Object.defineProperty(process.features, 'require_module', { value: false })
