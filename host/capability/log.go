package capability

import (
	"context"
	"log/slog"
	"unicode/utf8"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// log writes one record for one line, whatever is in it, under the host's name for the plugin. It never fails.
func (b *Binding) log(ctx context.Context, level abi.Level, in []byte) {
	// One byte more than a line shows where a character begins.
	text := shorten(string(in[:min(len(in), abi.MaxLogLine+1)]), abi.MaxLogLine)
	attrs := []slog.Attr{slog.String("line", gate.Escape(text))}
	if cut := len(in) - len(text); cut > 0 {
		attrs = append(attrs, slog.Int("cut", cut))
	}
	b.write(ctx, severity(level), "plugin log", attrs)
}

// write writes a line that the plugin caused, within its quota. The next line says how many were dropped.
func (b *Binding) write(ctx context.Context, level slog.Level, message string, attrs []slog.Attr) {
	if b.spend(abi.Log, 1) != nil {
		b.dropped.Add(1)
		return
	}
	all := []slog.Attr{slog.String("plugin", b.Alias)}
	if r := gate.RunningFrom(ctx); r != nil {
		all = append(all, slog.String("call", r.Call))
		if r.Via != "" {
			all = append(all, slog.String("via", r.Via))
		}
	}
	all = append(all, attrs...)
	if n := b.dropped.Swap(0); n > 0 {
		all = append(all, slog.Int64("dropped", n))
	}
	b.Log.LogAttrs(ctx, level, message, all...)
}

func severity(l abi.Level) slog.Level {
	switch l {
	case abi.LevelDebug:
		return slog.LevelDebug
	case abi.LevelInfo:
		return slog.LevelInfo
	case abi.LevelWarn:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// shorten cuts s to at most n bytes, not within a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for back := range utf8.UTFMax {
		if utf8.RuneStart(s[n-back]) {
			return s[:n-back]
		}
	}
	return s[:n] // no character at all
}
