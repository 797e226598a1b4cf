// Package catalog hands out published courses. A version never changes, so it
// is read from the store once and kept; which version is published is asked
// every time, so an import is seen at once, by every process on the database.
package catalog

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/singleflight"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// keep is how many versions stay in memory: more than one site's courses in
// use at once, and far less than would hurt.
const keep = 32

// ErrCourse means that no course with this key has been imported.
var ErrCourse = errs.New(errs.NotFound, "course_unknown", "",
	"This course is not on this site. Please tell your course team.",
	"Import the course under the key that the link names (lectern course import --course-key).")

// Catalog is safe for concurrent use.
type Catalog struct {
	store  store.Store
	flight singleflight.Group

	mu    sync.Mutex
	cache map[string]*course.Course
	order []string          // least recently used first
	last  map[string]string // course key to the version that was published when somebody last asked
}

// New returns a catalog over s.
func New(s store.Store) *Catalog {
	return &Catalog{store: s, cache: map[string]*course.Course{}, last: map[string]string{}}
}

// Course returns the published version of the course, or [ErrCourse].
func (c *Catalog) Course(ctx context.Context, courseKey string) (*course.Course, error) {
	var info *store.CourseInfo
	err := c.store.View(ctx, func(tx store.Tx) (err error) {
		info, err = tx.Courses().Info(ctx, courseKey)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrCourse.With("course %q", courseKey)
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.last[courseKey] = info.VersionID
	c.mu.Unlock()
	return c.Version(ctx, info.VersionID)
}

// Last is [Catalog.Course] without asking: it returns the version that was
// published when somebody last asked, or nil. Whoever acts on it compares its
// VersionID with what the database has, in the transaction that acts.
func (c *Catalog) Last(courseKey string) *course.Course {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cache[c.last[courseKey]]
}

// Version returns a course version, published or not, or [ErrCourse].
func (c *Catalog) Version(ctx context.Context, versionID string) (*course.Course, error) {
	if v := c.cached(versionID); v != nil {
		return v, nil
	}
	v, err, _ := c.flight.Do(versionID, func() (any, error) {
		var v *course.Course
		// Others wait for this read: it must not end with the first caller.
		ctx := context.WithoutCancel(ctx)
		err := c.store.View(ctx, func(tx store.Tx) (err error) {
			v, err = tx.Courses().Load(ctx, versionID)
			return err
		})
		if err == nil {
			c.put(versionID, v)
		}
		return v, err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrCourse.With("version %q", versionID)
	}
	if err != nil {
		return nil, err
	}
	return v.(*course.Course), nil
}

func (c *Catalog) cached(versionID string) *course.Course {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.cache[versionID]
	if v != nil {
		c.touch(versionID)
	}
	return v
}

func (c *Catalog) put(versionID string, v *course.Course) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cache[versionID] = v
	c.touch(versionID)
	if len(c.order) > keep {
		delete(c.cache, c.order[0])
		c.order = c.order[1:]
	}
}

// touch moves a version to the end of the order.
func (c *Catalog) touch(versionID string) {
	for i, id := range c.order {
		if id == versionID {
			c.order = append(c.order[:i], c.order[i+1:]...)
			break
		}
	}
	c.order = append(c.order, versionID)
}
