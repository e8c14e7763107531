import { catalogKey } from '../billing/catalog-fields.ts'
import { unknown } from './api/fields.ts'
import type { WebContext } from './web-env.ts'

/**
 * The key of something of the catalog, out of a path. What has not the form of a key is nobody's, and the database could not even be
 * asked for some of it.
 * @throws Refused `ladder_unknown`, `product_unknown`, `org_type_unknown` (404)
 */
export function keyInPath(c: WebContext, what: 'ladder' | 'product' | 'org_type', name = 'key'): string {
  const read = catalogKey.safeParse(c.req.param(name))
  if (read.success) return read.data
  throw unknown(what)
}
