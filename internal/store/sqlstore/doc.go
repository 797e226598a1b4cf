// Package sqlstore is the [store.Store] on SQLite and on PostgreSQL.
//
// There is one schema (migrations) and one set of queries (queries, checked and
// turned into Go by sqlc), written in the part of PostgreSQL's dialect that
// SQLite understands too. What differs between the engines is in one value,
// dialect: the locking clause, column types, error codes.
//
// On SQLite all writing goes through one connection. Update functions that
// queue for it share a transaction, each inside a savepoint of its own, and one
// commit makes all of them durable: see writer. Reading has a pool of its own
// and never waits for writing. Another process may use the same file.
//
// On PostgreSQL any number of processes work side by side: updates run READ
// COMMITTED and are tried again after a deadlock, views read one snapshot.
package sqlstore
