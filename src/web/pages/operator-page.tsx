/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { PanelPage, type Viewer } from './layout.tsx'

const links = [
  { href: '/operator/events', title: 'Inbox', about: 'What Stripe told, and what became of it; replay.' },
  { href: '/operator/queues', title: 'Queues', about: 'What waits, what runs, what failed; retry by hand.' },
  {
    href: '/api/v1/enrollments',
    title: 'Enrollments',
    about: 'Who stands on which tier, and what holds it there. JSON.',
  },
  { href: '/readyz', title: 'Readiness', about: 'Database, migrations, queues and backlog. JSON.' },
  {
    href: '/metrics',
    title: 'Metrics',
    about: 'Latencies, backlog, what is parked and why. For Prometheus.',
  },
]

/** Where one arrives after signing in. */
export const OperatorPage: FC<{ viewer: Viewer }> = ({ viewer }) => (
  <PanelPage title="Operator" at="/operator" viewer={viewer}>
    <h1>Operator</h1>
    <ul class="links">
      {links
        .filter(({ href }) => href !== '/operator/queues' || viewer.role === 'operator')
        .map(({ href, title, about }) => (
          <li>
            <a href={href}>
              <strong>{title}</strong>
              <span>{about}</span>
            </a>
          </li>
        ))}
    </ul>
    <p class="aside">
      Programs bring the key themselves: <code>Authorization: Bearer sl_…</code>
    </p>
  </PanelPage>
)
