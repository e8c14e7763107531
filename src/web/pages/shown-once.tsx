/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import { PanelPage, type Viewer } from './layout.tsx'

/** The one time that a secret is seen. `what`: what it is called, `key`; `of`: whose it is; below it, what to do with it. */
export const ShownOncePage: FC<{
  viewer: Viewer
  title: string
  /** The list to which one returns. */
  at: string
  of: string
  what: string
  secret: string
  children?: Child
}> = ({ viewer, title, at, of, what, secret, children }) => (
  <PanelPage title={title} at={at} viewer={viewer}>
    <div class="head">
      <h1>{of}</h1>
      <p>This is the {what}, and the only time that it is shown. Keep it where secrets are kept.</p>
    </div>
    <section class="card plain">
      <pre class="detail" id={what}>
        {secret}
      </pre>
      <p class="aside">{children}</p>
    </section>
    <p>
      <a class="button quiet" href={at}>
        I have kept it
      </a>
    </p>
  </PanelPage>
)
