import { html } from 'hono/html'
import { brand, type Html, layout } from './layout.ts'

/** @param data.fault why the last try did not succeed, for the person who made it */
export function signInPage(data: { next: string; fault?: string }): Html {
  const { next, fault } = data
  return layout(
    'Sign in',
    html`<main class="door">
  ${brand()}
  <form class="card" method="post" action="/operator/sign-in">
    <h1>Sign in</h1>
    ${fault ? html`<p class="fault" role="alert" id="fault">${fault}</p>` : ''}
    <input type="hidden" name="next" value="${next}">
    <label for="key">API key</label>
    <input id="key" name="key" type="password" required autofocus autocomplete="current-password"
      spellcheck="false" autocapitalize="none"${fault ? html` aria-invalid="true" aria-describedby="fault"` : ''}>
    <button type="submit">Sign in</button>
  </form>
  <p class="aside">No key yet? On the machine that runs Stepladder:<br>
    <code>npm run --silent stepladder -- keys create --role operator</code></p>
</main>`,
  )
}
