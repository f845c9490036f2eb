package ftpserver

import (
	"context"
	"crypto/md5"  //nolint:gosec // clients compare with it, nobody trusts it
	"crypto/sha1" //nolint:gosec // clients compare with it, nobody trusts it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// algorithm is a way to hash files, by its name in HASH.
type algorithm struct {
	name string
	make func() hash.Hash
}

// The places of the algorithms. The first counts for HASH unless OPTS HASH
// says otherwise.
const (
	hashSHA256 = iota
	hashSHA512
	hashSHA1
	hashMD5
	hashCRC32
)

// algorithms are those of HASH.
func algorithms() []algorithm {
	return []algorithm{
		hashSHA256: {"SHA-256", sha256.New},
		hashSHA512: {"SHA-512", sha512.New},
		hashSHA1:   {"SHA-1", sha1.New},
		hashMD5:    {"MD5", md5.New},
		hashCRC32:  {"CRC32", func() hash.Hash { return crc32.NewIEEE() }},
	}
}

// offeredHashes is the line of HASH in FEAT; the chosen one has a star.
func offeredHashes(s *session) string {
	var names []string
	for i, a := range algorithms() {
		if i == s.params.hash {
			a.name += "*"
		}
		names = append(names, a.name)
	}
	return "HASH " + strings.Join(names, ";")
}

// optsHASH chooses the algorithm, or tells which one is chosen.
func (s *session) optsHASH(name string) (ftp.Reply, error) {
	for i, a := range algorithms() {
		if strings.EqualFold(a.name, name) || name == "" && i == s.params.hash {
			s.params.hash = i
			return reply(200, a.name), nil
		}
	}
	return ftp.Reply{}, errOption
}

// hash tells the hash of a file, or of what RANG and REST name of it
// (draft-bryan-ftp-hash).
func (s *session) hash(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	a := algorithms()[s.params.hash]
	file, info, err := s.who.view.Open(s.resolve(cmd.Arg))
	if err != nil {
		return ftp.Reply{}, err
	}
	sum, offset, n, err := s.hashOf(ctx, a, file, info, s.takeSpan())
	if err != nil {
		return ftp.Reply{}, err
	}
	last := max(offset, offset+n-1)
	return reply(213, fmt.Sprintf("%s %d-%d %s %s", a.name, offset, last, hex.EncodeToString(sum), cmd.Arg)), nil
}

// hashBy is XCRC, XMD5 and their like, which came before HASH: the algorithm
// is in the verb, the range in the argument.
func hashBy(algorithm int) handler {
	return func(s *session, ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
		file, info, p, err := s.openPart(cmd.Arg)
		if err != nil {
			return ftp.Reply{}, err
		}
		sum, _, _, err := s.hashOf(ctx, algorithms()[algorithm], file, info, p)
		return reply(250, strings.ToUpper(hex.EncodeToString(sum))), err
	}
}

// openPart opens what the argument "path [start [end]]" means: the first of
// its meanings that names a file.
func (s *session) openPart(arg string) (file content.File, info content.Info, p span, err error) {
	parts, err := parseParts(arg)
	if err != nil {
		return nil, content.Info{}, span{}, err
	}
	for i, meant := range parts {
		file, info, opened := s.who.view.Open(s.resolve(meant.name))
		if i == 0 {
			err = opened
		}
		if opened == nil || !errors.Is(opened, fs.ErrNotExist) {
			return file, info, meant.span, opened
		}
	}
	s.resolve(parts[0].name) // what the log shows
	return nil, content.Info{}, span{}, err
}

// hashOf hashes a part of an open file and closes it. A file that becomes
// shorter meanwhile ends earlier.
func (s *session) hashOf(ctx context.Context, a algorithm, file content.File, info content.Info, p span) (sum []byte, offset, n int64, err error) {
	defer func() { _ = file.Close() }() // only read
	offset, n, err = p.within(info.Size)
	if err == nil {
		err = seek(file, offset)
	}
	if err != nil {
		return nil, 0, 0, err
	}
	h := a.make()
	err = s.work(ctx, func(ctx context.Context, j *job) error {
		buffer := s.server.buffers.Get().(*[]byte)
		defer s.server.buffers.Put(buffer)
		err := j.read(ctx, h, io.LimitReader(file, n), *buffer)
		n = j.moved.Load()
		return err
	})
	return h.Sum(nil), offset, n, err
}

// read reads r to its end into w, until ctx is canceled.
func (j *job) read(ctx context.Context, w io.Writer, r io.Reader, buffer []byte) error {
	for ctx.Err() == nil {
		n, err := r.Read(buffer)
		j.moved.Add(int64(n))
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
	return ctx.Err()
}
