import { html } from 'hono/html'
import type { Role } from '../../auth/api-keys.ts'
import { brand, type Html, layout } from './layout.ts'

/** Where one arrives after signing in. */
export function operatorPage(data: { name: string; role: Role }): Html {
  const { name, role } = data
  const link = (href: string, title: string, about: string) =>
    html`<li><a href="${href}"><strong>${title}</strong><span>${about}</span></a></li>`
  return layout(
    'Operator',
    html`<header class="bar">
  ${brand()}
  <form method="post" action="/operator/sign-out">
    <span class="who">${name ? `${name} · ` : ''}${role.replace('_', ' ')}</span>
    <button type="submit" class="quiet">Sign out</button>
  </form>
</header>
<main class="desk">
  <h1>Operator</h1>
  <ul class="links">
    ${
      role === 'operator'
        ? link('/operator/queues', 'Queues', 'What waits, what runs, what failed; retry by hand.')
        : ''
    }
    ${link('/api/v1/enrollments', 'Enrollments', 'Who stands on which tier, and what holds it there. JSON.')}
    ${link('/readyz', 'Readiness', 'Database, migrations, queues and backlog. JSON.')}
    ${link('/metrics', 'Metrics', 'Latencies, backlog, what is parked and why. For Prometheus.')}
  </ul>
  <p class="aside">Programs bring the key themselves: <code>Authorization: Bearer sl_…</code></p>
</main>`,
  )
}
