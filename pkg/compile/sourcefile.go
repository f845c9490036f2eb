package compile

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// bindPassword finds the password of the searching account, and says at once
// when it cannot be had. It is read again for each connection.
func (c *compiler) bindPassword(entry *apphost.Element, s *sourceSettings) func() (string, error) {
	file, variable := s.BindPasswordFile, s.BindPasswordVariable
	switch {
	case s.BindDN == "" && file+variable == "":
		return nil
	case s.BindDN == "":
		c.errorf(entry.Pos(), sectionAccounts, "source %q: bindDn is missing: whose is the password?", s.Name)
		return nil
	case (file == "") == (variable == ""):
		c.errorf(entry.Attr("bindDn").Pos(), sectionAccounts, "source %q: exactly one of bindPasswordFile and bindPasswordVariable says where the password of bindDn is", s.Name)
		return nil
	}
	attribute := "bindPasswordVariable"
	read := func() (string, error) {
		if password := os.Getenv(variable); password != "" {
			return password, nil
		}
		return "", fmt.Errorf("the environment has no variable %s, or it is empty", variable)
	}
	if file != "" {
		path := c.inHome(file)
		attribute, read = "bindPasswordFile", func() (string, error) { return passwordFrom(path) }
	}
	if _, err := read(); err != nil {
		c.errorf(entry.Attr(attribute).Pos(), sectionAccounts, "source %q: %v", s.Name, err)
	}
	return read
}

// longestSecret is more than a file with a password has.
const longestSecret = 4096

// passwordFrom reads the first line of a file that only its owner may read.
func passwordFrom(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() || info.Size() > longestSecret:
		return "", fmt.Errorf("%s is not a file with a password in its first line", path)
	case othersMayRead(info):
		return "", fmt.Errorf("%s may be read by others than its owner (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(data), "\n")
	if first = strings.TrimSuffix(first, "\r"); first == "" {
		return "", fmt.Errorf("%s has no password in its first line", path)
	}
	return first, nil
}

// issuers reads the file of those who may have issued the servers'
// certificates, and says at once when it cannot be used. It is read again for
// each connection.
func (c *compiler) issuers(entry *apphost.Element, s *sourceSettings) func() (*x509.CertPool, error) {
	if s.CAFile == "" {
		return nil
	}
	path := c.inHome(s.CAFile)
	read := func() (*x509.CertPool, error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(data) {
			return nil, errors.New(path + " has no certificate in PEM form")
		}
		return pool, nil
	}
	if _, err := read(); err != nil {
		c.errorf(entry.Attr("caFile").Pos(), sectionAccounts, "source %q: %v", s.Name, err)
	}
	return read
}

// inHome is a path below the home folder unless it is absolute.
func (c *compiler) inHome(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.parts.Home.Dir, path)
}
