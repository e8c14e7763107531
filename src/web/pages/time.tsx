/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A moment, in UTC: as short as it stays clear, with all of it in the title. `now` decides whether the year is named. */
export const Time: FC<{ at: Date; now?: Date; seconds?: boolean }> = ({
  at,
  now = new Date(),
  seconds = true,
}) => {
  const [date, time] = at.toISOString().split('T') as [string, string]
  const [year, month, day] = date.split('-').map(Number) as [number, number, number]
  const short = `${day} ${months[month - 1]}${year === now.getUTCFullYear() ? '' : ` ${year}`} ${time.slice(0, seconds ? 8 : 5)}`
  return (
    <time datetime={at.toISOString()} title={`${date} ${time.slice(0, -1)} UTC`}>
      {short}
    </time>
  )
}

/** A length of time as a person says it. */
export function lengthOf(seconds: number): string {
  const parts: [number, string][] = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ]
  const [size, name] = parts.find(([each]) => seconds >= each) ?? [1, 'second']
  const count = Math.floor(seconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
