package problem

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"lectern/internal/problem/script"
	"lectern/internal/xmltree"
)

// Scripts returns the elements whose text, one after the other with a line
// break after each, is the problem's script.
func Scripts(root *xmltree.Node) []*xmltree.Node {
	return slices.DeleteFunc(root.FindAll("script"), func(n *xmltree.Node) bool { return !isPython(n) })
}

// scriptText returns all Python of a problem.
func scriptText(root *xmltree.Node) string {
	var b strings.Builder
	for _, n := range Scripts(root) {
		b.WriteString(n.Text())
		b.WriteByte('\n') // Open edX joins them without; no script can want that
	}
	return b.String()
}

// job returns what every run of the problem's Python begins with. Code is what
// will run beside the script.
func (p *Problem) job(code string) *script.Job {
	d := p.def
	given := map[string]any{"seed": p.variant.Seed}
	const id = "anonymous_student_id"
	if strings.Contains(d.script, id) || strings.Contains(code, id) {
		given[id] = p.variant.AnonymousID // only then: replies are kept by their job
	}
	return &script.Job{
		Protocol: script.Protocol, Script: d.script, Seed: p.variant.Seed, Context: given, Library: d.opts.Library,
	}
}

// run runs a job where its problem belongs. A script that misses a module in the
// sandbox may find it outside. Errors are those of [script.Runner], [ErrModule],
// [ErrContent] for the script and [ErrGrader] for the call.
func (d *Definition) run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	runner, other := d.opts.Scripts, d.opts.External
	if runner == nil || d.class == External && other != nil {
		runner, other = other, nil
	}
	if runner == nil {
		return nil, script.ErrUnavailable.With("nothing runs Python")
	}
	reply, err := runner.Run(ctx, job)
	if err != nil {
		return nil, err
	}
	if f := reply.Failure; f != nil && f.Kind == script.Import && other != nil {
		if reply, err = other.Run(ctx, job); err != nil {
			return nil, err
		}
	}
	return reply, scriptError(reply.Failure)
}

// scriptError returns the error people get to see of a script's failure. In a
// check function authors raise exceptions to tell learners what is wrong with
// their answer, so its words are shown.
func scriptError(f *script.Failure) error {
	switch {
	case f == nil:
		return nil
	case f.Kind == script.Import:
		return ErrModule.Wrap(f)
	case !f.InCall:
		return ErrContent.Wrap(f)
	case f.Kind == script.Raised && strings.TrimSpace(f.Message) != "" && len(f.Message) < maxMessage:
		return ErrGrader.Say("%s", f.Message).Wrap(f)
	}
	return ErrGrader.Wrap(f)
}

// maxMessage bounds what an exception may say to a learner, in bytes.
const maxMessage = 2000

// runScript runs the problem's script and defines the variables it makes.
func (p *Problem) runScript(ctx context.Context) (notes []string, err error) {
	reply, err := p.def.run(ctx, p.job(""))
	if err != nil {
		return nil, err
	}
	p.scope.define(p.def.script, reply.Globals)
	return reply.Notes, nil
}

// call runs the script again with one call after it, and returns the call's
// result.
func (p *Problem) call(ctx context.Context, call script.Call, code string) (json.RawMessage, error) {
	job := p.job(code)
	job.Call = &call
	reply, err := p.def.run(ctx, job)
	if err != nil {
		return nil, err
	}
	return reply.Result, nil
}

// answersForScript returns answers as Python gets them: strings, lists and maps.
func answersForScript(a Answers) map[string]any {
	m := make(map[string]any, len(a))
	for id, answer := range a {
		m[id] = answer
	}
	return m
}

// hintFunction lets a function of the script choose hints. It gets the marks of
// the response and may change anything about them.
func (r *response) hintFunction(ctx context.Context, name string, a Answers, m *Marks) error {
	fresh, err := json.Marshal(*m)
	if err != nil {
		return err
	}
	old, err := json.Marshal(r.p.before)
	if err != nil {
		return err
	}
	ids := make([]string, len(r.inputs))
	for i, in := range r.inputs {
		ids[i] = in.id
	}
	result, err := r.p.call(ctx, script.Call{Hint: &script.Hint{
		Function: name, AnswerIDs: ids, Answers: answersForScript(a), New: fresh, Old: old,
	}}, "")
	if err != nil {
		return err
	}
	var changed Marks
	if err := json.Unmarshal(result, &changed); err != nil {
		return ErrGrader.With("hint function %s: %w", name, err)
	}
	for _, in := range r.inputs {
		mark, ok := changed.Get(in.id)
		if !ok {
			continue
		}
		before, _ := m.Get(in.id)
		m.Set(in.id, mark.after(before))
	}
	return nil
}

// after cleans a mark that a hint function has touched. Words that are no
// verdict show as not correct but take no points away.
func (m Mark) after(before Mark) Mark {
	known := m.Correctness == Correct || m.Correctness == Incorrect || m.Correctness == Partial
	if !known && m.Points == nil {
		points := before.Earned()
		m.Points = &points
	}
	m.Msg, m.Hint = cleanMessage(m.Msg), cleanMessage(m.Hint)
	return m
}

// codeOf returns the grading code of a response: the text of its answer element.
func codeOf(r *response) (code string, ok bool, err error) {
	found := r.node.FindAll("answer")
	if len(found) == 0 {
		return "", false, nil
	}
	if src, ok := found[0].Lookup("src"); ok {
		return "", false, r.fail("the code of %q is not part of the problem", src)
	}
	return found[0].Text(), true, nil
}
