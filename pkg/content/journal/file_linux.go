package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/durable"
)

// interval is how often a journal says that its writer is alive.
const interval = time.Second

// Journal is a file in memory, which the system keeps when the process is
// killed. It is not synced: after a power failure it may be older than the
// files are. It is safe for concurrent use.
type Journal struct {
	onError func(error)
	missed  atomic.Uint64

	mu    sync.Mutex
	file  *os.File // holds the lock
	data  []byte   // nil when it is closed or broken
	empty []int    // slots without a file
}

// Open opens the journal at path, or makes it, and returns what the process
// before has left in it. The slots of that stay taken until they are cleared.
// One process at a time can have it: others get ErrTaken. What happens to it
// later is told to onError, once.
func Open(path string, onError func(error)) (*Journal, Left, error) {
	// What is no regular file must neither be waited for nor followed.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, Left{}, err
	}
	j := &Journal{onError: onError, file: f}
	left, err := j.load()
	if err != nil {
		return nil, Left{}, errors.Join(err, f.Close())
	}
	return j, left, nil
}

func (j *Journal) load() (left Left, err error) {
	info, err := j.file.Stat()
	if err != nil {
		return left, err
	}
	if !info.Mode().IsRegular() {
		return left, fmt.Errorf("%s is no file", j.file.Name())
	}
	fd := int(j.file.Fd()) //nolint:gosec // a descriptor is an int
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return left, ErrTaken
		}
		return left, os.NewSyscallError("flock", err)
	}
	data, err := io.ReadAll(io.LimitReader(j.file, fileSize+1))
	if err != nil {
		return left, err
	}
	if left = parse(data); left.Foreign || len(data) == 0 {
		if err := j.format(); err != nil {
			return left, err
		}
	}
	j.data, err = unix.Mmap(fd, 0, fileSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return left, os.NewSyscallError("mmap", err)
	}
	j.change(func() { j.takeStock(left.Entries) })
	return left, nil
}

// takeStock finds the slots that are not taken, and frees those that make no
// sense.
func (j *Journal) takeStock(taken []Entry) {
	for i := slots - 1; i >= 0; i-- { // the first ones are used first, so that few pages are
		if slices.ContainsFunc(taken, func(e Entry) bool { return e.Slot == i }) {
			continue
		}
		if binary.LittleEndian.Uint32(at(j.data, i)) != free {
			j.setState(i, free)
		}
		j.empty = append(j.empty, i)
	}
}

// format makes the file an empty journal. It has no holes, which a full disk
// could not fill later.
func (j *Journal) format() error {
	data := make([]byte, fileSize)
	copy(data, magic)
	if err := j.file.Truncate(0); err != nil {
		return err
	}
	if _, err := j.file.WriteAt(data, 0); err != nil {
		return err
	}
	return durable.Adopt(j.file.Name())
}

// Run says now and then that the process is alive, until ctx ends.
func (j *Journal) Run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		j.change(func() { j.alive(time.Now()) })
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Expect notes that the file at a place is about to be opened or made: if it is
// made, and nothing more is said, it is to be removed. It returns None when there
// is no room for it.
func (j *Journal) Expect(p content.Place) (slot int) {
	slot = None
	if usable(p) {
		j.change(func() {
			if len(j.empty) == 0 {
				return
			}
			last := len(j.empty) - 1
			i, now := j.empty[last], time.Now()
			j.alive(now)
			fill(at(j.data, i), p, now)
			j.setState(i, expected)
			j.empty, slot = j.empty[:last], i
		})
	}
	if slot == None {
		j.missed.Add(1)
	}
	return slot
}

// Mark notes what the system calls the file of a slot, which is to be removed
// if nothing more is said.
func (j *Journal) Mark(slot int, id content.FileID) {
	j.change(func() {
		identify(at(j.data, slot), id)
		j.setState(slot, marked)
	})
}

// Clear gives a slot back: the file stays as it is.
func (j *Journal) Clear(slot int) {
	j.change(func() {
		j.setState(slot, free)
		j.empty = append(j.empty, slot)
	})
}

// Missed counts the files that had no slot.
func (j *Journal) Missed() uint64 { return j.missed.Load() }

// Close lets another process have the journal. Calls afterwards do nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	var err error
	if j.data != nil {
		err = os.NewSyscallError("munmap", unix.Munmap(j.data))
	}
	err = errors.Join(err, j.file.Close())
	j.file, j.data = nil, nil
	return err
}

// change calls do, which writes to the memory of the file, unless it is not
// there any more.
func (j *Journal) change(do func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.data == nil {
		return
	}
	// Such memory can vanish: somebody cuts the file short, or the disk is full
	// and the file system writes nothing in place.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			j.data = nil
			j.onError(fmt.Errorf("%s cannot be written any more", j.file.Name()))
		default:
			panic(fault)
		}
	}()
	do()
}

// setState is the last step of a change: what comes before it is in the memory
// by then.
func (j *Journal) setState(slot int, state uint32) {
	var number [4]byte
	binary.LittleEndian.PutUint32(number[:], state)
	p := (*uint32)(unsafe.Pointer(unsafe.SliceData(at(j.data, slot)))) //nolint:gosec // slots are aligned, and so large
	atomic.StoreUint32(p, binary.NativeEndian.Uint32(number[:]))
}

func (j *Journal) alive(now time.Time) {
	binary.LittleEndian.PutUint64(j.data[aliveAt:], uint64(now.UnixNano())) //nolint:gosec // read back by instant
}
