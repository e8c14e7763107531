/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Problem } from '../problem.ts'
import { PanelPage, type Viewer } from './layout.tsx'

/** What went wrong, and the next step. */
export const ErrorPage: FC<{ viewer: Viewer; at: string; problem: Problem }> = ({ viewer, at, problem }) => (
  <PanelPage title="That did not work" at={at} viewer={viewer}>
    <section class="empty" role="alert">
      <h1>{problem.detail}</h1>
      {problem.next && <p>{problem.next}</p>}
      <p class="aside">
        <code>{problem.code}</code>
      </p>
      <p>
        <a href={at}>Back</a>
      </p>
    </section>
  </PanelPage>
)
