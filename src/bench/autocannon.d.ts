/** What is used of autocannon, which brings no types along. Source: autocannon 9.0.0, README, "API" */
declare module 'autocannon' {
  export type Request = { path: string; headers?: Record<string, string> }
  export type Options = {
    url: string
    requests: readonly Request[]
    connections: number
    /** Seconds. */
    duration?: number
    /** Requests in all, instead of a duration. */
    amount?: number
  }
  export type Result = {
    non2xx: number
    errors: number
    timeouts: number
    requests: { total: number }
  }
  export default function autocannon(options: Options): PromiseLike<Result>
}
