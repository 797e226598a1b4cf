// Package backup is the one file that a whole site is saved in: a tar of the
// database, course files and, if wished, the sealing key, with a manifest at its
// end that has the size and SHA-256 of each.
//
// A [Writer] streams; the file appears under its name when all of it is on disk,
// not before. [Verify] reads a file to its end before anybody uses a byte of it.
// The sums tell damage, not malice: who can change the file can change them too.
package backup
