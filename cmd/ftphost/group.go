package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
)

func newGroupCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "group",
		Short: "Add, change and list local groups",
		Long: "group changes the groups in HOME/" + compile.AccountFile + ", which the roles of\n" +
			"authorization rules name. A running server follows at the next login.",
		Example: "  ftphost group add FTPUsersA\n  ftphost group join FTPUsersA user1 user2",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newGroupAddCommand(home), newGroupRemoveCommand(home),
		newGroupJoinCommand(home), newGroupLeaveCommand(home), newGroupListCommand(home),
	)
	return cmd
}

func newGroupAddCommand(home *homeFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "add NAME",
		Short:   "Add an empty group",
		Example: "  ftphost group add FTPUsersA",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).AddGroup(args[0]); err != nil {
				return err
			}
			return say(cmd, "Group %s was added.", args[0])
		},
	}
}

func newGroupRemoveCommand(home *homeFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a group; its members stay accounts",
		Example: "  ftphost group remove FTPUsersA",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).RemoveGroup(args[0]); err != nil {
				return err
			}
			return say(cmd, "Group %s was removed.", args[0])
		},
	}
}

func newGroupJoinCommand(home *homeFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "join NAME USER...",
		Short:   "Make accounts members of a group",
		Long:    "join makes accounts members of a group: all of them, or none when one cannot be.",
		Example: "  ftphost group join FTPUsersA user1 user2",
		Args:    usage(cobra.MinimumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).Join(args[0], args[1:]...); err != nil {
				return err
			}
			return say(cmd, "Members of %s now: %s.", args[0], strings.Join(args[1:], ", "))
		},
	}
}

func newGroupLeaveCommand(home *homeFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "leave NAME USER...",
		Short:   "Take accounts out of a group",
		Long:    "leave takes accounts out of a group: all of them, or none when one is no member.",
		Example: "  ftphost group leave FTPUsersA user2",
		Args:    usage(cobra.MinimumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := accountFile(home).Leave(args[0], args[1:]...); err != nil {
				return err
			}
			return say(cmd, "No longer members of %s: %s.", args[0], strings.Join(args[1:], ", "))
		},
	}
}

// groupJSON is one group for scripts.
type groupJSON struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

func newGroupListCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the groups and their members",
		Example: "  ftphost group list\n  ftphost group list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			directory, err := loadAccounts(cmd, home)
			if err != nil {
				return err
			}
			groups := make([]groupJSON, 0)
			for _, g := range directory.Groups() {
				groups = append(groups, groupJSON{g.Name, append([]string{}, g.Members...)})
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(groups)
			}
			return printGroups(cmd.OutOrStdout(), groups)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printGroups(w io.Writer, groups []groupJSON) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tMEMBERS")
	for _, g := range groups {
		fmt.Fprintf(table, "%s\t%s\n", g.Name, strings.Join(g.Members, ", "))
	}
	return table.Flush()
}
