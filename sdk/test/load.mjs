// A module of src/ with what it imports, fresh each time: its state is that of a new page.
import { build } from 'esbuild'

export const load = async (name) => {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../src/${name}.ts`, import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    write: false,
  })
  const text = outputFiles[0].text + `\n// ${Math.random()}`
  return import('data:text/javascript;base64,' + Buffer.from(text).toString('base64'))
}
