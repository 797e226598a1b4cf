package config

import (
	"os"
	"path/filepath"
	"time"
)

// Python is the sandbox that runs the Python of problems.
type Python struct {
	PythonPool int `name:"python-pool" default:"0" env:"LECTERN_PYTHON_POOL" help:"How many sandboxes for Python stand ready; each takes 10 MB, and up to 128 MB while it runs. 0: four for each CPU, at most 32."`

	PythonTime time.Duration `name:"python-time" default:"5s" env:"LECTERN_PYTHON_TIME" help:"How long the Python of one answer may run."`

	PythonCache string `name:"python-cache" env:"LECTERN_PYTHON_CACHE" help:"Folder where the compiled interpreter is kept, 45 MB, so that the next start takes less. Nobody else may write there. Default: cache/python in the data folder." placeholder:"DIR"`
}

// PythonCacheDir returns the folder of the compiled interpreter.
func (c *Config) PythonCacheDir() string {
	if c.PythonCache != "" {
		return c.PythonCache
	}
	return filepath.Join(c.Data, "cache", "python")
}

// SharedPythonCache returns a folder that all of this user's sites share, or ""
// where the user has none. It suits sites that come and go.
func SharedPythonCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "lectern", "python")
}
