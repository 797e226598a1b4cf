package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/alecthomas/kong"
)

// Files returns where settings are read from when the files are there. What the
// later one says goes before.
func Files() []string { return []string{"/etc/lectern/lectern.json", "lectern.json"} }

// File reads a settings file. An environment variable goes before what the file
// says, as a flag does.
func File(r io.Reader) (kong.Resolver, error) {
	inner, err := kong.JSON(r)
	if err != nil {
		return nil, err
	}
	return kong.ResolverFunc(func(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil //nolint:nilnil // kong's way to say that a resolver has no opinion
			}
		}
		return inner.Resolve(ctx, parent, flag)
	}), nil
}

// Unreadable returns an error when a settings file is there but may not be read:
// a command would then work on another site than the one that runs.
func Unreadable() error {
	for _, name := range Files() {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("settings: %w; run the command as the user that the site runs as: sudo -u lectern lectern …", err)
		}
		if err == nil {
			_ = f.Close() // only opened to see whether that is allowed
		}
	}
	return nil
}
