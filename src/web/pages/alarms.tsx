/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Alarm } from '../../stripe/alarms.ts'
import { addressWith } from '../event-filters.ts'
import { ActionForm } from './action-form.tsx'
import { eventPath, inboxPath } from './events-page.tsx'
import type { Viewer } from './layout.tsx'
import { Table } from './table.tsx'
import { Time } from './time.tsx'
import { waitingPath } from './waiting-page.tsx'

export const clearAlarmPath = '/operator/alarms/clear'

/** What asks for a person's eye. Most clear by themselves; whoever looks after the others says that they are done with. */
export const Alarms: FC<{ viewer: Viewer; alarms: readonly Alarm[] }> = ({ viewer, alarms }) =>
  alarms.length === 0 ? (
    <p class="empty small">No alarm is open.</p>
  ) : (
    <Table
      caption="Open alarms, the latest first"
      rows={alarms}
      columns={[
        {
          title: 'Alarm',
          names: true,
          cell: ({ kind, detail }) => (
            <>
              <strong>{kind.replaceAll('_', ' ')}</strong>
              {detail && <span class="id">{detail}</span>}
            </>
          ),
        },
        { title: 'About', cell: ({ subject }) => <Subject subject={subject} /> },
        { title: 'Times', cell: ({ times }) => times.toLocaleString('en') },
        { title: 'Since', cell: ({ firstAt }) => <Time at={firstAt} seconds={false} /> },
        { title: 'Last', cell: ({ lastAt }) => <Time at={lastAt} seconds={false} /> },
        ...(viewer.role === 'operator'
          ? [
              {
                title: 'Clear',
                control: true,
                cell: ({ kind, subject }: Alarm) => (
                  <ActionForm
                    viewer={viewer}
                    action={clearAlarmPath}
                    label="Clear…"
                    ask={{
                      title: 'Clear this alarm?',
                      will: `${kind.replaceAll('_', ' ')} about ${subject} is no longer shown. Nothing else changes; should it happen again, it is open again.`,
                      button: 'Clear',
                      reason: 'optional',
                      back: '/operator',
                    }}
                  >
                    <input type="hidden" name="kind" value={kind} />
                    <input type="hidden" name="subject" value={subject} />
                  </ActionForm>
                ),
              },
            ]
          : []),
      ]}
    />
  )

/** What an alarm is about, and the page on which one sees it. */
const Subject: FC<{ subject: string }> = ({ subject }) => {
  const href = pageOf(subject)
  return href === null ? (
    <code>{subject}</code>
  ) : (
    <a href={href}>
      <code>{subject}</code>
    </a>
  )
}

function pageOf(subject: string): string | null {
  const id = subject.slice(subject.indexOf(':') + 1)
  if (id.startsWith('evt_')) return eventPath(id)
  if (id.startsWith('sub_')) return addressWith(inboxPath, { subscription: id })
  if (subject.startsWith('cus_')) return addressWith(inboxPath, { customer: subject })
  return /^(price|customer|organization|org_type|status):/.test(subject)
    ? `${waitingPath}#${encodeURIComponent(subject)}`
    : null
}
