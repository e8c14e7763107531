import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import type { Db } from '../../src/db/types.ts'
import { asRole, templateDatabase } from './test-server.ts'

export type TestDatabase = {
  /** As the application's role: what the running system may do, and no more. */
  app: Db
  /** As the owner of the schema: what a migration may do. */
  owner: Db
  appUrl: string
  ownerUrl: string
  /** Closes both pools and drops the database. */
  close: () => Promise<void>
}

export type TestDatabaseOptions = {
  /** False for a database in which nothing was migrated yet. */
  migrated?: boolean
  /** Connections of the application's pool at most. */
  max?: number
}

/** A database of its own, migrated, with no rows but those that the migrations seed: a clone of the run's template. */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = inject('testServer')
  const name = `t_${randomBytes(6).toString('hex')}`
  const template = options.migrated === false ? 'template1' : templateDatabase
  await asSuperuser(server, async (superuser) => {
    await superuser`create database ${superuser(name)} template ${superuser(template)} owner stepladder_owner`
  })
  const appUrl = asRole(server, 'app', name)
  const ownerUrl = asRole(server, 'owner', name)
  const app = connect(appUrl, { max: options.max ?? 8, applicationName: 'test app' })
  const owner = connect(ownerUrl, { max: 4, applicationName: 'test owner' })
  const close = async () => {
    await Promise.all([app.end({ timeout: 2 }), owner.end({ timeout: 2 })])
    await asSuperuser(server, async (superuser) => {
      await superuser`drop database if exists ${superuser(name)} with (force)`
    })
  }
  return { app, owner, appUrl, ownerUrl, close }
}

async function asSuperuser(server: string, work: (superuser: Db) => Promise<void>): Promise<void> {
  const superuser = connect(server, { max: 1, applicationName: 'test server' })
  try {
    await work(superuser)
  } finally {
    await superuser.end({ timeout: 2 })
  }
}
