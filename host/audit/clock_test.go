package audit

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// Nor does it go back over a restart or from one segment to the next.
func TestTimeNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	wall := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	backwards := func(c *Config) { c.Now = func() time.Time { wall = wall.Add(-time.Hour); return wall } }
	var first time.Time
	for i, size := range []uint64{2, 256, 258, 514} {
		l := openIn(t, dir, rotating, backwards)
		if !l.Time().Equal(first) {
			t.Errorf("start %d: time %v, want %v", i, l.Time(), first)
		}
		for l.Head().Size < size {
			mustAppend(t, l, note("x"))
		}
		first = time.Date(2026, 4, 30, 23, 0, 0, 0, time.UTC)
		if !l.Time().Equal(first) {
			t.Errorf("time %v, want %v", l.Time(), first)
		}
		mustClose(t, l)
	}
	for i, e := range read(t, dir).entries {
		if e.Timestamp != first.Format(timestamp) {
			t.Fatalf("entry %d has time %s", i, e.Timestamp)
		}
	}
}

// What no entry can say is refused: the next start could not read it.
func TestATimeOfFiveDigitsIsRefused(t *testing.T) {
	dir, now := t.TempDir(), longAgo
	l := openIn(t, dir, func(c *Config) { c.Now = func() time.Time { return now } })
	mustAppend(t, l, note("x"))
	now = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := l.Append(ctx, note("y")); err == nil {
		t.Error("an entry of the year 10000")
	}
	now = longAgo
	mustAppend(t, l, note("z"))
	mustClose(t, l)
	mustClose(t, openIn(t, dir))
}

// Ids sort like entries, whether time passes or stands.
func TestIDsSortLikeEntries(t *testing.T) {
	wall, last := time.Date(2026, 5, 1, 0, 0, 0, 999_999_000, time.UTC), ""
	for i := range uint64(1_000_000) {
		if i%1000 == 0 {
			wall = wall.Add(time.Duration(i%7) * time.Microsecond)
		}
		id, err := newID(wall, i<<12) // up to 2^32
		if err != nil || id <= last {
			t.Fatalf("%s behind %s, %v", id, last, err)
		}
		last = id
	}
	if id, err := uuid.Parse(last); err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		t.Errorf("%s, %v", last, err)
	}
}
