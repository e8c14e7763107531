/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Flash } from '../flash.ts'

/** What became of the action after which one is here; the script gives it the focus, so that it is heard. */
export const FlashMessage: FC<{ flash: Flash }> = ({ flash: { kind, text, next } }) => (
  <div class={`flash ${kind}`} role={kind === 'fault' ? 'alert' : 'status'} tabindex={-1} data-flash="">
    <p>{text}</p>
    {next && <p class="why">{next}</p>}
  </div>
)
