package admin_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
)

// key is that of monitoring.
const key = "K-5Z2Q7N4J3M6P8R9T1V0X"

// withKey is ftpHost/admin with an address and the key.
func withKey(address string) string {
	return `<admin address="` + address + `"><keys><add name="someone" hash="` + admin.HashKey("else") + `" /><add name="monitoring" hash="` + admin.HashKey(key) + `" /></keys></admin>`
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// over asks over the network.
func over(t *testing.T, method, address, path, body string, headers ...string) response {
	t.Helper()
	return request(t, &http.Transport{DisableKeepAlives: true}, method, "http://"+address+path, body, headers...)
}

func refusesConnections(address string) bool {
	c, err := net.DialTimeout("tcp", address, limit)
	if err != nil {
		return true
	}
	c.Close()
	return false
}

func TestKeys(t *testing.T) {
	address := loopback(freePort(t))
	i := open(t, withKey(address))
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no key":                 {nil, 401},
		"Authorization":          {[]string{"Authorization", "Bearer " + key}, 200},
		"as it may be written":   {[]string{"Authorization", "bearer  " + key}, 200},
		"Access-Token":           {[]string{"Access-Token", "Bearer " + key}, 200},
		"another key":            {[]string{"Authorization", "Bearer " + key + "x"}, 401},
		"part of the key":        {[]string{"Authorization", "Bearer " + key[:len(key)-1]}, 401},
		"the hash":               {[]string{"Authorization", "Bearer " + admin.HashKey(key)}, 401},
		"an empty key":           {[]string{"Authorization", "Bearer "}, 401},
		"another scheme":         {[]string{"Authorization", "Basic " + key}, 401},
		"Access-Token is looked": {[]string{"Access-Token", "Bearer x", "Authorization", "Bearer " + key}, 401},
	} {
		got := over(t, "GET", address, "/api/status", "", test.headers...)
		if got.status != test.status || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %+v, want %d", name, got, test.status)
		}
		if test.status == 401 && (got.header.Get("WWW-Authenticate") != "Bearer" || !strings.Contains(got.body, "Authorization: Bearer KEY")) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if log := i.log.String(); !strings.Contains(log, "admin request without a key that is known: refused") || strings.Contains(log, key) {
		t.Errorf("the log has\n%s", log)
	}
	for path, status := range map[string]int{
		"/health/live": 200, "/health/ready": 200, "/health/nonsense": 401,
		"/metrics": 401, "/": 401, "/health": 401, "/health/../api/status": 401, "/health/%2e%2e/api/status": 401, "//health/../api/status": 401,
	} {
		if got := over(t, "GET", address, path, ""); got.status != status {
			t.Errorf("%s without a key: %+v, want %d", path, got, status)
		}
	}
	if got := over(t, "GET", address, "/metrics", "", "Authorization", "Bearer "+key); got.status != 200 || !strings.Contains(got.body, "ftphost_") {
		t.Errorf("%+v", got)
	}
	over(t, "POST", address, "/api/ftp/logging/flush", "", "Access-Token", "Bearer "+key)
	if log := i.log.String(); strings.Contains(log, key) || !strings.Contains(log, `"by":"key","key":"monitoring","remote":"127.0.0.1:`) {
		t.Error("the log does not name the key, or tells it")
	}
	// A key that is taken away counts no more, and its address may go on.
	i.own(strings.Replace(withKey(address), admin.HashKey(key), admin.HashKey("another"), 1))
	i.reload(api.Applied)
	if got := over(t, "GET", address, "/api/status", "", "Authorization", "Bearer "+key); got.status != 401 {
		t.Errorf("a key that was removed: %+v", got)
	}
}

func TestAddressesMove(t *testing.T) {
	first, second := loopback(freePort(t)), loopback(freePort(t))
	i := open(t, "")
	if !refusesConnections(first) || !refusesConnections(second) {
		t.Error("an address is open that nobody asked for")
	}
	i.own(withKey(first) + `<metrics address="` + second + `" />`)
	i.reload(api.Applied)
	bearer := []string{"Authorization", "Bearer " + key}
	if got := over(t, "GET", first, "/api/status", "", bearer...); got.status != 200 {
		t.Errorf("%+v", got)
	}
	for path, status := range map[string]int{"/metrics": 200, "/health/live": 200, "/health/ready": 200, "/api/status": 404, "/": 404} {
		if got := over(t, "GET", second, path, ""); got.status != status {
			t.Errorf("%s at the address of the numbers: %+v", path, got)
		}
	}
	// They change places, and the request that has them do so is answered.
	i.own(withKey(second) + `<metrics address="` + first + `" />`)
	if got := over(t, "POST", first, "/api/reload", "", bearer...); got.status != 200 || !strings.Contains(got.body, `"result":"applied"`) {
		t.Errorf("%+v", got)
	}
	if got := over(t, "GET", first, "/metrics", ""); got.status != 200 {
		t.Errorf("%+v", got)
	}
	if got := over(t, "GET", second, "/api/status", "", bearer...); got.status != 200 {
		t.Errorf("%+v", got)
	}
	i.own("")
	i.reload(api.Applied)
	if !refusesConnections(first) || !refusesConnections(second) {
		t.Error("an address is open that the configuration does not have any more")
	}
}

func TestTakenAddressIsLoggedAndTriedAgain(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address, numbers := taken.Addr().String(), loopback(freePort(t))
	i := open(t, withKey(address)+`<metrics address="`+numbers+`" />`)
	login(t, i.one, "anonymous", "x")
	i.expect("GET", "/api/status", "", 200)
	if got := over(t, "GET", numbers, "/health/ready", ""); got.status != 200 {
		t.Errorf("%+v", got)
	}
	if log := i.log.String(); !strings.Contains(log, "address of the admin interface not opened") || !strings.Contains(log, address) {
		t.Error("nothing is said of the address")
	}
	taken.Close()
	i.reload(api.Unchanged)
	if got := over(t, "GET", address, "/health/live", ""); got.status != 200 {
		t.Errorf("%+v", got)
	}
}
