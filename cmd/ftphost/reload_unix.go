//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyReload has SIGHUP sent to signals.
func notifyReload(signals chan<- os.Signal) { signal.Notify(signals, syscall.SIGHUP) }
