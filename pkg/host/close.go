package host

import (
	"slices"
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
		h.changing.Lock()
		defer h.changing.Unlock()
		h.giveUp(list)
		if h.state == running {
			h.leave(h.reopened(list))
		}
	})
}

// reopened are the sockets at the addresses of those in list. A socket is given
// up by its address, and so is one that has been opened there again meanwhile.
func (h *Host) reopened(list []*opened) []*opened {
	return slices.DeleteFunc(h.current.Load().sockets(), func(o *opened) bool {
		return !slices.ContainsFunc(list, func(closed *opened) bool { return closed.at == o.at })
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
