package local

import "time"

// Created returns when a file was created. The error is errors.ErrUnsupported
// where the system does not tell.
func (s *Store) Created(name string) (created time.Time, err error) {
	err = s.at("ask creation of", name, func(t *tree, real string) error {
		created, err = t.created(real)
		return err
	})
	return created, err
}
