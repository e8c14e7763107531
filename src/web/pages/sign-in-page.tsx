/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { Brand, Layout } from './layout.tsx'

/** How one may come in. `identity`: the identity provider's host; null: there is none. */
export type SignInWays = { key: boolean; identity: string | null }

/** `fault`: why the last try did not succeed, for the person who made it. */
export const SignInPage: FC<{ next: string; ways: SignInWays; fault?: string }> = ({ next, ways, fault }) => (
  <Layout title="Sign in">
    <main class="door">
      <Brand />
      <div class="card">
        <h1>Sign in</h1>
        {fault && (
          <p class="fault" role="alert" id="fault">
            {fault}
          </p>
        )}
        {ways.identity !== null && (
          <p>
            <a class="button" href={`/operator/sign-in/begin?next=${encodeURIComponent(next)}`}>
              Sign in through {ways.identity}
            </a>
          </p>
        )}
        {ways.key && <KeyForm next={next} fault={fault} first={ways.identity === null} />}
      </div>
      {ways.key && (
        <p class="aside">
          No key yet? On the machine that runs Stepladder:
          <br />
          <code>npm run --silent stepladder -- keys create --role operator</code>
        </p>
      )}
    </main>
  </Layout>
)

const KeyForm: FC<{ next: string; fault: string | undefined; first: boolean }> = ({ next, fault, first }) => (
  <form method="post" action="/operator/sign-in">
    <input type="hidden" name="next" value={next} />
    <label for="key">API key</label>
    <input
      id="key"
      name="key"
      type="password"
      required
      autofocus={first}
      autocomplete="current-password"
      spellcheck={false}
      autocapitalize="none"
      {...(fault ? { 'aria-invalid': 'true' as const, 'aria-describedby': 'fault' } : {})}
    />
    <button type="submit">Sign in</button>
  </form>
)
