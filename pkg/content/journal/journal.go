// Package journal remembers which files are being written, in a file that the
// next process reads when this one has not ended as it should. It opens none
// of those files.
package journal

import (
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

// The form of the file: a header, then slots of one size, each for one upload.
// Numbers are little-endian. All but magic may change with the version in it.
const (
	magic    = "ftphost uploads in progress 1\r\n\x1a"
	slotSize = 1 << 10
	slots    = 1 << 10
	fileSize = (1 + slots) * slotSize // the header has a slot's size

	aliveAt = 64 // in the header: when its writer was last alive
)

// Where the parts of a slot are.
const (
	stateAt    = 0
	sumAt      = 4  // of all from sinceAt on
	idSumAt    = 8  // of volumeAt and numberAt
	volumeAt   = 16 // zero, as the number, in a file that is expected
	numberAt   = 24
	sinceAt    = 32
	folderLen  = 40
	nameLen    = 42
	groupCount = 44
	actingAt   = 46 // 1 when there is a user
	uidAt      = 48
	gidAt      = 52
	textAt     = 56 // the folder, the name, and the groups
	groupSize  = 4
	maxTextLen = slotSize - textAt
)

// States of a slot; the last thing that is written of a change.
const (
	free     = 0
	expected = 1 // the file is about to be opened or made
	marked   = 2 // the file has this identity and is to be removed
)

// None is the slot of a file that has none.
const None = -1

// Entry is a file that the process before was writing and did not mean to
// keep as it is.
type Entry struct {
	content.Unfinished
	// Slot is where it stands; Clear it when nothing is left to do.
	Slot int
}

// Left is what was found in a journal.
type Left struct {
	Entries []Entry
	// Damaged counts slots that were ignored because they make no sense.
	Damaged int
	// Foreign says that the file was not a journal, and was made one.
	Foreign bool
}

// parse reads the contents of a file, whatever they are.
func parse(data []byte) Left {
	if len(data) != fileSize || !strings.HasPrefix(string(data[:len(magic)]), magic) {
		return Left{Foreign: len(data) > 0}
	}
	return parseSlots(data)
}

// parseSlots reads the slots behind a header.
func parseSlots(data []byte) (left Left) {
	alive := instant(data[aliveAt:])
	for i := range len(data)/slotSize - 1 {
		slot := at(data, i)
		if binary.LittleEndian.Uint32(slot) == free {
			continue
		}
		u, ok := parseSlot(slot)
		if !ok {
			left.Damaged++
			continue
		}
		u.Until = alive
		left.Entries = append(left.Entries, Entry{u, i})
	}
	return left
}

// parseSlot reads a slot that is not free.
func parseSlot(slot []byte) (u content.Unfinished, ok bool) {
	folderEnd := textAt + int(binary.LittleEndian.Uint16(slot[folderLen:]))
	nameEnd := folderEnd + int(binary.LittleEndian.Uint16(slot[nameLen:]))
	end := nameEnd + groupSize*int(binary.LittleEndian.Uint16(slot[groupCount:]))
	if end > slotSize || sum(slot[sinceAt:end]) != binary.LittleEndian.Uint32(slot[sumAt:]) {
		return u, false
	}
	u.Folder, u.Name = string(slot[textAt:folderEnd]), string(slot[folderEnd:nameEnd])
	u.Since = instant(slot[sinceAt:])
	if binary.LittleEndian.Uint16(slot[actingAt:]) != 0 {
		u.User = &content.OSUser{UID: binary.LittleEndian.Uint32(slot[uidAt:]), GID: binary.LittleEndian.Uint32(slot[gidAt:])}
		for i := nameEnd; i < end; i += groupSize {
			u.User.Groups = append(u.User.Groups, binary.LittleEndian.Uint32(slot[i:]))
		}
	}
	if !usable(u.Place) {
		return u, false
	}
	switch binary.LittleEndian.Uint32(slot) {
	case expected:
		return u, true
	case marked:
		u.ID.Volume = binary.LittleEndian.Uint64(slot[volumeAt:])
		u.ID.Number = binary.LittleEndian.Uint64(slot[numberAt:])
		return u, u.ID != content.FileID{} && sum(slot[volumeAt:sinceAt]) == binary.LittleEndian.Uint32(slot[idSumAt:])
	default:
		return u, false
	}
}

// usable tells whether a place can stand in a journal: a name leads nowhere
// but below its folder.
func usable(p content.Place) bool {
	size := len(p.Folder) + len(p.Name)
	if p.User != nil {
		size += groupSize * len(p.User.Groups)
	}
	return size <= maxTextLen && filepath.IsAbs(p.Folder) && p.Name != "." && filepath.IsLocal(p.Name) &&
		strings.IndexByte(p.Folder, 0) < 0 && strings.IndexByte(p.Name, 0) < 0
}

// fill writes all of a slot but its state.
func fill(slot []byte, p content.Place, since time.Time) {
	clear(slot[volumeAt:textAt])
	binary.LittleEndian.PutUint64(slot[sinceAt:], uint64(since.UnixNano())) //nolint:gosec // read back by instant
	binary.LittleEndian.PutUint16(slot[folderLen:], uint16(len(p.Folder)))  //nolint:gosec // usable looked
	binary.LittleEndian.PutUint16(slot[nameLen:], uint16(len(p.Name)))      //nolint:gosec // usable looked
	end := textAt + copy(slot[textAt:], p.Folder)
	end += copy(slot[end:], p.Name)
	if u := p.User; u != nil {
		binary.LittleEndian.PutUint16(slot[actingAt:], 1)
		binary.LittleEndian.PutUint32(slot[uidAt:], u.UID)
		binary.LittleEndian.PutUint32(slot[gidAt:], u.GID)
		binary.LittleEndian.PutUint16(slot[groupCount:], uint16(len(u.Groups))) //nolint:gosec // usable looked
		for _, g := range u.Groups {
			binary.LittleEndian.PutUint32(slot[end:], g)
			end += groupSize
		}
	}
	binary.LittleEndian.PutUint32(slot[sumAt:], sum(slot[sinceAt:end]))
}

// identify writes the identity of a slot's file.
func identify(slot []byte, id content.FileID) {
	binary.LittleEndian.PutUint64(slot[volumeAt:], id.Volume)
	binary.LittleEndian.PutUint64(slot[numberAt:], id.Number)
	binary.LittleEndian.PutUint32(slot[idSumAt:], sum(slot[volumeAt:sinceAt]))
}

// at is slot i of a file.
func at(data []byte, i int) []byte { return data[(1+i)*slotSize : (2+i)*slotSize] }

func instant(b []byte) time.Time {
	return time.Unix(0, int64(binary.LittleEndian.Uint64(b))) //nolint:gosec // whatever it is, it is a time
}

func sum(b []byte) uint32 { return crc32.ChecksumIEEE(b) }
