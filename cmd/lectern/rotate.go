package main

import (
	"errors"
	"fmt"
	"time"

	"lectern/internal/lti"
	"lectern/internal/registry"
)

// secretJSON is a live secret as --json prints it, without its value.
type secretJSON struct {
	Slot       lti.SecretSlot `json:"slot"` // current or previous
	CreatedAt  time.Time      `json:"created_at"`
	LastUsedAt *time.Time     `json:"last_used_at"` // null: no launch was signed with it
}

// withSecrets is a consumer as --json prints it, with what is known of its
// secrets.
func withSecrets(c *lti.Consumer, secret string, secrets []registry.SecretInfo) consumerJSON {
	out := toJSON(c, secret)
	out.Secrets = make([]secretJSON, len(secrets))
	for i, s := range secrets {
		out.Secrets[i] = secretJSON{s.Slot, s.CreatedAt, moment(s.LastUsedAt)}
	}
	return out
}

func printSecrets(app *App, secrets []registry.SecretInfo) error {
	for _, s := range secrets {
		_, err := fmt.Fprintf(app.Out, "%-24smade %s, last used %s\n", "Secret, "+string(s.Slot),
			s.CreatedAt.UTC().Format(time.RFC3339), orNever(s.LastUsedAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// consumerRotateCmd changes a secret without a moment in which launches fail.
type consumerRotateCmd struct {
	Consumer string `arg:"" help:"ID, key or name."`
	Secret   string `help:"The new secret; made when left out."`
	Drop     string `enum:",previous,current" default:"" help:"End one of two live secrets: previous when the LMS signs with the new one, current to go back."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Validate refuses what contradicts itself.
func (c *consumerRotateCmd) Validate() error {
	if c.Drop != "" && c.Secret != "" {
		return errors.New("--drop does not go with --secret")
	}
	return nil
}

// Run makes the new secret and prints it, or drops one; then it shows which are
// live and when the LMS last signed with each.
func (c *consumerRotateCmd) Run(app *App) error {
	consumer, err := findConsumer(app, c.Consumer)
	if err != nil {
		return err
	}
	secret := ""
	if c.Drop != "" {
		err = app.Registry.DropSecret(app.Context, commandLine, consumer.ID, lti.SecretSlot(c.Drop))
	} else {
		secret, err = app.Registry.Rotate(app.Context, commandLine, consumer.ID, c.Secret)
	}
	if err != nil {
		return err
	}
	secrets, err := app.Registry.Secrets(app.Context, consumer.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(withSecrets(consumer, secret, secrets))
	}
	if secret != "" {
		if _, err := fmt.Fprintf(app.Out, "%-24s%s\n", "New secret", secret); err != nil {
			return err
		}
	}
	return printSecrets(app, secrets)
}
