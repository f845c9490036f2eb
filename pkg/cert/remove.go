package cert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Remove removes the files of a certificate, of links the links. It returns
// the certificates whose files are gone. A running server keeps what it uses
// until its next start.
func (s *Stores) Remove(thumbprint string) ([]*Certificate, error) {
	thumbprint, _, err := ParseThumbprint(thumbprint)
	if err != nil {
		return nil, err
	}
	all, problems := s.List("")
	byFile := map[string]int{}
	for _, c := range all {
		byFile[c.File]++
	}
	var removed []*Certificate
	for _, c := range all {
		if c.Thumbprint != thumbprint {
			continue
		}
		if byFile[c.File] > 1 {
			return removed, fmt.Errorf("%s holds %d certificates; take this one out by hand", c.File, byFile[c.File])
		}
		if err := s.removeFiles(c); err != nil {
			return removed, err
		}
		removed = append(removed, c)
	}
	if len(removed) == 0 {
		err := fmt.Errorf("%w: no file in the folders of %s has the thumbprint %s", ErrNotFound, s.dir, thumbprint)
		return nil, errors.Join(append([]error{err}, problems...)...)
	}
	return removed, nil
}

// removeFiles removes a file, and its companion unless another file has the
// same.
func (s *Stores) removeFiles(c *Certificate) error {
	folder := filepath.Dir(c.File)
	names, err := namesBeside(c.File)
	if err != nil {
		return err
	}
	if err := os.Remove(c.File); err != nil {
		return err
	}
	base := filepath.Base(c.File)
	beside := companion(base, names)
	for _, n := range names {
		if n != base && isCertificate(n) && companion(n, names) == beside {
			return nil
		}
	}
	if err := os.Remove(filepath.Join(folder, beside)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
