package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkhead/abi"
)

// A moment is the local time of a request, as far as it is known.
type moment struct {
	known  bool
	minute int // of the day
	day    string
}

// An offset is how far local time is ahead of UTC.
type offset time.Duration

// moment trusts the host's time only where the host does.
func (o offset) moment(q abi.PolicyRequest) moment {
	now, err := time.Parse(time.RFC3339, q.Now)
	if err != nil || q.Clock != abi.ClockTrusted && q.Clock != abi.ClockFloor {
		return moment{}
	}
	local := now.UTC().Add(time.Duration(o))
	return moment{known: true, minute: local.Hour()*60 + local.Minute(), day: dayName(local.Weekday())}
}

func dayName(d time.Weekday) string { return strings.ToLower(d.String()[:3]) }

// parseOffset takes +HH:MM or -HH:MM, at most 14 hours; "" is UTC.
func parseOffset(s string) (offset, error) {
	if s == "" {
		return 0, nil
	}
	minutes, ok := parseClock(s[1:])
	if !ok || minutes > 14*60 || s[0] != '+' && s[0] != '-' {
		return 0, fmt.Errorf("utc_offset: %.16q is not +HH:MM or -HH:MM", s)
	}
	if s[0] == '-' {
		minutes = -minutes
	}
	return offset(time.Duration(minutes) * time.Minute), nil
}

// parseClock reads HH:MM from 00:00 to 24:00 as minutes.
func parseClock(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	n := 0
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	hour, minute := n/100, n%100
	return hour*60 + minute, minute < 60 && hour*60+minute <= 24*60
}

// hours makes the condition that the time lies in HH:MM-HH:MM: the beginning is in, the end is not. An end before the
// beginning is one of the next day.
func hours(s string) (condition, error) {
	first, last, _ := strings.Cut(s, "-")
	from, ok1 := parseClock(first)
	to, ok2 := parseClock(last)
	if !ok1 || !ok2 || from == to || from == 24*60 {
		return condition{}, fmt.Errorf("hours: %.32q is not HH:MM-HH:MM with two different times", s)
	}
	return condition{"hours", func(f *facts) truth {
		m := f.moment
		switch {
		case !m.known:
			return unknown
		case from < to:
			return truthOf(from <= m.minute && m.minute < to)
		}
		return truthOf(from <= m.minute || m.minute < to)
	}}, nil
}

// days makes the condition that it is one of these days now.
func days(list []string) (condition, error) {
	if err := checkList(list); err != nil {
		return condition{}, fmt.Errorf("days: %w", err)
	}
	for _, d := range list {
		if !slices.Contains([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, d) {
			return condition{}, fmt.Errorf("days: %.16q is not mon, tue, wed, thu, fri, sat or sun", d)
		}
	}
	return condition{"days", func(f *facts) truth {
		if !f.moment.known {
			return unknown
		}
		return truthOf(slices.Contains(list, f.moment.day))
	}}, nil
}
