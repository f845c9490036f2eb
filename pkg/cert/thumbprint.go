package cert

import (
	"crypto/sha1" //nolint:gosec // a name for a certificate that Windows chose, nothing is protected by it
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// thumbprintLength is the length of a thumbprint in hexadecimal digits.
const thumbprintLength = 2 * sha1.Size

// Thumbprint is the name Windows gives to the certificate with this DER
// encoding: its SHA-1 in 40 upper-case hexadecimal digits.
func Thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see the import
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ParseThumbprint reads a thumbprint as people paste it: with spaces, colons
// or hyphens, in either case, with the invisible characters that the
// certificate dialog of Windows puts in front. tidied says that characters
// had to be removed, which IIS would not have done. The error is ErrLength
// when 40 hexadecimal digits do not remain.
func ParseThumbprint(text string) (thumbprint string, tidied bool, err error) {
	thumbprint = strings.Map(func(r rune) rune {
		if r == ':' || r == '-' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
	if i := strings.IndexFunc(thumbprint, notHex); i >= 0 {
		return "", false, fmt.Errorf("%w: %q is something else", ErrLength, shortened(text))
	}
	if len(thumbprint) != thumbprintLength {
		return "", false, fmt.Errorf("%w: %q has %d", ErrLength, shortened(text), len(thumbprint))
	}
	return thumbprint, len(thumbprint) != len(text), nil
}

func notHex(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'F')
}

// shortened keeps what was given by mistake, perhaps a whole file, out of a
// message.
func shortened(text string) string {
	const enough = 60
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "..."
}
