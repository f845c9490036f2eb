package cert

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Limits of what is read: the file of all public roots has a quarter of a
// megabyte, the largest revocation lists that are in use some tens.
const (
	maxFile = 4 << 20
	maxList = 64 << 20
)

// content is what files hold: certificates in their order, and keys.
type content struct {
	certs []*x509.Certificate
	keys  []crypto.Signer
}

// isPFX tells the form of a file by its name, as Windows does.
func isPFX(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".pfx" || ext == ".p12"
}

// load reads the file at path, and its companion (the key of a certificate,
// the password of a PFX) when that exists. The result is one certificate with
// its key and chain, or every certificate of a file that has no key. Errors
// name the file.
func load(path, companion string) ([]*Certificate, error) {
	held, err := read(path, companion, nil)
	if err != nil {
		return nil, err
	}
	return held.certificates(path, companion)
}

// certificates puts together what belongs together.
func (h *content) certificates(path, companion string) ([]*Certificate, error) {
	if len(h.keys) == 0 {
		return h.bare(path), nil
	}
	leaf, key := h.pair()
	if leaf == nil {
		return nil, fmt.Errorf("%s: the private key%s belongs to none of its certificates; put key and certificate of one request there",
			path, h.from(companion))
	}
	c := &Certificate{Thumbprint: Thumbprint(leaf.Raw), File: path}
	c.TLS = tls.Certificate{Leaf: leaf, PrivateKey: key}
	for _, link := range chain(leaf, h.certs) {
		c.TLS.Certificate = append(c.TLS.Certificate, link.Raw)
	}
	return []*Certificate{c}, nil
}

// read reads a file and its companion. With passwords given, those are tried
// on a PFX file, and not that of its companion.
func read(path, companion string, passwords []string) (*content, error) {
	data, err := readFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	held := &content{}
	if isPFX(path) {
		err = held.addPFX(data, companion, passwords)
	} else {
		err = held.add(data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(held.keys) == 0 && !isPFX(path) {
		if err := held.addKey(companion); err != nil {
			return nil, err
		}
	}
	if len(held.certs) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errNoCertificate)
	}
	return held, nil
}

var (
	errNoCertificate = errors.New("it holds no certificate; put certificate and key into one .pem file, or name them NAME.crt and NAME.key")
	errNoPrivateKey  = errors.New("it holds no private key")
)

// addKey reads the key that lies beside a certificate; there may be none.
func (h *content) addKey(path string) error {
	data, err := readFile(path, maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	only := &content{}
	if err := only.add(data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(only.keys) == 0 {
		return fmt.Errorf("%s: %w", path, errNoPrivateKey)
	}
	h.keys = only.keys
	return nil
}

// from says where a key came from that is not in the certificate's file.
func (h *content) from(companion string) string {
	if _, err := os.Stat(companion); err != nil || isPFX(strings.TrimSuffix(companion, passwordSuffix)) {
		return ""
	}
	return " in " + filepath.Base(companion)
}

// pair finds a certificate and the key that belongs to it.
func (h *content) pair() (*x509.Certificate, crypto.Signer) {
	for _, leaf := range h.certs {
		for _, key := range h.keys {
			public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
			if ok && public.Equal(leaf.PublicKey) {
				return leaf, key
			}
		}
	}
	return nil, nil
}

// bare makes one certificate of each, without key.
func (h *content) bare(path string) []*Certificate {
	var all []*Certificate
	for _, c := range h.certs {
		all = append(all, &Certificate{
			TLS:        tls.Certificate{Certificate: [][]byte{c.Raw}, Leaf: c},
			Thumbprint: Thumbprint(c.Raw), File: path,
		})
	}
	return all
}

// chain puts leaf and its issuers among certs in the order TLS wants. The
// root is left out: who trusts it has it.
func chain(leaf *x509.Certificate, certs []*x509.Certificate) []*x509.Certificate {
	links := []*x509.Certificate{leaf}
	rest := make([]*x509.Certificate, 0, len(certs))
	for _, c := range certs {
		if !c.Equal(leaf) && !selfIssued(c) {
			rest = append(rest, c)
		}
	}
	for last := leaf; last != nil; {
		var next *x509.Certificate
		for i, c := range rest {
			if c != nil && issued(c, last) {
				next, rest[i] = c, nil
				links = append(links, c)
				break
			}
		}
		last = next
	}
	return links
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// issued tells by names and key identifiers whether issuer may have issued c;
// who verifies looks at the signature.
func issued(issuer, c *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, c.RawIssuer) {
		return false
	}
	known := len(issuer.SubjectKeyId) > 0 && len(c.AuthorityKeyId) > 0
	return !known || bytes.Equal(issuer.SubjectKeyId, c.AuthorityKeyId)
}

// readFile reads a regular file of reasonable size; a pipe would block.
// Errors name the file once.
func readFile(path string, limit int64) ([]byte, error) {
	data, err := readAll(path, limit)
	var told *fs.PathError
	if errors.As(err, &told) {
		err = told.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w; give it, with mode 0600, to the account that the service runs as", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

func readAll(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is a folder or device, not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("it is larger than %d bytes, too much for what it is named after", limit)
	}
	return data, err
}
