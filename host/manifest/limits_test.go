package manifest

import (
	"strings"
	"testing"
	"time"
)

func TestLimitsAreReadAndWrittenAlike(t *testing.T) {
	for _, tt := range []struct {
		text, canonical string
		parse           func(string) (uint64, error)
		format          func(uint64) string
		want            uint64
	}{
		{"64KiB", "64KiB", ParseMemory, FormatMemory, MinMemory},
		{"1024MiB", "1GiB", ParseMemory, FormatMemory, 1 << 30},
		{"1536KiB", "1536KiB", ParseMemory, FormatMemory, 1536 << 10},
		{"4GiB", "4GiB", ParseMemory, FormatMemory, MaxMemory},
		{"1", "1", ParseFuel, FormatFuel, MinFuel},
		{"1001", "1001", ParseFuel, FormatFuel, 1001},
		{"1000K", "1M", ParseFuel, FormatFuel, 1e6},
		{"500M", "500M", ParseFuel, FormatFuel, 500e6},
		{"1T", "1T", ParseFuel, FormatFuel, 1e12},
		{"1125899906842624", "1125899906842624", ParseFuel, FormatFuel, MaxFuel},
		{"1ms", "1ms", millis, formatMillis, 1},
		{"1500ms", "1500ms", millis, formatMillis, 1500},
		{"120s", "2m", millis, formatMillis, 120e3},
		{"90s", "90s", millis, formatMillis, 90e3},
		{"600000ms", "10m", millis, formatMillis, 600e3},
	} {
		got, err := tt.parse(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%s is read as %d, %v", tt.text, got, err)
		}
		if text := tt.format(got); text != tt.canonical {
			t.Errorf("%s is written as %s, want %s", tt.text, text, tt.canonical)
		}
	}
}

func millis(s string) (uint64, error) {
	d, err := ParseTimeout(s)
	return uint64(d / time.Millisecond), err
}

func formatMillis(ms uint64) string { return FormatTimeout(time.Duration(ms) * time.Millisecond) }

func TestLimitsOfOddWords(t *testing.T) {
	for _, s := range []string{"", " ", "K", "KiB", "ms", "01", "01s", "+1", "+1s", "-1K", "1 K", " 1", "1\n", "1e3", "0x10", "1_000", "１", "1KiB\x00", "infinity",
		strings.Repeat("9", 1000), strings.Repeat("9", 1000) + "KiB", strings.Repeat("9", 1000) + "ms"} {
		_, memory := ParseMemory(s)
		_, timeout := ParseTimeout(s)
		_, fuel := ParseFuel(s)
		for _, err := range []error{memory, timeout, fuel} {
			if err == nil || len(err.Error()) > 200 {
				t.Errorf("%.20q: %v", s, err)
			}
		}
	}
}

// What one of these parsers takes lies within its bounds, and is written in a form that it reads as the same.
func FuzzLimits(f *testing.F) {
	for _, s := range []string{"32MiB", "2s", "500M", "1", "10m", "4GiB", "1125T", "18446744073709551615K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, q := range []quantity{memories(), timeouts(), fuels()} {
			n, err := q.parse(s)
			if err != nil {
				continue
			}
			again, err := q.parse(q.format(n))
			if n < q.least || n > q.most || err != nil || again != n {
				t.Errorf("%s is %d, and then %d, %v", s, n, again, err)
			}
		}
	})
}
