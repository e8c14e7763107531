import type { IncomingMessage } from 'node:http'

/** `too_large`: stopped reading at the cap. `cut_off`: the sender went away before the end. */
export type ReadBody = Uint8Array | 'too_large' | 'cut_off'

/**
 * The bytes of a request's body, as they came. Counts while reading, so that neither a false Content-Length nor an
 * endless chunked body takes more than `cap` bytes of memory. A body that came in one piece is not copied.
 */
export function readIncoming(incoming: IncomingMessage, cap: number): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = (body: ReadBody) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onCutOff).off('close', onCutOff)
      // A socket that breaks later has nobody left to tell.
      incoming.on('error', () => {})
      resolve(body)
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > cap) return done('too_large')
      chunks.push(chunk)
    }
    const onEnd = () => done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))
    const onCutOff = () => done('cut_off')
    if (incoming.destroyed && !incoming.readableEnded) return done('cut_off')
    incoming.on('data', onData).on('end', onEnd).on('error', onCutOff).on('close', onCutOff)
  })
}

/** The same for a request that did not come through a socket. */
export async function readRequest(request: Request, cap: number): Promise<ReadBody> {
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > cap) return 'too_large'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}
