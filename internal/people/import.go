package people

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// Bounds of an import.
const (
	MaxImport      = 2 << 20 // bytes
	maxImportLines = 10_000
)

// ErrImport means that a file is no list of people.
var ErrImport = errs.New(errs.Invalid, "user_import_malformed", "",
	"This file is not a list of people: it needs lines of e-mail, user name and name, separated by commas.",
	"At most 2 MiB and 10,000 lines; UTF-8.")

// Line is what an import made of one line.
type Line struct {
	Number   int    // from 1
	Username string // as the line has it
	Problem  string // why nobody was created; "" when somebody was
	ID       string // of the new account
}

// Report is what an import made of a file.
type Report struct {
	Lines   []Line
	Created int
}

// Import creates accounts from lines of e-mail,username,name[,admin]; a first
// line that says so is a header. A line is taken whole or not at all, whatever
// happens to the others. Its error is [ErrImport], with nothing created, when
// the file cannot be read to its end.
func (s *Service) Import(ctx context.Context, by string, file io.Reader) (*Report, error) {
	lines, err := readPeople(file)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	for _, l := range lines {
		line := Line{Number: l.number, Username: l.New.Username}
		if line.Problem = l.problem; line.Problem == "" {
			a, err := s.Add(ctx, by, l.New)
			var e *errs.Error
			switch {
			case err == nil:
				line.ID = a.ID
				report.Created++
			case errors.As(err, &e) && (e.Kind == errs.Invalid || e.Kind == errs.Conflict):
				line.Problem = e.Public
			default:
				return report, fmt.Errorf("line %d: %w", l.number, err)
			}
		}
		report.Lines = append(report.Lines, line)
	}
	return report, nil
}

// personLine is a line of the file.
type personLine struct {
	New
	number  int
	problem string
}

func readPeople(file io.Reader) ([]personLine, error) {
	limited := &io.LimitedReader{R: file, N: MaxImport + 1}
	r := csv.NewReader(limited)
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	var lines []personLine
	for first := true; ; first = false {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(lines) >= maxImportLines {
			return nil, ErrImport.Wrap(err)
		}
		number, _ := r.FieldPos(0)
		fields[0] = strings.TrimPrefix(fields[0], "\uFEFF") // spreadsheets begin with it
		if first && strings.EqualFold(strings.TrimSpace(fields[0]), "email") {
			continue
		}
		lines = append(lines, person(number, fields))
	}
	if limited.N <= 0 || len(lines) == 0 {
		return nil, ErrImport
	}
	return lines, nil
}

func person(number int, fields []string) personLine {
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	l := personLine{number: number}
	if len(fields) < 2 || len(fields) > 4 {
		l.problem = "The line needs e-mail, user name and name."
		return l
	}
	l.Email, l.Username = fields[0], fields[1]
	if len(fields) > 2 {
		l.Name = fields[2]
	}
	if l.Email == "" {
		l.problem = "The e-mail address is missing."
	}
	if len(fields) == 4 {
		switch strings.ToLower(fields[3]) {
		case "admin", "true", "yes", "1":
			l.Admin = true
		case "", "false", "no", "0":
		default:
			l.problem = "The fourth field is admin or empty."
		}
	}
	return l
}

// List returns accounts whose user name, e-mail address or name contains
// search, at most limit.
func (s *Service) List(ctx context.Context, search string, limit int) (list []*account.Account, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		list, err = tx.Accounts().List(ctx, search, limit)
		return err
	})
	return list, err
}
