package main

import (
	"context"
	"time"

	"lectern/internal/problem/pyrun"
	"lectern/internal/problem/script"
	"lectern/internal/telemetry"
)

// What is kept of scripts' replies, in memory.
const (
	cachedReplies = 20_000
	cachedBytes   = 32 << 20
)

// python sets up what runs the Python of problems: the sandbox, which starts
// with its first job, and the operator's grader where there is one.
func (a *App) python() error {
	external, err := a.external()
	if err != nil {
		return err
	}
	if external != nil {
		external = script.NewCache(external, cachedReplies, cachedBytes)
	}
	scripts := external
	if a.Config.GraderFor != "all" && a.Sandbox == nil {
		a.Sandbox = a.sandbox()
	}
	if a.Sandbox != nil {
		scripts = script.NewCache(a.Sandbox, cachedReplies, cachedBytes)
	}
	a.Grading.Scripts, a.Grading.External, a.Grading.Library = scripts, external, a.Importer.Library
	a.Importer.Scripts, a.Importer.External = scripts, external
	return nil
}

// sandbox returns what runs Python; it starts with its first job.
func (a *App) sandbox() *pyrun.Pool {
	if a.Metrics == nil {
		a.Metrics = telemetry.New()
	}
	size := a.Config.PythonPool
	if size <= 0 {
		size = pyrun.DefaultSize()
	}
	a.Metrics.PythonPool(size)
	return pyrun.New(pyrun.Options{
		Size: size, Time: a.Config.PythonTime, Log: a.Log,
		CacheDir: a.Config.PythonCacheDir(),
		Metrics: pyrun.Metrics{
			InUse: a.Metrics.PythonInUse, Waiting: a.Metrics.PythonWaiting, Ran: a.Metrics.PythonRan,
		},
	})
}

// closePython stops the sandbox.
func (a *App) closePython() error {
	if a.Sandbox == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.Context), 10*time.Second)
	defer cancel()
	return a.Sandbox.Close(ctx)
}
