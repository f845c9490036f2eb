package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/host"
	"github.com/ftphost/ftphost/pkg/service"
)

// serving is one run of the server.
type serving struct {
	cmd     *cobra.Command
	options host.Options
	manager *service.Supervisor
	reloads <-chan os.Signal
	// watched says that somebody was at a terminal when the program began.
	watched bool

	host *host.Host
	// door is nil when the admin interface could not be opened.
	door *admin.Server
}

// run serves until ctx ends.
func (s *serving) run(ctx context.Context) error {
	s.options.Follow = true
	s.options.Sockets = keptSockets{s.manager, s.options.Log}
	s.options.OnLook = func(host.Report) { s.looked() }
	h, warnings, err := host.Start(ctx, s.options)
	var refused *host.Refused
	if errors.As(err, &refused) {
		printProblems(s.cmd.ErrOrStderr(), refused.Problems)
		return refused
	}
	if err != nil {
		return err
	}
	s.host = h
	printProblems(s.cmd.ErrOrStderr(), warnings)
	if err := s.openDoor(); err != nil {
		return errors.Join(err, h.Close())
	}
	printSites(s.cmd.OutOrStdout(), h.Status())
	if !s.manager.Managed() {
		printFirstTries(s.cmd.OutOrStdout(), h.Status())
	}
	return s.serve(ctx)
}

// openDoor opens the admin interface. The error is that another ftphost serves
// the same home; with any other, sites are served all the same.
func (s *serving) openDoor() error {
	socket := s.host.Admin().Socket
	if socket == "" {
		socket = serverSocket(s.options.Home)
	}
	d, err := admin.Listen(admin.Options{Host: s.host, Version: version, Home: s.options.Home.Folder(), Socket: socket, Log: s.options.Log})
	switch {
	case errors.Is(err, admin.ErrTaken):
		return err
	case err != nil:
		s.options.Log.Error().Err(err).Msg("the commands for a running server, such as status and reload, cannot reach this one")
		return nil
	}
	s.door = d
	d.Follow()
	return nil
}

// serve runs the host and what looks at it until ctx ends, and then a little
// longer what looks at it: one can see how the host stops.
func (s *serving) serve(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	var closing error
	if s.door != nil {
		tasks.Go(func() { closing = s.door.Run(background) })
	}
	tasks.Go(func() { s.reloadWhenAsked(background, leave) })
	tasks.Go(func() {
		s.manager.Watch(background, s.alive, func(err error) { s.options.Log.Error().Err(err).Msg("watchdog") })
	})
	told := context.AfterFunc(ctx, func() { s.tell(s.manager.Stopping()) })
	defer told()
	s.tell(s.manager.Ready(s.line()))
	err := s.host.Run(ctx)
	stop()
	tasks.Wait()
	return errors.Join(err, closing)
}

// looked follows what came of a look at the configuration.
func (s *serving) looked() {
	if s.door != nil {
		s.door.Follow()
	}
	s.tell(s.manager.Status(s.line()))
}

// line is how the server is, for the list of services.
func (s *serving) line() string {
	now := s.host.Overview()
	line := fmt.Sprintf("generation %d of the configuration; sites: %d", now.Generation, len(s.host.Sites()))
	if now.Last.Refused {
		line += "; the configuration on disk is refused"
	}
	return line
}

// tell logs that the service manager could not be told something.
func (s *serving) tell(err error) {
	if err != nil {
		s.options.Log.Error().Err(err).Msg("the service manager does not hear")
	}
}

// alive reports whether the host still gives answers.
func (s *serving) alive(ctx context.Context) error {
	answered := make(chan struct{})
	go func() {
		s.host.Overview()
		close(answered)
	}()
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return errors.New("the server gives no answer")
	}
}

// reloadWhenAsked reloads for SIGHUP and its like. The service manager waits for
// the end, whatever came of it. SIGHUP comes as well when the terminal is closed
// in which somebody tries the server: then it stops, as other programs do.
func (s *serving) reloadWhenAsked(ctx context.Context, leave func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.reloads:
		}
		if s.watched && !isWatched() {
			leave()
			return
		}
		s.tell(s.manager.Reloading())
		// What came of it is in the log, and in the line for people.
		_, _ = s.host.Reload(ctx, true)
		s.tell(s.manager.Ready(s.line()))
	}
}

// keptSockets leaves the sockets of the host with the service manager.
type keptSockets struct {
	manager *service.Supervisor
	log     zerolog.Logger
}

func (k keptSockets) Take(network string, addr netip.Addr, port uint16) net.Listener {
	return k.manager.Inherited().Take(network, addr, port)
}

func (k keptSockets) CloseRest() {
	if names, err := k.manager.Inherited().CloseRest(); len(names) > 0 || err != nil {
		k.log.Info().Err(err).Strs("sockets", names).Msg("sockets of the process before that are needed no more are closed")
	}
}

func (k keptSockets) Keep(l net.Listener) error {
	return k.manager.Store(service.SocketName(l.Addr()), l)
}

func (k keptSockets) Forget(l net.Listener) error {
	return k.manager.Forget(service.SocketName(l.Addr()))
}
