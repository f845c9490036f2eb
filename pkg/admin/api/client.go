package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrNotRunning means that no host answers at the socket.
var ErrNotRunning = errors.New("no ftphost is running here")

// HomeHeader has the folder of the configuration whose host is meant. Another
// one refuses.
const HomeHeader = "X-Ftphost-Home"

// Client talks to a running host through its socket. It is safe for concurrent
// use.
type Client struct {
	home    string
	sockets []string
	http    http.Client
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// answerTime is how long a host may take: a reload of a very large file takes
// seconds.
const answerTime = 2 * time.Minute

// NewClient returns a client for the host of a home, which is at one of the
// sockets.
func NewClient(home string, sockets ...string) *Client {
	c := &Client{home: home, sockets: sockets}
	c.http = http.Client{
		Timeout: answerTime,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       c.dial,
		},
	}
	return c
}

// dial connects to the first socket at which somebody is.
func (c *Client) dial(ctx context.Context, _, _ string) (conn net.Conn, err error) {
	for _, socket := range c.sockets {
		short, release, failed := ShortPath(socket)
		if failed != nil {
			err = failed
			continue
		}
		conn, err = (&net.Dialer{}).DialContext(ctx, "unix", short)
		release()
		if err == nil {
			return conn, nil
		}
		err = &unreached{socket, err}
		if !isNobody(err) {
			return nil, err
		}
	}
	return nil, err
}

// unreached is what came of connecting to a socket, by the path that people know.
type unreached struct {
	socket string
	err    error
}

func (u *unreached) Error() string { return u.err.Error() }
func (u *unreached) Unwrap() error { return u.err }

// isNobody reports whether an error says that nobody listens.
func isNobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, refused)
}

// do sends a request, with body as JSON unless it is nil, and reads the answer
// into result unless that is nil.
func (c *Client) do(ctx context.Context, method, path string, body, result any) error {
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://ftphost"+path, &text)
	if err != nil {
		return err
	}
	request.Header.Set(HomeHeader, c.home)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	answer := json.NewDecoder(io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode >= http.StatusBadRequest {
		failure := &Failure{Status: response.StatusCode}
		if answer.Decode(failure) != nil || failure.Detail == "" {
			failure.Detail = "the running ftphost answers " + response.Status
		}
		if response.StatusCode == http.StatusMisdirectedRequest {
			return fmt.Errorf("%w: %w", ErrNotRunning, failure)
		}
		return failure
	}
	if result == nil {
		return nil
	}
	if err := answer.Decode(result); err != nil {
		return fmt.Errorf("the answer of the running ftphost is not understood; is it another version? %w", err)
	}
	return nil
}

// unreachable says what to do when nobody answers.
func (c *Client) unreachable(err error) error {
	where := strings.Join(c.sockets, " or ")
	var dial *unreached
	if errors.As(err, &dial) {
		where = dial.socket
	}
	var at *url.Error
	switch {
	case isNobody(err):
		return fmt.Errorf("%w: nobody listens at %s", ErrNotRunning, strings.Join(c.sockets, " or "))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the server at %s may only be asked by the user it runs as, and by root; try sudo", where)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &at) && at.Timeout():
		return fmt.Errorf("the server at %s does not answer", where)
	case at != nil:
		err = at.Err
	}
	return fmt.Errorf("asking the server at %s: %w", where, err)
}

// Status asks how the host is.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.do(ctx, http.MethodGet, "/api/status", nil, &s)
}

// Reload has the host look at its configuration.
func (c *Client) Reload(ctx context.Context) (r Report, err error) {
	return r, c.do(ctx, http.MethodPost, "/api/reload", nil, &r)
}

// Plan asks what a file would change.
func (c *Client) Plan(ctx context.Context, file string) (r Report, err error) {
	return r, c.do(ctx, http.MethodPost, "/api/plan", Plan{file}, &r)
}

// Sites lists the sites.
func (c *Client) Sites(ctx context.Context) ([]Site, error) {
	var list Sites
	err := c.do(ctx, http.MethodGet, "/api/ftp/sites", nil, &list)
	return list.Sites, err
}

// SetSite starts, stops or restarts a site, by name or number.
func (c *Client) SetSite(ctx context.Context, site, state string) (s Site, err error) {
	return s, c.do(ctx, http.MethodPatch, "/api/ftp/sites/"+url.PathEscape(site), SetSite{state}, &s)
}

// Sessions lists the sessions of a site, by name or number; "" is all.
func (c *Client) Sessions(ctx context.Context, site string) ([]Session, error) {
	var list Sessions
	err := c.do(ctx, http.MethodGet, "/api/ftp/sessions"+query("site", site), nil, &list)
	return list.Sessions, err
}

// Terminate ends a session.
func (c *Client) Terminate(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/api/ftp/sessions/"+url.PathEscape(id), nil, nil)
}

// TerminateUser ends all sessions of a user and returns how many there were.
func (c *Client) TerminateUser(ctx context.Context, user string) (int, error) {
	var ended Ended
	err := c.do(ctx, http.MethodDelete, "/api/ftp/sessions"+query("user", user), nil, &ended)
	return ended.Ended, err
}

// Bans lists the addresses that are blocked.
func (c *Client) Bans(ctx context.Context) ([]Ban, error) {
	var list Bans
	err := c.do(ctx, http.MethodGet, "/api/ftp/bans", nil, &list)
	return list.Bans, err
}

// RemoveBan lets an address in again.
func (c *Client) RemoveBan(ctx context.Context, address string) error {
	return c.do(ctx, http.MethodDelete, "/api/ftp/bans/"+url.PathEscape(address), nil, nil)
}

// FlushLogs has all log lines written that wait.
func (c *Client) FlushLogs(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/api/ftp/logging/flush", nil, nil)
}

// FlushCredentials has all remembered passwords forgotten.
func (c *Client) FlushCredentials(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/api/ftp/credentials-cache/flush", nil, nil)
}

func query(key, value string) string {
	if value == "" {
		return ""
	}
	return "?" + strings.ReplaceAll(url.Values{key: {value}}.Encode(), "+", "%20")
}
