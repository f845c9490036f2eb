package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
)

func newUserCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Add, change and list local accounts",
		Long: "user changes the accounts in HOME/" + compile.AccountFile + ", which basicAuthentication asks.\n" +
			"A running server follows at the next login.",
		Example: "  ftphost user add ann --group FTPUsersA\n  ftphost user list",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newUserAddCommand(home), newUserPasswdCommand(home),
		newUserEnabledCommand(home, true), newUserEnabledCommand(home, false),
		newUserHomeCommand(home), newUserRemoveCommand(home), newUserListCommand(home),
	)
	return cmd
}

// accountFile is the accounts of the home.
func accountFile(home *homeFlags) *accounts.File {
	return accounts.Open(compile.NewHome(home.Dir()).Accounts())
}

func newUserAddCommand(home *homeFlags) *cobra.Command {
	var groups []string
	var folder string
	var source passwordSource
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an account",
		Long:  "add makes a new, enabled account. " + passwordHelp,
		Example: "  ftphost user add ann\n  ftphost user add ann --group FTPUsersA --group FTPUsersB --generate\n" +
			"  pass show ftp/ann | ftphost user add ann --password-stdin",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accounts.CheckUserName(args[0]); err != nil {
				return err
			}
			password, err := source.read(cmd, args[0])
			if err != nil {
				return err
			}
			file := accountFile(home)
			if err := file.AddUser(args[0], password, groups...); err != nil {
				return err
			}
			if folder != "" {
				if err := file.SetHome(args[0], folder); err != nil {
					return fmt.Errorf("the user was added, without a home: %w", err)
				}
			}
			return source.done(cmd, password, "User %s was added.", args[0])
		},
	}
	cmd.Flags().StringArrayVar(&groups, "group", nil, "a group the account joins; may be repeated")
	cmd.Flags().StringVar(&folder, "home-dir", "", "the account's folder, for sites with userIsolation Custom or ActiveDirectory")
	source.flags(cmd)
	return cmd
}

func newUserPasswdCommand(home *homeFlags) *cobra.Command {
	var source passwordSource
	cmd := &cobra.Command{
		Use:     "passwd NAME",
		Short:   "Give an account another password",
		Long:    "passwd replaces the password of an account. " + passwordHelp,
		Example: "  ftphost user passwd ann\n  ftphost user passwd ann --generate",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := source.read(cmd, args[0])
			if err != nil {
				return err
			}
			if err := accountFile(home).SetPassword(args[0], password); err != nil {
				return err
			}
			return source.done(cmd, password, "The password of %s was changed.", args[0])
		},
	}
	source.flags(cmd)
	return cmd
}

func newUserEnabledCommand(home *homeFlags, enabled bool) *cobra.Command {
	verb, short := "disable", "Keep an account from logging in, without removing it"
	if enabled {
		verb, short = "enable", "Let a disabled account log in again"
	}
	return &cobra.Command{
		Use:     verb + " NAME",
		Short:   short,
		Example: "  ftphost user " + verb + " ann",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).SetEnabled(args[0], enabled); err != nil {
				return err
			}
			return say(cmd, "User %s is %sd.", args[0], verb)
		},
	}
}

func newUserHomeCommand(home *homeFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "home NAME FOLDER",
		Short: "Give an account the folder that userIsolation Custom shows it",
		Long: "home sets the folder that is the root of an account on sites with userIsolation\n" +
			"Custom or ActiveDirectory: an absolute path of this machine, or a Windows path that\n" +
			"ftpHost/pathMap maps. An empty FOLDER takes it away.",
		Example: "  ftphost user home ann /srv/homes/ann\n  ftphost user home ann 'D:\\homes\\ann'\n  ftphost user home ann ''",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).SetHome(args[0], args[1]); err != nil {
				return err
			}
			if args[1] == "" {
				return say(cmd, "User %s has no home now.", args[0])
			}
			return say(cmd, "The home of %s is %s.", args[0], args[1])
		},
	}
}

func newUserRemoveCommand(home *homeFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove an account, from its groups too",
		Example: "  ftphost user remove ann",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).RemoveUser(args[0]); err != nil {
				return err
			}
			return say(cmd, "User %s was removed.", args[0])
		},
	}
}

// userJSON is one account for scripts.
type userJSON struct {
	Name        string   `json:"name"`
	Enabled     bool     `json:"enabled"`
	Groups      []string `json:"groups"`
	Description string   `json:"description"`
	Home        string   `json:"home,omitempty"`
}

func newUserListCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the accounts",
		Example: "  ftphost user list\n  ftphost user list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			directory, err := loadAccounts(cmd, home)
			if err != nil {
				return err
			}
			users := make([]userJSON, 0)
			for _, u := range directory.Users() {
				groups := append([]string{}, directory.GroupsOf(u.Name)...)
				users = append(users, userJSON{u.Name, u.Enabled, groups, u.Description, u.Home})
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(users)
			}
			return printUsers(cmd.OutOrStdout(), users)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printUsers(w io.Writer, users []userJSON) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSTATE\tGROUPS\tDESCRIPTION")
	for _, u := range users {
		state := "disabled"
		if u.Enabled {
			state = "enabled"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", u.Name, state, strings.Join(u.Groups, ", "), u.Description)
	}
	return table.Flush()
}

// loadAccounts reads the accounts for a list, and says on stderr what is
// doubtful in them.
func loadAccounts(cmd *cobra.Command, home *homeFlags) (*local.Directory, error) {
	directory, problems := accounts.Load(compile.NewHome(home.Dir()).Accounts())
	printProblems(cmd.ErrOrStderr(), problems)
	if directory == nil {
		return nil, fmt.Errorf("the accounts cannot be used: %d errors", problems.Errors())
	}
	return directory, nil
}

// say tells what was done, on stderr because it is no data.
func say(cmd *cobra.Command, format string, args ...any) error {
	_, err := fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
	return err
}
