package ldap_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"maps"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// entry is one entry of the directory that the server of the tests has. Its
// attribute "password" is what a bind needs, and "refuse" what it says instead.
type entry struct {
	dn         string
	attributes map[string][]string
}

// directory is a small LDAP server, good or bad.
type directory struct {
	address string
	roots   *x509.CertPool
	tls     *tls.Config
	entries []entry
	// misbehave is called with each request; what it returns is sent instead
	// of an answer when it is not nil, and an empty slice ends the connection.
	misbehave func(op ber.Tag, id int64) []byte

	mu       sync.Mutex
	requests []string // "search FILTER", "bind DN", "starttls"
	conns    map[net.Conn]bool
	opened   int
	loops    sync.WaitGroup
	listener net.Listener
}

// serveDirectory starts a server; with implicit, TLS comes first.
func serveDirectory(t *testing.T, implicit bool, entries ...entry) *directory {
	t.Helper()
	d := &directory{entries: entries, conns: map[net.Conn]bool{}}
	d.tls, d.roots = certificate(t)
	var err error
	if d.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	d.address = d.listener.Addr().String()
	d.loops.Go(func() {
		for {
			c, err := d.listener.Accept()
			if err != nil {
				return
			}
			d.mu.Lock()
			d.conns[c] = true
			d.opened++
			d.mu.Unlock()
			d.loops.Go(func() { d.serve(c, implicit) })
		}
	})
	t.Cleanup(d.stop)
	return d
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dc1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}

func (d *directory) stop() {
	d.listener.Close()
	d.cut()
	d.loops.Wait()
}

// cut ends all connections.
func (d *directory) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		c.Close()
	}
}

func (d *directory) note(request string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests = append(d.requests, request)
}

// asked returns what was asked since the last call.
func (d *directory) asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	requests := d.requests
	d.requests = nil
	return requests
}

// list returns the entries as they are now.
func (d *directory) list() []entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.entries
}

// change gives an account another value of an attribute.
func (d *directory) change(account, attribute, value string) {
	changed := slices.Clone(d.list())
	for i, e := range changed {
		if strings.HasPrefix(strings.ToLower(e.dn), "cn="+account+",") {
			changed[i].attributes = maps.Clone(e.attributes)
			changed[i].attributes[attribute] = []string{value}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = changed
}

func (d *directory) connections() (opened int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened
}

// open is how many connections there are now.
func (d *directory) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

func (d *directory) serve(c net.Conn, implicit bool) {
	raw := c
	defer func() {
		raw.Close()
		d.mu.Lock()
		delete(d.conns, raw)
		d.mu.Unlock()
	}()
	if implicit {
		c = tls.Server(raw, d.tls)
	}
	for {
		packet, err := ber.ReadPacket(c)
		if err != nil || len(packet.Children) < 2 {
			return
		}
		id, op := packet.Children[0].Value.(int64), packet.Children[1]
		if d.misbehave != nil {
			if answer := d.misbehave(op.Tag, id); answer != nil {
				if len(answer) == 0 {
					return
				}
				if _, err := c.Write(answer); err != nil {
					return
				}
				continue
			}
		}
		switch op.Tag {
		case ldap.ApplicationBindRequest:
			c.Write(d.bind(id, op))
		case ldap.ApplicationSearchRequest:
			c.Write(d.search(id, op))
		case ldap.ApplicationExtendedRequest:
			d.note("starttls")
			c.Write(result(id, ldap.ApplicationExtendedResponse, 0, ""))
			c = tls.Server(raw, d.tls)
		default:
			return
		}
	}
}

// bind answers as servers do: yes to an empty password.
func (d *directory) bind(id int64, op *ber.Packet) []byte {
	dn, password := op.Children[1].Data.String(), op.Children[2].Data.String()
	d.note("bind " + dn)
	if password == "" {
		return result(id, ldap.ApplicationBindResponse, 0, "")
	}
	for _, e := range d.list() {
		if !strings.EqualFold(e.dn, dn) {
			continue
		}
		if refuse := e.attributes["refuse"]; refuse != nil {
			return result(id, ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials, refuse[0])
		}
		if slices.Contains(e.attributes["password"], password) {
			return result(id, ldap.ApplicationBindResponse, 0, "")
		}
	}
	return result(id, ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials, "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580")
}

func (d *directory) search(id int64, op *ber.Packet) []byte {
	filter, err := ldap.DecompileFilter(op.Children[6])
	if err != nil {
		return result(id, ldap.ApplicationSearchResultDone, ldap.LDAPResultProtocolError, err.Error())
	}
	d.note("search " + filter)
	base, scope := op.Children[0].Data.String(), op.Children[1].Value.(int64)
	var b bytes.Buffer
	for _, e := range d.list() {
		below := strings.HasSuffix(strings.ToLower(e.dn), strings.ToLower(base))
		if scope == ldap.ScopeBaseObject {
			below = strings.EqualFold(e.dn, base)
		}
		if below && d.matches(e, op.Children[6]) {
			b.Write(found(id, e))
		}
	}
	b.Write(result(id, ldap.ApplicationSearchResultDone, 0, ""))
	return b.Bytes()
}

// matches evaluates a filter.
func (d *directory) matches(e entry, f *ber.Packet) bool {
	match := func(child *ber.Packet) bool { return d.matches(e, child) }
	switch f.Tag {
	case ldap.FilterAnd:
		return !slices.ContainsFunc(f.Children, func(c *ber.Packet) bool { return !match(c) })
	case ldap.FilterOr:
		return slices.ContainsFunc(f.Children, match)
	case ldap.FilterPresent:
		return f.Data.String() == "objectClass" || e.attributes[f.Data.String()] != nil
	case ldap.FilterEqualityMatch:
		return has(e, f.Children[0].Data.String(), f.Children[1].Data.String())
	case ldap.FilterExtensibleMatch: // of a rule, an attribute and a value
		return d.contains(e, f.Children[2].Data.String(), 0)
	}
	return false
}

// contains reports whether a group has a member, directly or in a group.
func (d *directory) contains(group entry, dn string, depth int) bool {
	if depth > 5 {
		return false
	}
	return has(group, "member", dn) || slices.ContainsFunc(d.list(), func(e entry) bool {
		return has(group, "member", e.dn) && d.contains(e, dn, depth+1)
	})
}

func has(e entry, attribute, value string) bool {
	return slices.ContainsFunc(e.attributes[attribute], func(v string) bool { return strings.EqualFold(v, value) })
}

func message(id int64, op *ber.Packet) *ber.Packet {
	m := ber.NewSequence("message")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	return m
}

func result(id int64, tag ber.Tag, code int64, text string) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(text))
	return message(id, op).Bytes()
}

func found(id int64, e entry) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(e.dn))
	list := ber.NewSequence("attributes")
	for name, values := range e.attributes {
		attribute := ber.NewSequence("attribute")
		attribute.AppendChild(octets(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range values {
			set.AppendChild(octets(v))
		}
		attribute.AppendChild(set)
		list.AppendChild(attribute)
	}
	op.AppendChild(list)
	return message(id, op).Bytes()
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}
