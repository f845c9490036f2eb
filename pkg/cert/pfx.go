package cert

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// PFXPassword is the environment variable with the password of the PFX files
// that have none beside them.
const PFXPassword = "FTPHOST_PFX_PASSWORD" //nolint:gosec // the name, not the password

// passwordSuffix makes the name of the file with the password of a PFX file.
const passwordSuffix = ".password"

// addPFX takes what a PFX file holds, with one of the passwords, or the one
// that belongs to it.
func (h *content) addPFX(data []byte, beside string, passwords []string) error {
	if passwords == nil {
		var err error
		if passwords, err = passwordsOf(beside); err != nil {
			return fmt.Errorf("its password: %w", err)
		}
	}
	for _, password := range passwords {
		if err := h.decodePFX(data, password); !errors.Is(err, pkcs12.ErrIncorrectPassword) {
			return err
		}
	}
	return fmt.Errorf("%w; put the right one, alone, into the first line of %s, readable for the service alone", errPassword, filepath.Base(beside))
}

var errPassword = errors.New("the password is wrong")

// passwordsOf is the first line of the file beside a PFX file; without one,
// what the environment says, and empty.
func passwordsOf(beside string) ([]string, error) {
	given, err := readFile(beside, maxFile)
	switch {
	case err == nil:
		line, _, _ := strings.Cut(string(given), "\n")
		return []string{strings.TrimRight(line, "\r")}, nil
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	case os.Getenv(PFXPassword) != "":
		return []string{os.Getenv(PFXPassword), ""}, nil
	}
	return []string{""}, nil
}

func (h *content) decodePFX(data []byte, password string) error {
	key, leaf, issuers, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return err
	}
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), ": asn1") // what follows is for programmers
		return fmt.Errorf("it cannot be used as PFX (%s); export it again, as one certificate with its private key", reason)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return errKeyForm
	}
	h.keys = append(h.keys, signer)
	h.certs = append(append(h.certs, leaf), issuers...)
	return nil
}
