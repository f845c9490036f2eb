package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/journal"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/pkg/logging"
)

// uploadsFile is the file in the home that has the uploads in progress.
const uploadsFile = "uploads.journal"

// cleaning is how long the removal of partial uploads may keep a start: a file
// server that is gone must not hold up all sites.
const cleaning = 10 * time.Second

// cleanUp removes what a process that came to a sudden end has left, and sees
// to it that the next one can.
func (h *Host) cleanUp(ctx context.Context) {
	h.removeUnwritten()
	j, left, err := journal.Open(filepath.Join(h.options.Home.Dir, uploadsFile), func(err error) {
		h.options.Log.Error().Err(err).Msg("uploads are not recorded any more: a crash would leave partial ones")
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return
	case err != nil:
		h.options.Log.Warn().Err(err).Msg("uploads are not recorded: a crash would leave partial ones")
		return
	}
	if left.Foreign || left.Damaged > 0 {
		h.options.Log.Warn().Str(logging.File, uploadsFile).Int("damaged", left.Damaged).Msg("record of uploads is damaged: what makes no sense in it was ignored")
	}
	h.journal = j
	h.removeUploads(ctx, left.Entries)
	h.parts.Uploads.RecordIn(j)
}

// removeUnwritten removes files of the home that were being written.
func (h *Host) removeUnwritten() {
	home := h.options.Home
	folders := []string{home.Dir, filepath.Dir(home.Config), filepath.Join(home.Dir, compile.SharedDir)}
	stores, err := os.ReadDir(home.Certificates())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.options.Log.Warn().Err(err).Msg("files that were not finished are not looked for")
	}
	for _, s := range stores {
		if s.IsDir() {
			folders = append(folders, filepath.Join(home.Certificates(), s.Name()))
		}
	}
	for _, dir := range folders {
		if err := durable.RemoveLeftovers(dir); err != nil {
			h.options.Log.Warn().Err(err).Msg("files that were not finished are not removed")
		}
	}
}

// removeUploads removes partial uploads, as it would have been done at their
// end.
func (h *Host) removeUploads(ctx context.Context, entries []journal.Entry) {
	if len(entries) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, cleaning)
	defer cancel()
	results := make(chan error, len(entries))
	go func() { // it cannot be waited for while the system waits for a file server
		for _, e := range entries {
			results <- local.RemoveUnfinished(limited, e.Unfinished)
		}
	}()
	for _, e := range entries {
		err := limited.Err()
		if err == nil {
			select {
			case err = <-results:
			case <-limited.Done():
				err = limited.Err()
			}
		}
		if ctx.Err() != nil {
			return // the next start does the rest
		}
		h.logUpload(e.Unfinished, err)
		h.journal.Clear(e.Slot)
	}
}

// logUpload says what became of a partial upload.
func (h *Host) logUpload(u content.Unfinished, err error) {
	file := filepath.Join(u.Folder, filepath.FromSlash(u.Name))
	switch {
	case err == nil:
		h.options.Log.Warn().Str(logging.File, file).Msg("partial upload removed, which a sudden end has left")
	case errors.Is(err, fs.ErrNotExist) && !errors.Is(err, content.ErrPathNotFound):
		// Removed by somebody else, or not made yet.
	case errors.Is(err, content.ErrChanged) && u.ID == content.FileID{}:
		// It was there before, and nothing had been done to it.
	default:
		h.options.Log.Warn().Str(logging.File, file).Err(err).Msg("partial upload not removed, which a sudden end has left")
	}
}

// record keeps the record of uploads up to date until ctx ends.
func (h *Host) record(ctx context.Context) {
	if h.journal != nil {
		h.journal.Run(ctx)
	}
}

// closeJournal is called when there are no uploads any more.
func (h *Host) closeJournal() error {
	if h.journal == nil {
		return nil
	}
	if n := h.journal.Missed(); n > 0 {
		h.options.Log.Info().Uint64("uploads", n).Msg("uploads were not recorded: too many at a time, or names too long")
	}
	return h.journal.Close()
}
