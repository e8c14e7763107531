import { connect, type Socket } from 'node:net'

export type Played = {
  /** Epoch milliseconds. */
  beganAt: number
  endedAt: number
  /** Milliseconds to each answer, sorted; at a rate, from the moment at which it was due. */
  ackMs: number[]
  /** By HTTP status. */
  statuses: Record<string, number>
  cpuMs: number
}

/**
 * Sends rendered requests over raw sockets that stay open, one at a time on each.
 * @param how.rate requests a second, evenly; null: as fast as they are answered.
 */
export async function playRequests(
  requests: readonly Buffer[],
  how: { port: number; connections: number; rate: number | null },
): Promise<Played> {
  const { port, connections, rate } = how
  const lines = await Promise.all(Array.from({ length: connections }, () => openLine(port)))
  const cpu = process.cpuUsage()
  const beganAt = Date.now()
  const began = performance.now()
  const ackMs = new Float64Array(requests.length)
  const statuses: Record<string, number> = {}
  let next = 0
  const each = async (line: Line) => {
    while (next < requests.length) {
      const at = next++
      let from = performance.now()
      if (rate !== null) {
        const due = began + (at * 1000) / rate
        // A line that was free waits for the moment; where none was free, the delay belongs to whoever kept them busy.
        if (due > from) {
          await new Promise((resolve) => setTimeout(resolve, due - from))
          from = performance.now()
        } else {
          from = due
        }
      }
      const status = await line.send(requests[at]!)
      ackMs[at] = performance.now() - from
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(lines.map(each))
  const endedAt = beganAt + (performance.now() - began)
  const used = process.cpuUsage(cpu)
  for (const line of lines) line.close()
  return {
    beganAt,
    endedAt,
    ackMs: [...ackMs.sort()],
    statuses,
    cpuMs: (used.user + used.system) / 1000,
  }
}

type Line = { send: (request: Buffer) => Promise<number>; close: () => void }

/** One connection that carries one request at a time. */
function openLine(port: number): Promise<Line> {
  return new Promise((opened, failed) => {
    let socket: Socket
    let done: ((status: number) => void) | null = null
    let broken: ((error: Error) => void) | null = null
    let heard = ''
    const line: Line = {
      send: (request) =>
        new Promise((resolve, reject) => {
          done = resolve
          broken = reject
          heard = ''
          socket.write(request)
        }),
      close: () => socket.destroy(),
    }
    socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => opened(line))
    socket.on('data', (data) => {
      heard += data.toString('latin1')
      if (isWhole(heard)) done?.(Number(heard.slice(9, 12)))
    })
    socket.on('error', (error) => (broken ?? failed)(error))
    socket.on('close', () => broken?.(new Error('the server closed a connection')))
  })
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /content-length: (\d+)/i.exec(answer)?.[1]
  if (length !== undefined) return answer.length >= head + 4 + Number(length)
  return answer.endsWith('0\r\n\r\n')
}
