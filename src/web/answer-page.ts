import { type FC, jsx } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { pagePolicy } from './security-headers.ts'
import type { WebContext } from './web-env.ts'

/** Answers a page of ours: a function of data, under the policy that allows nothing inline. Nothing on the way keeps it. */
export function answerPage<Data extends object>(
  c: WebContext,
  status: ContentfulStatusCode,
  page: FC<Data>,
  data: Data,
): Response | Promise<Response> {
  c.header('content-security-policy', pagePolicy)
  c.header('cache-control', 'no-store')
  return c.html(jsx(page as FC, data).toString(), status)
}
