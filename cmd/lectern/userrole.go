package main

import (
	"fmt"

	"lectern/internal/account"
)

// userRoleCmd gives or takes a role.
type userRoleCmd struct {
	Username string   `arg:"" help:"User name."`
	Role     string   `arg:"" enum:"administrator,team,support,none" help:"administrator: everything; team: import courses and work on those given; support: read, no secrets; none."`
	Course   []string `help:"Key of a course that the team works on; may be repeated." placeholder:"KEY"`
}

// Run sets the role. The courses given are then the only ones.
func (c *userRoleCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	who, err := service.ByName(app.Context, c.Username)
	if err != nil {
		return err
	}
	role := account.Role(c.Role)
	if c.Role == "none" {
		role = account.NoRole
	}
	if err := service.SetRole(app.Context, commandLine, who.ID, role, c.Course); err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, "%s: %s\n", who.Username, c.Role)
	return err
}
