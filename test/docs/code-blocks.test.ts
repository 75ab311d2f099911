// Every block of code in README.md, docs/ and the comments of lib/. JavaScript and TypeScript are checked by the strict
// compiler against the types of the package; a program that shows what it prints behind `// →` is run, too. Shell
// commands of ours are run where they end by themselves; others may name only what exists. A block is exempt by its
// language.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import * as commandLine from '../../dist/cli/arguments.js'
import * as lisp from '../../dist/cli/lisp.js'
import * as coding from '../../dist/coding/index.js'
import * as raw from 'make-network-process/socket'
import * as main from 'make-network-process'
import { aFolder } from '../support/transports.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const scripts = ['js', 'ts']
const exempt = ['text', 'elisp', 'ini', 'haproxy', 'json']

interface Block {
  /** `docs/node.md:12` */
  where: string
  language: string
  code: string
}

const lineOf = (text: string, at: number) => text.slice(0, at).split('\n').length

function blocksOfPage(file: string): Block[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(({ 1: language = '', 2: code = '', index }) => ({
    where: `${file}:${lineOf(text, index)}`,
    language,
    code,
  }))
}

// An example in a comment is in a fence, or is code as it stands.
function blocksOfComments(file: string): Block[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  return [...text.matchAll(/@example\b([^]*?)(?=\n *\* @|\*\/)/g)].map(({ 1: example = '', index }) => {
    const lines = example.split('\n').map(line => line.replace(/^ *\* ?/, ''))
    const whole = lines.join('\n').trim()
    const [, language = 'ts', code = whole] = /^```(.*)\n([^]*)```$/.exec(whole) ?? []
    return { where: `${file}:${lineOf(text, index)}`, language, code }
  })
}

const filesBelow = (folder: string, extension: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith(extension))
    .map(file => path.join(folder, file))
    .sort()

const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')].flatMap(
  blocksOfPage,
)
const comments = filesBelow('lib', '.ts').flatMap(blocksOfComments)
const blocks = [...pages, ...comments]

// ---- the compiler -------------------------------------------------------------------------------------------------

// What an excerpt may use without an import: everything that is exported, and a few processes.
const ambient = () => {
  const exported = Object.entries({
    'make-network-process': main,
    'make-network-process/socket': raw,
    '../../dist/coding/index.js': coding,
    '../../dist/cli/arguments.js': commandLine,
    '../../dist/cli/lisp.js': lisp,
  })
  const names = new Map(exported.flatMap(([from, values]) => Object.keys(values).map(name => [name, from])))
  return `import type { NetworkConnection, NetworkServer } from 'make-network-process'
    import type { Socket as RawSocket } from 'make-network-process/socket'
    declare global {
      const client: NetworkConnection<string>, server: NetworkServer<string>, socket: RawSocket
      ${[...names].map(([name, from]) => `const ${name}: typeof import('${from}').${name}`).join('\n')}
    }`
}

/** What the compiler reports for each block, by where the block is. */
function compile(checked: readonly Block[]): Map<string, string[]> {
  const options: ts.CompilerOptions = {
    strict: true,
    // As JavaScript has it, which some of these are.
    useUnknownInCatchVariables: false,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    skipLibCheck: true,
  }
  const sources = new Map<string, string>([[path.join(root, 'test/docs/ambient.ts'), ambient()]])
  const places = new Map<string, string>()
  for (const { where, code } of checked) {
    const file = path.join(root, 'test/docs', `${where.replaceAll(/[/:]/g, '-')}.ts`)
    sources.set(file, `${code}\nexport {}\n`)
    places.set(file, where)
  }
  const disk = ts.createCompilerHost(options)
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: file => sources.has(file) || disk.fileExists(file),
    readFile: file => sources.get(file) ?? disk.readFile(file),
    getSourceFile(file, version, ...rest) {
      const source = sources.get(file)
      return source === undefined
        ? disk.getSourceFile(file, version, ...rest)
        : ts.createSourceFile(file, source, version)
    },
  }
  const program = ts.createProgram([...sources.keys()], options, host)
  const said = new Map<string, string[]>()
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const where = places.get(file?.fileName ?? '') ?? file?.fileName ?? ''
    const line = file === undefined ? 0 : ts.getLineAndCharacterOfPosition(file, start ?? 0).line + 1
    const messages = said.get(where) ?? []
    said.set(where, [...messages, `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`])
  }
  return said
}

describe('the code in the documentation', () => {
  it('names its language', () => {
    for (const { where, language } of blocks)
      assert.ok([...scripts, ...exempt, 'sh'].includes(language), `${where}: ${JSON.stringify(language)}`)
    assert.ok(comments.every(({ language }) => scripts.includes(language)))
  })

  describe('passes the compiler', () => {
    const checked = blocks.filter(({ language }) => scripts.includes(language))
    let said: Map<string, string[]>
    before(() => (said = compile(checked)))

    it('without errors outside of the blocks', () => {
      const places = checked.map(({ where }) => where)
      assert.deepEqual(
        [...said].filter(([where]) => !places.includes(where)),
        [],
      )
    })
    for (const { where } of checked) it(where, () => assert.deepEqual(said.get(where) ?? [], []))
  })

  describe('prints what it says', () => {
    for (const { where, code } of pages) {
      const expected = [...code.matchAll(/\/\/ → (.*)/g)].map(([, line = '']) => `${line}\n`).join('')
      if (expected !== '')
        it(where, () => {
          const { outputText } = ts.transpileModule(code, {
            compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
          })
          const args = ['--input-type=module', '--eval', outputText]
          const { status, stdout, stderr } = spawnSync(process.execPath, args, {
            cwd: root,
            encoding: 'utf8',
            timeout: 60_000,
          })
          assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: expected, stderr: '' })
        })
    }
  })

  // ---- the shell ----------------------------------------------------------------------------------------------------

  const shell = pages
    .filter(({ language }) => language === 'sh')
    .map(({ where, code }) => ({ where, lines: code.replace(/\\\n/g, '').trimEnd().split('\n') }))

  describe('runs in a shell', () => {
    for (const { where, lines } of shell)
      if (lines.every(line => line.includes('npx make-network-process')))
        it(where, async () => {
          const cli = `"${process.execPath}" "${path.join(root, 'dist/cli/main.js')}"`
          // Paths below /tmp are shared with everybody.
          const folder = aFolder()
          const commands = lines.map(line =>
            line.replaceAll('/tmp/', `${folder}/`).replaceAll('npx make-network-process', cli),
          )
          const servers = []
          try {
            for (const command of commands) {
              const [, inBackground] = /^(.*) &$/.exec(command) ?? []
              if (inBackground === undefined) {
                const [, expected] = / # → (.*)$/.exec(command) ?? []
                const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
                  encoding: 'utf8',
                  timeout: 60_000,
                })
                assert.equal(status, 0, stderr)
                if (expected === undefined) assert.notEqual(stdout, '')
                else assert.equal(stdout.trimEnd().replaceAll('\n', ' '), expected)
              } else {
                const server = spawn('bash', ['-c', `exec ${inBackground}`], {
                  stdio: ['ignore', 'ignore', 'pipe'],
                })
                servers.push(server)
                // Its first words are where it listens.
                await once(server.stderr, 'data')
              }
            }
          } finally {
            for (const server of servers) {
              server.kill()
              await once(server, 'close')
            }
          }
        })
  })

  describe('names only scripts and files that exist, in a shell', () => {
    const known = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: object }
    for (const { where, lines } of shell)
      it(where, () => {
        for (const line of lines) {
          for (const [, name = ''] of line.matchAll(/npm (?:run )?(?!ci\b|install\b|run\b)([a-z:]+)/g))
            assert.ok(name in known.scripts, `npm run ${name}`)
          for (const [, file = ''] of line.matchAll(
            /(?:node|bash|-f|mocha) ((?:examples|scripts|test|\.ci)\/\S+)/g,
          ))
            assert.ok(existsSync(path.join(root, file)), file)
        }
      })
  })
})
