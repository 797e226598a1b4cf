package assets_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gocloud.dev/blob/memblob"

	"lectern/internal/assets"
	"lectern/internal/errs"
	"lectern/internal/s3test"
)

// TestRoundTrip writes, lists, reads and deletes at each kind of place.
func TestRoundTrip(t *testing.T) {
	s3 := s3test.Start(t)
	for name, address := range map[string]string{
		"folder": "file://" + filepath.ToSlash(t.TempDir()) + "?metadata=skip&no_tmp_dir=true",
		"s3":     s3.URL,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			bucket, err := assets.Open(ctx, address)
			if err != nil {
				t.Fatal(err)
			}
			defer bucket.Close()
			if err := assets.Check(ctx, bucket); err != nil {
				t.Fatalf("an empty place: %v", err)
			}
			if err := bucket.WriteAll(ctx, "sha256/ab/cdef", []byte("a file"), nil); err != nil {
				t.Fatal(err)
			}
			if b, err := bucket.ReadAll(ctx, "sha256/ab/cdef"); err != nil || string(b) != "a file" {
				t.Errorf("read %q, %v", b, err)
			}
			if o, err := bucket.List(nil).Next(ctx); err != nil || o.Key != "sha256/ab/cdef" {
				t.Errorf("listed %v, %v", o, err)
			}
			if err := errors.Join(assets.Check(ctx, bucket), bucket.Delete(ctx, "sha256/ab/cdef")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOpenRefuses names places that cannot be.
func TestOpenRefuses(t *testing.T) {
	for _, address := range []string{
		"", "courses", "ftp://host/x", "s3://courses?regiom=eu-west-1", "gs://courses",
		"file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "missing")),
	} {
		if _, err := assets.Open(t.Context(), address); !errors.Is(err, assets.ErrAddress) {
			t.Errorf("%q: %v, want ErrAddress", address, err)
		}
	}
}

// TestAzureAddress only opens: nothing here speaks Azure's protocol.
func TestAzureAddress(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	bucket, err := assets.Open(t.Context(), "azblob://courses")
	if err != nil {
		t.Fatal(err)
	}
	if err := bucket.Close(); err != nil {
		t.Error(err)
	}
}

// TestCheckSaysWhatIsWrong breaks a bucket in every way.
func TestCheckSaysWhatIsWrong(t *testing.T) {
	s3 := s3test.Start(t)
	for _, tt := range []struct {
		name    string
		address string
		fault   s3test.Fault
		want    *errs.Error
	}{
		{"no such bucket", s3.Other(), s3test.None, assets.ErrBucket},
		{"forbidden", s3.URL, s3test.Denied, assets.ErrForbidden},
		{"busy", s3.URL, s3test.Busy, assets.ErrUnavailable},
		{"slow", s3.URL, s3test.Hang, assets.ErrUnavailable},
		{"nobody there", "s3://courses?endpoint=http://127.0.0.1:1&region=us-east-1&use_path_style=true", s3test.None, assets.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s3.Always(tt.fault)
			bucket, err := assets.Open(t.Context(), tt.address)
			if err != nil {
				t.Fatal(err)
			}
			defer bucket.Close()
			ctx := t.Context()
			if tt.fault == s3test.Hang { // what Within does, without the wait
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			err = assets.Check(ctx, bucket)
			if !errors.Is(err, tt.want) || errs.From(err).Kind != errs.Unavailable {
				t.Errorf("Check = %v, want %s", err, tt.want.Code)
			}
		})
	}
}

func TestExplainKeepsWhatHasWords(t *testing.T) {
	said := errs.New(errs.Invalid, "x", "", "", "")
	for _, err := range []error{nil, said.With("y"), context.Canceled} {
		if got := assets.Explain(err); !errors.Is(got, err) || errors.Is(got, assets.ErrUnavailable) {
			t.Errorf("Explain(%v) = %v", err, got)
		}
	}
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	if _, err := bucket.ReadAll(t.Context(), "x"); !errors.Is(assets.Explain(err), assets.ErrUnavailable) {
		t.Errorf("Explain(%v)", err)
	}
	if _, err := os.Open("/nowhere"); !errors.Is(assets.Explain(err), assets.ErrUnavailable) {
		t.Errorf("Explain(%v)", err)
	}
}
