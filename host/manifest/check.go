package manifest

import (
	"fmt"
	"math"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bulkhead/abi"
)

// Bounds on what the manifest may say.
const (
	maxSerial     = 1<<53 - 1 // every JSON reader is exact up to here
	maxSignatures = 16
	maxName       = 64
	maxSigned     = 127
	maxText       = 4096
)

// Each check below returns what is wrong with a value, "" if nothing. The walk gives strings to all of them but between.

func between(low, high int64) func(any) string {
	return func(v any) string {
		switch n := v.(int64); {
		case low == high && n != low:
			return fmt.Sprintf("is %d, this host knows only %d", n, low)
		case n < low || n > high:
			return fmt.Sprintf("is %d, not between %d and %d", n, low, high)
		}
		return ""
	}
}

func matches(v any, form, what string) string {
	if regexp.MustCompile(form).MatchString(v.(string)) {
		return ""
	}
	return fmt.Sprintf("%s is not %s", quote(v.(string)), what)
}

func alias(v any) string {
	return matches(v, `^[a-z0-9_-]{1,64}$`, "1 to 64 of a-z, 0-9, _ and -")
}

func slot(v any) string {
	return matches(v, `^[a-z0-9_][a-z0-9_-]{0,63}$`, "1 to 64 of a-z, 0-9, _ and -, not beginning with -")
}

func label(v any) string {
	return matches(v, `^[a-z0-9_.-]{1,64}$`, "1 to 64 of a-z, 0-9, _, . and -")
}

// keyID also names a file, and must not name a key that the host needs for itself.
func keyID(v any) string {
	if wrong := matches(v, `^[a-z0-9_][a-z0-9_.-]{0,63}$`, "1 to 64 of a-z, 0-9, _, . and -, not beginning with . or -"); wrong != "" {
		return wrong
	}
	own := []string{"evidence", "audit", "message", "tls", "state", "cache", "publisher", "operator", "token"}
	if slices.Contains(own, v.(string)) {
		return fmt.Sprintf("%s is a key of the host's own, which no plugin may use", quote(v.(string)))
	}
	return ""
}

func pattern(v any) string {
	if len(v.(string)) > maxSigned {
		return fmt.Sprintf("%s is longer than %d characters", quote(v.(string)), maxSigned)
	}
	return matches(v, `^[a-z0-9][a-z0-9-]*/([a-z0-9][a-z0-9-]*|\*)$`, "PUBLISHER/NAME or PUBLISHER/*, of a-z, 0-9 and -")
}

func signedName(v any) string {
	name, version, pinned := strings.Cut(v.(string), "@")
	if len(name) > maxSigned {
		return fmt.Sprintf("name %s is longer than %d characters", quote(name), maxSigned)
	}
	if wrong := matches(name, `^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$`, "PUBLISHER/NAME, of a-z, 0-9 and -"); wrong != "" || !pinned {
		return wrong
	}
	if len(version) > maxName {
		return fmt.Sprintf("version %s is longer than %d characters", quote(version), maxName)
	}
	return matches(version, `^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`, "a semantic version")
}

func digest(v any) string {
	return matches(v, `^sha256:[0-9a-f]{64}$`, "a digest")
}

func role(v any) string {
	if abi.Role(v.(string)).Valid() {
		return ""
	}
	return fmt.Sprintf("%s is no role", quote(v.(string)))
}

func backend(v any) string {
	return matches(v, `^(wazero|wasmtime)$`, "a backend")
}

func prefix(v any) string {
	return matches(v, `^[a-z0-9_.-]{0,63}$`, "at most 63 of a-z, 0-9, _, . and -")
}

func audience(v any) string {
	return matches(v, `^[!-~]{1,256}$`, "1 to 256 printable ASCII characters without spaces")
}

func keyStore(v any) string {
	return matches(v, `^file$`, "a key store that this host knows")
}

// localPath takes one spelling of a path inside the manifest's folder; that no link leads out of it is checked later.
func localPath(v any) string {
	p := v.(string)
	switch {
	case len(p) > 1024 || !regexp.MustCompile(`^[A-Za-z0-9_./+@=,~-]+$`).MatchString(p):
		return fmt.Sprintf("%s is not a path of A-Z, a-z, 0-9 and _./+@=,~-", quote(p))
	case p[0] == '/':
		return fmt.Sprintf("%s is absolute: paths are relative to the manifest's folder", quote(p))
	case !filepath.IsLocal(p):
		return fmt.Sprintf("%s leads out of the manifest's folder", quote(p))
	case filepath.Clean(p) != p || p == ".":
		return fmt.Sprintf("%s is no plain path: write it without '.', '..', '//' and a slash at the end", quote(p))
	}
	return ""
}

// anyPath is localPath for what a package of the system may have put elsewhere.
func anyPath(v any) string {
	rest, absolute := strings.CutPrefix(v.(string), "/")
	if !absolute {
		return localPath(v)
	}
	if rest == "" {
		return "the root of the file system is no file"
	}
	return localPath(rest)
}

// loopback takes an address as the listener will use it. Anything but loopback needs TLS, which this host does not have.
func loopback(v any) string {
	s := v.(string)
	addr, err := netip.ParseAddrPort(s)
	switch {
	case err != nil || addr.String() != s || addr.Addr().Is4In6() || addr.Addr().Zone() != "":
		return fmt.Sprintf("%s is not an IP address and port", quote(s))
	case !addr.Addr().IsLoopback():
		return fmt.Sprintf("%s is not a loopback address: what goes over HTTP is not encrypted", quote(s))
	}
	return ""
}

// origin takes an origin exactly as a browser sends it: any other spelling would never match.
func origin(v any) string {
	s := v.(string)
	if s == "*" || s == "null" {
		return fmt.Sprintf("%s would let any page in", quote(s))
	}
	m := regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://([a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?$`).FindStringSubmatch(s)
	if m == nil || len(s) > 300 {
		return fmt.Sprintf("%s is not SCHEME://HOST or SCHEME://HOST:PORT in lower case, without path", quote(s))
	}
	if m[3] == map[string]string{"http": "80", "https": "443"}[m[1]] && m[3] != "" {
		return fmt.Sprintf("%s never matches: browsers leave the usual port out", quote(s))
	}
	if port, _ := strconv.Atoi(m[3]); port > math.MaxUint16 {
		return fmt.Sprintf("%s has no such port", quote(s))
	}
	return ""
}

// limit takes what one of the parsers in limits.go takes.
func limit[T any](parse func(string) (T, error)) func(any) string {
	return func(v any) string {
		if _, err := parse(v.(string)); err != nil {
			return err.Error()
		}
		return ""
	}
}
