// Command appcmd is IIS's appcmd over the configuration of ftphost.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/ftphost/ftphost/pkg/appcmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := appcmd.Main(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(appcmd.ExitStatus(code))
}
