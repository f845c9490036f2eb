package compile

import (
	"slices"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Check walks the road of Snapshot with parts of its own, reads the accounts,
// and tells what it found and how many ftp sites there are.
func Check(home Home) (problems apphost.ErrorList, sites int) {
	snapshot, problems := Open(home)
	if snapshot == nil {
		return problems, 0
	}
	return problems, len(snapshot.Sites) + len(snapshot.Stopped)
}

// Open builds the sites of a home without serving them, with parts of their
// own; nothing is logged. The snapshot is nil when nothing could be served.
func Open(home Home) (*site.Snapshot, apphost.ErrorList) {
	home, problems := home.Resolve()
	if problems.Errors() > 0 {
		return nil, problems
	}
	cfg, more := home.Load()
	problems = append(problems, more...)
	if cfg == nil {
		return nil, problems
	}
	computer, err := ComputerName()
	if err != nil {
		return nil, append(problems, fileErrors(err)...)
	}
	directory, accountProblems := accounts.Load(home.Accounts())
	if directory == nil { // as the running server, which starts with nobody then
		directory = local.NewDirectory(nil, nil)
	}
	managers, managerProblems := home.managers()
	if managers == nil {
		managers = iismanager.NewDirectory(nil, nil)
	}
	stores := cert.Open(home.Certificates())
	result, found := Snapshot(cfg, Parts{
		Home: home, Logs: w3clog.NewFiles(func(error) {}), Uploads: vfs.NewUploads(),
		Accounts: func() *local.Directory { return directory }, Managers: func() *iismanager.Directory { return managers },
		Certificates: stores, ComputerName: computer,
	})
	problems = slices.Concat(problems, found, accountProblems, managerProblems, unreadable(stores))
	problems.Sort()
	if result == nil {
		return nil, problems
	}
	return result.Snapshot, problems
}

// unreadable are the files of all stores that no site can use.
func unreadable(stores *cert.Stores) apphost.ErrorList {
	var list apphost.ErrorList
	_, errs := stores.List("")
	for _, err := range errs {
		list = append(list, &apphost.Error{Msg: err.Error(), Err: err, Warning: true})
	}
	return list
}
