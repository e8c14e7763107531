/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { sources, writeStates } from '../../stripe/inbox/search-inbox.ts'
import { addressWith, type FilterName, filterNames, type TypedFilters } from '../event-filters.ts'

const fields: Record<
  FilterName,
  { label: string; example?: string; choices?: readonly string[]; time?: true }
> = {
  event: { label: 'Event', example: 'evt_…' },
  type: { label: 'Type', example: 'invoice.paid, or invoice.' },
  subscription: { label: 'Subscription', example: 'sub_…' },
  customer: { label: 'Customer', example: 'cus_…' },
  organization: { label: 'Organization', example: 'its id or key' },
  state: { label: 'State of a write', choices: writeStates },
  reason: { label: 'Reason', example: 'unmapped_price' },
  source: { label: 'Source', choices: sources },
  from: { label: 'Received from (UTC)', time: true },
  until: { label: 'Received before (UTC)', time: true },
}

/** Inbox states that one asks for often, each a step away. */
const tabs = [
  { name: 'All', state: null },
  { name: 'Received', state: 'received' },
  { name: 'Waiting', state: 'waiting' },
  { name: 'Parked', state: 'parked' },
] as const

/** By what the inbox is searched. The search stands in the address, so that it can be kept and sent. */
export const EventSearchForm: FC<{ path: string; search: TypedFilters }> = ({ path, search }) => {
  const { typed } = search
  const inUse = filterNames.filter((name) => typed[name] !== undefined)
  const without = (...names: FilterName[]) =>
    Object.fromEntries(Object.entries(typed).filter(([name]) => !names.includes(name as FilterName)))
  return (
    <>
      <nav class="tabs" aria-label="States">
        {tabs.map(({ name, state }) => (
          <a
            href={addressWith(path, without('state', 'reason'), state ? { state } : {})}
            {...((typed.state ?? null) === state ? { 'aria-current': 'page' as const } : {})}
          >
            {name}
          </a>
        ))}
      </nav>
      <input type="checkbox" id="show-search" class="toggle" />
      <label for="show-search" class="toggle-label">
        Search{inUse.length > 0 ? ` (${inUse.length} in use)` : ''}
      </label>
      <search>
        <form method="get" action={path} class="filters">
          {filterNames.map((name) => (
            <Field name={name} value={typed[name] ?? ''} fault={search.faults[name]} />
          ))}
          <div class="actions">
            <button type="submit">Search</button>
            {inUse.length > 0 && <a href={path}>Clear</a>}
          </div>
        </form>
      </search>
      {inUse.length > 0 && (
        <ul class="chips" aria-label="Searched by">
          {inUse.map((name) => (
            <li>
              <a href={addressWith(path, without(name))} title="Take this away">
                {fields[name].label}: <b>{typed[name]}</b>
                <span class="unseen">, take this away</span>
                <span aria-hidden="true"> ×</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

const Field: FC<{ name: FilterName; value: string; fault?: string | undefined }> = ({
  name,
  value,
  fault,
}) => {
  const { label, example, choices, time } = fields[name]
  const faulty = fault ? { 'aria-invalid': 'true' as const, 'aria-describedby': `${name}-fault` } : {}
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {choices ? (
        <select id={name} name={name} {...faulty}>
          <option value="">any</option>
          {choices.map((choice) => (
            <option value={choice} selected={choice === value}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={name}
          name={name}
          // What was typed in another form, such as with a zone, would be lost in a field for times.
          type={time && (value === '' || /^[\d-]+T[\d:]+$/.test(value)) ? 'datetime-local' : 'text'}
          value={value}
          placeholder={example}
          autocomplete="off"
          spellcheck={false}
          {...faulty}
        />
      )}
      {fault && (
        <p class="field-fault" id={`${name}-fault`}>
          This {fault}.
        </p>
      )}
    </div>
  )
}
