// Package db is what sqlc makes of the queries folder: one typed method per
// query, for both engines. Only doc.go is written by hand; `make generate`
// writes the rest.
package db
