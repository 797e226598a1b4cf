package pyrun

import "github.com/tetratelabs/wazero/experimental"

// memory is an interpreter's memory: address space for all it may ever have,
// of which the system provides what is touched. It neither moves nor passes
// through Go's garbage collector, and is given back as soon as the interpreter
// has ended.
type memory struct {
	space []byte
	fixed bool // space comes from mapMemory and goes to unmapMemory
}

// Allocate makes the memory; wazero asks once per interpreter.
func (m *memory) Allocate(_, limit uint64) experimental.LinearMemory {
	m.release()
	if space, err := mapMemory(int(limit)); err == nil {
		m.space, m.fixed = space, true
	} else {
		m.space, m.fixed = make([]byte, 0), false
	}
	return m
}

// Reallocate returns the first size bytes, or nil when there are not as many.
func (m *memory) Reallocate(size uint64) []byte {
	if size > maxMemory {
		return nil
	}
	if m.fixed {
		return m.space[:size]
	}
	if size > uint64(len(m.space)) {
		m.space = append(m.space, make([]byte, size-uint64(len(m.space)))...)
	}
	return m.space[:size]
}

// Free does nothing: the interpreter may still be stopping. See release.
func (m *memory) Free() {}

// release gives the memory back. Nothing may use it any more.
func (m *memory) release() {
	if m.fixed {
		unmapMemory(m.space)
	}
	m.space, m.fixed = nil, false
}
