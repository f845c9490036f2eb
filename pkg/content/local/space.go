package local

import "os"

// AvailableBytes returns the bytes that may still be written in the directory.
// The error is errors.ErrUnsupported where the system does not tell.
func (s *Store) AvailableBytes(name string) (free int64, err error) {
	err = s.at("measure", name, func(t *tree, real string) error {
		dir, err := t.OpenFile(real, os.O_RDONLY|openDirectory, 0)
		if err != nil {
			return err
		}
		defer dir.Close()
		free, err = availableBytes(dir)
		return err
	})
	return free, err
}
