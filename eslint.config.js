// The linter's rules: typescript-eslint's strict type-aware ones, and the layers of ARCHITECTURE.md, each of
// which may import only from those below it.

import { defineConfig, globalIgnores } from 'eslint/config'
import eslint from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Forbids the files of one layer to import from the layers above it. */
const layer = (files, ...above) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: above.map(name => ({
          regex: `^\\.\\.?/(.*/)?${name}(/|\\.js$)`,
          message: 'A layer above.',
        })),
      },
    ],
  },
})

export default defineConfig(
  globalIgnores(['.bench/', 'build/', 'coverage/', 'dist/', '.zig/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/dot-notation': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `!` states that an index was checked by a loop or a length, which the compiler cannot know.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A callback may have closed, stopped or replaced anything: the state that is checked again after it is
      // not the one that the compiler has narrowed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
        { selector: 'ImportDeclaration[source.value="node:assert"]', message: 'node:assert/strict.' },
        {
          selector: 'ImportDeclaration[source.value="node:process"]',
          message:
            'It reads process.stdin, and so makes a pipe non-blocking that others read: use the global.',
        },
      ],
    },
  },
  layer(['lib/native.ts', 'lib/lisp.ts'], 'socket', 'coding', 'tls', 'process', 'emacs', 'cli', 'index'),
  layer(['lib/socket/**', 'lib/coding/**', 'lib/tls/**'], 'process', 'emacs', 'cli'),
  layer(['lib/process/**'], 'emacs', 'cli'),
  layer(['lib/emacs.ts'], 'cli'),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      // Tests pass and throw what the types forbid, to see that it is refused or survived.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      // The globals of the Node that runs the linter.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map(name => [name, 'readonly'])),
    },
  },
)
