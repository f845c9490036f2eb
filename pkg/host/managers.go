package host

import (
	"sync"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
)

// managers are the IIS Manager users, whose file moves when the configuration
// becomes a shared one. The zero value has none.
type managers struct {
	onError func(error)

	mu   sync.Mutex
	path string
	file *accounts.Administration
}

// open follows the file at path from now on.
func (m *managers) open(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if path == m.path {
		return
	}
	m.path, m.file = path, accounts.OpenAdministration(path)
	m.file.OnError = m.onError
}

// Directory returns the users as they are now.
func (m *managers) Directory() *iismanager.Directory {
	m.mu.Lock()
	file := m.file
	m.mu.Unlock()
	return file.Directory()
}
