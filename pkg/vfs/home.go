package vfs

import (
	"fmt"
	"maps"
	"runtime"
	"sync"
	"weak"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// home is the tree that a view shows: the whole site, or the part of it that
// is a principal's. It is fixed once built.
type home struct {
	root *directory
	// written is where the root of the view is for the locations of the
	// configuration; "" is the root of the site.
	written vpath.Path
	// isolated marks a home of one's own.
	isolated bool
	// key is the same for views of one place by one user of the operating system.
	key string
	// own are the stores that no other home has.
	own []refresher
}

// written returns the path for which locations say what counts at p. With
// IsolateAllDirectories it is the path from the site's root, in all other
// modes the one that the client sees: so it is documented for the two modes
// that look for homes below the root, and taken to be for those that do not.
func (v *View) written(p vpath.Path) vpath.Path {
	switch at := v.home.written; {
	case at == "":
		return p
	case p.IsRoot():
		return at
	default:
		return at + p
	}
}

// homeOf returns what p sees.
func (n *Namespace) homeOf(p *auth.Principal) (*home, error) {
	if n.settings.Isolation == nil {
		return n.all(p)
	}
	switch n.settings.Isolation.Mode {
	case IsolateRootDirectoryOnly, IsolateAllDirectories:
		path, err := n.settings.Isolation.homePath(p)
		if err != nil {
			return nil, err
		}
		return n.homes.get(homeKey(p, string(path)), p, func() (*home, error) { return n.below(path) })
	case ActiveDirectory, Custom:
		if err := n.settings.Isolation.refuses(p); err != nil {
			return nil, err
		}
		return n.homes.get(homeKey(p, p.Home()), p, func() (*home, error) { return n.named(p) })
	default:
		return n.all(p)
	}
}

// all returns all of the site as p sees it.
func (n *Namespace) all(p *auth.Principal) (*home, error) {
	if p.OSUser() == nil {
		return n.whole, nil
	}
	return n.homes.get(homeKey(p, ""), p, func() (*home, error) { return &home{root: n.root}, nil })
}

// refuses returns why p cannot have a home that a source of accounts names.
func (i *Isolation) refuses(p *auth.Principal) error {
	switch {
	case i.Mode == ActiveDirectory && !i.Basic:
		return &HomeError{
			SubStatus: access.SubStatusIsolationNeedsBasic, Account: true,
			Reason: "userIsolation ActiveDirectory needs basicAuthentication, which is off",
		}
	case i.Mode == ActiveDirectory && p.Anonymous():
		e := noHome("userIsolation ActiveDirectory has no home for anonymous users")
		e.Account = true
		return e
	case p.Home() == "":
		return noHome("the account " + p.QualifiedName() + " has no home attribute, which userIsolation wants here")
	}
	return nil
}

// named builds the home that the source of accounts names for p. Virtual
// directories of the site are not shown in it: nothing says that IIS does.
func (n *Namespace) named(p *auth.Principal) (*home, error) {
	store, err := n.settings.Isolation.Open(p.Home())
	if err != nil {
		return nil, noHome(fmt.Sprintf("the home attribute of %s: %v", p.QualifiedName(), err))
	}
	return &home{root: &directory{store: store}, isolated: true}, nil
}

// below builds the home at a path below the site's root.
func (n *Namespace) below(path vpath.Path) (*home, error) {
	own := n.root.find(path)
	at := n.root.locate(path)
	h := &home{root: &directory{}, isolated: true}
	if n.settings.Isolation.Mode == IsolateRootDirectoryOnly {
		// The home is physical whatever virtual directories there are.
		at = place{store: n.root.store, name: string(path[1:])}
		h.root.children = n.global(path)
	} else {
		h.written = path
	}
	if own != nil {
		if h.root.children == nil {
			h.root.children = map[string]*directory{}
		}
		maps.Copy(h.root.children, own.children)
	}
	h.root.order()
	if at.mounted() {
		h.root.store = at.store
		return h, nil
	}
	store, ok := at.store.(content.Divisible)
	if !ok {
		return nil, noHome(fmt.Sprintf("the store of %s has no folders of their own", path))
	}
	h.root.store = store.Sub(at.name)
	return h, nil
}

// global returns the virtual directories that stand in the site's root itself,
// less those that hold homes.
func (n *Namespace) global(home vpath.Path) map[string]*directory {
	shown := map[string]*directory{}
	holders := [...]string{vpath.Fold(localUsers), vpath.Fold(home.Dir().Base())}
	for key, child := range n.root.children {
		if child.store != nil && key != holders[0] && key != holders[1] {
			shown[key] = child
		}
	}
	return shown
}

// Start returns the directory a session starts in. The error means that the
// home directory is inaccessible: there is none, its folder is gone or it may
// not be read.
func (v *View) Start() (vpath.Path, error) {
	if v.refused != nil {
		return "", v.refused
	}
	start := v.startPath()
	err := v.Enter(start)
	if err != nil && v.home.isolated && (absent(err) || notDirectory(err)) {
		e := noHome(fmt.Sprintf("the home of %s: %v", v.principal.QualifiedName(), err))
		if folder, ok := v.home.root.store.(fmt.Stringer); ok && absent(err) {
			e.Folder = folder.String()
		}
		return "", e
	}
	if err != nil {
		return "", err
	}
	return start, nil
}

// startPath returns where the principal starts, which need not be allowed.
func (v *View) startPath() vpath.Path {
	isolation := v.namespace.settings.Isolation
	if isolation == nil || isolation.Mode != StartInUsersDirectory {
		return vpath.Root
	}
	name := v.principal.Name()
	if v.principal.Anonymous() {
		name = publicFolder
	}
	if !namesFolder(name) {
		return vpath.Root
	}
	info, err := v.home.root.locate(vpath.Root.Join(name)).stat()
	if err != nil || !info.Dir {
		return vpath.Root
	}
	return vpath.Root.Join(info.Name)
}

// Shows reports whether both views show the same place, so that a path means
// the same file in both.
func (v *View) Shows(other *View) bool {
	return v.refused == nil && other.refused == nil && v.home.key == other.home.key
}

// homes are those that some view shows now, so that two sessions of one
// account share what is known about its folder. Nothing keeps a home that no
// view shows any more.
type homes struct {
	mu    sync.Mutex
	shown map[string]weak.Pointer[home]
}

// get returns the home of a key, building it for p when no view shows it. A
// folder that was replaced is opened anew.
func (h *homes) get(key string, p *auth.Principal, build func() (*home, error)) (*home, error) {
	known, err := h.find(key, func() (*home, error) {
		made, err := build()
		if err != nil || p.OSUser() == nil {
			return made, err
		}
		return made.as(p)
	})
	if err != nil {
		return nil, err
	}
	if r, ok := known.root.store.(refresher); ok && known.own == nil {
		r.Refresh()
	}
	for _, r := range known.own {
		r.Refresh()
	}
	return known, nil
}

func (h *homes) find(key string, build func() (*home, error)) (*home, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.shown[key].Value(); known != nil {
		return known, nil
	}
	made, err := build()
	if err != nil {
		return nil, err
	}
	made.key = key
	if h.shown == nil {
		h.shown = map[string]weak.Pointer[home]{}
	}
	h.shown[key] = weak.Make(made)
	runtime.AddCleanup(made, h.forget, key)
	return made, nil
}

// forget drops the key of a home that is gone, unless there is a new one.
func (h *homes) forget(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shown[key].Value() == nil {
		delete(h.shown, key)
	}
}
