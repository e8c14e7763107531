/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import { raw } from 'hono/utils/html'
import type { Role } from '../../auth/api-keys.ts'
import { assetUrl } from '../assets.ts'
import type { Flash } from '../flash.ts'
import { ruleFor } from '../routes-and-roles.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { CsrfField } from './csrf-field.tsx'
import { FlashMessage } from './flash-message.tsx'

// The first line of each of these files stands for what tsconfig.json says too: an installed command runs from anywhere, and
// the compiler of the moment looks for that file where it is run.

/**
 * Whoever looks at a page of the panel; `csrf`: what the page's forms carry (see CsrfField); `flash`: what became of what
 * they did just now.
 */
export type Viewer = { name: string; role: Role; csrf: string; flash: Flash | null }

const doctype = raw('<!doctype html>')

/** Every page: our own style sheets, and our script where it has something to do; nothing inline, nothing from elsewhere. */
export const Layout: FC<{ title: string; script?: boolean; children?: Child }> = ({
  title,
  script = false,
  children,
}) => (
  <>
    {doctype}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Stepladder`}</title>
        <link rel="icon" href={assetUrl('mark.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={assetUrl('operator.css')} />
        <link rel="stylesheet" href={assetUrl('panel.css')} />
        <link rel="stylesheet" href={assetUrl('forms.css')} />
        <link rel="stylesheet" href={assetUrl('overview.css')} />
        {script && <script src={assetUrl('panel.js')} type="module" />}
      </head>
      <body>{children}</body>
    </html>
  </>
)

export const Brand: FC = () => (
  <p class="brand">
    <img src={assetUrl('mark.svg')} alt="" width="28" height="28" /> Stepladder
  </p>
)

/** The panel's tabs, in the order in which they stand. Each is shown to whom its own rule in routes-and-roles.ts lets in. */
const tabs: readonly { href: string; name: string }[] = [
  { href: '/operator', name: 'Overview' },
  { href: '/operator/ladders', name: 'Plan ladders' },
  { href: '/operator/products', name: 'Products' },
  { href: '/operator/org-types', name: 'Org types' },
  { href: '/operator/organizations', name: 'Organizations' },
  { href: '/operator/enrollment', name: 'Enrollment' },
  { href: '/operator/grants', name: 'Grants' },
  { href: '/operator/plans', name: 'Revenue plans' },
  { href: '/operator/events', name: 'Events' },
  { href: '/operator/waiting', name: 'Waiting' },
  { href: '/operator/validation', name: 'Validation' },
  { href: '/operator/webhook-endpoints', name: 'Webhooks' },
  { href: '/operator/keys', name: 'Keys' },
  { href: '/operator/queues', name: 'Queues' },
]

function tabsFor(role: Role) {
  return tabs.filter(({ href }) => {
    const rule = ruleFor('GET', href)
    return Array.isArray(rule) && rule.includes(role)
  })
}

/** A page of the panel: the bar with its tabs, and the main part. `at` is the tab that it belongs to, or a page below it. */
export const PanelPage: FC<{ title: string; at: string; viewer: Viewer; children?: Child }> = ({
  title,
  at,
  viewer,
  children,
}) => (
  <Layout title={title} script>
    <a class="skip" href="#main">
      Skip to the content
    </a>
    <header class="bar">
      <Brand />
      <form method="post" action="/operator/sign-out">
        <CsrfField token={viewer.csrf} />
        <span class="who">
          {viewer.name ? `${viewer.name} · ` : ''}
          {viewer.role.replace('_', ' ')}
        </span>
        <button type="submit" class="quiet">
          Sign out
        </button>
      </form>
      <Tabs at={at} role={viewer.role} />
    </header>
    <main id="main" tabindex={-1}>
      {viewer.flash && <FlashMessage flash={viewer.flash} />}
      {children}
    </main>
    <ConfirmDialog />
  </Layout>
)

/** A row of names; where it is narrow, behind one that says where one is. */
const Tabs: FC<{ at: string; role: Role }> = ({ at, role }) => {
  const offered = tabsFor(role)
  const here = offered.find(({ href }) => at === href || (href !== '/operator' && at.startsWith(`${href}/`)))
  return (
    <>
      <input type="checkbox" id="show-tabs" class="toggle" />
      <label for="show-tabs" class="toggle-label">
        Menu{here ? `: ${here.name}` : ''}
      </label>
      <nav aria-label="Panel">
        {offered.map((tab) => (
          <a href={tab.href} {...(tab === here ? { 'aria-current': 'page' as const } : {})}>
            {tab.name}
          </a>
        ))}
      </nav>
    </>
  )
}
