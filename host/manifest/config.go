package manifest

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"bulkhead/host/strictjson"
)

// setting reports what of a plugin's config has no JSON form, or not one that every reader reads alike.
func (w *walk) setting(at keyPath, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if _, odd := invisible(name, ""); odd || len(name) > maxText {
				w.add(at.add(name), "", "is too long a key, or holds a character that is not allowed")
			}
			w.setting(at.add(name), v[name])
		}
	case []map[string]any:
		for i, e := range v {
			w.setting(at.index(i), e)
		}
	case []any:
		for i, e := range v {
			w.setting(at.index(i), e)
		}
	case string:
		w.settingText(at, v)
	case int64:
		if v > maxSerial || v < -maxSerial {
			w.add(at, "write it as a string", "integers beyond 2^53 lose digits in JSON")
		}
	case float64:
		w.settingFloat(at, v)
	case time.Time:
		w.add(at, "write it as a string", "dates and times have no JSON form")
	}
}

func (w *walk) settingText(at keyPath, s string) {
	if c, ok := invisible(s, "\n\t"); ok {
		w.add(at, "", "holds the character %U, which is not allowed", c)
	}
	if len(s) > maxConfigText {
		w.add(at, "", "has %d bytes, at most %d are allowed", len(s), maxConfigText)
	}
}

func (w *walk) settingFloat(at keyPath, f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.add(at, "", "NaN and infinity have no JSON form")
	} else if math.Abs(f) > maxSerial && f == math.Trunc(f) {
		w.add(at, "write it as a string", "integers beyond 2^53 lose digits in JSON")
	}
}

// maxConfigText is the size of one string of a config: a few PEM keys fit.
const maxConfigText = 64 << 10

// configJSON is the RFC 8785 form of a config that setting had nothing against, nil if there is no config.
func configJSON(v any) (json.RawMessage, error) {
	t, ok := v.(map[string]any)
	if !ok {
		return nil, nil
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return strictjson.Canonical(raw)
}
