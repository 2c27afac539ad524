// Assembles every .wat file of a folder into a .wasm file in another: node wat.mjs FROM TO
//
// All features are on and nothing is validated, so that what must be refused can be written.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(new URL('../../.tools/npm/package.json', import.meta.url))
const [from, to] = process.argv.slice(2)
if (!from || !to) {
  console.error('usage: wat.mjs FROM TO')
  process.exit(2)
}
const wabt = await require('wabt')()
const features = Object.fromEntries(Object.keys(wabt.FEATURES).map((name) => [name, true]))
mkdirSync(to, { recursive: true })
for (const file of readdirSync(from).filter((name) => name.endsWith('.wat')).sort()) {
  try {
    const module = wabt.parseWat(file, readFileSync(join(from, file), 'utf8'), features)
    writeFileSync(join(to, file.replace(/wat$/, 'wasm')), module.toBinary({}).buffer)
    module.destroy()
  } catch (e) {
    console.error(e.message)
    process.exitCode = 1
  }
}
