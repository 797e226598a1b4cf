package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// manualCmd prints the reference of commands and settings, made from the same
// declarations as the command line itself.
type manualCmd struct {
	Format string `default:"text" enum:"text,man,settings,commands" help:"text; man for a manual page; settings or commands as Markdown."`
}

// Run prints the manual.
func (m *manualCmd) Run(app *App) error {
	parser, err := newParser(&cli{}, app.Out, app.Err)
	if err != nil {
		return err
	}
	root := parser.Model.Node
	switch m.Format {
	case "man":
		return manPage(app.Out, root)
	case "settings":
		return settingsDoc(app.Out, root)
	case "commands":
		return commandsDoc(app.Out, root)
	}
	return plainManual(app.Out, root)
}

// settings returns the flags that every command has.
func settings(root *kong.Node) []*kong.Flag {
	var list []*kong.Flag
	for _, f := range root.Flags {
		if f.Name != "help" && !f.Hidden {
			list = append(list, f)
		}
	}
	return list
}

// commands returns the commands that can be run, in the order of their help.
func commands(n *kong.Node) []*kong.Node {
	var list []*kong.Node
	for _, child := range n.Children {
		switch {
		case child.Hidden:
		case child.Leaf():
			list = append(list, child)
		default:
			list = append(list, commands(child)...)
		}
	}
	return list
}

// synopsis returns how a command is written, without what every command has:
// "lectern course import PATH".
func synopsis(n *kong.Node) string {
	words := []string{"lectern", n.Path()}
	for _, p := range n.Positional {
		words = append(words, p.Summary())
	}
	return strings.Join(words, " ")
}

// option returns how a flag is written: "--name=TEXT".
func option(f *kong.Flag) string {
	if f.IsBool() {
		if f.Tag != nil && f.Tag.Negatable != "" {
			return "--[no-]" + f.Name
		}
		return "--" + f.Name
	}
	return "--" + f.Name + "=" + placeholder(f)
}

func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// defaultOf returns the value that a flag has when nobody sets it, or "".
func defaultOf(f *kong.Flag) string {
	if !f.HasDefault {
		return ""
	}
	return f.Default
}

func settingsDoc(w io.Writer, root *kong.Node) error {
	var b strings.Builder
	b.WriteString("# Settings\n\n" +
		"Made from the source by `go test ./cmd/lectern -run Manual -update`.\n\n" +
		"Each setting is a flag of every command, an environment variable, and a line in `/etc/lectern/lectern.json` or in `lectern.json` in the\n" +
		"current folder (`{\"public-url\": \"https://…\"}`). A flag goes before the variable, the variable before the file.\n")
	for _, f := range settings(root) {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`", f.Name, option(f))
		for _, env := range f.Envs {
			fmt.Fprintf(&b, " · `%s`", env)
		}
		if d := defaultOf(f); d != "" {
			fmt.Fprintf(&b, " · default `%s`", d)
		}
		fmt.Fprintf(&b, "\n\n%s\n", escapeMarkdown(f.Help))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func commandsDoc(w io.Writer, root *kong.Node) error {
	var b strings.Builder
	b.WriteString("# Commands\n\n" +
		"Made from the source by `go test ./cmd/lectern -run Manual -update`.\n\n" +
		"Every command takes the [settings](settings.md) too. Exit codes: 0 done, 1 refused with a reason, 2 wrong usage.\n")
	for _, n := range commands(root) {
		fmt.Fprintf(&b, "\n## lectern %s\n\n    %s\n\n%s\n", n.Path(), synopsis(n), escapeMarkdown(helpOf(n)))
		for i, p := range n.Positional {
			if i == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "- `%s` %s\n", p.Summary(), escapeMarkdown(p.Help))
		}
		for i, f := range n.Flags {
			if i == 0 && len(n.Positional) == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "- `%s` %s%s\n", option(f), escapeMarkdown(f.Help), defaultNote(f))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func helpOf(n *kong.Node) string {
	return strings.TrimSpace(n.Help + "\n\n" + n.Detail)
}

func defaultNote(f *kong.Flag) string {
	if d := defaultOf(f); d != "" {
		return " Default: `" + d + "`."
	}
	return ""
}

// escapeMarkdown keeps <, * and _ in help texts from being read as markup.
func escapeMarkdown(s string) string {
	return strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`).Replace(s)
}

// manPage writes a manual page for section 1 [man(7)].
func manPage(w io.Writer, root *kong.Node) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH LECTERN 1 \"\" \"Lectern %s\"\n.SH NAME\nlectern \\- Open edX courses inside any LMS\n", version)
	b.WriteString(".SH SYNOPSIS\n.B lectern\n.I COMMAND\n[\\fISETTING\\fR ...]\n.SH COMMANDS\n")
	for _, n := range commands(root) {
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(synopsis(n)), roff(helpOf(n)))
		for _, f := range n.Flags {
			fmt.Fprintf(&b, ".RS\n.TP\n\\fB%s\\fR\n%s\n.RE\n", roff(option(f)), roff(f.Help))
		}
	}
	b.WriteString(".SH SETTINGS\nEach is a flag of every command, an environment variable, and a line in a settings file. " +
		"A flag goes before the variable, the variable before the file.\n")
	for _, f := range settings(root) {
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fR, %s\n%s\n", roff(option(f)), roff(strings.Join(f.Envs, ", ")), roff(f.Help))
		if d := defaultOf(f); d != "" {
			fmt.Fprintf(&b, "Default: %s\n", roff(d))
		}
	}
	b.WriteString(".SH FILES\n.TP\n/etc/lectern/lectern.json\nSettings of the site.\n.TP\n./lectern.json\nSettings that go before those.\n" +
		".SH EXIT STATUS\n0 done, 1 refused with a reason, 2 wrong usage.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// roff escapes what troff would take for its own [groff(7)].
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "“", `"`, "”", `"`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

func plainManual(w io.Writer, root *kong.Node) error {
	var b strings.Builder
	b.WriteString("COMMANDS\n")
	for _, n := range commands(root) {
		fmt.Fprintf(&b, "\n  %s\n      %s\n", synopsis(n), helpOf(n))
		for _, f := range n.Flags {
			fmt.Fprintf(&b, "      %s  %s\n", option(f), f.Help)
		}
	}
	b.WriteString("\nSETTINGS (of every command; a flag goes before the variable, the variable before lectern.json)\n")
	for _, f := range settings(root) {
		fmt.Fprintf(&b, "\n  %s  %s\n      %s\n", option(f), strings.Join(f.Envs, " "), f.Help)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
