//go:build manual

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// generators write what is made of the commands for archives and packages. They
// are in no program that is shipped: go run -tags manual ./cmd/ftphost manual.
func generators() []*cobra.Command {
	var date string
	cmd := &cobra.Command{
		Use:     "manual DIR",
		Short:   "Write the pages of the manual and the completions for shells",
		Example: "  go run -tags manual ./cmd/ftphost manual dist --date 2026-11-29",
		Hidden:  true,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := time.Parse(time.DateOnly, date)
			if err != nil {
				return usageError{fmt.Errorf("--date is a day such as 2026-11-29: %w", err)}
			}
			return writeManual(cmd.Root(), args[0], day)
		},
	}
	// The same source makes the same pages.
	cmd.Flags().StringVar(&date, "date", "", "the day of the version")
	return []*cobra.Command{cmd}
}

// administration is the section of the manual for those who run a machine.
const administration = "8"

func writeManual(root *cobra.Command, dir string, day time.Time) error {
	pages, completions := filepath.Join(dir, "man"), filepath.Join(dir, "completions")
	for _, d := range []string{pages, completions} {
		if err := os.MkdirAll(d, 0o755); err != nil { //nolint:gosec // for everybody to read
			return err
		}
	}
	root.DisableAutoGenTag = true
	header := doc.GenManHeader{Section: administration, Date: &day, Source: "ftphost", Manual: "ftphost"}
	if err := doc.GenManTree(root, &header, pages); err != nil {
		return err
	}
	for _, err := range []error{
		root.GenBashCompletionFileV2(filepath.Join(completions, "ftphost.bash"), true),
		root.GenZshCompletionFile(filepath.Join(completions, "ftphost.zsh")),
		root.GenFishCompletionFile(filepath.Join(completions, "ftphost.fish"), true),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
