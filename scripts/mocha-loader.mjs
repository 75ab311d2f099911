// Preloaded into mocha by .mocharc.json: has the tests, in TypeScript, run as the ES modules they are.
//
// mocha tries require() before import() where Node can require ES modules. For a .ts file that ends either in
// a second, CommonJS copy of the package beside the one that import() gives, or in an error that hides the
// real one.

import 'tsx/esm'

Object.defineProperty(process.features, 'require_module', { value: false })
