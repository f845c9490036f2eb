package accounts_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth/local"
)

func TestImport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localAccounts.config")
	file := accounts.Open(path)
	if err := errors.Join(file.AddGroup("Staff"), file.AddUser("Ann", "the old one", "Staff")); err != nil {
		t.Fatal(err)
	}
	users := []accounts.NewUser{{Name: "ann", Password: "another"}, {Name: "ben", Password: "new", Enabled: true, Description: "of sales"}, {Name: "eve"}}
	groups := []accounts.NewGroup{{Name: "staff", Members: []string{"BEN", "nobody"}}, {Name: "Others", Members: []string{"eve"}}}
	made, err := file.Import(users, groups)
	if err != nil || !slices.Equal(made, []string{"ben", "eve"}) {
		t.Fatalf("made %v: %v", made, err)
	}
	directory, _ := accounts.Load(path)
	all := directory.Users()
	if len(all) != 3 || !local.VerifyPassword(all[0].Hash, "the old one") || !local.VerifyPassword(all[1].Hash, "new") || all[2].Hash != "" {
		t.Errorf("there are %d accounts, or their passwords are others", len(all))
	}
	if !all[1].Enabled || all[1].Description != "of sales" || all[2].Enabled {
		t.Errorf("ben or eve is another: %+v", all[1].Description)
	}
	for user, want := range map[string][]string{"ann": {"Staff"}, "ben": {"Staff"}, "eve": {"Others"}} {
		if got := directory.GroupsOf(user); !slices.Equal(got, want) {
			t.Errorf("%s is in %v, want %v", user, got, want)
		}
	}
}

// TestImportIsAllOrNothing: one name that cannot be leaves the file as it was.
func TestImportIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localAccounts.config")
	file := accounts.Open(path)
	if err := file.AddUser("ann", "secret"); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		user  accounts.NewUser
		group accounts.NewGroup
		want  error
	}{
		{accounts.NewUser{Name: "a/b"}, accounts.NewGroup{Name: "G"}, accounts.ErrName},
		{accounts.NewUser{Name: "ben", Password: "a\nb"}, accounts.NewGroup{Name: "G"}, accounts.ErrPassword},
		{accounts.NewUser{Name: "ben"}, accounts.NewGroup{Name: "CORP\\G"}, accounts.ErrName},
		{accounts.NewUser{Name: "ben"}, accounts.NewGroup{Name: "Ann"}, accounts.ErrExists},
	} {
		if _, err := file.Import([]accounts.NewUser{{Name: "eve"}, test.user}, []accounts.NewGroup{test.group}); !errors.Is(err, test.want) {
			t.Errorf("%q, %q: %v, want %v", test.user.Name, test.group.Name, err, test.want)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%q, %q: the file was changed", test.user.Name, test.group.Name)
		}
	}
}
