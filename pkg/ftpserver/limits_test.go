package ftpserver_test

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/ftphost/ftphost/pkg/site"
)

// TestFullSite: what a client over maxConnections hears, at the greeting or
// when it names the site.
func TestFullSite(t *testing.T) {
	const unavailable = "421 Service not available, closing control connection.\r\n"
	for _, c := range []struct {
		message string
		expand  bool
		want    []string
	}{
		{"", true, []string{unavailable}},
		{"Too many, try later.", false, []string{"421 Too many, try later.\r\n"}},
		{"%SiteName% is full, %UserName%.", true, []string{"421 shop is full, .\r\n"}},
		{"%SiteName% is full", false, []string{"421 %SiteName% is full\r\n"}},
		{"Full.\nSorry.\n", false, []string{"421-Full.\r\n", "421 Sorry.\r\n"}},
	} {
		inBubble(t, "testdata/hosts.txtar", nil, func(t *testing.T, r *running) {
			shop := *r.sites[1]
			shop.Connections.MaxConnections, shop.Messages.AllowLocalDetailedErrors = 1, true
			shop.Messages.MaxClients, shop.Messages.ExpandVariables = c.message, c.expand
			endpoints, _ := site.Endpoints([]*site.Site{r.sites[0], &shop})
			r.replace(endpoints[0])
			first := r.dial(t)
			first.expect("220-")
			first.expect("220 ")
			first.send("HOST shop.example.com\r\n")
			first.expect("220 ")
			for _, command := range []string{"HOST shop.example.com", "USER shop.example.com|ann"} {
				second := r.dial(t)
				second.expect("220-")
				second.expect("220 ")
				second.send(command + "\r\n")
				for _, line := range c.want {
					second.expect(line)
				}
				second.expectEnd()
			}
			_ = first.conn.Close()
			synctest.Wait()
			third := r.dial(t)
			third.expect("220-")
			third.expect("220 ")
			third.send("HOST shop.example.com\r\n")
			third.expect("220 ")
		})
	}
}

// TestFullSiteResets: with resetOnMaxConnections nothing is said.
func TestFullSiteResets(t *testing.T) {
	inBubble(t, "testdata/hosts.txtar", nil, func(t *testing.T, r *running) {
		shop := *r.sites[1]
		shop.Connections.MaxConnections, shop.Connections.ResetOnMaxConnections = 0, true
		shop.Messages.MaxClients = "never said"
		endpoints, _ := site.Endpoints([]*site.Site{r.sites[0], &shop})
		r.replace(endpoints[0])
		for _, command := range []string{"HOST shop.example.com", "USER shop.example.com|ann"} {
			c := r.dial(t)
			c.expect("220-")
			c.expect("220 ")
			c.send(command + "\r\nNOOP\r\n")
			c.expectReset()
		}
		alone := shop
		alone.Bindings = r.sites[0].Bindings
		r.serve(t, &alone)
		r.dial(t).expectReset()
	})
}

// expectReset expects the end of the connection, in any way, and no reply.
func (c *client) expectReset() {
	c.t.Helper()
	if said, _ := io.ReadAll(c.in); len(said) > 0 {
		c.t.Errorf("got %q", said)
	}
}
