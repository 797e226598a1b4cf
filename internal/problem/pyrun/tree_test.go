package pyrun

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestTree(t *testing.T) {
	tree := newTree(map[string][]byte{"a.py": []byte("x"), "b/c/d.txt": []byte("yz"), "b/e": nil})
	if err := fstest.TestFS(tree, "a.py", "b/c/d.txt", "b/e"); err != nil {
		t.Error(err)
	}
	m := &mount{}
	if _, err := m.Open("a.py"); err == nil {
		t.Error("a file where nothing is mounted")
	}
	m.tree.Store(tree)
	if b, err := fs.ReadFile(m, "a.py"); err != nil || string(b) != "x" {
		t.Error(b, err)
	}
}
