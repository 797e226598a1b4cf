package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"lectern/internal/account"
	"lectern/internal/signin"
)

// userCmd groups the commands about people who may use the console.
type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add an administrator."`
	List     userListCmd     `cmd:"" help:"List administrators."`
	Password userPasswordCmd `cmd:"" help:"Set a password, or print a one-time link to set it."`
}

func signIn(app *App) (*signin.Service, error) {
	if err := app.Open(); err != nil {
		return nil, err
	}
	return &signin.Service{Store: app.Store, Passwords: app.Passwords, Clock: app.Clock}, nil
}

// userAddCmd adds an administrator.
type userAddCmd struct {
	Username string `arg:"" help:"User name."`
	Email    string `help:"E-mail address."`
}

// Run adds the administrator and prints a link to set the password.
func (c *userAddCmd) Run(app *App) error {
	service, err := signIn(app)
	if err != nil {
		return err
	}
	who, err := service.AddAdmin(app.Context, commandLine, c.Username, c.Email)
	if err != nil {
		return err
	}
	return printLink(app, service, who)
}

func printLink(app *App, service *signin.Service, who *account.Account) error {
	public, err := app.Config.Public(app.Config.Listen)
	if err != nil {
		return err
	}
	token, err := service.Link(app.Context, who.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, "Open within a day to set the password of %s:\n%s\n", who.Username, setupURL(public.String(), token))
	return err
}

func setupURL(public, token string) string { return public + "/login/set/" + token }

// userListCmd lists administrators.
type userListCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// userJSON is a user as --json prints it.
type userJSON struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Enabled  bool   `json:"enabled"`
	CanEnter bool   `json:"has_password"`
}

// Run prints the administrators.
func (c *userListCmd) Run(app *App) error {
	service, err := signIn(app)
	if err != nil {
		return err
	}
	list, err := service.Admins(app.Context)
	if err != nil {
		return err
	}
	out := make([]userJSON, len(list))
	rows := make([][]string, len(list))
	for i, a := range list {
		out[i] = userJSON{a.ID, a.Username, a.Email, a.Enabled, a.PasswordHash != ""}
		rows[i] = []string{a.Username, orDash(a.Email), yesNo(a.Enabled), yesNo(a.PasswordHash != "")}
	}
	if c.JSON {
		return app.printJSON(out)
	}
	return app.printTable([]string{"USER", "E-MAIL", "ENABLED", "HAS PASSWORD"}, rows)
}

// userPasswordCmd sets a password.
type userPasswordCmd struct {
	Username string `arg:"" help:"User name."`
	Stdin    bool   `help:"Read the new password from standard input instead of printing a link."`
}

// Run sets the password, or prints a link.
func (c *userPasswordCmd) Run(app *App) error {
	service, err := signIn(app)
	if err != nil {
		return err
	}
	who, err := service.Find(app.Context, c.Username)
	if err != nil {
		return err
	}
	if !c.Stdin {
		return printLink(app, service, who)
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if err != nil && password == "" {
		return fmt.Errorf("read the password: %w", err)
	}
	return service.SetPassword(app.Context, commandLine, who.ID, password)
}
