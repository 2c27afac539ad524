// Lists the tools of a host and calls one of them with the official TypeScript clients: version 2 in both generations of
// the protocol, version 1 in the older one, each over HTTP and stdio. One line per combination; the first failure ends it.
//
//   node clients.mjs --url URL [--expect TEXT] --tool NAME --arguments JSON -- STDIO-COMMAND [ARGUMENT]...
//
// The bearer token for HTTP comes from BULKHEAD_TOKEN; unset: none is sent. TEXT must occur in the answer's text.

import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const require = createRequire(new URL('../../.tools/npm/package.json', import.meta.url))
const v2 = { ...require('@modelcontextprotocol/client'), ...require('@modelcontextprotocol/client/stdio') }
const v1 = {
  ...require('@modelcontextprotocol/sdk/client/index.js'),
  ...require('@modelcontextprotocol/sdk/client/stdio.js'),
  ...require('@modelcontextprotocol/sdk/client/streamableHttp.js'),
}

const text = { type: 'string' }
const { values, positionals } = parseArgs({
  options: { url: text, tool: text, arguments: text, expect: { type: 'string', default: '' } },
  allowPositionals: true,
})
const [command, ...args] = positionals
if (!values.url || !values.tool || !values.arguments || !command) {
  console.error('usage: clients.mjs --url URL [--expect TEXT] --tool NAME --arguments JSON -- STDIO-COMMAND...')
  process.exit(2)
}
const token = process.env.BULKHEAD_TOKEN
const headers = token ? { Authorization: `Bearer ${token}` } : {}

const legacy = (v) => v < '2026'
const modern = (v) => v === '2026-07-28'
const clients = [
  { name: 'v2, 2026-07-28', lib: v2, options: { versionNegotiation: { mode: 'auto' } }, negotiated: modern },
  { name: 'v2, 2025-11-25', lib: v2, options: { versionNegotiation: { mode: 'legacy' } }, negotiated: legacy },
  { name: 'v1, 2025-11-25', lib: v1, options: {}, negotiated: legacy },
]
const transports = {
  HTTP: (lib) => new lib.StreamableHTTPClientTransport(new URL(values.url), { requestInit: { headers } }),
  stdio: (lib) => new lib.StdioClientTransport({ command, args, env: process.env, stderr: 'inherit' }),
}

function check(condition, what) {
  if (!condition) throw new Error(what)
}

async function talk({ lib, options, negotiated }, transport) {
  const client = new lib.Client({ name: 'bulkhead-peer', version: '1' }, options)
  await client.connect(transport)
  try {
    const version = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion
    // Version 1 tells nobody on stdio what it has negotiated.
    check(version === undefined ? lib === v1 : negotiated(version), `negotiated ${version}`)
    const { tools } = await client.listTools()
    check(tools.some((t) => t.name === values.tool), `tools/list has no ${values.tool}`)
    const start = performance.now()
    const result = await client.callTool({ name: values.tool, arguments: JSON.parse(values.arguments) })
    const took = performance.now() - start
    check(!result.isError, `the tool failed: ${JSON.stringify(result.content)}`)
    const said = result.content.filter((c) => c.type === 'text').map((c) => c.text).join('\n')
    check(said.includes(values.expect), `the answer is ${said}`)
    check(result._meta?.['bulkhead/receipt']?.proof?.startsWith('c2sp.org/tlog-proof@v1\n'), 'the answer has no receipt')
    return `${tools.length} tools, ${values.tool} answered in ${took.toFixed(1)} ms`
  } finally {
    await client.close()
  }
}

for (const c of clients) {
  for (const [name, transport] of Object.entries(transports)) {
    try {
      console.log(`TypeScript client ${c.name}, ${name}: ok, ${await talk(c, transport(c.lib))}`)
    } catch (e) {
      console.log(`TypeScript client ${c.name}, ${name}: FAILED`)
      console.error(e)
      process.exit(1)
    }
  }
}
