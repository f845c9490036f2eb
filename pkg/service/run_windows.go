package service

import (
	"context"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/windows/svc"
)

// Run calls f with the service manager that started the program, and returns
// what f returns. When ctx ends, or the manager wants the service to stop, the
// context of f ends, and f returns when it has stopped. A value on reloads asks
// for the configuration to be read again: ParamChange (sc control NAME
// paramchange) here, SIGHUP elsewhere; requests that come while one waits are
// one. The error that FromEnvironment had goes to f, to be logged. The name is
// that of the service.
func Run(ctx context.Context, name string, f func(ctx context.Context, s *Supervisor, reloads <-chan os.Signal, doubt error) error) error {
	s, doubt := FromEnvironment()
	reloads := make(chan os.Signal, 1)
	body := func(ctx context.Context) error { return f(ctx, s, reloads, doubt) }
	ours, err := svc.IsWindowsService()
	if err != nil || !ours {
		return body(ctx)
	}
	states := make(chan State, 1)
	s.told = func(state State) { latest(states, state) }
	h := &handler{ctx: ctx, body: body, reloads: reloads, states: states}
	if err := svc.Run(name, h); err != nil {
		return err
	}
	return h.result
}

// latest puts state into a channel of one, in place of what nobody has read.
func latest(states chan State, state State) {
	for {
		select {
		case states <- state:
			return
		default:
		}
		select {
		case <-states:
		default:
		}
	}
}

// handler is the conversation with the service control manager.
type handler struct {
	ctx     context.Context //nolint:containedctx // svc.Run hands none to Execute
	body    func(context.Context) error
	reloads chan<- os.Signal
	states  <-chan State
	result  error
}

const (
	accepted = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptParamChange
	// pendingHint is how long the manager waits for the next sign of progress
	// while the service starts or stops, pendingTick how often it gets one.
	pendingHint = 30 * time.Second
	pendingTick = 5 * time.Second
	// failed is the exit code of a service that could not go on.
	failed = 1
)

// Execute runs the service until it ends. While it starts or stops, it shows
// the manager that it goes forward: transfers may take their time to finish.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, changes chan<- svc.Status) (specific bool, code uint32) {
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- h.body(ctx) }()
	ticker := time.NewTicker(pendingTick)
	defer ticker.Stop()
	now := pending(svc.StartPending)
	changes <- now
	for {
		select {
		case h.result = <-done:
			if h.result != nil {
				return true, failed
			}
			return false, 0
		case state := <-h.states:
			now = after(now, state)
			changes <- now
		case <-ticker.C:
			if now.State != svc.Running {
				now.CheckPoint++
				changes <- now
			}
		case r := <-requests:
			now = h.request(r, now, stop)
			changes <- now
		}
	}
}

// request does what the manager asks for and returns the state to report.
func (h *handler) request(r svc.ChangeRequest, now svc.Status, stop func()) svc.Status {
	switch r.Cmd {
	case svc.Stop, svc.Shutdown, svc.PreShutdown:
		stop()
		return pending(svc.StopPending)
	case svc.ParamChange:
		select {
		case h.reloads <- syscall.SIGHUP:
		default: // one waits already
		}
	default: // Interrogate wants to hear the state
	}
	return now
}

// after is the state to report when the service has told its own.
func after(now svc.Status, told State) svc.Status {
	switch {
	case now.State == svc.StopPending:
		return now
	case told == Stopping:
		return pending(svc.StopPending)
	case told == Running:
		return svc.Status{State: svc.Running, Accepts: accepted}
	default:
		return now
	}
}

func pending(state svc.State) svc.Status {
	return svc.Status{State: state, WaitHint: uint32(pendingHint.Milliseconds()), CheckPoint: 1}
}
