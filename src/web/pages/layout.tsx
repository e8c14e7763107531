/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import { raw } from 'hono/utils/html'
import type { Role } from '../../auth/api-keys.ts'
import { assetUrl } from '../assets.ts'

// The first line of each of these files stands for what tsconfig.json says too: an installed command runs from anywhere, and
// the compiler of the moment looks for that file where it is run.

/** Whoever looks at a page of the panel. */
export type Viewer = { name: string; role: Role }

const doctype = raw('<!doctype html>')

/** Every page: our own style sheet, no script. */
export const Layout: FC<{ title: string; children?: Child }> = ({ title, children }) => (
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

/** Where the panel's navigation leads, and who is led there. */
const places: readonly { href: string; name: string; roles?: readonly Role[] }[] = [
  { href: '/operator', name: 'Home' },
  { href: '/operator/events', name: 'Inbox' },
  { href: '/operator/queues', name: 'Queues', roles: ['operator'] },
]

/** A page of the panel: the bar with its navigation, and the main part. `at` is the place that it belongs to. */
export const PanelPage: FC<{ title: string; at: string; viewer: Viewer; children?: Child }> = ({
  title,
  at,
  viewer,
  children,
}) => (
  <Layout title={title}>
    <a class="skip" href="#main">
      Skip to the content
    </a>
    <header class="bar">
      <Brand />
      <nav aria-label="Panel">
        {places
          .filter(({ roles }) => !roles || roles.includes(viewer.role))
          .map(({ href, name }) => (
            <a href={href} {...(href === at ? { 'aria-current': 'page' as const } : {})}>
              {name}
            </a>
          ))}
      </nav>
      <form method="post" action="/operator/sign-out">
        <span class="who">
          {viewer.name ? `${viewer.name} · ` : ''}
          {viewer.role.replace('_', ' ')}
        </span>
        <button type="submit" class="quiet">
          Sign out
        </button>
      </form>
    </header>
    <main id="main" tabindex={-1}>
      {children}
    </main>
  </Layout>
)
