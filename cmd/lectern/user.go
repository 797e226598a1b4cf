package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"lectern/internal/account"
	"lectern/internal/people"
	"lectern/internal/signin"
)

// userCmd groups the commands about people.
type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add an administrator, or somebody with an account of their own."`
	List     userListCmd     `cmd:"" help:"List who may use the console, or everybody."`
	Password userPasswordCmd `cmd:"" help:"Set a password, or print a one-time link to set it."`
	Link     userLinkCmd     `cmd:"" help:"Say which account an LMS user is."`
	Unlink   userUnlinkCmd   `cmd:"" help:"Forget which account an LMS user is."`
	Merge    userMergeCmd    `cmd:"" help:"Give one account what another one, without password, has done."`
	Role     userRoleCmd     `cmd:"" help:"Say what somebody may do in the console."`
	Disable  userDisableCmd  `cmd:"" help:"Close an account and end all it has open."`
	Enable   userEnableCmd   `cmd:"" help:"Open a closed account again."`
	Export   userExportCmd   `cmd:"" help:"Print all that is kept about somebody, as JSON."`
	Erase    userEraseCmd    `cmd:"" help:"Delete somebody and all that is kept about them."`
}

func signIn(app *App) (*signin.Service, error) {
	if err := app.Open(); err != nil {
		return nil, err
	}
	return &signin.Service{Store: app.Store, Passwords: app.Passwords, Clock: app.Clock}, nil
}

func persons(app *App) (*people.Service, error) {
	if err := app.Open(); err != nil {
		return nil, err
	}
	return &people.Service{Store: app.Store, Clock: app.Clock}, nil
}

// userAddCmd adds somebody.
type userAddCmd struct {
	Username string `arg:"" help:"User name."`
	Email    string `help:"E-mail address."`
	Name     string `help:"Name."`
	Admin    bool   `default:"true" negatable:"" help:"May use the console."`
	Learner  bool   `help:"The same as --no-admin."`
}

// Run adds the account and prints a link to set the password.
func (c *userAddCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	who, err := service.Add(app.Context, commandLine, people.New{
		Username: c.Username, Email: c.Email, Name: c.Name, Admin: c.Admin && !c.Learner,
	})
	if err != nil {
		return err
	}
	entry, err := signIn(app)
	if err != nil {
		return err
	}
	return printLink(app, entry, who)
}

func printLink(app *App, service *signin.Service, who *account.Account) error {
	public, err := app.Config.Public(app.Config.Listen)
	if err != nil {
		return err
	}
	token, err := service.LinkBy(app.Context, commandLine, who.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, "Open within a day to set the password of %s:\n%s\n", who.Username, setupURL(public.String(), token))
	return err
}

func setupURL(public, token string) string { return public + "/login/set/" + token }

// userListCmd lists who may use the console, or everybody.
type userListCmd struct {
	Search string `arg:"" optional:"" help:"Part of a user name, name or address; with --all."`
	All    bool   `help:"List everybody, also accounts that launches made."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// userJSON is a user as --json prints it.
type userJSON struct {
	ID       string       `json:"id"`
	Username string       `json:"username"`
	Email    string       `json:"email"`
	Name     string       `json:"name"`
	Kind     account.Kind `json:"kind"`
	Admin    bool         `json:"admin"`
	Role     account.Role `json:"role"`
	Enabled  bool         `json:"enabled"`
	CanEnter bool         `json:"has_password"`
}

// Run prints the accounts.
func (c *userListCmd) Run(app *App) error {
	list, err := c.accounts(app)
	if err != nil {
		return err
	}
	out := make([]userJSON, len(list))
	rows := make([][]string, len(list))
	for i, a := range list {
		out[i] = userJSON{a.ID, a.Username, a.Email, a.Name, a.Kind, a.Admin, a.ConsoleRole(), a.Enabled, a.PasswordHash != ""}
		rows[i] = []string{
			a.Username, orDash(a.Email), string(a.Kind), orDash(string(a.ConsoleRole())), yesNo(a.Enabled), yesNo(a.PasswordHash != ""),
		}
	}
	if c.JSON {
		return app.printJSON(out)
	}
	return app.printTable([]string{"USER", "E-MAIL", "KIND", "ROLE", "ENABLED", "HAS PASSWORD"}, rows)
}

func (c *userListCmd) accounts(app *App) ([]*account.Account, error) {
	if c.All || c.Search != "" {
		service, err := persons(app)
		if err != nil {
			return nil, err
		}
		return service.List(app.Context, c.Search, 0)
	}
	service, err := persons(app)
	if err != nil {
		return nil, err
	}
	return service.InConsole(app.Context)
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
