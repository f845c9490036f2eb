package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-ldap/ldap/v3"

	"github.com/ftphost/ftphost/pkg/auth"
)

// account is an account as the directory has it.
type account struct {
	dn, name, home string
	// state keeps it out though its password may be right.
	state error
	entry *ldap.Entry
}

// Attributes of Active Directory that say what it thinks of an account, and
// which group is its first.
const (
	attrControl  = "userAccountControl"
	attrComputed = "msDS-User-Account-Control-Computed" // on demand only; has what changes with time
	attrExpires  = "accountExpires"
	attrSet      = "pwdLastSet"
	attrSID      = "objectSid"
	attrPrimary  = "primaryGroupID"

	flagDisabled        = 0x2
	flagLocked          = 0x10
	flagPasswordExpired = 0x800000

	setNever = "0" // in attrSet: the password must be changed first
)

// Attributes of others: 389 Directory Server's, and that of OpenLDAP's password
// policy with the time that means for good.
const (
	attrLock      = "nsAccountLock"
	attrLocked    = "pwdAccountLockedTime"
	lockedForGood = "000001010000Z"
)

// stateAttributes are those that stateOf reads.
func stateAttributes() []string {
	return []string{attrControl, attrComputed, attrExpires, attrSet, attrLock, attrLocked}
}

// find looks an account up; nil when there is none. Two that answer to one
// name are nobody's: which is meant cannot be known.
func (p *Provider) find(ctx context.Context, name userName) (*account, error) {
	attributes := slices.Concat([]string{p.settings.NameAttribute, attrSID, attrPrimary}, stateAttributes(), p.settings.HomeAttributes)
	if p.settings.Groups.Attribute != "" {
		attributes = append(attributes, p.settings.Groups.Attribute)
	}
	entries, err := p.search(ctx, &ldap.SearchRequest{
		BaseDN: p.settings.BaseDN, Scope: ldap.ScopeWholeSubtree, SizeLimit: 2,
		Filter: expand(p.settings.UserFilter, name.user, name.upn, ""), Attributes: attributes,
	})
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || err == nil && len(entries) > 1:
		return nil, fmt.Errorf("more than one account answers to %q; make userFilter narrower", name.typed)
	case err != nil:
		return nil, fmt.Errorf("looking for the account: %w", err)
	case len(entries) == 0:
		return nil, nil //nolint:nilnil // nobody of that name is no error
	}
	return p.accountOf(entries[0])
}

// accountOf reads an entry. What a directory says is checked where believing
// it would let in somebody else: an empty name binds as nobody, and names
// become names of folders.
func (p *Provider) accountOf(e *ldap.Entry) (*account, error) {
	dn, err := ldap.ParseDN(e.DN)
	if err != nil || !(p.base.AncestorOfFold(dn) || p.base.EqualFold(dn)) {
		return nil, fmt.Errorf("the server answers with an account that is not below %s: %q", p.settings.BaseDN, e.DN)
	}
	a := &account{dn: e.DN, name: e.GetEqualFoldAttributeValue(p.settings.NameAttribute), state: stateOf(e), entry: e}
	if a.name == "" {
		return nil, fmt.Errorf("account %q has no attribute %s, or the searching account may not read it", e.DN, p.settings.NameAttribute)
	}
	if strings.ContainsAny(a.name, `\/:`) || strings.ContainsFunc(a.name, unicode.IsControl) || strings.Trim(a.name, ". ") == "" {
		return nil, fmt.Errorf("the name of account %q cannot be one here: %q", e.DN, a.name)
	}
	a.home = p.homeOf(e)
	return a, nil
}

// homeOf joins the attributes of the home; one that is missing leaves none.
func (p *Provider) homeOf(e *ldap.Entry) string {
	var parts []string
	for i, attribute := range p.settings.HomeAttributes {
		value := e.GetEqualFoldAttributeValue(attribute)
		if value == "" {
			return ""
		}
		if i > 0 {
			value = strings.TrimLeft(value, `\/`)
		}
		if i < len(p.settings.HomeAttributes)-1 {
			value = strings.TrimRight(value, `\/`)
		}
		parts = append(parts, value)
	}
	return strings.Join(parts, `\`)
}

// stateOf reads what keeps an account out. Servers refuse the bind for the same
// reasons; this counts while a login is remembered.
func stateOf(e *ldap.Entry) error {
	value := e.GetEqualFoldAttributeValue
	control, _ := strconv.ParseInt(value(attrControl), 10, 64)
	computed, _ := strconv.ParseInt(value(attrComputed), 10, 64)
	control |= computed
	switch {
	case control&flagDisabled != 0, strings.EqualFold(value(attrLock), "TRUE"):
		return auth.ErrAccountDisabled
	case control&flagLocked != 0, value(attrLocked) == lockedForGood:
		return auth.ErrAccountLocked
	case expired(value(attrExpires), time.Now()):
		return auth.ErrAccountExpired
	case control&flagPasswordExpired != 0 && value(attrSet) == setNever:
		return auth.ErrPasswordMustChange
	case control&flagPasswordExpired != 0:
		return auth.ErrPasswordExpired
	}
	return nil
}

// expired reads a Windows time: steps of 100 ns since 1601. 0 and the highest
// number mean never.
func expired(value string, now time.Time) bool {
	const stepsPerSecond, from1601 = 10_000_000, 11_644_473_600
	steps, err := strconv.ParseInt(value, 10, 64)
	if err != nil || steps <= 0 {
		return false
	}
	return now.Unix() >= steps/stepsPerSecond-from1601
}

// search asks with the rights of the searching account.
func (p *Provider) search(ctx context.Context, r *ldap.SearchRequest) ([]*ldap.Entry, error) {
	r.DerefAliases = ldap.NeverDerefAliases
	r.TimeLimit = int(p.settings.Timeout/time.Second) + 1
	var entries []*ldap.Entry
	err := p.pool.do(ctx, forSearching, func(c *ldap.Conn) error {
		result, err := c.Search(r)
		if err != nil {
			return err
		}
		entries = result.Entries
		for _, e := range entries {
			if e == nil || e.DN == "" {
				return errNameless
			}
		}
		return nil
	})
	return entries, err
}

// errNameless means that a server answered with an entry that has no name.
var errNameless = errors.New("the server answers with an entry that has no name")
