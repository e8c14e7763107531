import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Env, Hono } from 'hono'
import { StepladderError } from '../errors.ts'

export type WebAddress = {
  port: number
  host: string
  /** Milliseconds that a sender may take for a whole request (30 s when left out); its headers have 10 s of them. */
  requestTimeout?: number
}

export type WebServer = {
  /** Where it can be reached from this machine. */
  url: string
  /**
   * Takes no more requests, lets those under way finish, and cuts off what is left after `graceMs` (5 s when left out).
   */
  close: (graceMs?: number) => Promise<void>
}

/**
 * Serves the app until it is closed.
 * @throws StepladderError `port_in_use`, `port_not_allowed` or `host_unknown`, which name PORT or HOST.
 */
export async function serveWeb<E extends Env>(app: Hono<E>, address: WebAddress): Promise<WebServer> {
  const { port, host, requestTimeout = 30_000 } = address
  const headersTimeout = Math.min(10_000, requestTimeout)
  const server = createAdaptorServer({
    fetch: (request, bindings) => app.fetch(request, bindings as E['Bindings']),
    serverOptions: {
      headersTimeout,
      requestTimeout,
      // Longer than a load balancer keeps a connection idle (60 s is common), or it would send into a closing one.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: Math.min(5_000, requestTimeout),
    },
  }) as Server

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, address)))
    server.listen(port, host, resolve)
  })
  return { url: urlOf(host, (server.address() as AddressInfo).port), close: closing(server) }
}

function closing(server: Server): WebServer['close'] {
  let closed: Promise<void> | null = null
  return (graceMs = 5_000) => {
    closed ??= new Promise<void>((resolve) => {
      // A connection that falls idle after close() began would otherwise be held for its whole keep-alive time.
      const idle = setInterval(() => server.closeIdleConnections(), 50)
      const force = setTimeout(() => server.closeAllConnections(), graceMs)
      server.close(() => {
        clearInterval(idle)
        clearTimeout(force)
        resolve()
      })
    })
    return closed
  }
}

function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function listenFault(error: NodeJS.ErrnoException, { port, host }: WebAddress): unknown {
  const options = { cause: error }
  if (error.code === 'EADDRINUSE') {
    const fix = `Stop what listens there, or set PORT to another port.`
    return new StepladderError('port_in_use', `Port ${port} is in use.`, fix, options)
  }
  if (error.code === 'EACCES') {
    const fix = 'Set PORT to one above 1023.'
    return new StepladderError('port_not_allowed', `Port ${port} may not be listened on.`, fix, options)
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    const fix = 'Set HOST to an address of this machine: 127.0.0.1, or 0.0.0.0 for all.'
    return new StepladderError('host_unknown', `${host} is not an address of this machine.`, fix, options)
  }
  return error
}
