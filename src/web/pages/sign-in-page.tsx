/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { Brand, Layout } from './layout.tsx'

/** `fault`: why the last try did not succeed, for the person who made it. */
export const SignInPage: FC<{ next: string; fault?: string }> = ({ next, fault }) => (
  <Layout title="Sign in">
    <main class="door">
      <Brand />
      <form class="card" method="post" action="/operator/sign-in">
        <h1>Sign in</h1>
        {fault && (
          <p class="fault" role="alert" id="fault">
            {fault}
          </p>
        )}
        <input type="hidden" name="next" value={next} />
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autofocus
          autocomplete="current-password"
          spellcheck={false}
          autocapitalize="none"
          {...(fault ? { 'aria-invalid': 'true' as const, 'aria-describedby': 'fault' } : {})}
        />
        <button type="submit">Sign in</button>
      </form>
      <p class="aside">
        No key yet? On the machine that runs Stepladder:
        <br />
        <code>npm run --silent stepladder -- keys create --role operator</code>
      </p>
    </main>
  </Layout>
)
