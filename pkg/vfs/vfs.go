// Package vfs is what one principal sees of a site: virtual directories over
// content stores, behind the site's rules. It is the only door to files.
package vfs

import (
	"errors"
	"sync"
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
}

// Namespace is the tree of files of one site. It is fixed once built and safe
// for concurrent use.
type Namespace struct {
	settings Settings
}

// NewNamespace builds the tree of files. It refuses two mounts of one path
// and mounts without one at "/".
func NewNamespace(settings Settings) (*Namespace, error) {
	return &Namespace{settings: settings}, nil
}

// Uploads are the files being written now, by content.Store identity. It
// outlives reloads of the configuration. It is safe for concurrent use.
type Uploads struct {
	mu     sync.Mutex
	active map[string]bool
	count  atomic.Int64
}

// NewUploads returns an empty registry.
func NewUploads() *Uploads { return &Uploads{active: map[string]bool{}} }

// View is the tree of files as one principal sees it. Every method checks
// first whether the principal may do what it asks; errors are *access.Denied
// or those of content and io/fs.
type View struct {
	namespace *Namespace
	principal *auth.Principal
}

// View returns what p sees, one per session. Stores whose folder was replaced
// are opened anew.
func (n *Namespace) View(p *auth.Principal) *View { return &View{namespace: n, principal: p} }

// ListOptions narrow a listing.
type ListOptions struct {
	// Pattern is a Windows wildcard that names must match; "" is all.
	Pattern string
	// All shows entries with the Hidden attribute too (LIST -a).
	All bool
}

// Upload is a file being written. It ends with Commit or Abort.
type Upload struct {
	// File is written to; the engine may use all it can do.
	File content.File
	// Info is the file as it was opened.
	Info content.Info
}

var errUnfinished = errors.ErrUnsupported

// Start returns the directory a session starts in. The error means that the
// home directory is inaccessible.
func (v *View) Start() (vpath.Path, error) { return vpath.Root, errUnfinished }

// Enter returns nil when p is a directory that can be the current one.
func (v *View) Enter(p vpath.Path) error { return errUnfinished }

// Stat tells about a file or directory.
func (v *View) Stat(p vpath.Path) (content.Info, error) { return content.Info{}, errUnfinished }

// List calls each for the entries of the directory p in Windows order, or for
// p alone when it is a file.
func (v *View) List(p vpath.Path, opt ListOptions, each func(content.Info) error) error {
	return errUnfinished
}

// Open opens a file for reading.
func (v *View) Open(p vpath.Path) (content.File, content.Info, error) {
	return nil, content.Info{}, errUnfinished
}

// Create opens a file for writing.
func (v *View) Create(p vpath.Path, mode content.Mode) (*Upload, error) { return nil, errUnfinished }

// CreateUnique creates a file with a new name in dir (STOU).
func (v *View) CreateUnique(dir vpath.Path) (vpath.Path, *Upload, error) {
	return dir, nil, errUnfinished
}

// Mkdir makes a directory.
func (v *View) Mkdir(p vpath.Path) error { return errUnfinished }

// Rmdir removes an empty directory.
func (v *View) Rmdir(p vpath.Path) error { return errUnfinished }

// Remove removes a file.
func (v *View) Remove(p vpath.Path) error { return errUnfinished }

// CheckRename returns nil when p exists and may be renamed (RNFR).
func (v *View) CheckRename(from vpath.Path) error { return errUnfinished }

// Rename moves a file or directory.
func (v *View) Rename(from, to vpath.Path) error { return errUnfinished }

// SetModTime sets the time of the last change.
func (v *View) SetModTime(p vpath.Path, t time.Time) error { return errUnfinished }

// MaxUpload returns the largest upload in bytes at p, or 0 for no limit.
func (v *View) MaxUpload(p vpath.Path) int64 { return 0 }

// AvailableBytes returns the bytes that may still be written in the directory
// p, or errors.ErrUnsupported.
func (v *View) AvailableBytes(p vpath.Path) (int64, error) { return 0, errUnfinished }

// Commit closes the file and keeps it.
func (u *Upload) Commit() error { return errUnfinished }

// Abort closes the file and deletes it unless partial uploads are kept.
func (u *Upload) Abort() error { return errUnfinished }
