// Package pgtest runs a private PostgreSQL for tests.
//
// A [Server] starts on first use: initdb into a temporary folder, then postgres
// on a free loopback port, without fsync, as an unprivileged user when the test
// runs as root. Every test gets a database of its own. The server dies with the
// test process, however that ends.
//
//	var postgres pgtest.Server
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &postgres)) }
//
//	func TestPostgres(t *testing.T) { storetest.Run(t, open(postgres.Database(t))) }
//
// Where PostgreSQL is not installed the tests skip and say so; with CI=true in
// the environment they fail, so that a build never passes by leaving them out.
package pgtest
