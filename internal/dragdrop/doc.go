// Package dragdrop is the block drag-and-drop-v2: items that a learner puts
// into zones on a picture.
//
// [Parse] reads the fields of a block. A [State] is what one learner has placed;
// [Definition.Place] and [Definition.Attempt] move it on and say what came of it.
// In standard mode every drop is judged at once and only right ones stay; in
// assessment mode drops are kept as they are and judged together.
//
// The package is pure: it knows no store, no page and no clock. Dates, numbers
// of attempts and who may see what are the caller's.
package dragdrop
