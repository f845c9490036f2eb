package site_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/ftphost/ftphost/pkg/site"
)

func TestUserCountersAreBounded(t *testing.T) {
	var c site.Counters
	if c.User("anna", 0) != nil {
		t.Error("a user is counted although nobody is to be")
	}
	for range c.Users() {
		t.Error("there is a user")
	}
	const most = 3
	var logins sync.WaitGroup
	for i := range 40 {
		logins.Go(func() { c.User(fmt.Sprintf("user%d", i%10), most).Logins.Add(1) })
	}
	logins.Wait()
	own, total := 0, int64(0)
	for u := range c.Users() {
		total += u.Logins.Load()
		if u.Name != site.OtherUsers {
			own++
		}
	}
	if own != most || total != 40 {
		t.Errorf("%d users with %d logins", own, total)
	}
}

func TestUserCountersByName(t *testing.T) {
	var c site.Counters
	anna, other := c.User("Anna", 2), c.User("Other", 2)
	if c.User("ANNA", 2) != anna || anna.Name != "Anna" {
		t.Error("upper and lower case are different users")
	}
	if other.Name != site.OtherUsers || c.User("bert", 2) == other || c.User("cora", 2) != other {
		t.Error("a user who is called as the others are has a series with somebody else's name")
	}
	// With fewer places, those who have one keep it.
	if c.User("bert", 1).Name != "bert" || c.User("dora", 1) != other {
		t.Error("a place is lost or won")
	}
}
