package config

import "time"

// Python is the sandbox that runs the Python of problems.
type Python struct {
	PythonPool int `name:"python-pool" default:"0" env:"LECTERN_PYTHON_POOL" help:"How many sandboxes for Python there are at most; each takes up to 128 MB while it runs. 0: as many as CPUs, at least two."`

	PythonTime time.Duration `name:"python-time" default:"5s" env:"LECTERN_PYTHON_TIME" help:"How long the Python of one answer may run."`
}
