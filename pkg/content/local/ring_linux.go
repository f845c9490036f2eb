package local

import (
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring asks the kernel about many files with one system call (io_uring): a
// long listing takes three fifths of the time. It belongs to one goroutine. All
// memory that it shares with the kernel is mapped, none is Go's.
type ring struct {
	fd       int
	params   ringParams
	mappings [][]byte

	queues      []byte // heads and tails, and the completions
	submissions []submission
	questions   []question
	running     int // questions that the kernel still works at
}

const (
	// ringSize is how many files are asked about at once, a power of two.
	ringSize = lookAhead
	// ringThreads is how many threads of the kernel look at them. More cost
	// more than they save.
	ringThreads = 2
	// ringWorth is the number of entries from which on opening a ring, which
	// takes a millisecond, costs less than it saves.
	ringWorth = 4000
)

// question is a name and what the kernel answers.
type question struct {
	stat unix.Statx_t
	name [unix.NAME_MAX + 1]byte
}

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, cpu, idle, features, wq uint32
	_                                                    [3]uint32

	sq struct{ head, tail, mask, entries, flags, dropped, array, _, _, _ uint32 }
	cq struct{ head, tail, mask, entries, overflow, cqes, flags, _, _, _ uint32 }
}

// submission is struct io_uring_sqe as statx fills it.
type submission struct {
	opcode, flags uint8
	priority      uint16
	dir           int32
	stat          uint64
	name          uint64
	mask          uint32
	statxFlags    uint32
	data          uint64
	_             [3]uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	data   uint64
	result int32
	_      uint32
}

// From linux/io_uring.h.
const (
	ringOpStatx       = 21         // IORING_OP_STATX
	ringGetEvents     = 1          // IORING_ENTER_GETEVENTS
	ringSetThreads    = 19         // IORING_REGISTER_IOWQ_MAX_WORKERS
	ringOneMapping    = 1          // IORING_FEAT_SINGLE_MMAP
	ringSubmissionsAt = 0x10000000 // IORING_OFF_SQES
)

// openRing returns an error where the kernel has no rings, or the
// administrator of the system does not allow them.
func openRing() (*ring, error) {
	r := &ring{}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, ringSize, uintptr(unsafe.Pointer(&r.params)), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("io_uring_setup", errno)
	}
	r.fd = int(fd)
	if err := r.share(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// share maps the memory and prepares what never changes.
func (r *ring) share() (err error) {
	p := &r.params
	if p.features&ringOneMapping == 0 {
		return os.NewSyscallError("io_uring_setup", unix.ENOSYS) // a kernel before 5.4
	}
	size := max(p.sq.array+p.sqEntries*uint32(unsafe.Sizeof(uint32(0))), p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(completion{})))
	if r.queues, err = r.mapped(r.fd, 0, int(size)); err != nil {
		return err
	}
	b, err := r.mapped(r.fd, ringSubmissionsAt, ringSize*int(unsafe.Sizeof(submission{})))
	if err != nil {
		return err
	}
	r.submissions = unsafe.Slice((*submission)(unsafe.Pointer(&b[0])), ringSize)
	if b, err = r.mapped(-1, 0, ringSize*int(unsafe.Sizeof(question{}))); err != nil {
		return err
	}
	r.questions = unsafe.Slice((*question)(unsafe.Pointer(&b[0])), ringSize)
	for i := range uint32(ringSize) {
		*r.number(p.sq.array + i*uint32(unsafe.Sizeof(i))) = i
	}
	threads := [2]uint32{ringThreads, ringThreads}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), ringSetThreads, uintptr(unsafe.Pointer(&threads)), uintptr(len(threads)), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("io_uring_register", errno) // a kernel before 5.15
	}
	return nil
}

// mapped maps memory, of the ring or of nobody.
func (r *ring) mapped(fd int, at int64, size int) ([]byte, error) {
	flags := unix.MAP_SHARED | unix.MAP_POPULATE
	if fd < 0 {
		flags = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	}
	b, err := unix.Mmap(fd, at, size, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	r.mappings = append(r.mappings, b)
	return b, nil
}

// close gives everything back. Memory into which the kernel may still write
// is not given to anybody else.
func (r *ring) close() {
	_ = unix.Close(r.fd) // nothing was written
	if r.running > 0 {
		return
	}
	for _, b := range r.mappings {
		_ = unix.Munmap(b) // as it was mapped
	}
}

// number is one of the numbers in the queues.
func (r *ring) number(at uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[at])) }

// stat asks about entries of the directory dir, at most ringSize, and puts
// the error of each into errs; 0 means that r.questions has the answer. An
// error means that the ring is of no use any more.
func (r *ring) stat(dir int, entries []entry, errs []unix.Errno) error {
	tail := *r.number(r.params.sq.tail)
	for i, e := range entries {
		q := &r.questions[i]
		if copy(q.name[:len(q.name)-1], e.name) < len(e.name) {
			return unix.ENAMETOOLONG
		}
		q.name[len(e.name)] = 0
		r.submissions[(tail+uint32(i))%ringSize] = submission{
			opcode: ringOpStatx, dir: int32(dir), mask: unix.STATX_BASIC_STATS, statxFlags: unix.AT_SYMLINK_NOFOLLOW, data: uint64(i),
			name: uint64(uintptr(unsafe.Pointer(&q.name))), stat: uint64(uintptr(unsafe.Pointer(&q.stat))),
		}
	}
	atomic.StoreUint32(r.number(r.params.sq.tail), tail+uint32(len(entries)))
	for left := len(entries); left+r.running > 0; {
		n, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(left), uintptr(left+r.running), ringGetEvents, 0, 0)
		switch errno {
		case 0:
			left, r.running = left-int(n), r.running+int(n)
		case unix.EINTR:
		default:
			return os.NewSyscallError("io_uring_enter", errno)
		}
		r.collect(errs)
	}
	return nil
}

// collect takes the answers that are there.
func (r *ring) collect(errs []unix.Errno) {
	cq := &r.params.cq
	completions := unsafe.Slice((*completion)(unsafe.Pointer(&r.queues[cq.cqes])), r.params.cqEntries)
	head, tail := *r.number(cq.head), atomic.LoadUint32(r.number(cq.tail))
	for ; head != tail; head++ {
		c := &completions[head%r.params.cqEntries]
		errs[c.data] = unix.Errno(-min(c.result, 0))
		r.running--
	}
	atomic.StoreUint32(r.number(cq.head), head)
}
