//go:build !linux

package pyrun

// lowerPriority does nothing: here a priority belongs to a whole process.
func lowerPriority() {}
