package access

import "math/bits"

// ladder finds numbers among many sorted ones. Its first level has all of them,
// and each further level every sixteenth of the one before, so that a search
// looks at two lines of memory of each level, and those of the small levels are
// at hand: among ten thousand it takes hardly twice as long as among ten.
type ladder [][]uint64

const nodeSize = 16

func newLadder(keys []uint64) ladder {
	x := ladder{keys}
	for len(keys) > nodeSize {
		var above []uint64
		for i := 0; i < len(keys); i += nodeSize {
			above = append(above, keys[i])
		}
		x, keys = append(x, above), above
	}
	return x
}

// find returns where the last number is that is not above n; the first of all
// must not be.
func (x ladder) find(n uint64) int {
	at := 0
	for i := len(x) - 1; i >= 0; i-- {
		from := at * nodeSize
		at = from + search(x[i][from:min(from+nodeSize, len(x[i]))], n)
	}
	return at
}

// search is find among few. It has no branch but the loop's, which the processor
// would guess wrong at every other step.
func search(keys []uint64, n uint64) int {
	from, length := 0, len(keys)
	for length > 1 {
		half := length / 2
		_, below := bits.Sub64(n, keys[from+half], 0)
		from += half & (int(below) - 1) //nolint:gosec // 0 or 1
		length -= half
	}
	return from
}
