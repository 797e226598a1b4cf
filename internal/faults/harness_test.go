package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lectern/internal/pgtest"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

// patience bounds every wait. It is for machines busy with other things.
const patience = 40 * time.Second

var postgres pgtest.Server

func TestMain(m *testing.M) {
	if dsn := os.Getenv(leasesEnv); dsn != "" {
		if err := endLeasesIn(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := pgtest.Run(m, &postgres)
	_ = os.RemoveAll(workshop.dir) // the machine's clean-up gets what stays
	os.Exit(code)
}

// workshop is what is made once: the program and a site with a course.
var workshop struct {
	once sync.Once
	dir  string
	err  error
}

const (
	course    = "course-v1:Org+Faults+2026"
	quizUsage = "block-v1:Org+Faults+2026+type@problem+block@quiz"
	unitUsage = "block-v1:Org+Faults+2026+type@vertical+block@unit"
)

// olx is a course with one problem of four questions: right answers are 1.
func olx() map[string]string {
	question := `<numericalresponse answer="1"><label>One</label><formulaequationinput/></numericalresponse>`
	return map[string]string{
		"course.xml": `<course url_name="2026" org="Org" course="Faults"/>`,
		"course/2026.xml": `<course display_name="Faults" start="2020-01-01T00:00:00Z"><chapter url_name="ch"><sequential url_name="seq">
			<vertical url_name="unit"><problem url_name="quiz"/></vertical></sequential></chapter></course>`,
		"problem/quiz.xml": `<problem display_name="Quiz">` + strings.Repeat(question, 4) + `</problem>`,
	}
}

// build makes the workshop.
func build() error {
	dir, err := os.MkdirTemp("", "lectern-faults-")
	if err != nil {
		return err
	}
	workshop.dir = dir
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "lectern"), "lectern/cmd/lectern").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	for name, text := range olx() {
		file := filepath.Join(dir, "olx", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			return err
		}
	}
	s := &site{data: filepath.Join(dir, "site")}
	return s.furnish(context.Background())
}

// site is a Lectern that runs as a process of its own.
type site struct {
	t        *testing.T
	data     string
	database string // "" for SQLite
	addr     string
	lms      *school
	wrap     []string // a command to run the program by, in a mount namespace of its own
	cmd      *exec.Cmd
	log      *os.File
	members  []*learner
	db       *sqlstore.Store // beside the program; see open
}

// furnish imports the course and registers the school.
func (s *site) furnish(ctx context.Context) error {
	for _, args := range [][]string{
		{"course", "import", filepath.Join(workshop.dir, "olx")},
		{"consumer", "add", "--name", "School", "--key", consumerKey, "--secret", consumerSecret},
	} {
		if out, err := s.command(ctx, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", args, err, out)
		}
	}
	return nil
}

func (s *site) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{filepath.Join(workshop.dir, "lectern")}, args...)
	switch {
	case s.wrap == nil:
	case args[1] == "serve":
		args = append(append([]string{}, s.wrap...), args...)
	default:
		args = append([]string{"nsenter", "--mount", "--target", strconv.Itoa(s.cmd.Process.Pid)}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "LECTERN_DATA="+s.data, "LECTERN_DATABASE="+s.database, "LECTERN_LISTEN="+s.addr,
		"LECTERN_OUTBOUND_ALLOW=127.0.0.0/8", "LECTERN_AGGREGATE_DELAY=100ms", "LECTERN_LOG_FORMAT=json")
	return cmd
}

// prepare returns a site that does not run yet, with a school. database is ""
// for SQLite.
func prepare(t *testing.T, database string) *site {
	t.Helper()
	workshop.once.Do(func() { workshop.err = build() })
	if workshop.err != nil {
		t.Fatal(workshop.err)
	}
	s := &site{t: t, data: filepath.Join(t.TempDir(), "data"), database: database, addr: freeAddress(t), lms: newSchool(t)}
	if database == "" {
		if err := os.CopyFS(s.data, os.DirFS(filepath.Join(workshop.dir, "site"))); err != nil {
			t.Fatal(err)
		}
	} else if err := s.furnish(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// begin returns a site that runs.
func begin(t *testing.T, database string) *site {
	t.Helper()
	s := prepare(t, database)
	s.start()
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs the site and returns when it is ready.
func (s *site) start() {
	s.t.Helper()
	if s.log == nil {
		log, err := os.Create(filepath.Join(s.t.TempDir(), "log"))
		if err != nil {
			s.t.Fatal(err)
		}
		s.log = log
	}
	s.cmd = s.command(context.Background(), "serve")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.until("the site is ready", func() bool {
		resp, err := http.Get("http://" + s.addr + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close() // the status says all
		return resp.StatusCode == http.StatusOK
	})
}

// kill ends the site as a power cut does. It may have ended already.
func (s *site) kill() {
	if s.cmd == nil {
		return
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) // its own group, made in start
	_ = s.cmd.Wait()                                      // killed: it says so
	s.cmd = nil
	if s.t.Failed() {
		s.showLog()
	}
}

func (s *site) showLog() {
	text, _ := os.ReadFile(s.log.Name()) // only for the message
	lines := strings.Split(string(text), "\n")
	for _, line := range lines[max(0, len(lines)-40):] {
		if !strings.Contains(line, `"msg":"request"`) || strings.Contains(line, `"status":5`) {
			s.t.Log(line)
		}
	}
}

// until waits for something to be so.
func (s *site) until(what string, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.showLog()
			s.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// run runs a command of the operator's and returns what it prints.
func (s *site) run(args ...string) string {
	s.t.Helper()
	var out, errOut strings.Builder
	cmd := s.command(s.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("lectern %v: %v\n%s", args, err, errOut.String())
	}
	return out.String()
}

// owed is a score as the operator sees it.
type owed struct {
	User      string   `json:"lti_user_id"`
	Link      string   `json:"link"` // the usage, in launches of these tests
	Score     *float64 `json:"score"`
	State     string   `json:"state"`
	Attempts  int      `json:"attempts"`
	LastError string   `json:"last_error"`
}

func (s *site) scores() []owed {
	s.t.Helper()
	var list []owed
	if err := json.Unmarshal([]byte(s.run("score", "list", "--json")), &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// open returns the site's database, for looking at it beside the program.
func (s *site) open() *sqlstore.Store {
	s.t.Helper()
	if s.db != nil {
		return s.db
	}
	dsn := s.database
	if dsn == "" {
		dsn = filepath.Join(s.data, "lectern.db")
	}
	db, err := sqlstore.Open(context.Background(), dsn, sqlstore.Options{MaxConns: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close() }) // it was only looked at
	s.db = db
	return db
}

// update writes beside the program.
func (s *site) update(f func(ctx context.Context, tx store.Tx) error) {
	s.t.Helper()
	ctx := s.t.Context()
	if err := s.open().Update(ctx, func(tx store.Tx) error { return f(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// leasesRunOut makes the two minutes pass that a dead process's leases last.
func (s *site) leasesRunOut() {
	s.t.Helper()
	if s.wrap == nil {
		s.update(endLeases)
		return
	}
	cmd := exec.Command("nsenter", "--mount", "--target", strconv.Itoa(s.cmd.Process.Pid), os.Args[0])
	cmd.Env = append(os.Environ(), leasesEnv+"="+filepath.Join(s.data, "lectern.db"))
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("end leases: %v\n%s", err, out)
	}
}

// leasesEnv turns this test program into one that ends the leases in a database.
const leasesEnv = "LECTERN_FAULTS_LEASES"

func endLeases(ctx context.Context, tx store.Tx) error {
	long := 1000 * time.Hour // leave what waits alone
	_, err := tx.Owed().TurnBack(ctx, time.Now().Add(-time.Hour), "nobody",
		store.Limits{Slack: long, Pause: long, Lease: -long})
	return err
}

func endLeasesIn(dsn string) error {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, dsn, sqlstore.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	return errors.Join(db.Update(ctx, func(tx store.Tx) error { return endLeases(ctx, tx) }), db.Close())
}

// row returns a learner's score as it is in the database.
func (s *site) row(l *learner, link string) (row store.OwedRow) {
	s.t.Helper()
	err := s.open().View(s.t.Context(), func(tx store.Tx) error {
		list, err := tx.Owed().List(s.t.Context(), store.OwedFilter{Learner: l.user, Link: link})
		for _, r := range list {
			if r.LinkKey == link {
				row = r
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return row
}

// backlog returns how many scores have not arrived.
func (s *site) backlog() (n int) {
	s.t.Helper()
	if s.wrap != nil { // its database cannot be seen from here
		for _, o := range s.scores() {
			if o.State != "delivered" {
				n++
			}
		}
		return n
	}
	err := s.open().View(s.t.Context(), func(tx store.Tx) error {
		b, err := tx.Owed().Backlog(s.t.Context())
		for _, count := range b.Count {
			n += count
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
