import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { answerPage } from './answer-page.ts'
import { csrfField } from './csrf.ts'
import { setFlash } from './flash.ts'
import { type Ask, askField, confirmedField, readAsk } from './pages/ask.ts'
import { ConfirmPage } from './pages/confirm-page.tsx'
import { problem, problemOf } from './problem.ts'
import { nothingDone } from './request-db.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

/** What was done, and the page on which it is told. */
export type Done = { to: string; told: string }

/**
 * What an `ActionForm` sends. Where nobody has confirmed it yet (a browser without script), the page that asks is answered, and
 * nothing is done. Then `act` does it: it answers what was done, which the next page tells (post, redirect, get), or a page of its own,
 * such as the form again with its faults. What is refused is told on the page from which it came.
 */
export function onAction(
  app: Hono<WebEnv>,
  path: string,
  act: (c: WebContext, form: URLSearchParams) => Promise<Done | Response>,
): void {
  app.post(path, bodyLimit({ maxSize: 256 * 1024, onError: tooLarge }), async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const ask = readAsk(form)
    if (ask) {
      const unreasoned = ask.reason === 'required' && (form.get('reason') ?? '').trim() === ''
      const confirmed = form.get(confirmedField) === 'yes'
      if (!confirmed || unreasoned) return askFirst(c, ask, form, confirmed ? 'must not be empty' : undefined)
    }
    try {
      const done = await act(c, form)
      if (done instanceof Response) return done
      setFlash(c, { kind: 'done', text: done.told })
      return c.redirect(done.to, 303)
    } catch (error) {
      const what = problemOf(error)
      if (!ask || what.status >= 500) throw error
      nothingDone()
      setFlash(c, { kind: 'fault', text: what.detail, next: what.next })
      return c.redirect(ask.back, 303)
    }
  })
}

function askFirst(c: WebContext, ask: Ask, form: URLSearchParams, fault: string | undefined) {
  nothingDone()
  const own = [csrfField, askField, confirmedField, ...(ask.reason ? ['reason'] : [])]
  const fields = [...form].filter(([name]) => !own.includes(name))
  return answerPage(c, fault ? 422 : 200, ConfirmPage, {
    viewer: viewerOf(c),
    action: c.req.path,
    ask,
    fields,
    fault,
  })
}

function tooLarge(): Response {
  return problem({ status: 413, code: 'body_too_large', detail: 'That is too much for a form.' })
}
