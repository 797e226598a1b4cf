package main

import (
	"fmt"
	"strings"
	"time"

	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// consumerCmd groups the commands about LTI consumers.
type consumerCmd struct {
	Add     consumerAddCmd     `cmd:"" help:"Register an external LMS and print what it asks for."`
	List    consumerListCmd    `cmd:"" help:"List consumers."`
	Show    consumerShowCmd    `cmd:"" help:"Show one consumer."`
	Set     consumerSetCmd     `cmd:"" help:"Change a consumer."`
	Rotate  consumerRotateCmd  `cmd:"" help:"Make a second live secret, or drop one of two."`
	Enable  consumerEnableCmd  `cmd:"" help:"Let a disabled consumer launch again."`
	Disable consumerDisableCmd `cmd:"" help:"Stop a consumer's launches and open sessions."`
	Delete  consumerDeleteCmd  `cmd:"" help:"Delete a consumer and all that belongs to it."`
}

// consumerJSON is a consumer as --json prints it.
type consumerJSON struct {
	ID                 string     `json:"id"`
	Name               string     `json:"name"`
	Key                string     `json:"key"`
	Secret             string     `json:"secret,omitempty"`
	InstanceGUID       string     `json:"instance_guid"`
	RequireUserAccount bool       `json:"require_user_account"`
	UseLTIPII          bool       `json:"use_lti_pii"`
	StrictReplay       bool       `json:"strict_replay"`
	StrictLTI          bool       `json:"strict_lti"`
	FreshState         bool       `json:"fresh_state"`
	GradeStaff         bool       `json:"grade_staff"`
	TrustedDomains     []string   `json:"trusted_domains"`
	FrameOrigins       []string   `json:"frame_origins"`
	Enabled            bool       `json:"enabled"`
	Courses            []string   `json:"courses"`
	StartsAt           *time.Time `json:"starts_at"`
	EndsAt             *time.Time `json:"ends_at"`
	LaunchesPerMinute  int        `json:"launches_per_minute"`
	KeepDays           int        `json:"keep_days"`
	CreatedAt          time.Time  `json:"created_at"`
	LastLaunchAt       *time.Time `json:"last_launch_at"`

	Secrets []secretJSON `json:"secrets,omitempty"` // live ones, when one consumer is shown
}

func toJSON(c *lti.Consumer, secret string) consumerJSON {
	return consumerJSON{
		ID: c.ID, Name: c.Name, Key: c.Key, Secret: secret, InstanceGUID: c.InstanceGUID,
		RequireUserAccount: c.RequireUserAccount, UseLTIPII: c.UseLTIPII,
		StrictReplay: c.StrictReplay, StrictLTI: c.StrictLTI, FreshState: c.FreshState,
		GradeStaff: c.GradeStaff, TrustedDomains: list(c.TrustedDomains), FrameOrigins: list(c.FrameOrigins),
		Courses: list(c.Courses), StartsAt: moment(c.StartsAt), EndsAt: moment(c.EndsAt),
		LaunchesPerMinute: c.LaunchesPerMinute, KeepDays: c.KeepDays,
		Enabled: c.Enabled, CreatedAt: c.CreatedAt, LastLaunchAt: moment(c.LastLaunchAt),
	}
}

// list turns a missing list into JSON's empty one.
func list(l []string) []string { return append([]string{}, l...) }

// moment turns the zero time into JSON's null.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func printConsumer(app *App, c *lti.Consumer, secret string, asJSON bool) error {
	if asJSON {
		return app.printJSON(toJSON(c, secret))
	}
	rows := [][2]string{
		{"Consumer ID", c.ID}, {"Consumer name", c.Name}, {"Consumer key", c.Key},
	}
	if secret != "" {
		rows = append(rows, [2]string{"Consumer secret", secret})
	}
	rows = append(rows,
		[2]string{"Instance guid", orDash(c.InstanceGUID)},
		[2]string{"Require user account", yesNo(c.RequireUserAccount)},
		[2]string{"Use lti pii", yesNo(c.UseLTIPII)},
		[2]string{"Trusted e-mail domains", orDash(strings.Join(c.TrustedDomains, " "))},
		[2]string{"Scores of teachers", yesNo(c.GradeStaff)},
		[2]string{"Frame origins", orDash(strings.Join(c.FrameOrigins, " "))},
		[2]string{"Courses it may open", orDash(strings.Join(c.Courses, " "))},
		[2]string{"From, until", orAlways(c.StartsAt) + ", " + orAlways(c.EndsAt)},
		[2]string{"Launches per minute", orDash(positive(c.LaunchesPerMinute))},
		[2]string{"Days to keep data", orDash(positive(c.KeepDays))},
		[2]string{"Enabled", yesNo(c.Enabled)},
		[2]string{"Last launch", orNever(c.LastLaunchAt)},
	)
	for _, r := range rows {
		if _, err := fmt.Fprintf(app.Out, "%-24s%s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func orNever(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// consumerAddCmd registers an LMS.
type consumerAddCmd struct {
	Name               string `required:"" help:"How the console lists it, e.g. \"Canvas, production\"."`
	Key                string `help:"Consumer key; made when left out."`
	Secret             string `help:"Consumer secret; made when left out."`
	RequireUserAccount bool   `help:"Only learners who have an account on this site."`
	UseLtiPii          bool   `name:"use-lti-pii" help:"Take name and e-mail from the launch."`
	StrictReplay       bool   `help:"Refuse every repeat of a launch, a double click too."`
	StrictLti          bool   `name:"strict-lti" help:"Require what LTI 1.1 requires and Open edX does not look at."`
	FreshState         bool   `help:"Start learners anew in each LMS course."`

	GradeStaff    bool     `help:"Also send scores of teachers, mentors and test users."`
	TrustedDomain []string `placeholder:"DOMAIN" help:"E-mail domain of which the LMS is believed who has which address; may be repeated."`
	FrameOrigin   []string `placeholder:"ORIGIN" help:"Site that may frame our pages besides those that launches come from; may be repeated."`
	railsFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run registers the consumer and prints the values that the LMS asks for.
func (c *consumerAddCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	limits, err := c.rails(lti.Rails{})
	if err != nil {
		return err
	}
	consumer, secret, err := app.Registry.Add(app.Context, commandLine, registry.Spec{
		Name: c.Name, Key: c.Key, Secret: c.Secret, RequireUserAccount: c.RequireUserAccount,
		UseLTIPII: c.UseLtiPii, StrictReplay: c.StrictReplay, StrictLTI: c.StrictLti, FreshState: c.FreshState,
		GradeStaff: c.GradeStaff, TrustedDomains: c.TrustedDomain, FrameOrigins: c.FrameOrigin, Rails: limits,
	})
	if err != nil {
		return err
	}
	return printConsumer(app, consumer, secret, c.JSON)
}

// consumerListCmd lists consumers.
type consumerListCmd struct {
	Search string `arg:"" optional:"" help:"Part of a name, key or instance guid."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run prints the consumers, without secrets.
func (c *consumerListCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	var list []*lti.Consumer
	err := app.Store.View(app.Context, func(tx store.Tx) (err error) {
		list, err = tx.Consumers().List(app.Context, c.Search)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		out := make([]consumerJSON, len(list))
		for i, consumer := range list {
			out[i] = toJSON(consumer, "")
		}
		return app.printJSON(out)
	}
	rows := make([][]string, len(list))
	for i, x := range list {
		rows[i] = []string{x.ID, x.Name, x.Key, yesNo(x.Enabled), orNever(x.LastLaunchAt)}
	}
	return app.printTable([]string{"ID", "NAME", "KEY", "ENABLED", "LAST LAUNCH"}, rows)
}

// consumerShowCmd shows one consumer.
type consumerShowCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
	Secret   bool   `help:"Show the secret too; the audit log notes it."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run prints the consumer.
func (c *consumerShowCmd) Run(app *App) error {
	consumer, err := findConsumer(app, c.Consumer)
	if err != nil {
		return err
	}
	secret := ""
	if c.Secret {
		if secret, err = app.Registry.Reveal(app.Context, commandLine, consumer.ID); err != nil {
			return err
		}
	}
	secrets, err := app.Registry.Secrets(app.Context, consumer.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(withSecrets(consumer, secret, secrets))
	}
	if err := printConsumer(app, consumer, secret, false); err != nil {
		return err
	}
	return printSecrets(app, secrets)
}

func findConsumer(app *App, what string) (*lti.Consumer, error) {
	if err := app.Open(); err != nil {
		return nil, err
	}
	return app.Registry.Find(app.Context, what)
}

// consumerSetCmd changes what is given and leaves the rest.
type consumerSetCmd struct {
	Consumer           string  `arg:"" help:"ID, key or name."`
	Name               *string `help:"New name."`
	Key                *string `help:"New consumer key."`
	Secret             string  `help:"New consumer secret."`
	RequireUserAccount *bool   `negatable:"" help:"Only learners who have an account on this site."`
	UseLtiPii          *bool   `name:"use-lti-pii" negatable:"" help:"Take name and e-mail from the launch."`
	StrictReplay       *bool   `negatable:"" help:"Refuse every repeat of a launch."`
	StrictLti          *bool   `name:"strict-lti" negatable:"" help:"Require what LTI 1.1 requires."`
	FreshState         *bool   `negatable:"" help:"Start learners anew in each LMS course."`

	GradeStaff    *bool    `negatable:"" help:"Also send scores of teachers, mentors and test users."`
	TrustedDomain []string `placeholder:"DOMAIN" help:"Trusted e-mail domains instead of the present ones; empty for none."`
	FrameOrigin   []string `placeholder:"ORIGIN" help:"Sites that may frame our pages instead of the present ones; empty for none."`
	railsFlags
	Yes  bool `help:"Delete what a shorter time of keeping learners' data deletes, and begin anew in each LMS course, or no longer, without asking."`
	JSON bool `name:"json" help:"Print JSON."`
}

// Run changes the consumer and prints it.
func (c *consumerSetCmd) Run(app *App) error {
	old, err := findConsumer(app, c.Consumer)
	if err != nil {
		return err
	}
	limits, err := c.rails(old.Rails)
	if err != nil {
		return err
	}
	if err := c.sure(app, old, limits.KeepDays); err != nil {
		return err
	}
	if err := c.sureAnew(app, old); err != nil {
		return err
	}
	consumer, err := app.Registry.Set(app.Context, commandLine, old.ID, registry.Spec{
		Name: or(c.Name, old.Name), Key: or(c.Key, old.Key), Secret: c.Secret,
		RequireUserAccount: or(c.RequireUserAccount, old.RequireUserAccount),
		UseLTIPII:          or(c.UseLtiPii, old.UseLTIPII),
		StrictReplay:       or(c.StrictReplay, old.StrictReplay),
		StrictLTI:          or(c.StrictLti, old.StrictLTI),
		FreshState:         or(c.FreshState, old.FreshState),
		GradeStaff:         or(c.GradeStaff, old.GradeStaff),
		TrustedDomains:     instead(c.TrustedDomain, old.TrustedDomains),
		FrameOrigins:       instead(c.FrameOrigin, old.FrameOrigins),
		Rails:              limits,
	})
	if err != nil {
		return err
	}
	return printConsumer(app, consumer, "", c.JSON)
}

// instead returns the list that was given, an empty one too, else the old one.
func instead(given, old []string) []string {
	if given != nil {
		return given
	}
	return old
}

func or[T any](given *T, old T) T {
	if given != nil {
		return *given
	}
	return old
}

// consumerEnableCmd lets a consumer launch again.
type consumerEnableCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
}

// Run enables the consumer.
func (c *consumerEnableCmd) Run(app *App) error { return setEnabled(app, c.Consumer, true) }

// consumerDisableCmd stops a consumer.
type consumerDisableCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
}

// Run disables the consumer.
func (c *consumerDisableCmd) Run(app *App) error { return setEnabled(app, c.Consumer, false) }

func setEnabled(app *App, what string, enabled bool) error {
	consumer, err := findConsumer(app, what)
	if err != nil {
		return err
	}
	return app.Registry.SetEnabled(app.Context, commandLine, consumer.ID, enabled)
}

// consumerDeleteCmd deletes a consumer.
type consumerDeleteCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
	DryRun   bool   `help:"Only print what would go with it."`
}

// Run deletes the consumer and says what went with it. Accounts and learners'
// work stay.
func (c *consumerDeleteCmd) Run(app *App) error {
	consumer, err := findConsumer(app, c.Consumer)
	if err != nil {
		return err
	}
	var usage store.ConsumerUsage
	verb := "Deleted"
	if c.DryRun {
		verb = "Deleting would remove"
		err = app.Store.View(app.Context, func(tx store.Tx) (err error) {
			usage, err = tx.Consumers().Usage(app.Context, consumer.ID)
			return err
		})
	} else {
		usage, err = app.Registry.Delete(app.Context, commandLine, consumer.ID)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, "%s %s: %d learner links, %d open launches, %d grade targets, %d scores not delivered.\n",
		verb, consumer.Name, usage.Learners, usage.Launches, usage.Targets, usage.OwedScores)
	return err
}
