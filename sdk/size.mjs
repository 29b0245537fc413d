// Fails when the script is larger than what the documentation promises.
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const LIMIT = 3072 // bytes, gzip -9
const size = gzipSync(await readFile(new URL('dist/segmentloom.js', import.meta.url)), { level: 9 }).length

console.log(`segmentloom.js: ${size} of ${LIMIT} bytes, gzip -9`)
if (size > LIMIT) process.exitCode = 1
