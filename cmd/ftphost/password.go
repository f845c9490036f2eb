package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ftphost/ftphost/pkg/accounts"
)

const passwordHelp = "The password is asked for twice on the\n" +
	"terminal, read from standard input, or made up; it is never an argument, because other\n" +
	"users of the machine can see those."

// maxPasswordLine bounds what is read of standard input.
const maxPasswordLine = 4096

// passwordSource is where the password of a command comes from.
type passwordSource struct {
	stdin, generate bool
}

func (s *passwordSource) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.stdin, "password-stdin", false, "read the password from the first line of standard input")
	cmd.Flags().BoolVar(&s.generate, "generate", false, "make up a password and print it, alone, on standard output")
}

// read returns the password for user.
func (s *passwordSource) read(cmd *cobra.Command, user string) (string, error) {
	switch {
	case s.stdin && s.generate:
		return "", usageError{errors.New("--password-stdin and --generate cannot be used together")}
	case s.generate:
		return accounts.GeneratePassword()
	case s.stdin:
		return readLine(cmd.InOrStdin())
	case !term.IsTerminal(int(os.Stdin.Fd())): //nolint:gosec // a descriptor is an int
		return "", usageError{errors.New("there is no terminal to ask for the password: use --password-stdin or --generate")}
	}
	return askTwice(user)
}

// done says what was done, and prints a password that was made up.
func (s *passwordSource) done(cmd *cobra.Command, password, format string, args ...any) error {
	if s.generate {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), password); err != nil {
			return fmt.Errorf("the change is made, but its password could not be printed: %w", err)
		}
	}
	return say(cmd, format, args...)
}

// readLine returns the first line of r without its end.
func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	if len(line) == maxPasswordLine {
		return "", fmt.Errorf("the password is longer than %d bytes", maxPasswordLine)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// errNotGiven is an interrupt, or the end of the terminal, at the question.
var errNotGiven = errors.New("no password was given; nothing was changed")

// askTwice asks on the terminal without echo. The terminal is raw meanwhile, so
// that an interrupt arrives as a key and leaves the terminal as it was.
func askTwice(user string) (password string, err error) {
	fd := int(os.Stdin.Fd()) //nolint:gosec // a descriptor is an int
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", fmt.Errorf("asking for the password: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(fd, before)) }()
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stderr}, "")
	first, err := t.ReadPassword("Password for " + user + ": ")
	if err != nil {
		return "", errNotGiven
	}
	second, err := t.ReadPassword("The same again: ")
	if err != nil {
		return "", errNotGiven
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}
