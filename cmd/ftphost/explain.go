package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/explain"
	"github.com/ftphost/ftphost/pkg/reversedns"
	"github.com/ftphost/ftphost/pkg/site"
)

func newExplainCommand(home *homeFlags) *cobra.Command {
	q := explain.Query{User: "anonymous", Path: "/", Verb: "RETR"}
	var asJSON bool
	var client string
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say whether a command would be allowed, step by step",
		Long: "explain asks the configuration, the accounts and the files what would come of one\n" +
			"command, in the order in which the server decides, and names the line that decides.\n" +
			"The password is taken to be right. Directories are asked with their search account,\n" +
			"PAM is not: of its accounts the system is asked. Nothing is changed, and nothing is\n" +
			"written to a log. Exit status 0 means allowed, 1 refused.",
		Example: "  ftphost explain --site ftpsite01.com --user user3 --path /test.txt\n" +
			"  ftphost explain --site ftpsite01.com --path /new.txt --verb STOR --tls --json",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Site == "" {
				return usageError{errors.New("explain: which site? --site NAME")}
			}
			if client != "" {
				var err error
				if q.Client, err = netip.ParseAddr(client); err != nil {
					return usageError{fmt.Errorf("explain: --client %q is no IP address", client)}
				}
			}
			names := reversedns.New(net.DefaultResolver)
			defer names.Close()
			q.Names = names
			sites, err := openSites(cmd, home)
			if err != nil {
				return err
			}
			answer, err := explain.Ask(cmd.Context(), sites, q)
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(answer)
			} else {
				err = printAnswer(cmd.OutOrStdout(), answer)
			}
			switch {
			case err != nil || answer.Allowed:
			case answer.Unknown:
				err = errors.New("whether it is allowed depends on the steps that are not known here")
			default:
				err = fmt.Errorf("refused: %s", reply(answer))
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Site, "site", "", "site name (required)")
	flags.StringVar(&q.User, "user", q.User, "user name, as a client would send it")
	flags.StringVar(&q.Path, "path", q.Path, "virtual path")
	flags.StringVar(&q.Verb, "verb", q.Verb, "FTP command")
	flags.StringVar(&client, "client", "", "IP address of the client; without it, rules for addresses do not count")
	flags.BoolVar(&q.TLS, "tls", false, "the connections are encrypted (AUTH TLS or port 990, and PROT P)")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// openSites builds the sites without serving them. What is wrong with some of
// them, or with the accounts, is told.
func openSites(cmd *cobra.Command, home *homeFlags) (*site.Snapshot, error) {
	sites, problems := compile.Open(home.home())
	printProblems(cmd.ErrOrStderr(), slices.DeleteFunc(problems, func(e *apphost.Error) bool { return e.Warning && sites != nil }))
	if sites == nil {
		return nil, errors.New("the configuration has errors; nothing would be served")
	}
	return sites, nil
}

// reply is what the client hears, on one line.
func reply(answer *explain.Answer) string {
	if answer.Reply == "" {
		return "the client gets no answer"
	}
	return strings.TrimSpace(strings.ReplaceAll(answer.Reply, "\r\n", " / "))
}

// printAnswer writes a line for each step, and the line that decides below it.
func printAnswer(w io.Writer, answer *explain.Answer) error {
	var b strings.Builder
	for _, step := range answer.Steps {
		fmt.Fprintf(&b, "%-15s %-14s %s\n", step.Name, step.Result, step.Text)
		if step.Origin != "" && step.Origin != "default" {
			fmt.Fprintf(&b, "%-30s %s\n", "", step.Origin)
		}
	}
	switch {
	case answer.Allowed:
		b.WriteString("Allowed.\n")
	case answer.Unknown:
		b.WriteString("Not known here.\n")
	default:
		fmt.Fprintf(&b, "Refused: %s\n", reply(answer))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
