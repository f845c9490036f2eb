package local

import (
	"errors"
	"io"
	"os"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// added notes a name that we have made in d, which was fresh before.
func (d *directory) added(t *tree, name string) {
	if d.names == nil {
		return
	}
	d.remember(d.names, name)
	if !d.index.count(d, len(d.names)) {
		d.drop()
		return
	}
	d.settle(t)
}

// removed notes a name that we have removed from d, which was fresh before.
func (d *directory) removed(t *tree, name string) {
	if d.names == nil {
		return
	}
	if d.twins {
		d.drop()
		return
	}
	delete(d.names, vpath.Fold(name))
	d.index.count(d, len(d.names))
	d.settle(t)
}

// settle takes the modification time that our own change has left, so that
// many changes in a row do not read the directory many times.
func (d *directory) settle(t *tree) {
	info, err := t.Stat(d.dir)
	if err != nil || !os.SameFile(info, d.seen) {
		d.drop()
		return
	}
	d.seen = info
}

// trust drops what is remembered of d unless it is fresh, before a change
// that does not need to know the names but is to be noted.
func (d *directory) trust(t *tree) {
	if fresh, err := d.fresh(t); err != nil || !fresh {
		d.drop()
	}
}

func endOfDirectory(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
