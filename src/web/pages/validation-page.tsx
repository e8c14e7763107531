/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Check } from '../../stripe/inbox/verify-inbox.ts'
import { counted } from '../counted.ts'
import type { Validation } from '../validation.ts'
import { PanelPage, type Viewer } from './layout.tsx'
import { Time } from './time.tsx'

export const validationPath = '/operator/validation'

/** What must hold and whether it does. Nothing here corrects anything: whatever is broken is a person's to understand first (R71). */
export const ValidationPage: FC<{ viewer: Viewer; found: Validation }> = ({ viewer, found }) => {
  const broken = found.checks.filter(({ violations }) => violations > 0)
  const whole = found.checks.filter(({ violations }) => violations === 0)
  return (
    <PanelPage title="Validation" at={validationPath} viewer={viewer}>
      <div class="head">
        <h1>Validation</h1>
        <p class="aside">
          {counted(found.events, 'event')} and {counted(found.moves, 'move')} looked at,{' '}
          <Time at={found.at} />. Shown, and never corrected by itself.{' '}
          <span data-zone="">Times are UTC.</span>
        </p>
      </div>
      {broken.length === 0 ? (
        <p class="flash done">Everything holds.</p>
      ) : (
        <section aria-labelledby="broken">
          <h2 id="broken">
            {broken.length} of {found.checks.length} do not hold
          </h2>
          <ul class="checks">
            {broken.map((check) => (
              <Broken check={check} />
            ))}
          </ul>
          <p class="aside">
            History is corrected by a new move, never by changing a row. Keep a copy of the database before
            anything else; <code>stepladder rebuild --check</code> says what the record itself comes to.
          </p>
        </section>
      )}
      {found.remarks.length > 0 && (
        <section aria-labelledby="remarks">
          <h2 id="remarks">May be meant so</h2>
          <ul class="checks">
            {found.remarks.map((remark) => (
              <li>{remark}</li>
            ))}
          </ul>
        </section>
      )}
      {whole.length > 0 && (
        <section aria-labelledby="whole">
          <h2 id="whole">Holds</h2>
          <ul class="checks">
            {whole.map(({ check, holds }) => (
              <li>
                <span class="badge done">holds</span> <span>{holds}</span> <code>{check}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </PanelPage>
  )
}

const Broken: FC<{ check: Check }> = ({ check: { check, holds, violations, first } }) => (
  <li>
    <span class="badge parked">{counted(violations, 'violation')}</span> <span>{holds}</span>{' '}
    <code>{check}</code>
    <ul>
      {first.map((sentence) => (
        <li>{sentence}</li>
      ))}
      {violations > first.length && <li>… and {(violations - first.length).toLocaleString('en')} more</li>}
    </ul>
  </li>
)
