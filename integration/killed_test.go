//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/ftphost/ftphost/integration/extendedlog"
)

// kills is how often the server is killed: two hundred times with FTPHOST_LONG,
// which takes minutes.
func kills() int {
	if os.Getenv("FTPHOST_LONG") != "" {
		return 200
	}
	return 8
}

// TestKilled kills servers and commands at any moment of uploads, of changes of
// accounts, certificates and configuration, and of writing logs and histories.
// Nothing is torn, partial uploads are as keepPartialUploads says, and the next
// start is clean.
func TestKilled(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keepPartialUploads %v", keep), func(t *testing.T) {
			home := secureHome(t,
				`<messages allowLocalDetailedErrors="false" />`, fmt.Sprintf(`<fileHandling keepPartialUploads="%v" />`, keep),
				`<system.applicationHost>`, `<system.applicationHost><configHistory period="00:00:10" />`)
			k := &killing{home: home, keep: keep, files: map[string]*uploaded{}, accounts: newAccountsUnderway(home)}
			for range kills() / 2 {
				k.round(t)
				if t.Failed() {
					return
				}
			}
			k.start(t)
			k.look(t)
			ftphost(t, "", "status", "--home", home)
			ftphost(t, "", "log", "flush", "--home", home)
			k.logs(t)
			t.Logf("%d uploads ended, %d did not; %d partial ones were found; %d commands ended, %d did not; %d log lines were torn",
				k.ended, k.cut, k.partial, k.accounts.ended+k.others.ended, k.accounts.killed+k.others.killed, k.torn)
		})
	}
}

// killing is one home whose servers are killed.
type killing struct {
	home   string
	keep   bool
	server *server
	number int // of the next upload

	mu    sync.Mutex
	files map[string]*uploaded

	accounts *accountsUnderway
	others   commands

	ended, cut, partial, torn int
}

// uploaded is a file, before the last upload and when that has ended.
type uploaded struct {
	before, after []byte // before is nil when it was not there
	ended         bool   // with 226
}

// round starts a server, looks what the one before has left, and kills it.
func (k *killing) round(t *testing.T) {
	k.start(t)
	k.look(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var killed atomic.Bool
	var tasks sync.WaitGroup
	for n := range 4 {
		if c := client(t, k.server, n%2 == 0); c != nil {
			tasks.Go(func() { k.upload(t, c, n, &killed) })
		}
	}
	// One at least is in the middle when the kill comes.
	k.number++
	middle := fmt.Sprintf("middle-%d.bin", k.number)
	k.expect(middle, k.data(100<<10), false)
	if c := client(t, k.server, k.number%2 == 0); c != nil {
		begin := bytes.NewReader(k.files[middle].after[:64<<10])
		tasks.Go(func() {
			if err := c.Stor(middle, stuck{begin, ctx.Done()}); !killed.Load() {
				t.Errorf("the upload in the middle ended: %v", err)
			}
		})
	}
	var cli sync.WaitGroup
	k.others.look(t, k.home)
	cli.Go(func() { k.accounts.change(t, ctx, &killed) })
	cli.Go(func() { k.others.run(t, ctx, &killed, k.home) })
	cli.Go(func() { rename(t, ctx, k.home) })
	arrived := func() bool {
		info, err := os.Stat(filepath.Join(content(k.home), middle))
		return err == nil && info.Size() > 0
	}
	for deadline := time.Now().Add(time.Minute); !arrived(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("nothing arrives of the upload in the middle")
			break
		}
	}
	time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // any moment will do
	killed.Store(true)
	if err := k.server.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-k.server.done
	if strings.Contains(k.server.talk.String(), "record of uploads") {
		t.Errorf("the record of uploads is torn:\n%s", k.server.talk)
	}
	stop() // kills commands too
	cli.Wait()
	tasks.Wait()
}

// start starts a server, while there is everything that the one before has
// left.
func (k *killing) start(t *testing.T) {
	if _, err := os.Lstat(filepath.Join(k.home, "ftphost.sock")); k.server != nil && err != nil {
		t.Errorf("the socket of the server before is gone: %v", err)
	}
	for _, args := range [][]string{{"check"}, {"user", "list"}, {"group", "list"}, {"cert", "list"}, {"history", "list"}} {
		ftphost(t, "", append(args, "--home", k.home)...)
	}
	k.server = serve(t, k.home)
}

// data is content that no other upload has.
func (k *killing) data(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	return data
}

// expect notes what is uploaded to a file.
func (k *killing) expect(name string, data []byte, appends bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	u := k.files[name]
	if u == nil {
		u = &uploaded{}
		k.files[name] = u
	}
	if u.ended {
		u.before = u.after
	}
	u.after, u.ended = data, false
	if appends {
		u.after = slices.Concat(u.before, data)
	}
}

// upload uploads files until the server is killed: new ones, such as replace
// others, and parts at the end of one.
func (k *killing) upload(t *testing.T, c *ftp.ServerConn, n int, killed *atomic.Bool) {
	for i := 0; ; i++ {
		data := k.data([]int{1, 5, 4 << 10, 300 << 10}[rand.IntN(4)])
		name, appends := fmt.Sprintf("new-%d-%d-%d.bin", k.server.offset, n, i), false
		store := c.Stor
		switch rand.IntN(3) {
		case 0:
			name = fmt.Sprintf("replaced-%d.bin", n)
		case 1:
			name, appends = fmt.Sprintf("longer-%d.bin", n), true
			store = c.Append
		}
		k.expect(name, data, appends)
		if err := store(name, bytes.NewReader(data)); err != nil {
			if !killed.Load() {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		k.mu.Lock()
		k.files[name].ended = true
		k.mu.Unlock()
	}
}

// look compares the files with what was uploaded, and goes on with what is
// there.
func (k *killing) look(t *testing.T) {
	dir := content(k.home)
	for name, u := range k.files {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		there := err == nil
		partial := !bytes.Equal(data, u.after) && len(data) <= len(u.after) && bytes.Equal(data, u.after[:len(data)])
		switch {
		case u.ended:
			k.ended++
			if !there || !bytes.Equal(data, u.after) {
				t.Errorf("%s: its upload ended, and %d bytes of %d are there", name, len(data), len(u.after))
			}
		case there && bytes.Equal(data, u.after), there && u.before != nil && bytes.Equal(data, u.before), !there && u.before == nil && !strings.HasPrefix(name, "middle"):
			k.cut++ // all of it or nothing
		case k.keep && there && partial, !k.keep && !there:
			k.cut++
			k.partial++
		default:
			t.Errorf("%s: keep %v, %d bytes are there, %d were before and %d would be after", name, k.keep, len(data), len(u.before), len(u.after))
		}
		if !there {
			delete(k.files, name)
			continue
		}
		// Only what goes on is looked at again.
		if delete(k.files, name); strings.HasPrefix(name, "longer") || strings.HasPrefix(name, "replaced") {
			k.files[name] = &uploaded{after: data, ended: true}
		} else if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".bin") && k.files[e.Name()] == nil {
			t.Errorf("%s is there, and nobody knows it", e.Name())
		}
	}
	k.accounts.look(t, k.server)
}

// stuck is a client that sends no more until it ends.
type stuck struct {
	io.Reader
	until <-chan struct{}
}

func (s stuck) Read(b []byte) (int, error) {
	if n, err := s.Reader.Read(b); n > 0 {
		return n, err
	}
	<-s.until
	return 0, io.ErrUnexpectedEOF
}

// rename does as logrotate does.
func rename(t *testing.T, ctx context.Context, home string) {
	for i := 0; ctx.Err() == nil; i++ {
		names, err := filepath.Glob(filepath.Join(home, "logs", "*", "*.log"))
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if err := os.Rename(name, fmt.Sprintf("%s.%d", name, time.Now().UnixNano())); err != nil {
				t.Error(err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.IntN(500)) * time.Millisecond): // now and then
		}
	}
}

// logs parses all logs. Where a server was killed, or the disk had no more of it
// when the next one came, a line may be torn: the last one before a header.
func (k *killing) logs(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(k.home, "logs", "*", "*.log*"))
	if err != nil || len(names) == 0 {
		t.Errorf("logs: %q, %v", names, err)
	}
	const header = "#Software:"
	for _, name := range names {
		text := readText(t, name)
		if !strings.HasPrefix(text, header) && text != "" {
			t.Errorf("%s does not begin with a header", name)
			continue
		}
		for section := range strings.SplitSeq(strings.TrimPrefix(text, header), header) {
			section = header + section
			if _, err := extendedlog.Parse(section); err == nil || section == header {
				continue
			}
			k.torn++
			last := strings.LastIndexByte(strings.TrimRight(section, "\r\n"), '\n') + 1
			if _, err := extendedlog.Parse(section[:last]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
