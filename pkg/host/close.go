package host

import (
	"time"

	"github.com/ftphost/ftphost/pkg/logging"
)

// closeAll closes sockets that nobody was told of.
func closeAll(list []*opened) {
	for _, o := range list {
		_ = o.listener.Close() // nothing came by it
	}
}

// lastMoment is how long a socket stays open whose port is served by narrower
// ones from now on, so that whoever was just connecting still gets in.
const lastMoment = time.Second

// closeSoon closes sockets in a moment. The caller holds changing.
func (h *Host) closeSoon(list []*opened) {
	if h.state != running {
		h.giveUp(list)
		return
	}
	h.loops.Go(func() {
		select {
		case <-h.background.Done():
		case <-time.After(lastMoment):
		}
		h.giveUp(list)
	})
}

// leave leaves sockets for the next process of the service.
func (h *Host) leave(list []*opened) {
	if h.options.Sockets == nil {
		return
	}
	for _, o := range list {
		if err := h.options.Sockets.Keep(o.listener); err != nil {
			h.options.Log.Warn().Err(err).Stringer(logging.Listener, o.listener.Addr()).Msg("socket will be closed when the server is restarted")
		}
	}
}

// giveUp closes sockets for good.
func (h *Host) giveUp(list []*opened) {
	for _, o := range list {
		if h.options.Sockets == nil {
			break
		}
		if err := h.options.Sockets.Forget(o.listener); err != nil {
			h.options.Log.Error().Err(err).Stringer(logging.Listener, o.listener.Addr()).Msg("the service manager still has a socket that nobody serves")
		}
	}
	closeAll(list)
}
