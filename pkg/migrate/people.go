package migrate

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Person is an account of the Windows server.
type Person struct {
	Name, Description string
	Enabled           bool
}

// People are the accounts and groups of the Windows server.
type People struct {
	Users []Person
	// Groups are in the order of the lists; members are account names.
	Groups []Membership
	// Computer is the name of the Windows server, when a list tells it.
	Computer string

	known map[string]bool
	// pending are memberships as read, group and member.
	pending [][2]string
}

// Membership is a group and who is in it.
type Membership struct {
	Group   string
	Members []string
}

// maxList bounds a list of accounts.
const maxList = 64 << 20

// ReadPeople reads lists of accounts: what PowerShell's Export-Csv makes of
// Get-LocalUser (columns Name, Enabled, Description) and of members of groups
// (columns Group, Name), or what "net user" prints. The errors name the file.
func ReadPeople(paths []string) (*People, error) {
	p := &People{known: map[string]bool{}}
	for _, path := range paths {
		text, err := readText(path)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(strings.ToLower(path), ".txt") {
			err = p.netUser(text)
		} else {
			err = p.table(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	// Last, since only then it is known which members are accounts.
	for _, m := range p.pending {
		p.join(m[0], m[1])
	}
	return p, nil
}

// readText reads a file as Windows programs write it: UTF-8 with or without a
// mark, or UTF-16.
func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxList {
		return "", fmt.Errorf("%s: it is larger than %d bytes, too much for a list of accounts", path, maxList)
	}
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		units := make([]uint16, 0, len(data)/2)
		big := data[0] == 0xFE
		for i := 2; i+1 < len(data); i += 2 {
			low, high := data[i], data[i+1]
			if big {
				low, high = high, low
			}
			units = append(units, uint16(low)|uint16(high)<<8)
		}
		return string(utf16.Decode(units)), nil
	default:
		return string(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))), nil
	}
}

// table reads a CSV file with a header; PowerShell may put a line with the type
// of the objects before it, and semicolons between the columns.
func (p *People) table(text string) error {
	if strings.HasPrefix(text, "#TYPE") {
		_, text, _ = strings.Cut(text, "\n")
	}
	head, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	if strings.Count(head, ";") > strings.Count(head, ",") {
		r.Comma = ';'
	}
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("it is not CSV: %w", err)
	}
	if len(rows) == 0 {
		return errors.New("it is empty")
	}
	column := func(name string) int {
		return slices.IndexFunc(rows[0], func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), name) })
	}
	name, group := column("Name"), column("Group")
	if c := column("SamAccountName"); c >= 0 { // the Name of Active Directory is what people are called
		name = c
	}
	if name < 0 {
		return fmt.Errorf("its first line has no column Name but %s; export users with: Get-LocalUser | Select Name,Enabled,Description | Export-Csv users.csv", strings.Join(rows[0], ", "))
	}
	for i, row := range rows[1:] {
		if strings.TrimSpace(row[name]) == "" {
			return fmt.Errorf("row %d has no name", i+2)
		}
		if group >= 0 {
			p.pending = append(p.pending, [2]string{strings.TrimSpace(row[group]), row[name]})
			continue
		}
		person := Person{Name: p.bare(row[name]), Enabled: true}
		if c := column("Enabled"); c >= 0 {
			person.Enabled = !slices.Contains([]string{"false", "0", "no"}, strings.ToLower(strings.TrimSpace(row[c])))
		}
		if c := column("Description"); c >= 0 {
			person.Description = row[c]
		}
		p.add(person)
	}
	return nil
}

// netUser reads what "net user" prints: names in three columns of 25 characters
// below a line of hyphens. It says nothing about who is disabled.
func (p *People) netUser(text string) error {
	const width = 25
	scanner := bufio.NewScanner(strings.NewReader(text))
	scanner.Buffer(nil, maxList)
	below := false
	var lines []string
	for scanner.Scan() {
		line := strings.TrimRight(scanner.Text(), " \r")
		switch {
		case strings.HasPrefix(line, "-----"):
			below = true
		case below && line != "":
			lines = append(lines, line)
		}
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	if !below || len(lines) < 2 {
		return errors.New("it is not what net user prints: there is no line of hyphens with names below")
	}
	for _, line := range lines[:len(lines)-1] { // the last one says that all went well
		runes := []rune(line)
		for len(runes) > 0 {
			n := min(width, len(runes))
			if name := strings.TrimSpace(string(runes[:n])); name != "" {
				p.add(Person{Name: name, Enabled: true})
			}
			runes = runes[n:]
		}
	}
	return nil
}

func (p *People) add(person Person) {
	if key := auth.Fold(person.Name); !p.known[key] {
		p.known[key] = true
		p.Users = append(p.Users, person)
	}
}

// join notes a membership; one of an account that is no local one has its domain
// in front.
func (p *People) join(group, member string) {
	member = p.bare(member)
	for i := range p.Groups {
		if auth.Fold(p.Groups[i].Group) == auth.Fold(group) {
			p.Groups[i].Members = append(p.Groups[i].Members, member)
			return
		}
	}
	p.Groups = append(p.Groups, Membership{group, []string{member}})
}

// bare takes the name of the computer off a local account.
func (p *People) bare(name string) string {
	name = strings.TrimSpace(name)
	computer, account, qualified := strings.Cut(name, `\`)
	switch {
	case !qualified:
		return name
	case p.known[auth.Fold(account)] && (p.Computer == "" || strings.EqualFold(p.Computer, computer)):
		p.Computer = computer
		return account
	}
	return name
}
