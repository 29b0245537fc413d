// dist/index.js for bundlers, dist/segmentloom.js for a script tag. The collector serves a copy of the latter, so it
// is committed where the Python package has its files.
import { build } from 'esbuild'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { minify } from 'terser'

const here = (path) => new URL(path, import.meta.url)
const { version } = JSON.parse(await readFile(here('package.json')))
const common = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  target: 'es2020',
  define: { VERSION: JSON.stringify(version) },
  logLevel: 'warning',
}

await build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outfile: 'dist/index.js' })

const { outputFiles } = await build({
  ...common,
  entryPoints: ['src/script.ts'],
  format: 'iife',
  minify: true,
  tsconfigRaw: { compilerOptions: { alwaysStrict: false } }, // the words "use strict" are 14 bytes
  write: false,
})
// terser knows that a file of its own has no other callers, which esbuild does not: 180 bytes less
const { code } = await minify(outputFiles[0].text, {
  compress: { passes: 3, toplevel: true },
  mangle: { toplevel: true },
  ecma: 2020,
})
await writeFile(here('dist/segmentloom.js'), code + '\n')
if (!process.argv.includes('--keep')) await copyFile(here('dist/segmentloom.js'), here('../segmentloom_sync/collector/static/segmentloom.js'))
