package accounts

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode"

	"github.com/ftphost/ftphost/pkg/auth/local"
)

// maxPassword is in bytes; a password must fit a command line.
const maxPassword = 256

// generatedLength and the alphabet give 116 bits; letters and digits that look
// alike are left out, because people copy them.
const (
	generatedLength = 20
	alphabet        = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
)

// ErrPassword means that a password cannot be used. Its text never shows it.
var ErrPassword = errors.New("not a usable password")

// GeneratePassword returns a fresh random password.
func GeneratePassword() (string, error) {
	password := make([]byte, generatedLength)
	for i := range password {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("making up a password: %w", err)
		}
		password[i] = alphabet[n.Int64()]
	}
	return string(password), nil
}

// hashPassword returns the stored form of a password that may be used.
func hashPassword(password string) (string, error) {
	switch {
	case password == "":
		return "", fmt.Errorf("%w: it is empty, and everybody could log in", ErrPassword)
	case len(password) > maxPassword:
		return "", fmt.Errorf("%w: it is longer than %d bytes", ErrPassword, maxPassword)
	case strings.ContainsFunc(password, unicode.IsControl):
		return "", fmt.Errorf("%w: it holds a control character, which no client can send", ErrPassword)
	}
	return local.HashPassword(password)
}
