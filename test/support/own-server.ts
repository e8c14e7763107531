import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Cluster,
  createCluster,
  freePort,
  ownedFolder,
  serverAccount,
  startCluster,
  stopCluster,
} from '../../src/db/cluster.ts'
import { asRole, binaries, makeTemplate, templateDatabase } from './test-server.ts'

export type OwnServer = {
  appUrl: string
  ownerUrl: string
  /** As if the machine lost it: connections break, and whatever was not committed is gone. */
  stop: () => Promise<void>
  start: () => Promise<void>
  close: () => Promise<void>
}

/** A PostgreSQL server of a test's own, migrated, durable as in production, to be stopped and started again. */
export async function ownServer(): Promise<OwnServer> {
  const runAs = serverAccount()
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-own-'))
  ownedFolder(folder, runAs)
  const cluster: Cluster = {
    binaries: binaries(folder),
    data: join(folder, 'data'),
    log: join(folder, 'postgres.log'),
    runAs,
  }
  await createCluster(cluster, null)
  const port = await freePort()
  const start = () => startCluster(cluster, port, { max_connections: '100' }).then(() => {})
  await start()
  const superuser = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
  await makeTemplate(superuser)
  return {
    appUrl: asRole(superuser, 'app', templateDatabase),
    ownerUrl: asRole(superuser, 'owner', templateDatabase),
    stop: () => stopCluster(cluster, 'immediate').then(() => {}),
    start,
    close: async () => {
      await stopCluster(cluster, 'immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
