package learn

import "slices"

// Kept is written behind every page that is in memory when [Handler.MarkKept] is
// called.
const Kept = "<!-- kept -->"

// MarkKept marks the pages that are kept, so that a test can tell them from
// fresh ones.
func (h *Handler) MarkKept() {
	h.pages.mu.Lock()
	defer h.pages.mu.Unlock()
	for _, e := range h.pages.byKey {
		p := e.Value.(*memorized[pageKey, *keptPage])
		marked := *p.value
		marked.body = append(slices.Clone(marked.body), Kept...)
		p.value = &marked
	}
}
