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

// addPFX takes what a PFX file holds. The password is the first line of the
// file beside it; without one, what the environment says, or empty.
func (h *content) addPFX(data []byte, beside string) error {
	passwords := []string{""}
	given, err := readFile(beside)
	switch {
	case err == nil:
		line, _, _ := strings.Cut(string(given), "\n")
		passwords = []string{strings.TrimRight(line, "\r")}
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("its password: %w", err)
	case os.Getenv(PFXPassword) != "":
		passwords = []string{os.Getenv(PFXPassword), ""}
	}
	for _, password := range passwords {
		if err = h.decodePFX(data, password); !errors.Is(err, pkcs12.ErrIncorrectPassword) {
			return err
		}
	}
	return fmt.Errorf("the password is wrong; put the right one, alone, into the first line of %s, readable for the service alone",
		filepath.Base(beside))
}

func (h *content) decodePFX(data []byte, password string) error {
	key, leaf, issuers, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return err
	}
	if err != nil {
		return fmt.Errorf("it cannot be used as PFX (%w); export it again, as one certificate with its private key", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return errKeyForm
	}
	h.keys = append(h.keys, signer)
	h.certs = append(append(h.certs, leaf), issuers...)
	return nil
}
