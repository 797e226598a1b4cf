// Package archtest keeps the code to what ARCHITECTURE.md says.
//
// Its test reads the level table out of that document, asks the go command for
// all packages, and fails on an import that goes up or sideways without an
// arrow, on a package that the table lacks or a row without its package, and on
// the other house rules that a machine can see: see [Table.Imports] and [Source]. The
// document cannot drift from the code, because it is the test's input.
package archtest
