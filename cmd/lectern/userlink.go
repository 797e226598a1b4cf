package main

import (
	"fmt"
)

// userLinkCmd links an LMS user to an account.
type userLinkCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
	LTIUser  string `arg:"" name:"lti-user-id" help:"What the LMS sends as user_id."`
	Username string `arg:"" help:"User name here."`
}

// Run links the user, whoever they were before.
func (c *userLinkCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	consumer, err := findConsumer(app, c.Consumer)
	if err != nil {
		return err
	}
	who, err := service.ByName(app.Context, c.Username)
	if err != nil {
		return err
	}
	return service.Link(app.Context, commandLine, consumer.ID, c.LTIUser, who.ID)
}

// userUnlinkCmd forgets a link.
type userUnlinkCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
	LTIUser  string `arg:"" name:"lti-user-id" help:"What the LMS sends as user_id."`
}

// Run forgets the link.
func (c *userUnlinkCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	consumer, err := findConsumer(app, c.Consumer)
	if err != nil {
		return err
	}
	return service.Unlink(app.Context, commandLine, consumer.ID, c.LTIUser, "")
}

// userMergeCmd merges accounts.
type userMergeCmd struct {
	From string `arg:"" help:"User name of the account that is emptied and closed."`
	Into string `arg:"" help:"User name of the account that gets what it has."`
}

// Run merges and prints what moved and what stayed.
func (c *userMergeCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	from, err := service.ByName(app.Context, c.From)
	if err != nil {
		return err
	}
	into, err := service.ByName(app.Context, c.Into)
	if err != nil {
		return err
	}
	m, err := service.Merge(app.Context, commandLine, from.ID, into.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Out, "Moved: %d blocks, %d score changes, %d links, %d gradebook cells.\n",
		m.States, m.Events, m.Links, m.Targets)
	for _, k := range m.Kept {
		fmt.Fprintf(app.Out, "Both had worked on %s %s of %s: kept what %s did.\n", k.Ref.Type, k.Ref.ID, k.CourseKey, c.Into)
	}
	return nil
}

// userDisableCmd closes an account.
type userDisableCmd struct {
	Username string `arg:"" help:"User name."`
}

// Run closes the account.
func (c *userDisableCmd) Run(app *App) error { return setUser(app, c.Username, false) }

// userEnableCmd opens a closed account.
type userEnableCmd struct {
	Username string `arg:"" help:"User name."`
}

// Run opens the account.
func (c *userEnableCmd) Run(app *App) error { return setUser(app, c.Username, true) }

func setUser(app *App, username string, on bool) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	who, err := service.ByName(app.Context, username)
	if err != nil {
		return err
	}
	return service.SetEnabled(app.Context, commandLine, who.ID, on)
}
