package cert

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

var (
	errDamaged   = errors.New("a PEM block is cut off or damaged; write the file again, under another name first, and rename it")
	errNothing   = errors.New("it holds neither PEM nor DER of a certificate or key")
	errEncrypted = errors.New("the private key is encrypted; write it without a passphrase (openssl pkey -in OLD -out NEW), " +
		"readable for the service alone, or use a PFX file with a password file")
	errKeyForm = errors.New("the private key is damaged or of a kind that is not supported; RSA, ECDSA and Ed25519 keys in PKCS#1, PKCS#8 or SEC 1 form are")
)

// add takes the certificates and keys in data, PEM or DER.
func (h *content) add(data []byte) error {
	const begin = "-----BEGIN "
	if !bytes.Contains(data, []byte(begin)) {
		return h.addDER(data)
	}
	found := 0
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		found++
		if err := h.addBlock(block); err != nil {
			return err
		}
	}
	if found != bytes.Count(data, []byte(begin)) {
		return errDamaged
	}
	return nil
}

func (h *content) addBlock(block *pem.Block) error {
	switch {
	case block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("certificate %d: %w", len(h.certs)+1, err)
		}
		h.certs = append(h.certs, c)
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return errEncrypted
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		key := parseKey(block.Bytes)
		if key == nil {
			return errKeyForm
		}
		h.keys = append(h.keys, key)
	}
	return nil // parameters, requests and the like are none of ours
}

func (h *content) addDER(data []byte) error {
	if certs, err := x509.ParseCertificates(data); err == nil && len(certs) > 0 {
		h.certs = append(h.certs, certs...)
		return nil
	}
	if key := parseKey(data); key != nil {
		h.keys = append(h.keys, key)
		return nil
	}
	return errNothing
}

// parseKey tries the forms of private keys. The reason why none fits is not
// told: it could quote the key.
func parseKey(der []byte) crypto.Signer {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		signer, _ := key.(crypto.Signer)
		return signer
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}
