/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import type { MemberPlace, MemberStanding } from '../member-standing.ts'
import type { Problem } from '../problem.ts'
import { CsrfField } from './csrf-field.tsx'
import { Brand, Layout } from './layout.tsx'
import { Time } from './time.tsx'

/** Around what a member sees: no panel, nothing to change; `csrf`: what signing out carries, '' without a session. */
const MemberLayout: FC<{ title: string; csrf: string; children?: Child }> = ({ title, csrf, children }) => (
  <Layout title={title} script>
    <a class="skip" href="#main">
      Skip to the content
    </a>
    <header class="bar">
      <Brand />
      {csrf !== '' && (
        <form method="post" action="/operator/sign-out">
          <CsrfField token={csrf} />
          <button type="submit" class="quiet">
            Sign out
          </button>
        </form>
      )}
    </header>
    <main id="main" tabindex={-1}>
      {children}
    </main>
  </Layout>
)

/** On which tiers its organization stands, what they include, until when, and what comes next. */
export const MemberPage: FC<{ standing: MemberStanding; csrf: string }> = ({ standing, csrf }) => {
  const { name, places, beside, includes } = standing
  return (
    <MemberLayout title={name} csrf={csrf}>
      <div class="head">
        <h1>{name}</h1>
        <p class="aside">
          What you are on, and what it includes. <span data-zone="">Times are UTC.</span>
        </p>
      </div>
      {places.length === 0 ? (
        <section class="empty">
          <h2>You are on no plan.</h2>
          <p>Once you have one, it is shown here.</p>
        </section>
      ) : (
        <div class="cards">
          {places.map((place) => (
            <Place place={place} />
          ))}
        </div>
      )}
      {beside.length > 0 && (
        <section aria-labelledby="beside">
          <h2 id="beside">You also have</h2>
          <ul class="chips">
            {beside.map(({ product, quantity }) => (
              <li class="badge">
                {product}
                {quantity > 1 && ` × ${quantity}`}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="includes">
        <h2 id="includes">What it includes</h2>
        {includes.length === 0 ? (
          <p class="empty small">Nothing that is listed.</p>
        ) : (
          <dl class="facts card plain">
            {includes.map(({ feature, limit }) => (
              <div>
                <dt>{feature}</dt>
                <dd>{limit === null ? 'included' : limit.toLocaleString('en')}</dd>
              </div>
            ))}
          </dl>
        )}
      </section>
    </MemberLayout>
  )
}

const Place: FC<{ place: MemberPlace }> = ({ place }) => {
  const { ladder, tier, trouble, until } = place
  return (
    <section class="card plain" aria-label={ladder}>
      <p class="why">{ladder}</p>
      <h2 class="tier">You are on {tier}</h2>
      {until && <Until until={until} after={place.after} />}
      {trouble === 'due' && (
        <p>
          <span class="badge waiting">payment due</span> A payment is late. You keep {tier} meanwhile.
        </p>
      )}
      {trouble === 'suspended' && (
        <p>
          <span class="badge parked">not paid</span> You keep {tier}, but what it includes is off until it is
          paid.
        </p>
      )}
    </section>
  )
}

const Until: FC<{ until: NonNullable<MemberPlace['until']>; after: string | null }> = ({
  until: { at, what },
  after,
}) => {
  const when = <Time at={at} seconds={false} />
  if (what === 'renewal') return <p>Until {when}; then it renews.</p>
  if (what === 'trial_end') return <p>Your trial runs until {when}.</p>
  if (after === null) return <p>It goes on after {when}.</p>
  return (
    <p>
      Until {when}. {after === '' ? 'Then you are on no tier here.' : <>Then you are on {after}.</>}
    </p>
  )
}

export const MemberFaultPage: FC<{ problem: Problem; csrf: string }> = ({ problem, csrf }) => (
  <MemberLayout title="That did not work" csrf={csrf}>
    <section class="empty" role="alert">
      <h1>{problem.detail}</h1>
      <p>Ask whoever gave you the way here.</p>
    </section>
  </MemberLayout>
)
