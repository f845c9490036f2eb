package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ftphost/ftphost/pkg/durable"
)

// Modes of what this package writes: keys are for the service alone.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Import reads the certificate with its key and chain from a file, PEM or
// PFX, as it would be read in a store, and writes it into the store as PEM.
// The passwords are tried on a PFX file; nil stands for those that are looked
// for in a store. A certificate that is in the store already stays as it is.
func (s *Stores) Import(store, path string, passwords []string) (*Certificate, error) {
	if !isCertificate(filepath.Base(path)) {
		return nil, fmt.Errorf("%s: the name must end in .pem, .crt, .cer, .pfx or .p12, which tells the form", path)
	}
	names, err := namesBeside(path)
	if err != nil {
		return nil, err
	}
	beside := filepath.Join(filepath.Dir(path), companion(filepath.Base(path), names))
	held, err := read(path, beside, passwords)
	if errors.Is(err, errPassword) && passwords != nil {
		return nil, fmt.Errorf("%s: %w", path, errPassword)
	}
	if err != nil {
		return nil, err
	}
	certs, err := held.certificates(path, beside)
	if err != nil {
		return nil, err
	}
	c := certs[0]
	if c.TLS.PrivateKey == nil {
		return nil, fmt.Errorf("%w: %s has none, nor is there %s; issuers of client certificates are copied into the folder of their store as they are",
			ErrNoKey, path, filepath.Base(beside))
	}
	if there, err := s.Find(store, c.Thumbprint); err == nil {
		return there.Current(), nil
	}
	title := c.Thumbprint
	if n := c.Names(); len(n) > 0 {
		title = n[0]
	}
	return s.write(store, title, held)
}

func namesBeside(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// write puts a certificate, its chain and its key into a new file of the
// store, and reads it back.
func (s *Stores) write(store, title string, held *content) (*Certificate, error) {
	leaf, key := held.pair()
	var text bytes.Buffer
	for _, link := range chain(leaf, held.certs) {
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: link.Raw}); err != nil {
			return nil, err
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errKeyForm
	}
	if err := pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
		return nil, err
	}
	folder, err := s.makeFolder(store)
	if err != nil {
		return nil, err
	}
	path, err := writeNew(folder, fileName(title), text.Bytes())
	if err != nil {
		return nil, err
	}
	certs, err := load(path, path+".key")
	if err != nil {
		return nil, fmt.Errorf("the certificate was written and cannot be read back: %w", err)
	}
	certs[0].Store = filepath.Base(folder)
	return certs[0], nil
}

// makeFolder returns the folder of a store, and makes it when there is none.
func (s *Stores) makeFolder(store string) (string, error) {
	if folder := s.folder(store); folder != "" {
		return folder, nil
	}
	if store == "" || store != fileName(store) {
		return "", fmt.Errorf("%q cannot be the name of a store: letters, digits, hyphens and dots make one", store)
	}
	for _, folder := range []string{s.dir, filepath.Join(s.dir, store)} {
		err := os.Mkdir(folder, folderMode)
		if err == nil {
			err = durable.Adopt(folder)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("the home folder %s does not exist; name it with --home, or make one with: ftphost init DIR", filepath.Dir(folder))
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return filepath.Join(s.dir, store), nil
}

// fileName makes a name that every file system takes and no store overlooks.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, title)
	if len(name) > 100 {
		name = name[:100]
	}
	if strings.HasPrefix(name, ".") {
		name = "_" + name[1:]
	}
	return strings.TrimRight(name, ".")
}

// writeNew writes a new file, whole before it has its name, and destroys none
// that exists: then the name gets a number.
func writeNew(folder, name string, data []byte) (string, error) {
	// What cannot be removed is no reason not to write.
	_ = durable.RemoveLeftovers(folder)
	f, err := durable.CreateBeside(filepath.Join(folder, "new"))
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is not there any more when it got its name
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = errors.Join(os.Chmod(f.Name(), fileMode), durable.Adopt(f.Name()))
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, name+".pem")
	for i := 2; taken(path); i++ {
		path = filepath.Join(folder, fmt.Sprintf("%s-%d.pem", name, i))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return "", err
	}
	return path, durable.SyncDir(folder)
}

// taken tells whether a file, or the key of another form of it, has the name.
func taken(path string) bool {
	_, file := os.Lstat(path)
	_, key := os.Lstat(strings.TrimSuffix(path, ".pem") + ".key")
	return file == nil || key == nil
}
