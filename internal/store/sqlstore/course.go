package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lectern/internal/course"
	"lectern/internal/keys"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type courses struct{ *tx }

// versionBody is the part of a version that nobody searches.
type versionBody struct {
	Language   string             `json:"language,omitempty"`
	Start      *time.Time         `json:"start,omitempty"`
	End        *time.Time         `json:"end,omitempty"`
	Partitions []course.Partition `json:"partitions,omitempty"`
}

// blockBody is the part of a block that nobody searches.
type blockBody struct {
	Settings course.Settings   `json:"settings,omitzero"`
	Fields   map[string]string `json:"fields,omitempty"`
	Fate     course.Fate       `json:"fate,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Class    string            `json:"class,omitempty"`
	MaxScore float64           `json:"max_score,omitempty"`
	Scored   bool              `json:"scored,omitempty"`
}

func (t courses) List(ctx context.Context) ([]store.CourseInfo, error) {
	rows, err := t.q.CourseList(ctx)
	list := make([]store.CourseInfo, 0, len(rows))
	for _, row := range rows {
		list = append(list, info(db.CourseInfoRow(row)))
	}
	return list, t.wrap(err, "list courses")
}

func (t courses) Info(ctx context.Context, courseKey string) (*store.CourseInfo, error) {
	if !storable(courseKey) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.CourseInfo(ctx, courseKey)
	if err != nil {
		return nil, t.wrap(err, "course")
	}
	i := info(row)
	return &i, nil
}

func info(row db.CourseInfoRow) store.CourseInfo {
	return store.CourseInfo{
		Key: row.CourseKey, Name: row.Name, VersionID: row.ID, Version: row.Number,
		Blocks: row.Blocks, ImportedAt: moment(row.ImportedAt),
	}
}

func (t courses) Report(ctx context.Context, versionID string) (string, error) {
	report, err := t.q.VersionReport(ctx, versionID)
	return report, t.wrap(err, "import report")
}

func (t courses) Delete(ctx context.Context, courseKey string) error {
	if err := t.q.TeamForget(ctx, courseKey); err != nil {
		return t.wrap(err, "forget team of course")
	}
	rows, err := t.q.CourseDelete(ctx, courseKey)
	return t.one(rows, err, "delete course", store.ErrNotFound)
}

func (t courses) Load(ctx context.Context, versionID string) (*course.Course, error) {
	if !storable(versionID) {
		return nil, store.ErrNotFound
	}
	v, err := t.q.VersionByID(ctx, versionID)
	if err != nil {
		return nil, t.wrap(err, "course version")
	}
	key, err := keys.ParseCourse(v.CourseKey)
	if err != nil {
		return nil, fmt.Errorf("load course version %s: %w", versionID, err)
	}
	var body versionBody
	if err := json.Unmarshal([]byte(v.Body), &body); err != nil {
		return nil, fmt.Errorf("load course version %s: %w", versionID, err)
	}
	root, err := t.tree(ctx, versionID)
	if err != nil {
		return nil, err
	}
	assets, err := t.assets(ctx, versionID)
	if err != nil {
		return nil, err
	}
	return course.New(&course.Course{
		Key: key, VersionID: v.ID, Name: v.Name, Language: body.Language,
		Start: body.Start, End: body.End, Partitions: body.Partitions,
		Root: root, Assets: course.NewAssets(assets),
	}), nil
}

// tree reads the blocks of a version and joins them. A parent always comes
// before its children.
func (t courses) tree(ctx context.Context, versionID string) (*course.Block, error) {
	rows, err := t.q.BlockList(ctx, versionID)
	if err != nil || len(rows) == 0 {
		return nil, t.wrap(err, "blocks of version")
	}
	blocks := make([]course.Block, len(rows))
	for i, row := range rows {
		var body blockBody
		if err := json.Unmarshal([]byte(row.Body), &body); err != nil {
			return nil, fmt.Errorf("load block %d of version %s: %w", i, versionID, err)
		}
		b := &blocks[i]
		*b = course.Block{
			Ref: course.Ref{Type: row.BlockType, ID: row.BlockID}, Name: row.Name, Data: row.Data,
			Settings: body.Settings, Fields: body.Fields, Fate: body.Fate, Reason: body.Reason,
			Class: body.Class, MaxScore: body.MaxScore, Scored: body.Scored,
		}
		if row.Position != int64(i) || row.Parent >= row.Position || (row.Parent < 0) != (i == 0) {
			return nil, fmt.Errorf("load version %s: block %d hangs on block %d", versionID, row.Position, row.Parent)
		}
		if i > 0 {
			parent := &blocks[row.Parent]
			parent.Children = append(parent.Children, b)
		}
	}
	return &blocks[0], nil
}

func (t courses) assets(ctx context.Context, versionID string) ([]course.Asset, error) {
	rows, err := t.q.AssetList(ctx, versionID)
	if err != nil {
		return nil, t.wrap(err, "assets of version")
	}
	list := make([]course.Asset, 0, len(rows))
	for _, row := range rows {
		list = append(list, course.Asset{
			Name: row.Name, ContentType: row.ContentType, Size: row.Size, SHA256: row.Sha256, Locked: row.Locked,
		})
	}
	return list, nil
}
