package journal

import (
	"bytes"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

// Dimensions of the file.
const (
	SlotSize = slotSize
	Slots    = slots
)

// FuzzParse reads slots that somebody else has made. A whole file would have too
// many bytes to be played with, so that of each input there are the first slots.
func FuzzParse(f *testing.F) {
	var slot [slotSize]byte
	fill(slot[:], "/srv", "a/b", time.Unix(1, 2))
	slot[stateAt] = expected
	f.Add(slot[:])
	identify(slot[:], content.FileID{Volume: 3, Number: 4})
	slot[stateAt] = marked
	f.Add(slot[:])
	f.Add(bytes.Repeat([]byte{0xff}, 3*slotSize))
	f.Fuzz(func(t *testing.T, some []byte) {
		parse(some)
		data := make([]byte, fileSize)
		copy(data, magic)
		n := copy(data[slotSize:], some)
		left := parse(data)
		if most := (n + slotSize - 1) / slotSize; len(left.Entries)+left.Damaged > most || left.Foreign {
			t.Errorf("%d slots have %+v", most, left)
		}
		for _, e := range left.Entries {
			if !usable(e.Folder, e.Name) {
				t.Errorf("%q below %q is read", e.Name, e.Folder)
			}
			// What is read can be written, and is the same then.
			clear(data)
			copy(data, magic)
			fill(at(data, e.Slot), e.Folder, e.Name, e.Since)
			at(data, e.Slot)[stateAt] = expected
			if (e.ID != content.FileID{}) {
				identify(at(data, e.Slot), e.ID)
				at(data, e.Slot)[stateAt] = marked
			}
			again := parse(data)
			if e.Until = time.Unix(0, 0); len(again.Entries) != 1 || again.Entries[0] != e {
				t.Errorf("%+v is %+v then", e, again)
			}
		}
	})
}
