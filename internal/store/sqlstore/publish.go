package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// Publish writes a version whole; with it, in the same transaction, the course
// points to it.
func (t courses) Publish(ctx context.Context, v *store.CourseVersion) (int64, error) {
	c := v.Course
	if c == nil || c.VersionID == "" || c.Root == nil {
		return 0, errors.New("publish: a version has an ID and a course block")
	}
	blocks, err := blockRows(c)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(versionBody{c.Language, c.Start, c.End, c.Partitions})
	if err != nil {
		return 0, fmt.Errorf("publish %s: %w", c.Key, err)
	}
	left := db.VersionLeaveParams{At: micros(v.ImportAt), NextID: c.VersionID, CourseKey: c.Key.String()}
	if err := t.q.VersionLeave(ctx, left); err != nil {
		return 0, t.wrap(err, "leave version")
	}
	number, err := t.q.CoursePublish(ctx, c.Key.String(), c.VersionID)
	if err != nil {
		return 0, t.wrap(err, "publish course")
	}
	rows, err := t.q.VersionCreate(ctx, db.VersionCreateParams{
		ID: c.VersionID, CourseKey: c.Key.String(), Number: number, Name: clean(c.Name), Body: string(body),
		Blocks: int64(len(blocks)), Source: blob(v.Source), Report: clean(v.Report), ImportedAt: micros(v.ImportAt),
		ImportedBy: clean(v.By),
	})
	if err := t.one(rows, err, "publish version", store.ErrConflict); err != nil {
		return 0, err
	}
	if err := bulk(ctx, t.conn, "block", blockColumns(), blocks); err != nil {
		return 0, t.wrap(err, "publish blocks")
	}
	if err := bulk(ctx, t.conn, "asset", assetColumns(), assetRows(c)); err != nil {
		return 0, t.wrap(err, "publish assets")
	}
	return number, nil
}

func blockColumns() []string {
	return []string{"version_id", "position", "parent", "block_type", "block_id", "name", "body", "data"}
}

// blockRows numbers the blocks in document order.
func blockRows(c *course.Course) ([][]any, error) {
	var rows [][]any
	var add func(b *course.Block, parent int) error
	add = func(b *course.Block, parent int) error {
		body, err := json.Marshal(blockBody{b.Settings, b.Fields, b.Fate, b.Reason, b.Class, b.MaxScore, b.Scored})
		if err != nil {
			return fmt.Errorf("publish block %s/%s: %w", b.Type, b.ID, err)
		}
		own := len(rows)
		rows = append(rows, []any{
			c.VersionID, own, parent, b.Type, b.ID, clean(b.Name), string(body), clean(b.Data),
		})
		for _, child := range b.Children {
			if err := add(child, own); err != nil {
				return err
			}
		}
		return nil
	}
	return rows, add(c.Root, -1)
}

func assetColumns() []string {
	return []string{"version_id", "position", "name", "content_type", "size", "sha256", "locked"}
}

func assetRows(c *course.Course) [][]any {
	var rows [][]any
	if c.Assets == nil {
		return nil
	}
	for i, a := range c.Assets.All() {
		rows = append(rows, []any{c.VersionID, i, a.Name, a.ContentType, a.Size, a.SHA256, a.Locked})
	}
	return rows
}

// bulk inserts rows, many with one statement. There are few lengths, so that
// few statements are prepared.
func bulk(ctx context.Context, conn db.DBTX, table string, columns []string, rows [][]any) error {
	for _, size := range []int{64, 8, 1} {
		query := insert(table, columns, size)
		for ; len(rows) >= size; rows = rows[size:] {
			args := make([]any, 0, size*len(columns))
			for _, row := range rows[:size] {
				args = append(args, row...)
			}
			if _, err := conn.ExecContext(ctx, query, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// insert is the statement that inserts n rows.
func insert(table string, columns []string, n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
	for i := range n * len(columns) {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%len(columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}
