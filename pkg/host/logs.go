package host

import (
	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// siteLogs are the logs of the sites; the operational log hears when they
// cannot be written, and when they can again.
func siteLogs(log zerolog.Logger) *w3clog.Files {
	files := w3clog.NewFiles(func(err error) { log.Error().Err(err).Msg("site log not written") })
	files.OnRecovery = func(r w3clog.Recovery) {
		log.Info().Str(logging.Path, r.Directory).Int("moreLogs", r.MoreLogs).Int64("lostLines", r.Lost).Msg("site log written again")
	}
	return files
}

// keepLogs has the logs follow g, and closes those that nobody uses any more.
func (h *Host) keepLogs(g *generation) {
	var used []*w3clog.Log
	for _, s := range g.Sites {
		used = append(used, s.Log)
	}
	for _, e := range g.Endpoints {
		used = append(used, e.Log) // after those of sites that go on as they were
	}
	h.logs.Keep(used)
}
