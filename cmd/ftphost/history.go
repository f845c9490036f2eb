package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/history"
)

func newHistoryCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Look at earlier states of the configuration, and go back to one",
		Long: "history shows the states of the configuration that were kept while it was served, and\n" +
			"restores one of them. They are in the folder history of the home, unless\n" +
			"configHistory in applicationHost.config names another.",
		Example: "  ftphost history list --home /etc/ftphost\n  ftphost history diff 3\n  ftphost history restore CFGHISTORY_0000000003",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o := &historyOptions{home: home}
	flags := cmd.PersistentFlags()
	flags.StringVar(&o.folder, "folder", "", "folder of the histories, if the configuration does not say it any more")
	flags.BoolVar(&o.asJSON, "json", false, "print JSON")
	cmd.AddCommand(newHistoryListCommand(o), newHistoryKeepCommand(o), newHistoryDiffCommand(o), newHistoryRestoreCommand(o))
	return cmd
}

// historyOptions are what all verbs of history take.
type historyOptions struct {
	home   *homeFlags
	folder string
	asJSON bool
}

// open finds the files that are kept, and where they are. The folder is found
// even if the configuration is broken, for then histories are needed most.
func (o *historyOptions) open(cmd *cobra.Command) (compile.Home, history.Settings, error) {
	home, problems := o.home.home().Resolve()
	// Nothing is removed as long as nobody says how many may stay.
	s := history.Settings{Folder: home.History(), Max: math.MaxUint32}
	if problems.Errors() > 0 {
		printProblems(cmd.ErrOrStderr(), problems)
		return home, s, errors.New("where the configuration is cannot be found out")
	}
	cfg, _ := home.Load()
	if cfg != nil {
		s = compile.HistorySettings(cfg, home)
	} else if o.folder == "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "The configuration has errors, so the histories are taken to be in %s (--folder names another).\n", s.Folder)
	}
	s.Folder = cmp.Or(o.folder, s.Folder)
	return home, s, nil
}

func newHistoryListCommand(o *historyOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the histories, the oldest first",
		Example: "  ftphost history list --home /etc/ftphost\n  ftphost history list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, s, err := o.open(cmd)
			if err != nil {
				return err
			}
			entries, err := history.List(s.Folder)
			if err != nil {
				return err
			}
			if o.asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(entriesJSON(entries))
			}
			if len(entries) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "There are no histories in %s; the first is kept when the configuration is served.\n", s.Folder)
			}
			for _, e := range entries {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s\n", e.Name, e.Time.Format(time.DateTime), strings.Join(e.Files, " "))
			}
			return nil
		},
	}
}

// entryJSON is one history for scripts.
type entryJSON struct {
	Name  string    `json:"name"`
	Time  time.Time `json:"time"`
	Files []string  `json:"files"`
}

func entriesJSON(entries []history.Entry) []entryJSON {
	list := make([]entryJSON, 0, len(entries))
	for _, e := range entries {
		list = append(list, entryJSON{e.Name, e.Time.UTC(), append([]string{}, e.Files...)})
	}
	return list
}

func newHistoryKeepCommand(o *historyOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "keep",
		Short: "Keep the present state as a history now",
		Long: "keep makes a history of the files as they are, unless the last one is the same, and\n" +
			"prints its name. A server that runs does so by itself after each change.",
		Example: "  ftphost history keep --home /etc/ftphost\n  name=$(ftphost history keep)",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, s, err := o.open(cmd)
			if err != nil {
				return err
			}
			s.Enabled = true // for who asks for one
			name, kept, err := history.Keep(home.Kept(), s)
			if err != nil {
				return err
			}
			if o.asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(keptJSON{name, kept})
			}
			if !kept {
				fmt.Fprintln(cmd.ErrOrStderr(), "Nothing has changed since the last history.")
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), name)
			return err
		},
	}
}

// keptJSON says which history has the present state, for scripts.
type keptJSON struct {
	Name string `json:"name"`
	Kept bool   `json:"kept"`
}

func newHistoryDiffCommand(o *historyOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "diff FROM [TO]",
		Short: "Say how two states of the configuration differ",
		Long: "diff prints what has to be changed in the state FROM to get TO, as a unified diff. Each\n" +
			"is the name of a history, its number, or " + history.Current + ", which TO is unless it is given.",
		Example: "  ftphost history diff 3\n  ftphost history diff CFGHISTORY_0000000003 CFGHISTORY_0000000004\n  ftphost history diff 3 4 --json",
		Args:    usage(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			home, s, err := o.open(cmd)
			if err != nil {
				return err
			}
			to := history.Current
			if len(args) > 1 {
				to = args[1]
			}
			differences, err := history.Diff(home.Kept(), s.Folder, args[0], to)
			if err != nil {
				return err
			}
			return printDifferences(cmd, differences, o.asJSON)
		},
	}
}

// differenceJSON is how a file differs, for scripts.
type differenceJSON struct {
	File string `json:"file"`
	Diff string `json:"diff"`
}

func printDifferences(cmd *cobra.Command, differences []history.Difference, asJSON bool) error {
	if asJSON {
		list := make([]differenceJSON, 0, len(differences))
		for _, d := range differences {
			list = append(list, differenceJSON{d.File, d.Text})
		}
		return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
	}
	if len(differences) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "There is no difference.")
	}
	for _, d := range differences {
		if _, err := io.WriteString(cmd.OutOrStdout(), d.Text); err != nil {
			return err
		}
	}
	return nil
}

func newHistoryRestoreCommand(o *historyOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "restore NAME",
		Short: "Go back to an earlier state of the configuration",
		Long: "restore puts the files of a history in place again. The history is checked first, as\n" +
			"check does, and refused when it has errors; the state before is kept as a history. A\n" +
			"server that runs follows as after any other change.",
		Example: "  ftphost history restore 3 --home /etc/ftphost\n  ftphost history restore CFGHISTORY_0000000003 --json",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			home, s, err := o.open(cmd)
			if err != nil {
				return err
			}
			if home.Away() {
				return errors.New("the shared configuration cannot be read now, so nothing is written there; is the share mounted?")
			}
			restored, err := history.Restore(home.Kept(), s, args[0], func(dir string) error {
				problems, _ := compile.Check(home.WithFilesOf(dir))
				printProblems(cmd.ErrOrStderr(), problems)
				if n := problems.Errors(); n > 0 {
					return fmt.Errorf("nothing was restored: %d of %d findings in %s are errors", n, len(problems), dir)
				}
				return nil
			})
			if err != nil {
				return err
			}
			return printRestored(cmd, restored, o.asJSON)
		},
	}
}

// restoredJSON is what a restore did, for scripts.
type restoredJSON struct {
	Name    string   `json:"name"`
	Before  string   `json:"before"`
	Written []string `json:"written"`
	Left    []string `json:"left"`
}

func printRestored(cmd *cobra.Command, r *history.Restored, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(restoredJSON{r.Name, r.Before, append([]string{}, r.Written...), append([]string{}, r.Left...)})
	}
	out := cmd.OutOrStdout()
	if len(r.Written) == 0 {
		fmt.Fprintf(out, "%s is what is there already; nothing was written.\n", r.Name)
	} else {
		fmt.Fprintf(out, "%s is in place again: %s. The state before is %s.\n", r.Name, strings.Join(r.Written, ", "), r.Before)
	}
	if len(r.Left) > 0 {
		fmt.Fprintf(out, "Not in that history, and left as they are: %s.\n", strings.Join(r.Left, ", "))
	}
	return nil
}
