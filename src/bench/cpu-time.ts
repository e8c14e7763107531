import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of /proc/<pid>/stat in a second: USER_HZ, which Linux fixed at 100 towards programs. */
const ticksPerSecond = 100

type Stat = { pid: number; parent: number; own: number; reaped: number }

/**
 * Milliseconds of CPU, user's and system's, that these processes and everything below them have used so far: what runs, and what ended
 * and was waited for (a postmaster waits for each of its backends). Steps are of 10 ms. null where there is no /proc.
 * Source: proc(5), fields 14 to 17
 */
export function cpuMsOf(pids: readonly number[]): number | null {
  const all = readStats()
  if (all === null) return null
  const below = new Map<number, Stat[]>()
  for (const stat of all.values()) {
    const siblings = below.get(stat.parent)
    if (siblings) siblings.push(stat)
    else below.set(stat.parent, [stat])
  }
  let ticks = 0
  const count = (stat: Stat | undefined) => {
    if (!stat) return
    ticks += stat.own + stat.reaped
    for (const child of below.get(stat.pid) ?? []) count(child)
  }
  for (const pid of pids) count(all.get(pid))
  return (ticks * 1000) / ticksPerSecond
}

function readStats(): Map<number, Stat> | null {
  let names: string[]
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return null
  }
  const stats = new Map<number, Stat>()
  for (const name of names) {
    try {
      const stat = parseStat(readFileSync(`/proc/${name}/stat`, 'latin1'))
      stats.set(stat.pid, stat)
    } catch {
      // It ended while we looked.
    }
  }
  return stats.size > 0 ? stats : null
}

/** One line of /proc/<pid>/stat. The name in parentheses may itself hold spaces and parentheses. */
export function parseStat(line: string): Stat {
  const end = line.lastIndexOf(')')
  const fields = line.slice(end + 2).split(' ')
  const [own, reaped] = [Number(fields[11]) + Number(fields[12]), Number(fields[13]) + Number(fields[14])]
  return { pid: Number.parseInt(line, 10), parent: Number(fields[1]), own, reaped }
}
