// Package assets opens the place where the files beside courses are kept, a
// folder or a bucket, and says in words what is wrong with it.
//
// Drivers read their credentials as their users expect it: S3 the AWS_…
// variables, shared files or the machine's role, Azure the AZURE_… variables.
// [Lectern design §6]
package assets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/fileblob"  // file://
	_ "gocloud.dev/blob/s3blob"    // s3://
	"gocloud.dev/gcerrors"

	"lectern/internal/errs"
)

// away is what people read whose page needs a file that cannot be read now.
const away = "A file of this course cannot be read right now. Please try again in a moment."

// What can be wrong with where course files are.
var (
	ErrAddress = errs.New(errs.Invalid, "assets_address_invalid", "",
		"The address of the course files cannot be used.",
		"LECTERN_ASSETS is a bucket URL: file:///folder, s3://bucket?region=…, azblob://container, or gs://bucket in builds with -tags gcs.")
	ErrBucket = errs.New(errs.Unavailable, "assets_bucket_missing", "", away,
		"There is no such bucket: make it, or correct LECTERN_ASSETS (name, region, endpoint).")
	ErrForbidden = errs.New(errs.Unavailable, "assets_forbidden", "", away,
		"The bucket refuses this site's credentials: they must allow to list it and to read, write and delete its objects.")
	ErrUnavailable = errs.New(errs.Unavailable, "assets_unavailable", "", away,
		"Course files could not be reached; the detail in the log says why. Answers and scores do not need them.")
)

// Within is how long the place may take to say whether it has a file.
const Within = 10 * time.Second

// Open opens the bucket at a URL. The error is [ErrAddress]; whether the bucket
// is there turns out later, see [Check].
func Open(ctx context.Context, address string) (*blob.Bucket, error) {
	bucket, err := blob.OpenBucket(ctx, address)
	if err != nil {
		return nil, ErrAddress.Wrap(err)
	}
	return bucket, nil
}

// Check reports whether the bucket is there and lets itself be listed: nil,
// [ErrBucket], [ErrForbidden] or, also when it takes too long, [ErrUnavailable].
func Check(ctx context.Context, bucket *blob.Bucket) error {
	ctx, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	_, _, err := bucket.ListPage(ctx, blob.FirstPageToken, 1, nil)
	if err != nil && gcerrors.Code(err) == gcerrors.NotFound {
		return ErrBucket.Wrap(err)
	}
	return Explain(err)
}

// Explain says in words why a bucket did not do what it was asked. What has
// words of its own, and the end of a request, it returns as it is.
func Explain(err error) error {
	var said *errs.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &said):
		return err
	case gcerrors.Code(err) == gcerrors.PermissionDenied:
		return ErrForbidden.Wrap(err)
	case gcerrors.Code(err) == gcerrors.NotFound:
		return ErrUnavailable.Wrap(fmt.Errorf("lost: %w", err))
	}
	return ErrUnavailable.Wrap(err)
}
