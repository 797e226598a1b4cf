package storetest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/keys"
	"lectern/internal/store"
)

func (s suite) link(consumerID, user, accountID string) {
	s.Helper()
	s.update(func(tx store.Tx) error {
		_, err := tx.Accounts().Link(s.ctx, account.Link{
			ConsumerID: consumerID, LTIUserID: user, AccountID: accountID, How: "launch", CreatedAt: now(),
		})
		return err
	})
}

// sample is a small course with every field of every part in use.
func sample(s suite, key, version string) *store.CourseVersion {
	s.Helper()
	k, err := keys.ParseCourse(key)
	if err != nil {
		s.Fatal(err)
	}
	start, due := now(), after(86400)
	three, weight := 3, 2.5
	problem := &course.Block{
		Ref: course.Ref{Type: "problem", ID: "p1"}, Name: "Größe\n§ 1", Data: "<problem>☃ &amp; \u2028</problem>",
		Fate: course.Shown, Class: "native", MaxScore: 1.5, Scored: true,
		Fields: map[string]string{"markdown": "null", "x": ""},
		Settings: course.Settings{
			Start: &start, Due: &due, Grace: time.Hour, Graded: true, Format: "Homework", StaffOnly: true,
			HideAfterDue: true, GroupAccess: map[int][]int{50: {1, 2}}, ShowAnswer: "never", ShowCorrectness: "past_due",
			Rerandomize: "always", MaxAttempts: &three, Weight: &weight, SubmissionWait: time.Second,
			GradingMethod: "highest_score", AttemptsBeforeShowAnswer: 4, ShowResetButton: true, TimeLimitMinutes: 90,
		},
	}
	broken := &course.Block{Ref: course.Ref{Type: "x", ID: "p1"}, Fate: course.Broken, Reason: "cut off"}
	unit := &course.Block{
		Ref: course.Ref{Type: "vertical", ID: "v1"}, Name: "Unit", Fate: course.Container,
		Children: []*course.Block{problem, broken},
	}
	root := &course.Block{
		Ref: course.Ref{Type: "course", ID: "r"}, Name: "Course", Fate: course.Container,
		Children: []*course.Block{unit, {Ref: course.Ref{Type: "chapter", ID: "empty"}, Fate: course.Container}},
	}
	return &store.CourseVersion{
		Course: course.New(&course.Course{
			Key: k, VersionID: version, Name: "Übung " + version, Language: "de", Start: &start, End: &due, Root: root,
			Partitions: []course.Partition{{ID: 50, Name: "P", Scheme: "random", Groups: []course.Group{{ID: 1, Name: "G"}}}},
			Assets: course.NewAssets([]course.Asset{
				{Name: "z ü.png", ContentType: "image/png", Size: 1 << 40, SHA256: "ab", Locked: true},
				{Name: "a.css", ContentType: "text/css", SHA256: "cd"},
			}),
		}),
		Source: []byte{1, 0, 255}, Report: `{"errors":[]}`, ImportAt: now(),
	}
}

// sameCourse compares trees by what they hold; parents and indexes follow.
func sameCourse(s suite, what string, got, want *course.Course) {
	s.Helper()
	diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(course.Course{}),
		cmpopts.IgnoreFields(course.Block{}, "Parent"),
		cmp.Transformer("assets", func(a *course.Assets) []course.Asset { return a.All() }))
	if diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (s suite) publish(v *store.CourseVersion) int64 {
	s.Helper()
	return write(s, func(tx store.Tx) (int64, error) { return tx.Courses().Publish(s.ctx, v) })
}

func (s suite) load(versionID string) *course.Course {
	s.Helper()
	return read(s, func(tx store.Tx) (*course.Course, error) { return tx.Courses().Load(s.ctx, versionID) })
}

func testCourses(s suite) {
	for i, key := range []string{"course-v1:o+c+r", "Org/Course/Run", "library-v1:o+lib"} {
		v := sample(s, key, fmt.Sprintf("v%d", i))
		equal(s, "number", s.publish(v), 1)
		got := s.load(v.Course.VersionID)
		sameCourse(s, key, got, v.Course)
		b := got.Block(course.Ref{Type: "problem", ID: "p1"})
		if b == nil || b.Parent.ID != "v1" || !b.Within(got.Root) {
			s.Errorf("%s: the tree is not linked", key)
		}
	}
	list := read(s, func(tx store.Tx) ([]store.CourseInfo, error) { return tx.Courses().List(s.ctx) })
	equal(s, "courses", len(list), 3)
	equal(s, "info", list[0], store.CourseInfo{
		Key: "course-v1:o+c+r", Name: "Übung v0", VersionID: "v0", Version: 1, Blocks: 5, ImportedAt: now(),
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Courses().Info(s.ctx, "course-v1:o+C+r") // keys compare exactly
		return err
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Courses().Load(s.ctx, "nothing")
		return err
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Courses().Report(s.ctx, "nothing")
		return err
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Courses().Delete(s.ctx, "nothing") })

	nan := sample(s, "course-v1:o+c+nan", "nan") // nothing of a version that cannot be written
	nan.Course.Root.Children[0].MaxScore = math.NaN()
	if err := s.Update(s.ctx, func(tx store.Tx) error {
		_, err := tx.Courses().Publish(s.ctx, nan)
		return err
	}); err == nil {
		s.Error("published a score that is no number")
	}
	equal(s, "courses", len(read(s, func(tx store.Tx) ([]store.CourseInfo, error) { return tx.Courses().List(s.ctx) })), 3)
}

func testCourseVersions(s suite) {
	const key = "course-v1:o+c+r"
	published := func() store.CourseInfo {
		s.Helper()
		return *read(s, func(tx store.Tx) (*store.CourseInfo, error) { return tx.Courses().Info(s.ctx, key) })
	}
	first, second := sample(s, key, "v1"), sample(s, key, "v2")
	s.publish(first)
	second.Course.Root.Children[0].Name = "changed"
	equal(s, "second number", s.publish(second), 2)
	equal(s, "published", published().VersionID, "v2")
	sameCourse(s, "the first version stays", s.load("v1"), first.Course)

	s.fails(errBroken, func(tx store.Tx) error { // readers never see half a version
		if _, err := tx.Courses().Publish(s.ctx, sample(s, key, "v3")); err != nil {
			return err
		}
		equal(s, "published while v3 is being written", published().VersionID, "v2")
		return errBroken
	})
	equal(s, "published", published(), store.CourseInfo{
		Key: key, Name: "Übung v2", VersionID: "v2", Version: 2, Blocks: 5, ImportedAt: now(),
	})
	s.fails(store.ErrConflict, func(tx store.Tx) error {
		_, err := tx.Courses().Publish(s.ctx, sample(s, key, "v1"))
		return err
	})
	numbers := make([]int64, 6)
	atOnce(len(numbers), func(i int) {
		v := sample(s, key, fmt.Sprintf("at once %d", i))
		err := s.Update(s.ctx, func(tx store.Tx) (err error) {
			numbers[i], err = tx.Courses().Publish(s.ctx, v)
			return err
		})
		if err != nil {
			s.Errorf("publish at once: %v", err)
		}
	})
	var sum int64
	for _, n := range numbers {
		sum += n
	}
	equal(s, "sum of numbers 3 to 8", sum, 33)
	equal(s, "report", read(s, func(tx store.Tx) (string, error) { return tx.Courses().Report(s.ctx, "v1") }), first.Report)
	s.update(func(tx store.Tx) error { return tx.Courses().Delete(s.ctx, key) })
	for _, id := range []string{"v1", "v2"} {
		s.fails(store.ErrNotFound, func(tx store.Tx) error {
			_, err := tx.Courses().Load(s.ctx, id)
			return err
		})
	}
}

// Large returns a version with so many blocks, each with some data.
func Large(version string, blocks int) *store.CourseVersion {
	root := &course.Block{Ref: course.Ref{Type: "course", ID: "r"}, Fate: course.Container}
	data := strings.Repeat("<p>Some text of a course, as long as usual.</p>\n", 20)
	weight := 1.0
	var assets []course.Asset
	var unit *course.Block
	for i := range blocks - 1 {
		b := &course.Block{
			Ref: course.Ref{Type: "problem", ID: fmt.Sprintf("%032x", i)}, Name: fmt.Sprint("Block ", i),
			Data: data, Fate: course.Shown, Scored: true, MaxScore: 1,
			Settings: course.Settings{Weight: &weight, Graded: true, ShowAnswer: "finished"},
			Fields:   map[string]string{"display_name": "Block", "markdown": "null", "xml_attributes": "{}"},
		}
		if i%10 == 0 {
			b.Type, b.Fate, b.Data = "vertical", course.Container, ""
			root.Children = append(root.Children, b)
			unit = b
			continue
		}
		unit.Children = append(unit.Children, b)
		assets = append(assets, course.Asset{Name: fmt.Sprintf("image_%d.png", i), ContentType: "image/png", SHA256: b.ID})
	}
	return &store.CourseVersion{
		Course: course.New(&course.Course{
			Key: keys.Course{Org: "o", Course: "large", Run: "r"}, VersionID: version, Name: "Large", Root: root,
			Assets: course.NewAssets(assets),
		}),
		ImportAt: now(),
	}
}

func testLargeCourse(s suite) {
	v := Large("large", 3000)
	began := time.Now()
	s.publish(v)
	s.Logf("3000 blocks published in %v", time.Since(began))
	began = time.Now()
	got := s.load("large")
	s.Logf("loaded in %v", time.Since(began))
	sameCourse(s, "large course", got, v.Course)
}
