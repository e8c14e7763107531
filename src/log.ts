import { type DestinationStream, pino } from 'pino'
import { masked } from './mask.ts'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * What may be logged. A field that is not named here is left out, so that a body, a key, a password or a customer's
 * name cannot reach the log by being near it. Ids of Stripe's objects and of our own rows may.
 */
const loggable = [
  'part',
  'event',
  'events',
  'inboxIds',
  'type',
  'mode',
  'subscription',
  'customer',
  'organization',
  'pool',
  'ladder',
  'product',
  'price',
  'tenant',
  'queue',
  'job',
  'write',
  'state',
  'reason',
  'waitingOn',
  'alarm',
  'outcome',
  'attempt',
  'attempts',
  'count',
  'backlog',
  'milliseconds',
  'seconds',
  'at',
  'name',
  'version',
  'method',
  'path',
  'status',
  'code',
  'signal',
  'pid',
  'host',
  'port',
  'backend',
  'key',
  'fix',
  'months',
] as const

type LogValue = string | number | boolean | null | undefined | Date | readonly (string | number)[]

/** `error` is told as its code, its message and the place of ours that it came from; never with what it carries. */
export type LogFields = Partial<Record<(typeof loggable)[number], LogValue>> & { error?: unknown }

type LogLine = (fields: LogFields, message: string) => void

export type Log = {
  fatal: LogLine
  error: LogLine
  warn: LogLine
  info: LogLine
  debug: LogLine
  /** The same log with these fields on every line. */
  child: (fields: LogFields) => Log
}

export type LogOptions = {
  level: LogLevel
  /** `lines` for a person's terminal, `json` for what collects logs. */
  form?: 'json' | 'lines'
  /** Where to write; standard error by default, so that standard output is left to a command's answer. */
  to?: NodeJS.WritableStream
}

/** Makes a log. It writes in this process and at once: no transport thread that a kill could outrun. */
export function createLog(options: LogOptions): Log {
  const to = options.to ?? process.stderr
  const stream: DestinationStream = {
    write: (line) => to.write(options.form === 'lines' ? readable(line) : line),
  }
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return wrap(logger, {})
}

/** For tests, and for parts that are not asked to say anything. */
export const silentLog: Log = createLog({ level: 'silent' })

function wrap(logger: pino.Logger, always: LogFields): Log {
  const line =
    (level: 'fatal' | 'error' | 'warn' | 'info' | 'debug'): LogLine =>
    (fields, message) => {
      if (logger.isLevelEnabled(level)) logger[level](allowed({ ...always, ...fields }), masked(message))
    }
  return {
    fatal: line('fatal'),
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
    child: (fields) => wrap(logger, { ...always, ...fields }),
  }
}

function allowed(fields: LogFields): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const name of loggable) if (fields[name] !== undefined) kept[name] = shown(fields[name])
  if (fields.error !== undefined) kept.error = told(fields.error)
  return kept
}

function shown(value: LogValue): LogValue {
  if (typeof value === 'string') return masked(value)
  return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? masked(one) : one)) : value
}

function told(error: unknown): { code?: string; message: string; from?: string } {
  if (!(error instanceof Error)) return { message: 'something that is not an error was thrown' }
  const { code } = error as { code?: unknown }
  const from = /[/\\]((?:src|workers)[/\\][^\s)]+)/.exec(
    error.stack?.split('\n').slice(1).join('\n') ?? '',
  )?.[1]
  const message = error.message.split('\n')[0]!.replace(/:\/\/[^@\s/]+@/g, '://')
  return {
    ...(code === undefined ? {} : { code: String(code) }),
    message: masked(message),
    ...(from ? { from } : {}),
  }
}

const labels: Record<number, string> = { 20: 'debug', 30: '', 40: 'warning', 50: 'error', 60: 'fatal' }

function readable(line: string): string {
  const { level, time, msg, error, ...fields } = JSON.parse(line) as {
    level: number
    time: string
    msg: string
    error?: { code?: string; message: string; from?: string }
  }
  const label = labels[level] ?? ''
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`,
  )
  const why = error ? [`(${[error.code, error.message, error.from].filter(Boolean).join(' · ')})`] : []
  return `${[time.slice(11, 19), ...(label ? [`${label}:`] : []), msg, ...why, ...rest].join(' ')}\n`
}
