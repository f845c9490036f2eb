package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/host"
	"github.com/ftphost/ftphost/pkg/logging"
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
			return serve(cmd, options)
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
	return logging.New(os.Stderr, term.IsTerminal(int(os.Stderr.Fd())), zerolog.InfoLevel)
}

func serve(cmd *cobra.Command, options host.Options) error {
	keepProcessors()
	var door atomic.Pointer[admin.Server]
	options.Follow = true
	options.OnLook = func(host.Report) {
		if d := door.Load(); d != nil {
			d.Follow()
		}
	}
	h, warnings, err := host.Start(cmd.Context(), options)
	var refused *host.Refused
	if errors.As(err, &refused) {
		printProblems(cmd.ErrOrStderr(), refused.Problems)
		return refused
	}
	if err != nil {
		return err
	}
	printProblems(cmd.ErrOrStderr(), warnings)
	socket := h.Admin().Socket
	if socket == "" {
		socket = serverSocket(options.Home)
	}
	d, err := admin.Listen(admin.Options{Host: h, Version: version, Home: homeFolder(options.Home), Socket: socket, Log: options.Log})
	switch {
	case errors.Is(err, admin.ErrTaken):
		return errors.Join(err, h.Close())
	case err != nil:
		// Sites are served all the same, from a folder that may not be written.
		options.Log.Error().Err(err).Msg("the commands for a running server, such as status and reload, cannot reach this one")
	default:
		door.Store(d)
		d.Follow()
	}
	printSites(cmd.OutOrStdout(), h.Status())
	return runBoth(cmd.Context(), h, d)
}

// runBoth runs the host and what looks at it, unless that is nil, until ctx ends, and then a little
// longer what looks at it: one can see how the host stops.
func runBoth(ctx context.Context, h *host.Host, d *admin.Server) error {
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	var closing error
	if d != nil {
		tasks.Go(func() { closing = d.Run(looking) })
	}
	tasks.Go(func() { reloadOnSignal(looking, h) })
	err := h.Run(ctx)
	stop()
	tasks.Wait()
	return errors.Join(err, closing)
}

// reloadOnSignal reloads whenever the signal for that comes.
func reloadOnSignal(ctx context.Context, h *host.Host) {
	signals := make(chan os.Signal, 1)
	notifyReload(signals)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			// What came of it is in the log.
			_, _ = h.Reload(ctx, true)
		}
	}
}

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
