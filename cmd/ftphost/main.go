// Command ftphost hosts FTP sites from an IIS applicationHost.config.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Once the first signal is taken, the next one ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

// Exit statuses, the same for every command.
const (
	exitRefused = 1 // asked for properly, but refused or wrong
	exitUsage   = 2 // the command line itself is wrong
)

func run(ctx context.Context, args []string) int {
	root := newRootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	var status statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintf(root.ErrOrStderr(), "ftphost: %v\nSee 'ftphost --help'.\n", err)
		return exitUsage
	case errors.Is(err, errSaid):
		return exitRefused
	default:
		fmt.Fprintf(root.ErrOrStderr(), "ftphost: %v\n", err)
		return exitRefused
	}
}

// errSaid ends a command that has printed what is wrong already.
var errSaid = errors.New("refused")

// usageError is a command line that cannot be understood; exit status 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usage turns cobra's argument checks into usage errors.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%s: %w", verb(cmd), err)}
		}
		return nil
	}
}

// verb is the command as typed, without the program's name, which every
// message begins with.
func verb(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}
