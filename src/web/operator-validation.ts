import { Hono } from 'hono'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import { answerPage } from './answer-page.ts'
import { ofTheDeployment } from './of-the-deployment.ts'
import { ValidationPage, validationPath } from './pages/validation-page.tsx'
import { panelErrors } from './panel-errors.ts'
import { createValidation } from './validation.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

/** What must hold, looked for. The guard has let in whoever comes here. */
export function operatorValidation({ db, log, now }: { db: Db; log: Log; now: () => number }): Hono<WebEnv> {
  const validation = createValidation(db, now)
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, validationPath))
  app.get(validationPath, async (c) => {
    if (!(await ofTheDeployment(db, c.get('caller')!)))
      throw new Refused(
        'not_of_the_deployment',
        'Validation looks at the whole deployment.',
        'Ask an operator of the tenant `default`.',
        403,
      )
    const found = await validation().catch((error: { code?: string }) => {
      // 57014: given up at the limit.
      if (error.code !== '57014') throw error
      throw new Refused(
        'too_much_to_validate',
        'There is too much to look at for one page.',
        'Use the command line, which takes its time: stepladder verify',
        422,
      )
    })
    return answerPage(c, 200, ValidationPage, { viewer: viewerOf(c), found })
  })
  return app
}
