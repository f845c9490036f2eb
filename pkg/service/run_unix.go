//go:build unix

package service

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Run calls f with the service manager that started the program, and returns
// what f returns. When ctx ends, or the manager wants the service to stop, the
// context of f ends, and f returns when it has stopped. A value on reloads asks
// for the configuration to be read again: SIGHUP here, ParamChange (sc control
// NAME paramchange) on Windows; requests that come while one waits are one.
// The error that FromEnvironment had goes to f, to be logged. The name is that
// of the Windows service.
func Run(ctx context.Context, _ string, f func(ctx context.Context, s *Supervisor, reloads <-chan os.Signal, doubt error) error) error {
	s, doubt := FromEnvironment()
	reloads := make(chan os.Signal, 1)
	signal.Notify(reloads, syscall.SIGHUP)
	defer signal.Stop(reloads)
	return f(ctx, s, reloads, doubt)
}
