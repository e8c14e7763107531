import { csrfToken } from './csrf.ts'
import { takeFlash } from './flash.ts'
import type { Viewer } from './pages/layout.tsx'
import type { WebContext } from './web-env.ts'

/** Who looks at the page that is being answered, and what it has to tell them. The guard has let them in. */
export function viewerOf(c: WebContext): Viewer {
  const { name, role } = c.get('caller')!
  return { name, role, csrf: csrfToken(c), flash: takeFlash(c) }
}
