package cert

import "errors"

// What can be wrong with a certificate that a configuration names.
var (
	// ErrNotFound: no file of the store holds it (IIS's sub-status 44).
	ErrNotFound = errors.New("the certificate was not found")
	// ErrNoKey: it is there, without its private key (45).
	ErrNoKey = errors.New("the certificate has no private key")
	// ErrLength: the thumbprint is none (46).
	ErrLength = errors.New("a thumbprint is 40 hexadecimal digits")
)
