import type { ISql, Sql, TransactionSql } from 'postgres'

/** The pool: it may begin a transaction. */
export type Db = Sql
/** A pool or a transaction: it may read. */
export type Reader = ISql
/** Handed out by `begin` alone, so that a signature that asks for one cannot be called outside a transaction. */
export type Tx = TransactionSql
