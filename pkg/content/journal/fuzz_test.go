package journal

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

// Dimensions of the file.
const (
	SlotSize = slotSize
	Slots    = slots
)

// FuzzParse reads slots that somebody else has made; of a whole file there would
// be too many.
func FuzzParse(f *testing.F) {
	var slot [slotSize]byte
	fill(slot[:], content.Place{Folder: "/srv", Name: "a/b"}, time.Unix(1, 2))
	slot[stateAt] = expected
	f.Add(slot[:])
	identify(slot[:], content.FileID{Volume: 3, Number: 4})
	slot[stateAt] = marked
	f.Add(slot[:])
	fill(slot[:], content.Place{Folder: "/srv", Name: "c", User: &content.OSUser{UID: 5, GID: 6, Groups: []uint32{7, 8}}}, time.Unix(1, 2))
	slot[stateAt] = expected
	f.Add(slot[:])
	f.Add(bytes.Repeat([]byte{0xff}, 3*slotSize))
	f.Fuzz(func(t *testing.T, some []byte) {
		parse(some)
		most := (len(some) + slotSize - 1) / slotSize
		data := make([]byte, (1+most)*slotSize)
		copy(data[slotSize:], some)
		left := parseSlots(data)
		if len(left.Entries)+left.Damaged > most || left.Foreign {
			t.Errorf("%d slots have %+v", most, left)
		}
		for _, e := range left.Entries {
			if !usable(e.Place) {
				t.Errorf("%q below %q is read", e.Name, e.Folder)
			}
			// What is read can be written, and is the same then.
			clear(data)
			fill(at(data, e.Slot), e.Place, e.Since)
			at(data, e.Slot)[stateAt] = expected
			if (e.ID != content.FileID{}) {
				identify(at(data, e.Slot), e.ID)
				at(data, e.Slot)[stateAt] = marked
			}
			again := parseSlots(data)
			if e.Until = time.Unix(0, 0); len(again.Entries) != 1 || !reflect.DeepEqual(again.Entries[0], e) {
				t.Errorf("%+v is %+v then", e, again)
			}
		}
	})
}
