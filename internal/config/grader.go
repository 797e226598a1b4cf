package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Grader is the external grader: a program or a service of the operator's that
// runs problems' Python where the sandbox lacks a package. Off by default.
type Grader struct {
	GraderCommand string `name:"grader-command" env:"LECTERN_GRADER_COMMAND" help:"Program that runs the Python of problems that need numpy and the like: words separated by blanks, no shell, no quotes; started once per job. It runs the course team's code outside of the sandbox." placeholder:"COMMAND"`

	GraderURL string `name:"grader-url" env:"LECTERN_GRADER_URL" help:"The same as a service that jobs are posted to, e.g. http://localhost:8010/grade. It may be on a private network." placeholder:"URL"`

	GraderToken string `name:"grader-token" env:"LECTERN_GRADER_TOKEN" help:"Bearer token for the grader's URL." placeholder:"TOKEN"`

	GraderCA string `name:"grader-ca" env:"LECTERN_GRADER_CA" help:"File with roots, in PEM, that prove the grader's certificate. Default: the system's." placeholder:"FILE"`

	GraderFor string `name:"grader-for" default:"needed" enum:"needed,all" env:"LECTERN_GRADER_FOR" help:"What goes to the external grader: scripts that need a package the sandbox lacks (needed), or all Python (all)."`

	GraderTimeout time.Duration `name:"grader-timeout" default:"20s" env:"LECTERN_GRADER_TIMEOUT" help:"How long a job may take at the external grader; 1s to 5m."`

	GraderJobs int `name:"grader-jobs" default:"4" env:"LECTERN_GRADER_JOBS" help:"How many jobs the external grader gets at once; 1 to 256."`
}

// Check says whether the settings go together.
func (g *Grader) Check() error {
	switch {
	case g.GraderCommand != "" && g.GraderURL != "":
		return errors.New("external grader: set a command or a URL, not both")
	case g.GraderURL == "" && (g.GraderToken != "" || g.GraderCA != ""):
		return errors.New("external grader: a token or roots are set, but no URL to use them with")
	case g.GraderFor == "all" && !g.On():
		return errors.New("external grader: all Python shall go to it, but neither a command nor a URL is set")
	case !g.On():
		return nil
	case g.GraderTimeout < time.Second || g.GraderTimeout > 5*time.Minute:
		return fmt.Errorf("external grader: time-out %s is not between 1s and 5m", g.GraderTimeout)
	case g.GraderJobs < 1 || g.GraderJobs > 256:
		return fmt.Errorf("external grader: %d jobs at once is not between 1 and 256", g.GraderJobs)
	}
	return nil
}

// On reports whether there is an external grader.
func (g *Grader) On() bool { return g.GraderCommand != "" || g.GraderURL != "" }

// Command returns the grader's program and arguments.
func (g *Grader) Command() []string { return strings.Fields(g.GraderCommand) }

// Roots reads the certificates that prove the grader's; nil for the system's.
func (g *Grader) Roots() (*x509.CertPool, error) {
	if g.GraderCA == "" {
		return nil, nil //nolint:nilnil // none is a setting, not a failure
	}
	pem, err := os.ReadFile(g.GraderCA)
	if err != nil {
		return nil, fmt.Errorf("external grader: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("external grader: no certificate in %s", g.GraderCA)
	}
	return pool, nil
}
