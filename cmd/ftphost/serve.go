package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/host"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/service"
)

// defaultGrace is how long transfers may go on after a stop was asked for;
// service managers commonly wait 90 seconds before they kill.
const defaultGrace = 60 * time.Second

func newServeCommand(home *homeFlags) *cobra.Command {
	options := host.Options{}
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Serve the configured sites in the foreground",
		Long:    "serve runs the ftp sites of the configuration until it gets SIGTERM or SIGINT, then\nlets transfers finish within the grace time. A second signal ends it at once.",
		Example: "  ftphost serve --home /etc/ftphost\n  ftphost serve --home ./demo --port-offset 2100",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			options.Home = home.home()
			options.Log = operationalLog()
			options.Confined = service.Confined()
			return service.Run(cmd.Context(), serviceName, func(ctx context.Context, s *service.Supervisor, reloads <-chan os.Signal, doubt error) error {
				if doubt != nil {
					options.Log.Error().Err(doubt).Msg("what the service manager says is not all understood")
				}
				keepProcessors()
				return (&serving{cmd: cmd, options: options, manager: s, reloads: reloads, watched: isWatched()}).run(ctx)
			})
		},
	}
	cmd.Flags().IntVar(&options.PortOffset, "port-offset", 0, "listen on every configured port plus this, passive ports too")
	cmd.Flags().DurationVar(&options.Grace, "grace", defaultGrace, "how long transfers may go on when stopping")
	return cmd
}

// keepProcessors lets Go code run on two processors at least. With only one,
// the runtime takes it away from each thread that waits in a system call, which
// costs more than the call (docs/performance.md).
func keepProcessors() {
	if runtime.GOMAXPROCS(0) < 2 && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2)
	}
}

func operationalLog() zerolog.Logger {
	return logging.New(os.Stderr, isWatched(), zerolog.InfoLevel)
}

// isWatched reports whether what is said appears on a terminal.
func isWatched() bool { return term.IsTerminal(int(os.Stderr.Fd())) }

// printProblems writes findings the way compilers do, for people and editors.
func printProblems(w io.Writer, list apphost.ErrorList) {
	for _, e := range list {
		fmt.Fprintln(w, problemLine(e))
	}
}

func problemLine(e *apphost.Error) string {
	kind := "error"
	if e.Warning {
		kind = "warning"
	}
	var b strings.Builder
	if e.Pos.File != "" {
		fmt.Fprintf(&b, "%s: ", e.Pos)
	}
	fmt.Fprintf(&b, "%s: ", kind)
	if e.Section != "" {
		fmt.Fprintf(&b, "%s: ", e.Section)
	}
	return b.String() + e.Msg
}

// printSites tells a newcomer where the sites are and how to look at one.
func printSites(w io.Writer, sites []host.SiteStatus) {
	if len(sites) == 0 {
		fmt.Fprintln(w, "The configuration has no ftp site: no site has a binding with protocol=\"ftp\".")
		return
	}
	for _, s := range sites {
		if s.State == host.Started {
			fmt.Fprintf(w, "%s  started  %s\n", s.Name, strings.Join(s.Listen, "  "))
		} else {
			fmt.Fprintf(w, "%s  stopped\n", s.Name)
		}
		if s.Reason != "" {
			fmt.Fprintf(w, "    %s\n", s.Reason)
		}
		if s.Certificate != nil {
			fmt.Fprintf(w, "    certificate: %s\n", certificateLine(admin.Certificate(s.Certificate)))
		}
		if s.LogFolder != "" {
			fmt.Fprintf(w, "    log: %s\n", s.LogFolder)
		}
	}
}

// printFirstTries tells how to reach the sites.
func printFirstTries(w io.Writer, sites []host.SiteStatus) {
	if lines := firstTries(sites); len(lines) > 0 {
		fmt.Fprintf(w, "\nTry it:\n    %s\nStop with Ctrl+C.\n", strings.Join(lines, "\n    "))
	}
}

func certificateLine(c *api.Certificate) string {
	switch {
	case c.Reason != "":
		return "none that can be used: " + c.Reason
	case c.DaysLeft < 0:
		return fmt.Sprintf("%s, expired since %s", c.Thumbprint, c.Until.Format(time.DateOnly))
	default:
		return fmt.Sprintf("%s, until %s (%d days)", c.Thumbprint, c.Until.Format(time.DateOnly), c.DaysLeft)
	}
}

// firstTries are commands for a newcomer, from the plainest to the safest: one
// of each kind, of the first site that has it.
func firstTries(sites []host.SiteStatus) []string {
	var plain, explicit, implicit string
	for _, s := range sites {
		unknown := ""
		if s.Certificate != nil && s.Certificate.SelfSigned {
			unknown = "-k " // no client can tell whose the certificate is
		}
		encrypt := "--ssl-reqd "
		if s.URLs.ClearData {
			encrypt = "--ftp-ssl-control "
		}
		plain = cmp.Or(plain, curl("", s.URLs.Plain))
		explicit = cmp.Or(explicit, curl(encrypt+unknown, s.URLs.Explicit))
		// curl encrypts the data connections of ftps addresses, come what may.
		if !s.URLs.ClearData {
			implicit = cmp.Or(implicit, curl(unknown, s.URLs.Implicit))
		}
	}
	return slices.DeleteFunc([]string{plain, explicit, implicit}, func(s string) bool { return s == "" })
}

// curl is a command for an address. Without --user, curl does not ask for the
// password.
func curl(options, url string) string {
	if url == "" {
		return ""
	}
	if scheme, rest, named := strings.Cut(url, "USER@"); named {
		options, url = options+"--user USER ", scheme+rest
	}
	return "curl " + options + url
}
