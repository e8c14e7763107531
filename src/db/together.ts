/**
 * Waits until all that was begun in one transaction has ended, and then throws the first fault there was. `Promise.all` would throw at once:
 * the transaction would be rolled back while what is still under way goes on sending on its connection, behind the rollback.
 */
export async function together<Parts extends readonly unknown[]>(
  parts: {
    [K in keyof Parts]: Promise<Parts[K]>
  },
): Promise<Parts> {
  await Promise.allSettled(parts)
  return (await Promise.all(parts)) as unknown as Parts
}
