// Package vfs is what one principal sees of a site: virtual directories over
// content stores, behind the site's rules. It is the only door to files.
package vfs

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Mount is an application root or virtual directory: the store that stands at
// a path.
type Mount struct {
	Path  vpath.Path
	Store content.Store
}

// Settings are what a Namespace is built from.
type Settings struct {
	// Mounts are the site's applications and virtual directories; one is "/".
	Mounts []Mount
	// Access holds the rules and filters by location.
	Access *access.Tree
	// Isolation says which part of the site each principal sees; nil is all
	// of it.
	Isolation *Isolation
	// Uploads are the files being written now. Sites that may share files
	// share it; nil gives the namespace its own.
	Uploads *Uploads
	// KeepPartialUploads keeps what an aborted upload has written.
	KeepPartialUploads bool
	// AllowReplaceOnRename lets a rename replace an existing file.
	AllowReplaceOnRename bool
	// AllowReadUploadsInProgress lets files be read while they are written.
	AllowReadUploadsInProgress bool
	// ListVirtualDirectories shows virtual directories in listings.
	ListVirtualDirectories bool
	// VirtualDirectoryTimeout is how long a listing waits for the time of a
	// virtual directory's target; it shows the present then. At 0 it does not ask.
	VirtualDirectoryTimeout time.Duration
}

// Namespace is the tree of files of one site. It is fixed once built and safe
// for concurrent use.
type Namespace struct {
	settings Settings
	root     *directory
	whole    *home
	homes    homes
	stores   []refresher
	// refreshed is when the stores were last refreshed, as Unix time in
	// nanoseconds.
	refreshed atomic.Int64
}

// refreshInterval is how long one refresh serves, so that many logins at once
// do not look at the same folders each. It is shorter than any program takes
// that replaces a folder and logs in then.
const refreshInterval = 10 * time.Millisecond

// refresher is a store that can look again at what stands behind it.
type refresher interface{ Refresh() }

// NewNamespace builds the tree of files. It refuses settings without a mount
// at "/", with two mounts of one path, without stores or without rules.
func NewNamespace(settings Settings) (*Namespace, error) {
	if settings.Access == nil {
		return nil, errors.New("a namespace needs access rules")
	}
	if settings.Uploads == nil {
		settings.Uploads = NewUploads()
	}
	n := &Namespace{settings: settings, root: &directory{}}
	for _, m := range settings.Mounts {
		if m.Store == nil {
			return nil, fmt.Errorf("virtual directory %s has no content store", m.Path)
		}
		d := n.root.at(m.Path)
		if d.store != nil {
			return nil, fmt.Errorf("virtual directory %s is there twice", m.Path)
		}
		d.store = m.Store
		if r, ok := m.Store.(refresher); ok {
			n.stores = append(n.stores, r)
		}
	}
	if n.root.store == nil {
		return nil, errors.New(`no virtual directory stands at "/": an application "/" with a virtualDirectory "/" is needed`)
	}
	n.root.sort()
	n.whole = &home{root: n.root}
	return n, nil
}

// Admit returns nil when the client's address is served in the site at all,
// and a *access.Denied otherwise. Paths below may have rules of their own.
func (n *Namespace) Admit(c access.Client) error {
	return n.settings.Access.Admit(c, vpath.Root)
}

// DecideAddress is Admit with the deciding entry.
func (n *Namespace) DecideAddress(c access.Client) access.AddressDecision {
	return n.settings.Access.DecideAddress(c, vpath.Root)
}

// View returns what p sees coming from c, one per session. Stores whose
// folder was replaced some milliseconds ago or earlier are opened anew. When p has no home, every
// method of the view says so; Start is where to ask first.
func (n *Namespace) View(p *auth.Principal, c access.Client) *View {
	n.refresh()
	h, err := n.homeOf(p)
	if err != nil {
		h = &home{}
	}
	return &View{namespace: n, principal: p, client: c, home: h, refused: err}
}

func (n *Namespace) refresh() {
	now := time.Now().UnixNano()
	last := n.refreshed.Load()
	// A clock that was set back counts as a long time.
	if age := now - last; age >= 0 && age < int64(refreshInterval) || !n.refreshed.CompareAndSwap(last, now) {
		return
	}
	for _, s := range n.stores {
		s.Refresh()
	}
}

// View is the tree of files as one principal sees it. Every method checks
// first whether the principal may do what it asks; errors are *access.Denied
// or those of content and io/fs. It is safe for concurrent use.
type View struct {
	namespace *Namespace
	principal *auth.Principal
	client    access.Client
	home      *home // of nothing when refused
	refused   error // why there is no home
}
