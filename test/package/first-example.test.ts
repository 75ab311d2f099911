// README's first example, in every way that people run it: from the package as it is packed, in a folder of its own. All
// that is known here of the example is its socket's name, which must be unique on this machine.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions } from 'esbuild'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [, shown = ''] = /```js\n([^]*?)```/.exec(readFileSync(path.join(root, 'README.md'), 'utf8')) ?? []
const example = shown.replaceAll('echo-example', `echo-example-${process.pid}`)
const addon =
  process.env.MAKE_NETWORK_PROCESS_ADDON ?? path.join(root, 'build/Release/make_network_process.node')

let folder: string
const file = (name: string, content: string) => {
  writeFileSync(path.join(folder, name), content)
  return path.join(folder, name)
}

/** Runs Node on a file, with no addon but the package's own. */
async function run(args: readonly string[], environment: Record<string, string> = {}) {
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment }
  if (environment.MAKE_NETWORK_PROCESS_ADDON === undefined) delete env.MAKE_NETWORK_PROCESS_ADDON
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  const [[status], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ])
  return { status, stdout, stderr }
}

/** Runs Node on a file that has to print what the example prints. */
async function works(args: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  const { status, stdout, stderr } = await run(args, environment)
  assert.equal(stderr, '')
  assert.equal(stdout, 'ONE PACKET\nclient deleted\n')
  assert.equal(status, 0)
}

describe("README's first example", () => {
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mnp-package-'))
    const modules = path.join(folder, 'node_modules')
    mkdirSync(modules)
    // Without scripts, because everything is built already.
    const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
    execFileSync('tar', ['-xf', filename], { cwd: folder })
    renameSync(path.join(folder, 'package'), path.join(modules, 'make-network-process'))
    const prebuilds = path.join(modules, 'make-network-process/prebuilds')
    mkdirSync(prebuilds, { recursive: true })
    cpSync(addon, path.join(prebuilds, `${process.platform}-${process.arch}.node`))
    for (const name of ['iconv-lite', 'safer-buffer', '@types', 'undici-types'])
      symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name))
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  it('is an ES module', () => works([file('example.mjs', example)]))

  it('is a CommonJS module, by require()', async () => {
    const required = example.replace(/^import (\{.*\}) from ('.*')$/m, 'const $1 = require($2)')
    assert.notEqual(required, example)
    await works([file('example.cjs', required)])
  })

  it('is TypeScript, and strict', () => {
    const source = file('example.mts', example)
    const program = ts.createProgram([source], {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
      module: ts.ModuleKind.NodeNext,
      types: ['node'],
      typeRoots: [path.join(folder, 'node_modules/@types')],
    })
    const said = ts.getPreEmitDiagnostics(program)
    assert.deepEqual(
      said.map(({ file, messageText }) => [
        file?.fileName,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      ]),
      [],
    )
  })

  it('is a worker', () => {
    file('example.mjs', example)
    const starter = `import { Worker } from 'node:worker_threads'
      new Worker(new URL('example.mjs', import.meta.url)).on('error', error => { throw error })`
    return works([file('starter.mjs', starter)])
  })

  describe('is bundled', () => {
    const bundle = async (name: string, more: BuildOptions) => {
      const outfile = path.join(folder, name)
      file('example.mjs', example)
      await build({
        entryPoints: [path.join(folder, 'example.mjs')],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        logLevel: 'silent',
        ...more,
      })
      return outfile
    }
    // iconv-lite is a CommonJS module.
    const whole: BuildOptions = {
      banner: {
        js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)",
      },
    }

    it('with the package left outside', async () => {
      const outfile = await bundle('outside.mjs', { external: ['make-network-process'] })
      await works([outfile])
    })

    it('with the package left outside, for CommonJS', async () => {
      await works([await bundle('outside.cjs', { external: ['make-network-process'], format: 'cjs' })])
    })

    const formats = { 'bundle.mjs': whole, 'bundle.cjs': { format: 'cjs' } } as const
    for (const [name, options] of Object.entries(formats))
      it(`with the package inside, and the addon where the environment says: ${name}`, async () => {
        const moved = mkdtempSync(path.join(tmpdir(), 'mnp-bundle-'))
        try {
          const outfile = path.join(moved, name)
          renameSync(await bundle(name, options), outfile)
          cpSync(addon, path.join(moved, 'here.node'))
          await works([outfile], { MAKE_NETWORK_PROCESS_ADDON: path.join(moved, 'here.node') })
          const { status, stderr } = await run([outfile], { MAKE_NETWORK_PROCESS_ADDON: 'not/there.node' })
          assert.notEqual(status, 0)
          assert.match(stderr, /not\/there\.node: /)
        } finally {
          rmSync(moved, { recursive: true })
        }
      })

    it('with the package inside, and prebuilds/ beside its folder', async () => {
      const moved = mkdtempSync(path.join(tmpdir(), 'mnp-bundle-'))
      try {
        mkdirSync(path.join(moved, 'dist'))
        mkdirSync(path.join(moved, 'prebuilds'))
        const outfile = path.join(moved, 'dist/bundle.mjs')
        renameSync(await bundle('bundle.mjs', whole), outfile)
        cpSync(addon, path.join(moved, `prebuilds/${process.platform}-${process.arch}.node`))
        await works([outfile])
      } finally {
        rmSync(moved, { recursive: true })
      }
    })
  })
})
