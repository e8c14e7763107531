/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { eventPath } from './events-page.tsx'

/** Characters of a body that a page shows; the whole of it is a download away. */
const mostShown = 100_000

/** A body as it was signed, laid out for reading. */
export const EventBody: FC<{ event: string; body: Buffer | null }> = ({ event, body }) => {
  if (body === null)
    return (
      <p class="empty small">
        Dropped by retention (<code>INBOX_RETENTION_DAYS</code>). What the tier depends on is kept for ever.
      </p>
    )
  const text = laidOut(body)
  return (
    <>
      {/* It scrolls by itself, and so has to be reached by keyboard. */}
      <section class="body" tabindex={0} aria-label="The event as JSON">
        <pre>{text.slice(0, mostShown)}</pre>
      </section>
      <p class="aside">
        {text.length > mostShown && 'Cut off here. '}
        <a href={`${eventPath(event)}/body`}>
          The {body.length.toLocaleString('en')} bytes as they were signed
        </a>
      </p>
    </>
  )
}

function laidOut(body: Buffer): string {
  const text = body.toString('utf8')
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
