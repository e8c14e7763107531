import { Unavailable } from './errors.ts'

/**
 * Gives up waiting after so many milliseconds. What was begun may still end by itself; nobody waits for it then.
 * @throws Unavailable `timed_out`
 */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Unavailable('timed_out', `${what} did not answer within ${milliseconds} ms.`, 'Try again later.'),
      )
    }, milliseconds)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
