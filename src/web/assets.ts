import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { notFound } from './problem.ts'
import type { WebEnv } from './web-env.ts'

const types = {
  'operator.css': 'text/css; charset=utf-8',
  'panel.css': 'text/css; charset=utf-8',
  'forms.css': 'text/css; charset=utf-8',
  'overview.css': 'text/css; charset=utf-8',
  'panel.js': 'text/javascript; charset=utf-8',
  'mark.svg': 'image/svg+xml',
} as const
type AssetName = keyof typeof types

const files = new Map(
  (Object.keys(types) as AssetName[]).map((name) => {
    const text = readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8')
    const version = createHash('sha256').update(text).digest('hex').slice(0, 10)
    return [name as string, { text, type: types[name], version }]
  }),
)

/** The address of a file with its version in it: it may be kept for ever, and a new one has another address. */
export function assetUrl(name: AssetName): string {
  return `/operator/assets/${name}?v=${files.get(name)!.version}`
}

/** The panel's few static files, from memory; nothing that a request says is used as a path. */
export function assets(): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.get('/assets/:name', (c) => {
    const file = files.get(c.req.param('name'))
    if (!file) return notFound()
    const forEver = c.req.query('v') === file.version
    return c.body(file.text, 200, {
      'content-type': file.type,
      'cache-control': forEver ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
  })
  return app
}
